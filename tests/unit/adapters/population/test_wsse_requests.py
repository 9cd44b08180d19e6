"""WS-Security of requests, judged by another implementation and by zeep's own."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from lxml import etree
from pydantic import ValidationError
from zeep.exceptions import SignatureVerificationFailed
from zeep.wsse.signature import verify_envelope

from adapters.population.question import Question
from adapters.population.requests import write_envelope
from adapters.population.settings import Operation, PopulationSettings, RequestForm, Wsse
from adapters.population.wsse import WsseEnvelopes
from gateway.errors import CredentialsRefused
from tests.support.clocks import START
from tests.support.wsse_peer import NS, Pair, RequestJudge, new_pair, one, tag

QUESTION = Question(
    request_id="YC-1",
    procedure_code="1.999001",
    service_code="037",
    officer_code="canbo.a",
    agency_code="H99.01",
    login="",
    phone="",
    personal_number="999190000001",
    old_card_number="",
    name="NGUYỄN THỊ <MẪU> & CO",
    birth_day="19900203",
    birth_year="",
)
PLAIN = write_envelope(Operation.LOOK_UP, RequestForm.STANDARD, QUESTION)
PASSWORD = "mật khẩu & <thử>"
LOGIN = {"username": "tinh-wsse", "password": {"value": PASSWORD}}


def signing(folder: Path, pair: Pair) -> dict[str, Any]:
    key, certificate = pair.write(folder, "own")
    return {"key_file": str(key), "certificate_file": str(certificate)}


def sign(settings: dict[str, Any], envelope: bytes = PLAIN, nonce: bytes | None = None) -> bytes:
    nonce = nonce or uuid4().bytes
    return WsseEnvelopes(Wsse.model_validate(settings)).sign(envelope, at=START, nonce=nonce)


@pytest.mark.parametrize("kind", ["2048", "ec"])
@pytest.mark.parametrize("form", ["digest", "text"])
@pytest.mark.parametrize(
    ("operation", "shape"),
    [
        (Operation.LOOK_UP, RequestForm.STANDARD),
        (Operation.VERIFY, RequestForm.LETTER_761),
        (Operation.KINSHIP, RequestForm.GTEL),
    ],
)
def test_everything_at_once(tmp_path: Path, kind: str, form: str, operation: Operation, shape: RequestForm) -> None:
    """Login, timestamp and signature satisfy a service that judges them by other code, in every shape of a request."""
    pair = new_pair("gateway", START, kind=kind)
    plain = write_envelope(operation, shape, QUESTION)
    signed = sign({"login": {**LOGIN, "form": form}, "signing": signing(tmp_path, pair)}, plain)

    RequestJudge(signer=pair, password=PASSWORD).judge(signed, START)
    (asked,) = one(etree.fromstring(plain), "s:Body")
    (sent,) = one(etree.fromstring(signed), "s:Body")
    assert etree.tostring(asked, method="c14n", exclusive=True) == etree.tostring(sent, method="c14n", exclusive=True)


@pytest.mark.parametrize("kind", ["2048", "ec"])
def test_zeep_takes_our_signature(tmp_path: Path, kind: str) -> None:
    """zeep's own verification, by xmlsec, agrees; after a changed letter it does not."""
    pair = new_pair("gateway", START, kind=kind)
    signed = sign({"signing": signing(tmp_path, pair)})
    changed = signed.replace(b"YC-1", b"YC-2")

    verify: Any = verify_envelope
    verify(etree.fromstring(signed), str(tmp_path / "own.pem"))
    with pytest.raises(SignatureVerificationFailed):
        verify(etree.fromstring(changed), str(tmp_path / "own.pem"))


def test_parts_by_themselves() -> None:
    """Each part can be left out, and nothing of it is then sent."""
    only_login = etree.fromstring(sign({"login": LOGIN, "timestamp_life_seconds": 0, "must_understand": False}))
    only_time = etree.fromstring(sign({}))

    security = one(only_login, "s:Header/wsse:Security")
    assert [tag("wsse:UsernameToken")] == [child.tag for child in security]
    assert {} == dict(security.attrib)
    assert [tag("wsu:Timestamp")] == [child.tag for child in one(only_time, "s:Header/wsse:Security")]
    assert {} == dict(one(only_time, "s:Body").attrib)
    assert "2026-01-05T08:00:00.000Z" == one(only_time, ".//wsu:Created").text
    assert "2026-01-05T08:05:00.000Z" == one(only_time, ".//wsu:Expires").text


def test_the_judge_refuses_what_is_replayed() -> None:
    """The other side of the test knows a nonce again, and an old instant: so its consent means something."""
    judge = RequestJudge(signer=None, password=PASSWORD)
    signed = sign({"login": LOGIN})

    judge.judge(signed, START)
    with pytest.raises(AssertionError, match="used before"):
        judge.judge(signed, START)
    with pytest.raises(AssertionError):
        RequestJudge(signer=None, password=PASSWORD).judge(signed, START + timedelta(seconds=120))


def test_digest_is_the_profile_s() -> None:
    """The password digest of the profile, computed apart by the command that the comment shows."""
    signed = etree.fromstring(sign({"login": {**LOGIN, "password": {"value": "secret"}}}, nonce=b"0123456789abcdef"))

    # printf '0123456789abcdef2026-01-05T08:00:00.000Zsecret' | openssl dgst -sha1 -binary | base64
    assert "gkQW5vmx9WzF/2OAILNY+aIBXhw=" == one(signed, ".//wsse:Password").text
    assert "MDEyMzQ1Njc4OWFiY2RlZg==" == one(signed, ".//wsse:Nonce").text


def test_files_are_read_at_every_use(tmp_path: Path) -> None:
    """A new pair, and a new password, count from the next question on."""
    password = tmp_path / "password"
    password.write_text("một")
    first, second = new_pair("gateway", START), new_pair("gateway-2", START)
    settings = {
        "login": {"username": "tinh-wsse", "password": {"file": str(password)}},
        "signing": signing(tmp_path, first),
    }
    envelopes = WsseEnvelopes(Wsse.model_validate(settings))
    before = envelopes.sign(PLAIN, at=START, nonce=uuid4().bytes)
    second.write(tmp_path, "own")
    password.write_text("hai")
    after = envelopes.sign(PLAIN, at=START, nonce=uuid4().bytes)

    RequestJudge(signer=first, password="một").judge(before, START)
    RequestJudge(signer=second, password="hai").judge(after, START)


def test_key_with_a_password(tmp_path: Path) -> None:
    """An encrypted key needs its password at every question, also when the same key was read before."""
    pair = new_pair("gateway", START)
    settings = signing(tmp_path, pair)
    sealed = pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"m\xe1\xba\xadt"))
    (tmp_path / "own.key").write_bytes(sealed)
    password = tmp_path / "password"
    password.write_text("mật")
    whole = {"signing": {**settings, "key_password": {"file": str(password)}}}
    envelopes = WsseEnvelopes(Wsse.model_validate(whole))

    RequestJudge(signer=pair, password=None).judge(envelopes.sign(PLAIN, at=START, nonce=b""), START)
    password.write_text("khác")
    for bad in (envelopes, WsseEnvelopes(Wsse.model_validate({"signing": settings}))):
        with pytest.raises(CredentialsRefused) as caught:
            bad.sign(PLAIN, at=START, nonce=b"")
        assert "secret_unreadable" == caught.value.code


def test_pair_that_cannot_be_used(tmp_path: Path) -> None:
    """Nothing is sent with a wrong, weak or expired pair; the error names the setting and nothing of the content."""
    good, other = new_pair("gateway", START), new_pair("stranger", START)
    cases: list[tuple[Pair, Pair, str]] = [
        (good, other, "secret_unreadable"),
        (good, new_pair("gateway", START, ends_days=0, begins_days=-9), "none"),
        (good, new_pair("gateway", START - timedelta(days=2), ends_days=1), "certificate_not_valid"),
        (good, new_pair("gateway", START + timedelta(days=2)), "certificate_not_valid"),
        (new_pair("weak", START, kind="1024"), new_pair("weak", START, kind="1024"), "certificate_unfit"),
    ]
    for key, certificate, code in cases:
        settings = signing(tmp_path, certificate)
        (tmp_path / "own.key").write_bytes(key.key_pem)
        if code == "none":
            assert sign({"signing": settings})
            continue
        with pytest.raises(CredentialsRefused, match=r"^population: wsse\.signing\.\w+ cannot be used$") as caught:
            sign({"signing": settings})
        assert code == caught.value.code


@pytest.mark.parametrize("broken", ["own.key", "own.pem", "password"])
@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN NOTHING-----"])
def test_unreadable_files(tmp_path: Path, broken: str, content: bytes | None) -> None:
    """A file that is missing or holds nothing sound is a matter of credentials, before anything is sent."""
    (tmp_path / "password").write_text("mật khẩu")
    settings = {
        "login": {"username": "tinh-wsse", "password": {"file": str(tmp_path / "password")}},
        "signing": signing(tmp_path, new_pair("gateway", START)),
    }
    (tmp_path / broken).unlink()
    if content is not None:
        (tmp_path / broken).write_bytes(content)
    if broken == "password" and content:
        assert sign(settings)
        return
    with pytest.raises(CredentialsRefused) as caught:
        sign(settings)
    assert "secret_unreadable" == caught.value.code


def test_settings_that_do_not_fit() -> None:
    """Each fault is named at start."""
    base = {"base_url": "https://dancu.example"}
    pair = {"key_file": "k", "certificate_file": "c"}
    for values, fault in (
        ({"edge": {"profile": "lgsp_wrap"}, "wsse": {}}, "no envelopes"),
        ({"edge": {"profile": "plain"}, "wsse": {"signing": pair, "timestamp_life_seconds": 0}}, "timestamp_life"),
        ({"edge": {"profile": "plain"}, "wsse": {"verify": {"certificate_files": []}}}, "certificate_files"),
    ):
        with pytest.raises(ValidationError, match=fault):
            PopulationSettings.model_validate(base | values)
    off = PopulationSettings.model_validate({**base, "edge": {"profile": "plain"}})

    assert off.wsse is None


def test_nothing_of_the_question_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the log level: the library beneath would write what it canonicalises."""
    with caplog.at_level(0):
        signed = sign({"signing": signing(tmp_path, new_pair("gateway", START))})

    assert QUESTION.personal_number.encode() in signed
    assert not re.search(r"\d{9}|MẪU", caplog.text)
    assert NS["wsse"].encode() in signed
