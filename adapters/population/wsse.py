"""WS-Security of requests: login, timestamp and signature in the header of an envelope. Pure but for the files of keys.

After OASIS WS-Security 1.1 with its username and X.509 token profiles, read on 2026-11-25. Keys and secrets are read at
every use, so that changed ones need no restart. What replies must carry is in `wsse_replies`.
"""

from base64 import b64encode
from datetime import datetime, timedelta
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.signer import XMLSigner

from adapters.population import decoding
from adapters.population.decoding import SOAP
from adapters.population.failures import SYSTEM
from adapters.population.settings import Wsse, WsseLogin, WsseSigning
from adapters.population.wsse_replies import (
    BASE64,
    DS,
    WSSE,
    WSU,
    X509V3,
    ReplyCheck,
    SeenSignatures,
    is_strong,
)
from adapters.transport.secrets import Secret
from gateway.errors import CredentialsRefused

_PASSWORD = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#Password"  # noqa: S105
_BODY, _TIMESTAMP, _TOKEN = "body", "timestamp", "certificate"
_OPERATION = "wsse"
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class WsseEnvelopes:
    """Secures what is sent, and says what must come back."""

    def __init__(self, settings: Wsse) -> None:
        self._settings = settings
        self._seen = SeenSignatures()
        self._keys = _Keys()

    def sign(self, envelope: bytes, *, at: datetime, nonce: bytes) -> bytes:
        """Give the envelope with its security header. `nonce` must be random, and new for every request.

        Raises CredentialsRefused when a file cannot be used, or when our certificate is not valid at that instant.
        """
        settings = self._settings
        pair = None if settings.signing is None else _own_pair(settings.signing, self._keys, at)
        root = decoding.parse(envelope, max_bytes=len(envelope))
        header, body = (root.find(f"{{{SOAP}}}{name}") for name in ("Header", "Body"))
        security = etree.SubElement(header, f"{{{WSSE}}}Security")
        if settings.must_understand:
            security.set(f"{{{SOAP}}}mustUnderstand", "1")
        if pair is not None:
            token = _add(security, WSSE, "BinarySecurityToken", b64encode(pair[1].public_bytes(Encoding.DER)).decode())
            token.set("EncodingType", BASE64)
            token.set("ValueType", X509V3)
            token.set(f"{{{WSU}}}Id", _TOKEN)
        if settings.timestamp_life_seconds:
            timestamp = _add(security, WSU, "Timestamp")
            timestamp.set(f"{{{WSU}}}Id", _TIMESTAMP)
            _add(timestamp, WSU, "Created", _instant(at))
            _add(timestamp, WSU, "Expires", _instant(at + timedelta(seconds=settings.timestamp_life_seconds)))
        if settings.login is not None:
            _add_login(security, settings.login, at, nonce)
        # From here on a moved declaration would spoil the digests.
        if pair is not None:
            body.set(f"{{{WSU}}}Id", _BODY)
        etree.cleanup_namespaces(root, top_nsmap={"wsse": WSSE, "wsu": WSU})
        if pair is not None:
            security.append(_signature(root, pair[0]))
        written: str = etree.tostring(root, encoding="unicode")
        return written.encode()

    def expect(self, asked_at: datetime) -> ReplyCheck | None:
        """Say what the reply to a question of that instant must fulfil; None when replies are not verified.

        Raises CredentialsRefused when a certificate cannot be read: better before the question is sent.
        """
        verify = self._settings.verify
        if verify is None:
            return None
        trusted = [one for path in verify.certificate_files for one in _certificates(path, "verify.certificate_files")]
        return ReplyCheck(
            trusted=tuple(trusted),
            asked_at=asked_at,
            leeway=timedelta(seconds=verify.leeway_seconds),
            seen=self._seen if verify.refuses_repeats else None,
        )


def _add_login(security: Any, login: WsseLogin, at: datetime, nonce: bytes) -> None:
    password, created = _secret(login.password, "login.password"), _instant(at)
    token = _add(security, WSSE, "UsernameToken")
    _add(token, WSSE, "Username", login.username)
    if login.form == "digest":
        # The token's profile knows no other digest than SHA-1. It proves knowledge of the password; nothing that an
        # attacker could make two of is digested.
        digest = sha1(nonce + created.encode() + password.encode(), usedforsecurity=False).digest()
        _add(token, WSSE, "Password", b64encode(digest).decode()).set("Type", _PASSWORD + "Digest")
    else:
        _add(token, WSSE, "Password", password).set("Type", _PASSWORD + "Text")
    _add(token, WSSE, "Nonce", b64encode(nonce).decode()).set("EncodingType", BASE64)
    _add(token, WSU, "Created", created)


def _signature(root: Any, key: PrivateKey) -> Any:
    key_info = etree.Element(f"{{{DS}}}KeyInfo", nsmap={"ds": DS, "wsse": WSSE})
    reference = _add(_add(key_info, WSSE, "SecurityTokenReference"), WSSE, "Reference")
    reference.set("URI", f"#{_TOKEN}")
    reference.set("ValueType", X509V3)
    is_rsa = isinstance(key, rsa.RSAPrivateKey)
    signer = XMLSigner(
        method=SignatureConstructionMethod.detached,
        signature_algorithm=SignatureMethod.RSA_SHA256 if is_rsa else SignatureMethod.ECDSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    return signer.sign(root, key=key, reference_uri=[f"#{_TIMESTAMP}", f"#{_BODY}"], key_info=key_info)


class _Keys:
    """The key that was read last: to check a new one takes tens of milliseconds, in which nothing else would run."""

    def __init__(self) -> None:
        self._kept: tuple[bytes, PrivateKey] | None = None

    def load(self, content: bytes, password: bytes | None) -> PrivateKey:
        """Give the key of a file. Raises TypeError or ValueError when it is none."""
        mark = sha256(sha256(content).digest() + (password or b"")).digest()
        if self._kept is None or self._kept[0] != mark:
            key = load_pem_private_key(content, password)
            if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
                raise ValueError("neither RSA nor a curve")
            self._kept = mark, key
        return self._kept[1]


def _own_pair(signing: WsseSigning, keys: _Keys, at: datetime) -> tuple[PrivateKey, x509.Certificate]:
    password = None if signing.key_password is None else _secret(signing.key_password, "signing.key_password").encode()
    try:
        key = keys.load(_content(signing.key_file, "signing.key_file"), password)
    except (TypeError, ValueError) as error:
        raise _unusable("signing.key_file") from error
    certificate = _certificates(signing.certificate_file, "signing.certificate_file")[0]
    if certificate.public_key() != key.public_key():
        raise _unusable("signing.certificate_file")
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise _unusable("signing.certificate_file", "certificate_not_valid")
    return key, certificate


def _certificates(path: Path, setting: str) -> list[x509.Certificate]:
    try:
        found = x509.load_pem_x509_certificates(_content(path, setting))
        is_fit = all(is_strong(one.public_key()) for one in found)
    except ValueError as error:
        raise _unusable(setting) from error
    if not is_fit:
        raise _unusable(setting, "certificate_unfit")
    return found


def _content(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unusable(setting) from error


def _secret(secret: Secret, setting: str) -> str:
    try:
        return secret.read()
    except (OSError, ValueError) as error:
        raise _unusable(setting) from error


def _unusable(setting: str, code: str = "secret_unreadable") -> CredentialsRefused:
    return CredentialsRefused(
        f"{SYSTEM}: wsse.{setting} cannot be used", system=SYSTEM, operation=_OPERATION, code=code
    )


def _add(parent: Any, namespace: str, name: str, text: str | None = None) -> Any:
    child = etree.SubElement(parent, f"{{{namespace}}}{name}")
    child.text = text
    return child


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
