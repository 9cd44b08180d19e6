"""Where providers tell of payments, and where payers' browsers come back. Not part of the API that clients use."""

from dataclasses import replace

from aiohttp import web

from gateway.api.bodies import read_body
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.identity_pages import landing_page, see_other
from gateway.api.payment_desk import PaymentService
from gateway.api.payments import service_of
from gateway.api.problems import Problem
from gateway.errors import StoreUnavailable
from gateway.ports.payments import NotificationRefused, RawNotification

_TITLE = "Thanh toán"


async def take_notification(call: Call) -> web.StreamResponse:
    """Take a provider's message, and acknowledge it in the provider's own way."""
    if call.services.payments is None:
        raise Problem("no-such-address")
    service, request = service_of(call), call.request
    provider = request.match_info["provider"]
    if provider not in service.desk.provider_names:
        raise Problem("no-such-address")
    _admit(call, service, provider)
    acknowledgement = await service.notices.receive(provider, await _raw(call))
    if acknowledgement is None:
        raise Problem("no-such-address")
    return call.answer_raw(acknowledgement.status, acknowledgement.body, acknowledgement.content_type)


async def look_up(call: Call) -> web.StreamResponse:
    """Tell a national portal what is due for a dossier; most of who pays is hidden."""
    if call.services.payments is None:
        raise Problem("no-such-address")
    service = service_of(call)
    known = service.lookups.offered_by(call.request.match_info["provider"])
    if known is None:
        raise Problem("no-such-address")
    _admit(call, service, call.request.match_info["provider"])
    if not service.lookup_rate.has_capacity():
        raise Problem("look-ups-too-fast", headers={"Retry-After": "10"})
    await service.lookup_rate.acquire()
    try:
        answer = await service.lookups.answer(known, await _raw(call))
    except NotificationRefused as error:
        if error.code == "not_authorised":
            raise Problem("unauthenticated") from error
        raise Problem("malformed-json", error.code) from error
    return call.answer_raw(answer.status, answer.body, answer.content_type)


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


def _admit(call: Call, service: PaymentService, provider: str) -> None:
    """Turn away who calls from elsewhere, as if nothing were there: a stranger need not know that it is."""
    request = call.request
    if not service.callers.admits(provider, request.remote, request.headers.getall("X-Forwarded-For", [])):
        service.notices.turn_away(provider)
        raise Problem("no-such-address")


async def _raw(call: Call) -> RawNotification:
    request = call.request
    limits = replace(call.services.limits, max_body_bytes=service_of(call).max_notification_bytes)
    return RawNotification(
        method=request.method,
        content_type=request.headers.get("Content-Type", ""),
        body=await read_body(request, limits),
        query=tuple(request.query.items()),
        # What stands twice is joined, so that neither of two values is taken for the only one.
        headers={name.lower(): ", ".join(request.headers.getall(name)) for name in request.headers},
    )


def _endpoint(method: str, path: str, handler: object, name: str, summary: str, *problems: str) -> Endpoint:
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
        problems=("no-such-address", "body-too-large", "body-too-slow", *problems),
        is_internal=True,
        ignores_query=True,
    )


_NOTIFY = "/callbacks/payments/{provider}"
ENDPOINTS = (
    _endpoint("POST", _NOTIFY, take_notification, "takePaymentNotification", "Take a provider's message"),
    _endpoint("GET", _NOTIFY, take_notification, "takePaymentNotificationByAddress", "Take a provider's message"),
    _endpoint(
        "POST",
        f"{_NOTIFY}/lookup",
        look_up,
        "lookUpPayment",
        "Tell a national portal what is due for a dossier",
        "unauthenticated",
        "malformed-json",
        "look-ups-too-fast",
    ),
    _endpoint("GET", f"{_NOTIFY}/return", come_back, "returnFromPayment", "Take a payer's browser back"),
    _endpoint("POST", f"{_NOTIFY}/return", come_back, "returnFromPaymentByForm", "Take a payer's browser back"),
)
