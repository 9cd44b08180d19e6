"""Where providers tell of payments, and where payers' browsers come back. Not part of the API that clients use."""

from dataclasses import replace

from aiohttp import web

from gateway.api.bodies import read_body
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.identity_pages import landing_page, see_other
from gateway.api.payments import service_of
from gateway.api.problems import Problem
from gateway.errors import StoreUnavailable
from gateway.ports.payments import RawNotification

_TITLE = "Thanh toán"


async def take_notification(call: Call) -> web.StreamResponse:
    """Take a provider's message, and acknowledge it in the provider's own way."""
    if call.services.payments is None:
        raise Problem("no-such-address")
    service, request = service_of(call), call.request
    provider = request.match_info["provider"]
    if provider not in service.desk.provider_names:
        raise Problem("no-such-address")
    if not service.callers.admits(provider, request.remote, request.headers.getall("X-Forwarded-For", [])):
        # As if it were not there: a stranger need not know that it is.
        service.notices.turn_away(provider)
        raise Problem("no-such-address")
    limits = replace(call.services.limits, max_body_bytes=service.max_notification_bytes)
    raw = RawNotification(
        method=request.method,
        content_type=request.headers.get("Content-Type", ""),
        body=await read_body(request, limits),
        query=tuple(request.query.items()),
        # What stands twice is joined, so that neither of two values is taken for the only one.
        headers={name.lower(): ", ".join(request.headers.getall(name)) for name in request.headers},
    )
    acknowledgement = await service.notices.receive(provider, raw)
    if acknowledgement is None:
        raise Problem("no-such-address")
    return call.answer_raw(acknowledgement.status, acknowledgement.body, acknowledgement.content_type)


async def come_back(call: Call) -> web.StreamResponse:
    """Take the payer's browser back, and send it to where it belongs. Whatever it claims proves nothing."""
    if call.services.payments is None:
        raise Problem("no-such-address")
    service, provider = service_of(call), call.request.match_info["provider"]
    if provider not in service.desk.provider_names:
        raise Problem("no-such-address")
    try:
        address = await service.desk.returned(provider, tuple(call.request.query.items()))
    except StoreUnavailable:
        return landing_page(call, 503, _TITLE, "Hệ thống bận, kết quả sẽ được cập nhật. Đề nghị không thanh toán lại.")
    if address is None:
        return landing_page(call, 404, _TITLE, "Không tìm thấy giao dịch. Đề nghị quay lại cổng dịch vụ công.")
    return see_other(call, address)


def _endpoint(method: str, path: str, handler: object, name: str, summary: str) -> Endpoint:
    return Endpoint(
        method=method,
        path=path,
        operation_id=name,
        tag="payments",
        summary=summary,
        scope=None,
        handler=handler,  # type: ignore[arg-type]
        path_parameters={"provider": str},
        answers={200: Answer(description="In the provider's own form.")},
        problems=("no-such-address", "body-too-large", "body-too-slow"),
        is_internal=True,
        ignores_query=True,
    )


_NOTIFY = "/callbacks/payments/{provider}"
ENDPOINTS = (
    _endpoint("POST", _NOTIFY, take_notification, "takePaymentNotification", "Take a provider's message"),
    _endpoint("GET", _NOTIFY, take_notification, "takePaymentNotificationByAddress", "Take a provider's message"),
    _endpoint("GET", f"{_NOTIFY}/return", come_back, "returnFromPayment", "Take a payer's browser back"),
    _endpoint("POST", f"{_NOTIFY}/return", come_back, "returnFromPaymentByForm", "Take a payer's browser back"),
)
