"""Transfers by QR code behind the port."""

from dataclasses import replace

import pytest

from adapters.payment.peer_checks import check_vietqr
from adapters.payment.vietqr import VietQrAdapter
from adapters.payment.vietqr_settings import VietQrSettings
from gateway.errors import InvalidInput
from gateway.ports.payments import Capability, NotificationRefused, PaymentProvider, RawNotification, Verdict
from mappings.payment import vietqr
from tests.unit.adapters.payment.peer_samples import OPENED_AT, RANDOM, make_attempt, make_order

ADAPTER = VietQrAdapter(VietQrSettings())
REFERENCE = ADAPTER.make_reference(RANDOM, "H01.25-250115-0001")


async def test_a_code_and_never_a_page() -> None:
    """The order's account and amount; the reference as bill number and, for statements, as text."""
    opened = await ADAPTER.open(make_order(REFERENCE))
    transfer = vietqr.read(opened.qr_content)
    assert ("", None) == (opened.pay_url, opened.expires_at)
    assert ("970436", "0011001234567", 150_000, True) == (
        transfer.bank_bin,
        transfer.account_number,
        transfer.amount_vnd,
        transfer.is_dynamic,
    )
    assert (REFERENCE, "", REFERENCE) == (transfer.bill_number, transfer.reference_label, transfer.purpose)


async def test_it_only_opens() -> None:
    """A code gives no confirmation: there is nobody to ask and nothing to verify."""
    provider: PaymentProvider = ADAPTER
    assert {Capability.OPEN} == provider.capabilities
    assert ("vietqr", "vietqr", "") == (provider.name, provider.kind, provider.partner_code)
    raw = RawNotification(method="POST", content_type="", body=b"{}")
    with pytest.raises(NotificationRefused) as refused:
        provider.read_notification(raw)
    assert "not_offered" == refused.value.code
    assert 404 == provider.acknowledge(raw, Verdict.FORGED).status
    attempt = make_attempt(REFERENCE)
    for call in (provider.query(attempt), provider.bill(attempt), provider.settlement(OPENED_AT.date())):
        with pytest.raises(InvalidInput) as caught:
            await call
        assert "not_offered" == caught.value.code


async def test_the_other_place_and_purpose() -> None:
    """62-05, and the dossier's number in at most 25 ASCII characters."""
    settings = VietQrSettings.model_validate(
        {"reference_place": "05", "purpose": "dossier", "is_dynamic": False, "valid_seconds": 600}
    )
    order = replace(make_order(REFERENCE), dossier_code="H01.25-250115-0001/ĐĂNG-KÝ")
    opened = await VietQrAdapter(settings).open(order)
    transfer = vietqr.read(opened.qr_content)
    assert ("", REFERENCE, "H01252501150001DANGKY PHI") == (
        transfer.bill_number,
        transfer.reference_label,
        transfer.purpose,
    )
    assert (None, False) == (transfer.amount_vnd, transfer.is_dynamic)
    assert 600 == (opened.expires_at or OPENED_AT).timestamp() - OPENED_AT.timestamp()


@pytest.mark.parametrize("reference", ["PPSIM0000000000001", REFERENCE[:-1], REFERENCE + "0", ""])
async def test_a_reference_that_could_not_be_found_again_is_refused(reference: str) -> None:
    """Every code needs one that statements can be searched for."""
    with pytest.raises(InvalidInput):
        await ADAPTER.open(make_order(reference))


async def test_an_account_without_its_bank_cannot_be_paid_to() -> None:
    """The six digits of NAPAS are needed; nothing is guessed from the bank's other code."""
    order = make_order(REFERENCE)
    with pytest.raises(InvalidInput) as caught:
        await ADAPTER.open(replace(order, beneficiary=replace(order.beneficiary, bank_bin="")))
    assert ["bank_bin"] == [fault.field for fault in caught.value.faults]


async def test_a_transfer_is_found_by_its_text() -> None:
    """Whatever the bank made of it."""
    line = f"MBVCB.3278907687.{REFERENCE.lower()} nop le phi.CT tu 999 NGUYEN VAN A"
    assert (REFERENCE,) == ADAPTER.references_in(line)
    assert () == VietQrAdapter(VietQrSettings(reference_prefix="HS")).references_in(line)


def test_the_check_writes_and_reads_a_code() -> None:
    """Also with another prefix."""
    for settings in (VietQrSettings(), VietQrSettings(reference_prefix="HOLI", reference_length=20)):
        assert [True] == [finding.is_ok for finding in check_vietqr(VietQrAdapter(settings))]
