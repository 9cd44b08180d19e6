"""The code of an open attempt as a picture that a portal sets into its page (payment notes §E).

The picture shows what `qr_content` of the attempt says and nothing else. It confirms nothing: whether the money came is
told by the payment alone.
"""

from collections.abc import Iterable
from uuid import UUID

from aiohttp import web

from gateway.api.endpoint import Answer, Call, Endpoint, Header
from gateway.api.payments import found_payment, service_of
from gateway.api.problems import Problem
from gateway.store.clients import Scope

PNG, SVG = "image/png", "image/svg+xml"
_ANY = "*/*"


async def get_picture(call: Call) -> web.StreamResponse:
    """Draw the code, as the caller likes it best."""
    service = service_of(call)
    payment = await found_payment(call)
    media_type = liked_best(call.request.headers.getall("Accept", ()), tuple(service.pictures))
    if media_type is None:
        raise Problem("not-acceptable")
    attempt = payment.attempt(call.path["attempt_id"])
    # What can no longer be paid is not drawn: money would come late, for somebody to send back.
    if attempt is None or not attempt.view.is_live or not attempt.view.qr_content:
        raise Problem("qr-code-not-found")
    picture = service.pictures[media_type](attempt.view.qr_content)
    return call.answer_raw(200, picture, media_type, {"Vary": "Accept"})


def liked_best(accept: Iterable[str], offered: tuple[str, ...]) -> str | None:
    """Choose among media types by the values of the header Accept; None when none is taken.

    Of equals the first offered is chosen. Without the header everything is taken; what cannot be read in it asks for
    nothing. Source: RFC 9110 §12.5.1.
    """
    ranges = [_range(part) for value in accept for part in value.split(",") if part.strip()]
    if not ranges:
        return offered[0] if offered else None
    weights = {one: _weight(one, ranges) for one in offered}
    best = max(weights.values(), default=0.0)
    return next((one for one in offered if weights[one] == best), None) if best > 0 else None


def _range(part: str) -> tuple[str, float]:
    name, *parameters = (one.strip().lower() for one in part.split(";"))
    weight = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            digits = value.strip()
            is_weight = digits[:1] in ("0", "1") and digits.replace(".", "", 1).isdecimal() and digits.isascii()
            weight = min(float(digits), 1.0) if is_weight else 0.0
    return name, weight


def _weight(media_type: str, ranges: list[tuple[str, float]]) -> float:
    """Give the weight of the most specific range that covers the type; 0 where none does."""
    for name in (media_type, f"{media_type.partition('/')[0]}/*", _ANY):
        weights = [weight for given, weight in ranges if given == name]
        if weights:
            return max(weights)
    return 0.0


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/payments/{payment_id}/attempts/{attempt_id}/qr",
        operation_id="getPaymentQr",
        tag="payments",
        summary="Get the code of an open attempt as a picture",
        description="PNG, or SVG for who prefers it by the header Accept. Only while the attempt can be paid.",
        scope=Scope.PAYMENTS_READ,
        handler=get_picture,
        path_parameters={"payment_id": UUID, "attempt_id": UUID},
        headers=(Header(name="Accept", description=f"`{PNG}` (preferred of equals) or `{SVG}`."),),
        answers={
            200: Answer(
                description="The picture.",
                media_type="image/*",
                schema={"type": "string", "format": "binary"},
                headers=(Header(name="Vary", description="Accept.", is_required=True),),
            )
        },
        problems=("no-payment-provider", "payment-not-found", "other-agency", "not-acceptable", "qr-code-not-found"),
    ),
)
