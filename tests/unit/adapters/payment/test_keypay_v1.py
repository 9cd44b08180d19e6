"""KeyPay v1 and v2 behind the port: the signed address, returns, questions and the second leg."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from adapters.payment.keypay_v1 import KeyPayV1Adapter
from adapters.payment.keypay_v1_settings import KeyPayV1Settings
from adapters.payment.peer_checks import check_keypay_v1
from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    GatewayError,
    InvalidInput,
    OutcomeUnknown,
    Rejected,
    RemoteError,
    TransientFailure,
)
from gateway.model.payment import Answer
from gateway.ports.payments import (
    Capability,
    ConfirmsResults,
    NotificationRefused,
    PaymentProvider,
    RawNotification,
    Verdict,
)
from mappings.payment import keypay_v1
from mappings.payment.keypay_v1 import Algorithm, SecretPlace
from mappings.payment.notices import Notice
from tests.support.scripted_http import Reply, ScriptedHttp, scripted_http
from tests.unit.adapters.payment.peer_samples import (
    DOSSIER,
    OPENED_AT,
    RANDOM,
    keypay_v1_settings,
    make_attempt,
    make_order,
    make_parts,
)

REFERENCE = keypay_v1.make_reference(RANDOM)
ATTEMPT = make_attempt(REFERENCE, transaction="KP900001")


def make(peer: ScriptedHttp, **changes: Any) -> KeyPayV1Adapter:
    return KeyPayV1Adapter(keypay_v1_settings(peer.url, **changes), make_parts())


def offline(**changes: Any) -> KeyPayV1Adapter:
    return KeyPayV1Adapter(keypay_v1_settings(**changes), make_parts())


def text(body: str) -> Reply:
    return Reply(body.encode(), content_type="text/plain")


def fields_of(**changes: str) -> dict[str, str]:
    return {
        "bank_code": "970436",
        "command": "pay",
        "currency_code": "704",
        "good_code": DOSSIER,
        "merchant_code": "SIMMC",
        "merchant_trans_id": REFERENCE,
        "net_cost": "150000",
        "response_code": "00",
        "service_code": "720",
        "ship_fee": "0",
        "tax": "0",
        "trans_id": "KP900001",
        **changes,
    }


def returned(
    fields: Mapping[str, str],
    algorithm: Algorithm = Algorithm.MD5,
    place: SecretPlace = SecretPlace.PREFIX,
    *,
    as_form: bool = False,
) -> RawNotification:
    made = keypay_v1.response_hash("SIMKEY", fields, algorithm, place)
    pairs = (*fields.items(), ("desc_1", "Hồ sơ"), ("secure_hash", made))
    if as_form:
        return RawNotification(
            method="POST",
            content_type="application/x-www-form-urlencoded; charset=UTF-8",
            body=urlencode(pairs).encode(),
        )
    return RawNotification(method="GET", content_type="", body=b"", query=pairs)


async def test_it_offers_what_keypay_offers() -> None:
    """And the second leg."""
    async with offline() as adapter:
        provider: PaymentProvider = adapter
        confirming: ConfirmsResults = adapter
        assert adapter is confirming
        assert {Capability.OPEN, Capability.NOTIFY, Capability.QUERY, Capability.CONFIRM} == provider.capabilities
        assert ("keypay", "keypay_v1", "SIMMC") == (provider.name, provider.kind, provider.partner_code)
        with pytest.raises(InvalidInput):
            await provider.bill(ATTEMPT)


async def test_an_order_is_an_address_that_is_signed_here() -> None:
    """Nothing is sent; https; the account stays at home unless it is wanted (pitfall 8)."""
    async with offline() as adapter:
        opened = await adapter.open(make_order(REFERENCE))
        parts = urlsplit(opened.pay_url)
        fields = dict(parse_qsl(parts.query, strict_parsing=True))
        assert ("https", "keypay.example", "/process") == (parts.scheme, parts.netloc, parts.path)
        assert keypay_v1.request_hash("SIMKEY", fields, Algorithm.MD5) == fields["secure_hash"]
        assert (REFERENCE, DOSSIER, "150000", "+84", "704") == (
            fields["merchant_trans_id"],
            fields["good_code"],
            fields["net_cost"],
            fields["country_code"],
            fields["currency_code"],
        )
        assert "CAP GIAY PHEP THU NGHIEM" == fields["desc_4"]
        assert "desc_3" not in fields
        assert "SIMKEY" not in opened.pay_url
        assert 900 == (opened.expires_at or OPENED_AT).timestamp() - OPENED_AT.timestamp()
    async with offline(sends_account=True) as adapter:
        assert "desc_3=0011001234567" in (await adapter.open(make_order(REFERENCE))).pay_url


async def test_limits_of_descriptions() -> None:
    """§C.1: 20, 30, 40 and 100 characters."""
    async with offline() as adapter:
        order = replace(make_order(REFERENCE), agency_name="Ủy ban " * 20, procedure_name="Đăng ký " * 40)
        fields = dict(parse_qsl(urlsplit((await adapter.open(order)).pay_url).query))
        assert len(fields["desc_2"]) <= 30
        assert len(fields["desc_4"]) <= 100
        assert fields["desc_4"].startswith("DANG KY DANG KY")


@pytest.mark.parametrize("reference", ["1001", "", "A" * 17, "a" * 18])
async def test_an_order_under_another_kind_of_reference_is_refused(reference: str) -> None:
    """Pitfall 7."""
    async with offline() as adapter:
        with pytest.raises(InvalidInput):
            await adapter.open(make_order(reference))


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("place", SecretPlace)
@pytest.mark.parametrize("as_form", [False, True])
async def test_returns_in_every_agreed_form(algorithm: Algorithm, place: SecretPlace, as_form: bool) -> None:
    """As parameters and as a form; U26."""
    async with offline(algorithm=algorithm, secret_place=place) as adapter:
        fact = adapter.read_notification(returned(fields_of(), algorithm, place, as_form=as_form))
        assert (Answer.PAID, 150_000, DOSSIER, True) == (
            fact.answer,
            fact.amount_vnd,
            fact.dossier_code,
            fact.is_decisive,
        )


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (RawNotification(method="POST", content_type="application/json", body=b"{}"), "malformed"),
        (
            RawNotification(method="POST", content_type="application/x-www-form-urlencoded", body=b"\xff"),
            "malformed",
        ),
        (
            RawNotification(method="POST", content_type="application/x-www-form-urlencoded", body=b"a=%ff"),
            "malformed",
        ),
        (
            RawNotification(method="POST", content_type="application/x-www-form-urlencoded", body=b"a=1&" * 30_000),
            "too_large",
        ),
        (RawNotification(method="GET", content_type="", body=b""), "malformed"),
    ],
)
async def test_what_is_no_return(raw: RawNotification, code: str) -> None:
    """Refused with a word, without stumbling."""
    async with offline() as adapter:
        with pytest.raises(NotificationRefused) as caught:
            adapter.read_notification(raw)
        assert code == caught.value.code


@pytest.mark.parametrize(
    ("verdict", "status"),
    [(Verdict.APPLIED, 200), (Verdict.REFUSED, 400), (Verdict.FORGED, 400), (Verdict.UNAVAILABLE, 503)],
)
async def test_acknowledgements(verdict: Verdict, status: int) -> None:
    """No text is known, so the status speaks."""
    async with offline() as adapter:
        assert status == adapter.acknowledge(returned(fields_of()), verdict).status


async def test_question_v2_needs_only_what_we_know() -> None:
    """The time of opening in Vietnamese time, hash over the five values in their order."""
    async with scripted_http([text("KP900001|00|x")]) as peer, make(peer) as adapter:
        fact = await adapter.query(make_attempt(REFERENCE))
        (asked,) = peer.seen
    assert (Answer.PAID, None, "00") == (fact.answer, fact.amount_vnd, fact.result_code)
    assert ("GET", "/QuerryBillStatusV2") == (asked.method, asked.path)
    expected = keypay_v1.question_hash("SIMKEY", ["SIMMC", REFERENCE, DOSSIER, "20250115093000"])
    assert (expected, "20250115093000") == (asked.query["secure_hash"], asked.query["trans_time"])
    assert "SIMKEY" not in str(asked)


async def test_question_v1() -> None:
    """With KeyPay's own number of the transaction."""
    async with scripted_http([text('"KP900001|18|x"')]) as peer, make(peer, query_form="v1") as adapter:
        fact = await adapter.query(ATTEMPT)
        (asked,) = peer.seen
    assert Answer.FAILED is fact.answer
    assert "/QuerryBillStatus" == asked.path
    expected = keypay_v1.question_hash("SIMKEY", [REFERENCE, DOSSIER, "KP900001", "SIMMC"])
    assert expected == asked.query["secure_hash"]


async def test_question_v1_may_be_answered_by_the_code_alone() -> None:
    """How it is answered is not known; V2 has its parts."""
    async with scripted_http([text("00")]) as peer, make(peer, query_form="v1") as adapter:
        assert Answer.PAID is (await adapter.query(ATTEMPT)).answer
    async with scripted_http([text("00")]) as peer, make(peer) as adapter:
        with pytest.raises(ContractBroken):
            await adapter.query(ATTEMPT)


@pytest.mark.parametrize(
    ("code", "answer"),
    [("04", Answer.PENDING), ("98", Answer.PENDING), ("17", Answer.PENDING), ("00", Answer.PAID)],
)
async def test_question_v1_without_the_number_it_needs_ends_nothing(code: str, answer: Answer) -> None:
    """No notification came, so KeyPay's number is not known, and a question without it is not found whatever was paid:
    an order must not end by it."""
    async with scripted_http([text(f"x|{code}|y")]) as peer, make(peer, query_form="v1") as adapter:
        assert answer is (await adapter.query(make_attempt(REFERENCE))).answer


async def test_question_v1_that_confirms_a_return_uses_the_number_of_the_return() -> None:
    """The attempt does not hold one yet when its first notification is confirmed."""
    changes = {"query_form": "v1", "asks_before_paid": True}
    async with scripted_http([text("KP900001|00|x")]) as peer, make(peer, **changes) as adapter:
        raw = returned(fields_of())
        claimed = adapter.read_notification(raw)
        fact = await adapter.verify(raw, claimed, make_attempt(REFERENCE))
        (asked,) = peer.seen
    assert ("KP900001", Answer.PAID) == (asked.query["trans_id"], fact.answer)


@pytest.mark.parametrize(
    ("code", "answer", "notices"),
    [
        ("00", Answer.PAID, ()),
        ("06", Answer.PAID, ()),
        ("04", Answer.NOT_FOUND, ()),
        ("17", Answer.FAILED, ()),
        ("08", Answer.PENDING, ()),
        ("97", Answer.PENDING, ()),
        ("99", Answer.PENDING, ()),
        ("11", Answer.PENDING, (Notice.CONFIGURATION_RESULT,)),
        ("55", Answer.PENDING, (Notice.UNKNOWN_RESULT,)),
    ],
)
async def test_answers(code: str, answer: Answer, notices: Sequence[str]) -> None:
    """§C.3."""
    async with scripted_http([text(f"x|{code}|y")]) as peer, make(peer) as adapter:
        fact = await adapter.query(ATTEMPT)
    assert (answer, notices) == (fact.answer, fact.notices)


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ([text("x|02|y")], CredentialsRefused),
        ([text("x|01|y")], CredentialsRefused),
        ([text("")], ContractBroken),
        ([text("<html>")], ContractBroken),
        ([Reply(b"\xff|00")], ContractBroken),
        ([Reply(status=500)] * 3, TransientFailure),
        # The HTTP client itself repeats a GET whose connection was closed, once per try.
        ([Reply(resets=True)] * 6, TransientFailure),
        ([Reply(resets=True), text("x|00|y")], None),
        ([Reply(status=500), text("x|00|y")], None),
        ([Reply(status=403)], CredentialsRefused),
    ],
)
async def test_faults_while_asking(replies: Sequence[Reply], expected: type[RemoteError] | None) -> None:
    """A question is tried a few times; whatever fails says nothing of the payment."""
    async with scripted_http(replies) as peer, make(peer) as adapter:
        if expected is None:
            assert Answer.PAID is (await adapter.query(ATTEMPT)).answer
            return
        with pytest.raises(expected):
            await adapter.query(ATTEMPT)


def confirmation(code: str, first: str = "yyy", secret: str = "SIMKEY") -> Reply:
    return text(f"{first}|{code}|{keypay_v1.question_hash(secret, [first, code])}")


@pytest.mark.parametrize("code", ["00", "06"])
async def test_the_second_leg_and_its_repetition(code: str) -> None:
    """06 means that it was told before: well."""
    async with scripted_http([confirmation(code)]) as peer, make(peer) as adapter:
        await adapter.confirm(ATTEMPT, is_delivered=True)
        (told,) = peer.seen
    assert ("/ConfirmTransResult", "0") == (told.path, told.query["trans_result"])
    expected = keypay_v1.question_hash("SIMKEY", ["SIMMC", DOSSIER, REFERENCE, "KP900001", "0"])
    assert expected == told.query["secure_hash"]


async def test_the_second_leg_can_tell_that_nothing_was_delivered() -> None:
    """trans_result 1."""
    async with scripted_http([confirmation("00")]) as peer, make(peer) as adapter:
        await adapter.confirm(ATTEMPT, is_delivered=False)
        assert "1" == peer.seen[0].query["trans_result"]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (confirmation("04", "011"), Rejected),
        (confirmation("11", "011"), Rejected),
        (confirmation("55", "011"), Rejected),
        (confirmation("99", "011"), TransientFailure),
        (confirmation("02", "011"), CredentialsRefused),
        (confirmation("00", secret="other"), ContractBroken),
        (text("yyy|00"), ContractBroken),
        (text("OK"), ContractBroken),
        (Reply(stalls=True), OutcomeUnknown),
        (Reply(status=500), OutcomeUnknown),
    ],
)
async def test_faults_of_the_second_leg(reply: Reply, expected: type[RemoteError]) -> None:
    """Told once per call; a "success" that is not signed is none."""
    async with scripted_http([reply]) as peer, make(peer, call_seconds=0.3) as adapter:
        with pytest.raises(expected):
            await adapter.confirm(ATTEMPT, is_delivered=True)


async def test_the_second_leg_needs_keypays_number() -> None:
    """Without it nothing is sent."""
    async with offline() as adapter:
        with pytest.raises(InvalidInput):
            await adapter.confirm(make_attempt(REFERENCE), is_delivered=True)


async def test_pitfall_06_a_notification_may_need_a_second_confirmation() -> None:
    """The question says what became of it, the notification for how much."""
    async with scripted_http([text("x|08|y")]) as peer, make(peer, asks_before_paid=True) as adapter:
        raw = returned(fields_of())
        fact = adapter.read_notification(raw)
        assert (Answer.PAID, False) == (fact.answer, fact.is_decisive)
        asked = await adapter.verify(raw, fact, ATTEMPT)
        assert (Answer.PENDING, True, 150_000, "08") == (
            asked.answer,
            asked.is_decisive,
            asked.amount_vnd,
            asked.result_code,
        )
        peer.plan(text("x|00|y"))
        assert Answer.PAID is (await adapter.verify(raw, fact, ATTEMPT)).answer
        peer.plan(text("x|04|y"))
        with pytest.raises(NotificationRefused):
            await adapter.verify(raw, fact, ATTEMPT)
        with pytest.raises(NotificationRefused):
            await adapter.verify(raw, fact, make_attempt(keypay_v1.make_reference(bytes(16))))


async def test_the_check_asks_about_an_order_that_nobody_opened() -> None:
    """Not found is well; paid is not."""
    async with scripted_http([text("x|04|y")]) as peer, make(peer) as adapter:
        assert [True, True] == [finding.is_ok for finding in await check_keypay_v1(adapter)]
        peer.plan(text("x|00|y"))
        assert [True, False] == [finding.is_ok for finding in await check_keypay_v1(adapter)]
        peer.plan(text("x|02|y"))
        finding = (await check_keypay_v1(adapter))[-1]
        assert (False, True) == (finding.is_ok, "keypay_02" in finding.detail)


async def test_unreadable_secrets_are_told_by_name_only(tmp_path: Any) -> None:
    """Neither path nor content."""
    async with offline(keys=[{"file": str(tmp_path / "none")}]) as adapter:
        for expected, call in ((CredentialsRefused, adapter.open(make_order(REFERENCE))),):
            with pytest.raises(expected) as caught:
                await call
            assert str(tmp_path) not in str(caught.value)
        with pytest.raises(GatewayError, match="keys"):
            adapter.read_notification(returned(fields_of()))
        assert [False] == [finding.is_ok for finding in await check_keypay_v1(adapter)]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"pay_url": "http://keypay.example/process"}, "pay_url must be https"),
        ({"service_url": "http://ws.example/resources"}, "service_url must be https"),
        ({"pay_url": "https://keypay.example/"}, "with its path"),
        ({"merchant_code": "A-B"}, "merchant_code"),
        ({"keys": []}, "keys"),
    ],
)
def test_settings_that_do_not_fit_together(change: dict[str, Any], fault: str) -> None:
    """Pitfall 22 among them: the sources use plain http."""
    with pytest.raises(ValueError, match=fault):
        keypay_v1_settings(**{"url": "https://ws.example/resources", **change})


def test_the_recommended_defaults() -> None:
    """U26 and the values of §C.1."""
    fields = KeyPayV1Settings.model_fields
    assert SecretPlace.PREFIX is fields["secret_place"].default
    assert Algorithm.MD5 is fields["algorithm"].default
    assert ("720", "1.0", "vn", "+84") == tuple(
        fields[name].default for name in ("service_code", "version", "locale", "country_code")
    )
