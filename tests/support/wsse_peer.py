"""The other side of WS-Security, for tests: signs replies and judges requests by python-xmlsec, sharing no code with
the gateway, so that what one side misreads the other does not repeat.

For attacks there is `resign`: after an edit of what is signed it makes the signature right again, so that the edit is
all that is wrong with a reply.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
NS = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "wsse": OASIS + "wssecurity-secext-1.0.xsd",
    "wsu": OASIS + "wssecurity-utility-1.0.xsd",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "ec": "http://www.w3.org/2001/10/xml-exc-c14n#",
}
PASSWORD = OASIS + "username-token-profile-1.0#Password"
Edit = Callable[[Any], None]


@dataclass(frozen=True)
class Pair:
    """A key and its certificate."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def certificate_text(self) -> str:
        return base64.b64encode(self.certificate.public_bytes(Encoding.DER)).decode()

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Write both; give the paths of key and certificate."""
        key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
        key.write_bytes(self.key_pem)
        certificate.write_bytes(self.certificate_pem)
        return key, certificate


@cache
def _key(name: str, kind: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    """Make a key once for a run; names only tell keys apart."""
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, int(kind))


def new_pair(name: str, at: datetime, *, kind: str = "2048", begins_days: int = -1, ends_days: int = 30) -> Pair:
    """Give a pair that is valid around an instant; the same name and kind give the same key within one run."""
    key = _key(name, kind)
    subject = x509.Name.from_rfc4514_string(f"CN={name}.example")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at + timedelta(days=begins_days))
        .not_valid_after(at + timedelta(days=ends_days))
        .sign(key, hashes.SHA256())
    )
    return Pair(key, certificate)


def tag(name: str) -> str:
    """Give `prefix:name` as lxml has it."""
    prefix, _, local = name.partition(":")
    return f"{{{NS[prefix]}}}{local}"


def one(root: Any, path: str) -> Any:
    """Give the first element at a path of prefixed names."""
    found = root.find(path, NS)
    assert found is not None, path
    return found


def instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def sign_reply(
    envelope: bytes,
    pair: Pair,
    created: datetime,
    *,
    life_seconds: float | None = 300,
    shows_certificate: bool = True,
    method: Any = None,
    digest: Any = None,
    key: Any = None,
    is_rsa: bool = True,
    before: Edit | None = None,
) -> Any:
    """Sign body and timestamp of a plain envelope; give its root. `before` edits the template that is signed."""
    root = etree.fromstring(envelope)
    header, body = one(root, "s:Header"), one(root, "s:Body")
    security = etree.SubElement(header, tag("wsse:Security"), nsmap={"wsse": NS["wsse"], "wsu": NS["wsu"]})
    if shows_certificate:
        token = etree.SubElement(security, tag("wsse:BinarySecurityToken"))
        token.set(tag("wsu:Id"), "X509-1")
        token.set("ValueType", OASIS + "x509-token-profile-1.0#X509v3")
        token.set("EncodingType", OASIS + "soap-message-security-1.0#Base64Binary")
        token.text = pair.certificate_text
    timestamp = etree.SubElement(security, tag("wsu:Timestamp"))
    etree.SubElement(timestamp, tag("wsu:Created")).text = instant(created)
    if life_seconds is not None:
        etree.SubElement(timestamp, tag("wsu:Expires")).text = instant(created + timedelta(seconds=life_seconds))
    # Declared once for all, so that no part is written differently when an attack moves it.
    body.set(tag("wsu:Id"), "id-1")
    etree.cleanup_namespaces(root, top_nsmap={"wsse": NS["wsse"], "wsu": NS["wsu"]}, keep_ns_prefixes=["dan", "ns1"])
    method = method or (xmlsec.Transform.RSA_SHA256 if is_rsa else xmlsec.Transform.ECDSA_SHA256)
    signature = xmlsec.template.create(root, xmlsec.Transform.EXCL_C14N, method, ns="ds")
    security.append(signature)
    timestamp.set(tag("wsu:Id"), "TS-1")
    for name in ("TS-1", "id-1"):
        reference = xmlsec.template.add_reference(signature, digest or xmlsec.Transform.SHA256, uri=f"#{name}")
        xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    # lxml finds elements that another library made only after it has read them itself.
    root = etree.fromstring(etree.tostring(root))
    signature = one(root, ".//ds:Signature")
    if before is not None:
        before(signature)
    context = xmlsec.SignatureContext()
    for part in (one(root, ".//wsu:Timestamp"), one(root, "s:Body")):
        context.register_id(part, "Id", NS["wsu"])
    context.key = key or xmlsec.Key.from_memory(pair.key_pem, xmlsec.KeyFormat.PEM)
    context.sign(signature)
    if shows_certificate:
        key_info = etree.SubElement(signature, tag("ds:KeyInfo"))
        pointer = etree.SubElement(key_info, tag("wsse:SecurityTokenReference"))
        etree.SubElement(pointer, tag("wsse:Reference")).set("URI", "#X509-1")
    return etree.fromstring(etree.tostring(root))


def resign(root: Any, pair: Pair) -> None:
    """Make the signature's value right for what its SignedInfo says now."""
    assert isinstance(pair.key, rsa.RSAPrivateKey)
    signature = one(root, ".//ds:Signature")
    signed = etree.tostring(one(signature, "ds:SignedInfo"), method="c14n", exclusive=True)
    value = pair.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    one(signature, "ds:SignatureValue").text = base64.b64encode(value).decode()


def digest_of(element: Any) -> str:
    """Give the digest of an element, canonical and exclusive."""
    return base64.b64encode(hashlib.sha256(etree.tostring(element, method="c14n", exclusive=True)).digest()).decode()


class RequestJudge:
    """Judges requests as a careful service does: positions, signature, time, password and repeated nonces.

    `judge` raises AssertionError for what it refuses.
    """

    def __init__(self, *, signer: Pair | None, password: str | None) -> None:
        self.signer = signer
        self.password = password
        self.nonces: set[bytes] = set()

    def judge(self, request: bytes, now: datetime) -> None:
        root = etree.fromstring(request)
        security = one(root, "s:Header/wsse:Security")
        assert 1 == len(root.findall(".//wsse:Security", NS))
        assert "1" == security.get(tag("s:mustUnderstand"))
        created = _read(one(security, "wsu:Timestamp/wsu:Created").text)
        expires = _read(one(security, "wsu:Timestamp/wsu:Expires").text)
        assert abs(created - now) < timedelta(seconds=60)
        assert now < expires <= created + timedelta(seconds=300)
        if self.password is not None:
            self._judge_login(one(security, "wsse:UsernameToken"), self.password, now)
        if self.signer is not None:
            self._judge_signature(root, security, self.signer)

    def _judge_login(self, token: Any, password: str, now: datetime) -> None:
        assert ["Username", "Password", "Nonce", "Created"] == [etree.QName(child).localname for child in token]
        assert "tinh-wsse" == one(token, "wsse:Username").text
        nonce = base64.b64decode(one(token, "wsse:Nonce").text, validate=True)
        created = one(token, "wsu:Created").text
        assert 16 <= len(nonce)
        assert nonce not in self.nonces, "the nonce was used before"
        self.nonces.add(nonce)
        assert abs(_read(created) - now) < timedelta(seconds=60)
        given = one(token, "wsse:Password")
        if given.get("Type") == PASSWORD + "Text":
            assert password == given.text
            return
        assert PASSWORD + "Digest" == given.get("Type")
        digest = hashlib.sha1(nonce + created.encode() + password.encode()).digest()
        assert base64.b64encode(digest).decode() == given.text

    def _judge_signature(self, root: Any, security: Any, signer: Pair) -> None:
        signature = one(security, "ds:Signature")
        token = one(security, "wsse:BinarySecurityToken")
        pointer = one(signature, "ds:KeyInfo/wsse:SecurityTokenReference/wsse:Reference")
        assert f"#{token.get(tag('wsu:Id'))}" == pointer.get("URI")
        assert signer.certificate_text == token.text
        order = [etree.QName(child).localname for child in security]
        assert order.index("BinarySecurityToken") < order.index("Signature")
        context = xmlsec.SignatureContext()
        parts = (one(root, "s:Body"), one(security, "wsu:Timestamp"))
        for part in parts:
            context.register_id(part, "Id", NS["wsu"])
        uris = {one.get("URI") for one in signature.findall("ds:SignedInfo/ds:Reference", NS)}
        assert {f"#{part.get(tag('wsu:Id'))}" for part in parts} == uris
        algorithms = {one.get("Algorithm") for one in one(signature, "ds:SignedInfo").iter() if one.get("Algorithm")}
        assert {
            "http://www.w3.org/2001/10/xml-exc-c14n#",
            "http://www.w3.org/2001/04/xmlenc#sha256",
            "http://www.w3.org/2001/04/xmldsig-more#"
            + ("rsa-sha256" if isinstance(signer.key, rsa.RSAPrivateKey) else "ecdsa-sha256"),
        } == algorithms
        context.key = xmlsec.Key.from_memory(signer.certificate_pem, xmlsec.KeyFormat.CERT_PEM)
        context.verify(signature)


def _read(text: Any) -> datetime:
    return datetime.fromisoformat(text)
