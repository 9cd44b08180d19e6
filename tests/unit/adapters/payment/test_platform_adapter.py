"""What the platform's adapter decides itself: what it offers, which secrets count, who may look up."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.payment.platform import PlatformAdapter
from adapters.payment.platform_checks import PROBE_REFERENCE, check_platform
from adapters.payment.platform_diagnostics import describe
from gateway.errors import ConfigurationError, InvalidInput
from gateway.model.payment import Answer, ProviderKind
from gateway.ports.payments import (
    AskedAttempt,
    Capability,
    DueAnswer,
    NotificationRefused,
    PaymentProvider,
    RefundOrder,
    Verdict,
)
from mappings.payment.notices import Notice
from mappings.payment.platform import is_own_reference
from tests.support.clocks import StillClock
from tests.unit.adapters.payment.platform_peer import Said, make_adapter, said, serving, settings_for
from tests.unit.mappings.payment.platform_samples import (
    CONFIRM,
    DOSSIER,
    OLD_SECRET,
    OPENED_AT,
    ORDER,
    RULES,
    SECRET,
    answered,
    raw,
    sealed,
)

BASE = "https://platform.example"


def adapter(clock: StillClock | None = None, **changes: Any) -> PlatformAdapter:
    return make_adapter(settings_for(BASE, **changes), clock)


def two_secrets(until: str | None) -> list[dict[str, Any]]:
    return [{"secret": {"value": SECRET}}, {"secret": {"value": OLD_SECRET}, "accepted_until": until}]


def test_it_is_a_provider() -> None:
    """Everything is offered but refunds, which have no call."""
    provider: PaymentProvider = adapter()
    assert ("platform", ProviderKind.PLATFORM, "PPSIM01") == (provider.name, provider.kind, provider.partner_code)
    everything = {Capability.OPEN, Capability.NOTIFY, Capability.QUERY, Capability.BILL}
    assert everything | {Capability.LOOKUP, Capability.SETTLEMENT} == provider.capabilities
    least = adapter(bill_url=None, lookup=None, settlement=None)
    assert {Capability.OPEN, Capability.NOTIFY, Capability.QUERY} == least.capabilities
    assert is_own_reference(RULES, provider.make_reference(bytes(range(16)), DOSSIER))


async def test_u17_what_is_not_offered_is_refused() -> None:
    """With one code for all."""
    least = adapter(bill_url=None, lookup=None, settlement=None)
    asked = AskedAttempt(reference="A", amount_vnd=1, dossier_code=DOSSIER, opened_at=OPENED_AT)
    refund = RefundOrder(refund_id="1", attempt=asked, amount_vnd=1, reason="thu")
    for call in (least.bill(asked), least.settlement(date(2025, 1, 1)), least.refund(refund)):
        with pytest.raises(InvalidInput) as caught:
            await call
        assert "not_offered" == caught.value.code
    with pytest.raises(InvalidInput):
        least.answer_lookup(DueAnswer(order=None))
    with pytest.raises(NotificationRefused) as refused:
        least.read_lookup(raw({"MaHoSo": DOSSIER}))
    assert "not_offered" == refused.value.code


def test_f33_the_overlap_of_secrets_ends() -> None:
    """Both verify during the window; afterwards the older one is refused."""
    end = datetime(2025, 1, 16, tzinfo=UTC)
    clock = StillClock(end - timedelta(seconds=1))
    own = adapter(clock, secrets=two_secrets(end.isoformat()))
    by_old = raw(sealed(OLD_SECRET))
    assert (Notice.PREVIOUS_SECRET,) == own.read_notification(by_old).notices
    assert () == own.read_notification(raw(CONFIRM)).notices
    clock.move(1)
    with pytest.raises(NotificationRefused):
        own.read_notification(by_old)
    assert Answer.PAID == own.read_notification(raw(CONFIRM)).answer


def test_u29_secrets_are_read_at_every_use(tmp_path: Path) -> None:
    """A changed file counts at once; a second one that is missing is not missed."""
    file = tmp_path / "secret"
    file.write_text(OLD_SECRET + "\n")
    own = adapter(secrets=[{"secret": {"file": str(file)}}, {"secret": {"file": str(tmp_path / "none")}}])
    with pytest.raises(NotificationRefused):
        own.read_notification(raw(CONFIRM))
    file.write_text(SECRET)
    assert Answer.PAID == own.read_notification(raw(CONFIRM)).answer
    file.unlink()
    with pytest.raises(ConfigurationError) as caught:
        own.read_notification(raw(CONFIRM))
    assert str(tmp_path) not in str(caught.value)


def test_pitfall_14_f32_the_clock_tells_odd_times() -> None:
    """A notification half a day after its payment is suspicious."""
    own = adapter(StillClock(datetime(2025, 1, 15, 14, 35, tzinfo=UTC)))
    assert (Notice.TWELVE_HOUR_CLOCK,) == own.read_notification(raw(CONFIRM)).notices


def at(document: dict[str, Any], **changes: Any) -> bytes:
    return json.dumps(document | changes).encode()


FAULTS = {
    "F09": at(CONFIRM, SoTien=15_000),
    "F09-result": at(CONFIRM, MaLoi="99"),
    "F10": at(CONFIRM, MaXacThuc=CONFIRM["MaXacThuc"].upper()),
    "F11-missing": at({name: value for name, value in CONFIRM.items() if name != "MaXacThuc"}),
    "F11-short": at(CONFIRM, MaXacThuc=CONFIRM["MaXacThuc"][:63]),
    "F11-non-hex": at(CONFIRM, MaXacThuc="z" * 64),
    "F12-decimals": at(CONFIRM, SoTien="150000.00"),
    "F12-float": at(CONFIRM, SoTien=150000.0),
    "F12-negative": at(CONFIRM, SoTien=-150000),
    "F12-exponent": at(CONFIRM).replace(b"150000,", b"15e4,"),
    "F08-partner": at(sealed(MaDoiTac="PPSIM99")),
}


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_f08_to_f12_are_refused_and_acknowledged_with_99(name: str) -> None:
    """No exception of another kind, and an answer that makes the platform send the right one."""
    own, given = adapter(), raw(FAULTS[name])
    with pytest.raises(NotificationRefused) as caught:
        own.read_notification(given)
    assert caught.value.code in {"bad_checksum", "malformed", "unknown_partner"}
    answer = own.acknowledge(given, Verdict.FORGED)
    assert (200, "99") == (answer.status, json.loads(answer.body)["MaLoi"])


def test_f07_f08_f13_what_differs_is_told_as_it_came() -> None:
    """The gateway compares; it answers 99 for what is not consistent."""
    own = adapter()
    assert 151_000 == own.read_notification(raw(sealed(SoTien=151_000))).amount_vnd
    assert "USD" == own.read_notification(raw(sealed(MaTienTe="USD"))).currency
    assert "UNKNOWN" == own.read_notification(raw(sealed(MaThamChieu="UNKNOWN"))).reference
    other = own.read_notification(raw(sealed(MaThamChieu="") | {"MaHoSo": DOSSIER}))
    assert ("", DOSSIER, True) == (other.reference, other.dossier_code, other.is_decisive)
    refused = own.acknowledge(raw(sealed(SoTien=151_000)), Verdict.REFUSED)
    assert "99" == json.loads(refused.body)["MaLoi"]


def test_pitfall_10_f28_a_replay_says_the_same() -> None:
    """Months later it still verifies, as the same fact: that it is old news is decided by what is known."""
    clock = StillClock(OPENED_AT)
    own = adapter(clock)
    first = own.read_notification(raw(CONFIRM))
    clock.move(200 * 86_400)
    assert first == own.read_notification(raw(CONFIRM))


def test_acknowledgements() -> None:
    """Those of the platform, with its limit."""
    own = adapter(max_notification_bytes=1024)
    assert "00" == json.loads(own.acknowledge(raw(CONFIRM), Verdict.APPLIED).body)["MaLoi"]
    assert "" == json.loads(own.acknowledge(raw(CONFIRM | {"x": "y" * 1024}), Verdict.FORGED).body)["MaThamChieu"]
    with pytest.raises(NotificationRefused) as caught:
        own.read_notification(raw(CONFIRM | {"x": "y" * 1024}))
    assert "too_large" == caught.value.code


@pytest.mark.parametrize("header", [None, "", "LOOKUP-TOKEN", "Bearer ", "Bearer lookup-token", "Bearer LOOKUP-TOKEN "])
def test_pitfall_18_u7_look_ups_need_their_token(header: str | None) -> None:
    """Before anything is read."""
    own = adapter()
    headers = {} if header is None else {"authorization": header}
    with pytest.raises(NotificationRefused) as caught:
        own.read_lookup(raw({"MaHoSo": DOSSIER}, **headers))
    assert "not_authorised" == caught.value.code


def test_look_ups() -> None:
    """With the right token, or from a network that is trusted as a whole."""
    own = adapter()
    assert DOSSIER == own.read_lookup(raw({"MaHoSo": DOSSIER}, authorization="Bearer LOOKUP-TOKEN"))
    assert DOSSIER == adapter(lookup={}).read_lookup(raw({"MaHoSo": DOSSIER}))
    assert 1 == json.loads(own.answer_lookup(DueAnswer(order=ORDER)).body)["error_code"]


def test_an_unreadable_look_up_token_lets_nobody_in() -> None:
    """It is a fault of the installation, whose path is not told."""
    own = adapter(lookup={"token": {"file": "/nowhere/token"}})
    with pytest.raises(ConfigurationError) as caught:
        own.read_lookup(raw({"MaHoSo": DOSSIER}, authorization="Bearer "))
    assert "/nowhere" not in str(caught.value)


NOT_FOUND = {"partner_code": "PPSIM01", "results": {"00": "success", "05": "not_found", "02": "configuration"}}


@pytest.mark.parametrize(
    ("answer", "is_ok", "word"),
    [
        (said({"MaLoi": "05"}), True, "not found, as it must be"),
        (said({"MaLoi": "77"}), True, "list it as not_found"),
        (said({"MaLoi": "02"}), False, "check partner, secret"),
        (said(answered(MaThamChieu=PROBE_REFERENCE)), False, "nobody made"),
        (said(answered(MaThamChieu=PROBE_REFERENCE) | {"MaXacThuc": ""}), False, "is_query_signed"),
        (said({"error_code": "1", "message": ""}), False, "platform_unsure"),
        (Said(b"", 401), False, "access_token"),
    ],
)
async def test_the_self_check_asks_and_changes_nothing(answer: Said, is_ok: bool, word: str) -> None:
    """One question about a reference that nobody made; no order is opened."""
    async with serving(answer, rules=NOT_FOUND) as (peer, own):
        findings = await check_platform(own)
        assert [True, True, is_ok] == [finding.is_ok for finding in findings]
        assert ["secrets.0", "lookup.token", "question"] == [finding.subject.split()[-1] for finding in findings]
        assert word in findings[-1].detail
        assert ["/query"] == [asked.path for asked in peer.asked]
        assert not is_own_reference(RULES, PROBE_REFERENCE)
        assert SECRET not in str(findings)


async def test_the_self_check_stops_at_unreadable_secrets() -> None:
    """Nothing is asked with half of them."""
    async with serving(access_token={"file": "/nowhere/token"}) as (_, own):
        findings = await check_platform(own)
        assert [("access_token", False)] == [
            (finding.subject.split()[-1], finding.is_ok) for finding in findings if not finding.is_ok
        ]
        assert "/nowhere" not in str(findings)


def test_pitfall_12_diagnostics_show_no_secret() -> None:
    """Only what is on the list; numbers and words stand for secrets."""
    shown = describe(settings_for(BASE, access_token={"value": "LGSP-TOKEN"}, secrets=two_secrets(None)))
    text = str(shown)
    assert ("2", "set", "token") == (shown["secrets"], shown["access_token"], shown["lookup"])
    assert "00=success" == shown["rules.results"]
    for value in (SECRET, OLD_SECRET, "LGSP-TOKEN", "LOOKUP-TOKEN"):
        assert value not in text
        assert value not in repr(settings_for(BASE, access_token={"value": "LGSP-TOKEN"}))
