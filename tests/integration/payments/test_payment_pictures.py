"""The code of an open attempt can be had as a picture, in either form, and only while it can be paid."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.ports.payments import Opened
from gateway.vault.keyring import FileKeyRing
from mappings.payment import qr_image
from tests.support.payments import Payments, payments

CODE = (
    "00020101021238570010A00000072701270006970436011300110012345670208QRIBFTTA530370454061500005802VN6242"
    "0118PPSIM00000000000010816H01250115001 PHI630400FB"
)
"""The worked example of payment notes §E.3."""


@pytest.fixture
async def town(pool: Any, key_ring: FileKeyRing) -> AsyncIterator[Payments]:
    async with payments(pool, key_ring) as made:
        made.provider.opening = lambda _: Opened(qr_content=CODE)
        yield made


async def _opened(town: Payments) -> tuple[str, str]:
    """Give the address of the picture, and the reference."""
    payment_id, reference = await town.opened()
    attempt_id = (await town.seen(payment_id))["attempts"][-1]["attempt_id"]
    return f"/v1/payments/{payment_id}/attempts/{attempt_id}/qr", reference


async def test_the_picture_is_of_the_code_that_was_opened(town: Payments) -> None:
    """Either form, exactly what the drawing gives for the content; caches know that it depends on Accept."""
    address, _ = await _opened(town)

    for accept, media_type, picture in (
        ("*/*", "image/png", qr_image.png(CODE)),
        ("image/svg+xml", "image/svg+xml", qr_image.svg(CODE)),
    ):
        answered = await town.api.get(address, Accept=accept)
        assert (200, media_type) == (answered.status, answered.headers["Content-Type"])
        assert picture == answered.body
        assert ("Accept", "no-store") == (answered.headers["Vary"], answered.headers["Cache-Control"])


async def test_who_takes_no_picture_hears_it(town: Payments) -> None:
    address, _ = await _opened(town)

    answered = await town.api.get(address, Accept="application/json")

    assert (406, "not-acceptable") == (answered.status, answered.problem)


async def test_what_is_paid_is_not_drawn_again(town: Payments) -> None:
    """A second transfer by the same code would be money to send back."""
    address, reference = await _opened(town)
    await town.tell(reference)

    answered = await town.api.get(address)

    assert (404, "qr-code-not-found") == (answered.status, answered.problem)


async def test_an_attempt_without_a_code_and_another_payments_attempt_have_none(town: Payments) -> None:
    town.provider.opening = lambda order: Opened(pay_url=f"https://pay.example/{order.reference}")
    address, _ = await _opened(town)
    nobody = "00000000-0000-4000-8000-000000000000"
    stem, attempt_id, last = address.rsplit("/", 2)

    assert "qr-code-not-found" == (await town.api.get(address)).problem
    assert "qr-code-not-found" == (await town.api.get(f"{stem}/{nobody}/{last}")).problem
    assert "payment-not-found" == (await town.api.get(f"/v1/payments/{nobody}/attempts/{attempt_id}/qr")).problem


async def test_another_agencys_code_is_not_shown(town: Payments) -> None:
    address, _ = await _opened(town)
    stranger = town.api.with_token(await town.api.register("elsewhere", prefixes=("H01",)))

    assert "other-agency" == (await stranger.get(address)).problem
