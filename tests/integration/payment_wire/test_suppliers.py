"""The receipt suppliers behind the port, against the simulated ones: issued, found, shown, adjusted, cancelled."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from adapters.payment.supplier_viettel import ViettelSupplier
from adapters.payment.supplier_vnpt import VnptSupplier
from adapters.payment.suppliers import (
    AnySupplier,
    AnySupplierSettings,
    build_supplier,
    check_supplier,
    describe_supplier,
    read_supplier,
)
from gateway.bootstrap.receipts import check_suppliers
from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    GatewayError,
    InvalidInput,
    OutcomeUnknown,
    Rejected,
    TransientFailure,
)
from gateway.model.receipt import Receipt, Supplied
from gateway.ports.receipts import DUPLICATE_KEY, Offer, SuppliedReceipt, SupplierOrder
from tests.integration.payment_sandbox.other_helpers import Stage, stage
from tests.unit.adapters.payment.peer_samples import make_parts
from tests.unit.adapters.payment.supplier_samples import (
    KEY,
    SERIES,
    VIETTEL_SERIES,
    make_order,
    make_receipt,
    viettel_settings,
    vnpt_settings,
)

BOOKS = {
    "receipts": {
        "vnpt": [{"books": [["01BLP0-001", "AA-26E"]]}],
        "viettel": [{"templates": [["01BLP", "BL26E"]]}],
    }
}
Make = Callable[..., AnySupplier]


def vnpt(at: Stage, **changes: Any) -> VnptSupplier:
    return VnptSupplier(vnpt_settings(f"{at.running.url}/receipts/vnpt", **changes), make_parts())


def viettel(at: Stage, **changes: Any) -> ViettelSupplier:
    return ViettelSupplier(viettel_settings(f"{at.running.url}/receipts/viettel", **changes), make_parts())


def order_for(supplier: AnySupplier, key: str = KEY, **changes: Any) -> SupplierOrder:
    series = SERIES if isinstance(supplier, VnptSupplier) else VIETTEL_SERIES
    return make_order(supplier.make_key(key), series=series, **changes)


def written(order: SupplierOrder, told: SuppliedReceipt) -> Receipt:
    made = make_receipt(order.key, number=told.number, series=order.series)
    return replace(made, supplied=Supplied(supplier="s", key=order.key, issued_stamp=told.issued_stamp))


async def kept(at: Stage, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await at.control("GET", "state"))["providers"]["receipts"][name]
    return found


EVERY = pytest.mark.parametrize("make", [vnpt, viettel], ids=["vnpt", "viettel"])


@EVERY
async def test_from_order_to_cancelling(make: Make) -> None:
    """A receipt is written under its key, found with number and amount, shown, and cancelled; then it is seen so."""
    async with stage(lambda _: BOOKS) as at:
        supplier = make(at)
        order = order_for(supplier)
        assert await supplier.find(order.key, order.series) is None
        told = await supplier.issue(order)
        found = await supplier.find(order.key, order.series)
        assert found is not None
        assert (1, 1, 100_000, False) == (told.number, found.number, found.amount_vnd, found.is_cancelled)
        receipt = written(order, told)
        document = await supplier.document(receipt)
        assert document is not None
        assert ("text/html" if make is vnpt else "application/pdf") == document.media_type
        await supplier.cancel(receipt, "Hoàn phí")
        cancelled = await supplier.find(order.key, order.series)
        assert cancelled is not None
        assert cancelled.is_cancelled
        assert ["cancelled"] == [one["state"] for one in await kept(at, supplier.name)]
        with pytest.raises(Rejected):
            await supplier.cancel(receipt, "Hoàn phí")
        await supplier.aclose()


@EVERY
async def test_f30_a_used_key_is_an_open_outcome(make: Make) -> None:
    """At the first call and at a repetition: a receipt is there, and asking finds it."""
    async with stage(lambda _: BOOKS) as at:
        supplier = make(at)
        order = order_for(supplier)
        at.arm("F30_duplicate_key", calls=1)
        for _ in range(2):
            with pytest.raises(OutcomeUnknown) as caught:
                await supplier.issue(order)
            assert DUPLICATE_KEY == caught.value.code
        found = await supplier.find(order.key, order.series)
        assert found is not None
        assert 1 == found.number
        await supplier.aclose()


@EVERY
@pytest.mark.parametrize(
    ("fault", "values"),
    [("F14_init_answer_lost", {"variant": "reset"}), ("F15_init_answer_broken", {"variant": "502_html"})],
)
async def test_f14_a_lost_answer_is_an_open_outcome(make: Make, fault: str, values: dict[str, str]) -> None:
    """The receipt is written though nobody heard of it."""
    async with stage(lambda _: BOOKS) as at:
        supplier = make(at)
        order = order_for(supplier)
        operation = "ImportAndPublishInv" if make is vnpt else "createInvoice"
        at.arm(fault, operation=operation, calls=1, **values)
        with pytest.raises((OutcomeUnknown, ContractBroken)):
            await supplier.issue(order)
        assert await supplier.find(order.key, order.series) is not None
        await supplier.aclose()


@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("1", CredentialsRefused),
        ("3", Rejected),
        ("5", TransientFailure),
        ("7", CredentialsRefused),
        ("13", OutcomeUnknown),
        ("20", Rejected),
    ],
)
async def test_vnpt_errors(number: str, error: type[GatewayError]) -> None:
    """Every number of §D.3 is one group of ours."""
    async with stage(lambda _: BOOKS) as at:
        supplier = vnpt(at)
        at.arm("D3_error", variant=number, operation="ImportAndPublishInv", calls=1)
        with pytest.raises(error):
            await supplier.issue(order_for(supplier))
        assert [] == await kept(at, "vnpt")
        await supplier.aclose()


async def test_vnpt_adjusts() -> None:
    """The adjusting receipt has a number of its own and names the other; without the operation it is not offered."""
    async with stage(lambda _: BOOKS) as at:
        supplier, without = vnpt(at), vnpt(at, rules={"adjust_operation": None})
        first = order_for(supplier)
        receipt = written(first, await supplier.issue(first))
        part = order_for(supplier, f"{KEY}/dc", amount_vnd=30_000)
        told = await supplier.adjust(part, receipt)
        assert 2 == told.number
        assert ["", first.key] == [one["adjusts"] for one in await kept(at, "vnpt")]
        assert (True, False) == (Offer.ADJUST in supplier.offers, Offer.ADJUST in without.offers)
        with pytest.raises(InvalidInput):
            await without.adjust(part, receipt)
        await supplier.aclose()


async def test_viettel_does_not_adjust() -> None:
    """Nor finds or shows where no path is set."""
    async with stage(lambda _: BOOKS) as at:
        supplier = viettel(at, find_path=None, document_path=None)
        order = order_for(supplier)
        receipt = written(order, await supplier.issue(order))
        assert frozenset() == supplier.offers
        for call in (
            supplier.adjust(order, receipt),
            supplier.find(order.key, order.series),
            supplier.document(receipt),
        ):
            with pytest.raises(InvalidInput) as caught:
                await call
            assert "not_offered" == caught.value.code
        await supplier.aclose()


async def test_viettel_renews_a_token_that_ended() -> None:
    """Nobody notices, and one receipt is written."""
    async with stage(lambda _: BOOKS) as at:
        supplier = viettel(at)
        await supplier.check_account()
        assert await supplier.find("0" * 32, VIETTEL_SERIES) is None
        await at.advance(3_601)
        assert 1 == (await supplier.issue(order_for(supplier))).number
        await supplier.aclose()


async def test_viettel_refuses() -> None:
    """Its word is told, and nothing else of it."""
    async with stage(lambda _: BOOKS) as at:
        supplier = viettel(at, rules={"currency": "USD"})
        with pytest.raises(Rejected) as caught:
            await supplier.issue(order_for(supplier))
        assert ("BAD_REQUEST", False) == (caught.value.remote_code, "Nguyễn" in str(caught.value))
        await supplier.aclose()


@pytest.mark.parametrize("form", ["form", "json"])
async def test_viettel_questions_in_both_forms(form: str) -> None:
    """As a form or as JSON."""
    async with stage(lambda _: BOOKS) as at:
        supplier = viettel(at, question_form=form)
        order = order_for(supplier)
        await supplier.issue(order)
        assert await supplier.find(order.key, order.series) is not None
        await supplier.aclose()


@EVERY
async def test_self_check(make: Make) -> None:
    """Accounts are tried, nothing is written; a wrong password and an unreadable one are told by setting."""
    wrong = {"service_password" if make is vnpt else "password": {"value": "x"}}
    unreadable = {"admin_password" if make is vnpt else "password": {"file": "/nowhere"}}
    async with stage(lambda _: BOOKS) as at:
        supplier = make(at)
        assert all(finding.is_ok for finding in await check_supplier(supplier))
        for changes in (wrong, unreadable):
            another = make(at, **changes)
            findings = await check_supplier(another)
            assert 1 == sum(not finding.is_ok for finding in findings)
            assert "/nowhere" not in str(findings)
            await another.aclose()
        assert [] == await kept(at, supplier.name)
        await supplier.aclose()


@EVERY
async def test_what_is_sent_and_told_shows_no_secret(make: Make) -> None:
    """Diagnostics, and what the sandbox keeps of calls."""
    async with stage(lambda _: BOOKS) as at:
        supplier = make(at)
        await supplier.issue(order_for(supplier))
        told = json.dumps(dict(describe_supplier(supplier.settings)), ensure_ascii=False)
        assert supplier.name in told
        assert not any(word in told for word in ("password", "quantri", "dichvu", "SecretStr"))
        await supplier.aclose()


async def test_all_suppliers_are_checked() -> None:
    """One that is away does not keep the other from being looked at."""
    async with stage(lambda _: BOOKS) as at:
        sections: list[AnySupplierSettings] = [
            vnpt_settings("http://127.0.0.1:9"),
            viettel_settings(f"{at.running.url}/receipts/viettel"),
        ]
        parts = make_parts()
        findings = await check_suppliers(sections, clock=parts.clock, chance=parts.chance)
    assert {"receipts.vnpt account": False, "receipts.viettel account": True}.items() <= {
        finding.subject: finding.is_ok for finding in findings
    }.items()


def test_sections_are_read_by_their_kind() -> None:
    """And make the adapter of their kind."""
    section = {**vnpt_settings().model_dump(), "kind": "vnpt", "is_test": False}
    assert isinstance(build_supplier(read_supplier(section), make_parts()), VnptSupplier)
    with pytest.raises(ValueError, match="https"):
        read_supplier({**section, "base_url": "http://vnpt.example"})
    with pytest.raises(ValueError, match="kind"):
        read_supplier({"kind": "other"})
