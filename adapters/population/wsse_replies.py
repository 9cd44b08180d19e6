"""WS-Security of replies: what is decoded is what a known key has signed, and nothing else. Pure.

Two steps, neither of which is enough alone. First the positions: one security header, timestamp, signature and body,
each in its place, no identifier twice, and a signature that has the one shape that is taken: two references, to that
body and that timestamp, without any transform but canonicalisation, and algorithms from a closed list. Then the
cryptography, by signxml, against certificates from the settings. What is handed on is the very text whose digest was
signed, parsed anew, so that no second look-up can find another element than the one that was verified.

Refused is whatever the shape does not know, also where it would be harmless: extra children in the header or the
signature, more references, other forms of KeyInfo.
"""

import re
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import processor
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from adapters.population import decoding
from adapters.population.decoding import SOAP
from adapters.population.forms import Undecodable

_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE = f"{_OASIS}wssecurity-secext-1.0.xsd"
WSU = f"{_OASIS}wssecurity-utility-1.0.xsd"
DS = "http://www.w3.org/2000/09/xmldsig#"
X509V3 = f"{_OASIS}x509-token-profile-1.0#X509v3"
BASE64 = f"{_OASIS}soap-message-security-1.0#Base64Binary"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_SIGNATURES = frozenset(f"http://www.w3.org/2001/04/xmldsig-more#{name}-sha256" for name in ("rsa", "ecdsa"))
_HEADER, _BODY = f"{{{SOAP}}}Header", f"{{{SOAP}}}Body"
_SECURITY, _TOKEN = f"{{{WSSE}}}Security", f"{{{WSSE}}}BinarySecurityToken"
_TIMESTAMP, _SIGNATURE = f"{{{WSU}}}Timestamp", f"{{{DS}}}Signature"
_ID = f"{{{WSU}}}Id"
_IDS = frozenset({"id", "assertionid"})
_PREFIXES = re.compile(r"[^\s<>&\"']*( [^\s<>&\"']+)*").fullmatch
_BASE64_TEXT = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*", re.ASCII).fullmatch
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII).fullmatch
_LONGEST_CALL = timedelta(seconds=600)

# The library writes all that it canonicalises, a citizen's record, to its debug log.
processor.logger.addFilter(lambda record: False)


class Unverified(Undecodable):
    """The reply is not what a known key has signed just now."""


class SeenSignatures:
    """What the signatures of replies that were taken were over, for as long as the same could be taken again."""

    def __init__(self) -> None:
        self._until: dict[bytes, datetime] = {}

    def note(self, signed_info: Any, *, until: datetime, now: datetime) -> None:
        """Note what was signed. Raises Unverified when it was noted before."""
        # Not the signature's value: of one by an elliptic curve anybody can make a second one that is as right.
        signed = sha256(etree.tostring(signed_info, method="c14n", exclusive=True)).digest()
        self._until = {one: end for one, end in self._until.items() if end >= now}
        if signed in self._until:
            raise Unverified("wsse_repeated_reply")
        self._until[signed] = until


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The parts of a reply, each the only one of its kind, in its place."""

    security: Any
    timestamp: Any
    signature: Any
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyCheck:
    """What the reply to one question must fulfil."""

    trusted: tuple[x509.Certificate, ...]
    asked_at: datetime
    leeway: timedelta
    seen: SeenSignatures | None = field(default=None, repr=False)

    def verify(self, root: Any, *, now: datetime) -> Any:
        """Give the one child of the body that was signed. Raises Undecodable."""
        decoding.body_child(root)
        found = _locate(root)
        _refuse_repeated_ids(root)
        _check_signature(found)
        candidates = self._candidates(found, now)
        timestamp, body = _verified(root, found, candidates, now)
        created = self._check_time(timestamp, now)
        if self.seen is not None:
            self.seen.note(found.signature[0], until=created + self.leeway + _LONGEST_CALL, now=now)
        return decoding.only_child(body)

    def _candidates(self, found: _Found, now: datetime) -> Sequence[x509.Certificate]:
        """Give the configured certificates that may have signed. The message only narrows them down."""
        known = {one.public_bytes(Encoding.DER): one for one in self.trusted}
        named = _named_certificates(found)
        if any(one not in known for one in named):
            raise Unverified("wsse_certificate_unknown")
        candidates = [one for der, one in known.items() if der in named or not named]
        valid = [one for one in candidates if one.not_valid_before_utc <= now <= one.not_valid_after_utc]
        if not valid:
            raise Unverified("wsse_certificate_not_valid")
        return valid

    def _check_time(self, timestamp: Any, now: datetime) -> datetime:
        tags = [child.tag for child in timestamp]
        if tags not in ([f"{{{WSU}}}Created"], [f"{{{WSU}}}Created", f"{{{WSU}}}Expires"]):
            raise Unverified("wsse_timestamp_malformed")
        created, *expires = (_instant(child) for child in timestamp)
        if created > now + self.leeway:
            raise Unverified("wsse_created_in_future")
        # An answer cannot be older than its question.
        if created < self.asked_at - self.leeway:
            raise Unverified("wsse_created_before_question")
        if expires and expires[0] <= created:
            raise Unverified("wsse_timestamp_malformed")
        if expires and expires[0] < now - self.leeway:
            raise Unverified("wsse_expired")
        return created


def is_strong(key: object) -> bool:
    """Tell whether a public key is of a kind and size that is taken: RSA from 2048 bits, curves from 256."""
    match key:
        case rsa.RSAPublicKey():
            return key.key_size >= 2048
        case ec.EllipticCurvePublicKey():
            return key.key_size >= 256
    return False


def _locate(root: Any) -> _Found:
    one_each: dict[str, Any] = {}
    for tag, missing in (
        (_HEADER, "wsse_no_header"),
        (_SECURITY, "wsse_no_header"),
        (_TIMESTAMP, "wsse_no_timestamp"),
        (_SIGNATURE, "wsse_not_signed"),
        (_BODY, "no_single_body"),
    ):
        everywhere = list(root.iter(tag))
        if len(everywhere) != 1:
            raise Unverified("wsse_repeated" if everywhere else missing)
        one_each[tag] = everywhere[0]
    security = one_each[_SECURITY]
    is_placed = (
        root.getparent() is None
        and [child.tag for child in root] == [_HEADER, _BODY]
        and security.getparent() is one_each[_HEADER]
        and one_each[_TIMESTAMP].getparent() is security
        and one_each[_SIGNATURE].getparent() is security
    )
    if not is_placed:
        raise Unverified("wsse_misplaced")
    tags = [child.tag for child in security]
    # A header for another actor, or one with more in it than is understood, is not judged by half.
    is_known = set(tags) <= {_TOKEN, _TIMESTAMP, _SIGNATURE} and len(set(tags)) == len(tags)
    if not is_known or set(security.keys()) - {f"{{{SOAP}}}mustUnderstand", _ID}:
        raise Unverified("wsse_header_unknown")
    return _Found(
        security=security, timestamp=one_each[_TIMESTAMP], signature=one_each[_SIGNATURE], body=one_each[_BODY]
    )


def _refuse_repeated_ids(root: Any) -> None:
    seen: set[str] = set()
    for element in root.iter():
        for name, value in element.items():
            if name.rpartition("}")[2].lower() in _IDS:
                if value in seen:
                    raise Unverified("wsse_repeated_id")
                seen.add(value)


def _check_signature(found: _Found) -> None:
    tags = [_local(child) for child in found.signature]
    if tags not in (["SignedInfo", "SignatureValue"], ["SignedInfo", "SignatureValue", "KeyInfo"]):
        raise Unverified("wsse_signature_malformed")
    signed_info, value = found.signature[0], found.signature[1]
    tags = [_local(child) for child in signed_info]
    if tags[:2] != ["CanonicalizationMethod", "SignatureMethod"] or set(tags[2:]) - {"Reference"}:
        raise Unverified("wsse_signature_malformed")
    if signed_info[1].get("Algorithm") not in _SIGNATURES or len(signed_info[1]):
        raise Unverified("wsse_algorithm")
    _check_canonicalisation(signed_info[0], "wsse_algorithm")
    _check_base64(value)
    references = [_reference_uri(child) for child in signed_info[2:]]
    for part, missing in ((found.body, "wsse_body_not_signed"), (found.timestamp, "wsse_timestamp_not_signed")):
        # Found in its place first, and only then by its identifier, which is nowhere else in the reply.
        if not part.get(_ID) or f"#{part.get(_ID)}" not in references:
            raise Unverified(missing)
    if len(references) != 2:
        raise Unverified("wsse_reference")


def _reference_uri(reference: Any) -> str:
    if set(reference.keys()) - {"URI", "Id"} or not reference.get("URI", "").startswith("#"):
        raise Unverified("wsse_reference")
    if [_local(child) for child in reference] != ["Transforms", "DigestMethod", "DigestValue"]:
        raise Unverified("wsse_reference")
    transforms, method, value = reference
    if len(transforms) != 1 or _local(transforms[0]) != "Transform":
        raise Unverified("wsse_transform")
    _check_canonicalisation(transforms[0], "wsse_transform")
    if method.get("Algorithm") != _SHA256 or len(method):
        raise Unverified("wsse_algorithm")
    _check_base64(value)
    return str(reference.get("URI"))


def _check_canonicalisation(element: Any, reason: str) -> None:
    """Take exclusive canonicalisation only, with the list of prefixes that WSS4J gives it."""
    is_plain = element.get("Algorithm") == EXCLUSIVE and len(element) <= 1
    if is_plain and len(element):
        lists = element[0]
        is_plain = (
            lists.tag == f"{{{EXCLUSIVE}}}InclusiveNamespaces"
            and list(lists.keys()) == ["PrefixList"]
            and _PREFIXES(lists.get("PrefixList")) is not None
            and not len(lists)
        )
    if not is_plain:
        raise Unverified(reason)


def _check_base64(element: Any) -> None:
    if len(element) or not _BASE64_TEXT(element.text or ""):
        raise Unverified("wsse_signature_malformed")


def _named_certificates(found: _Found) -> set[bytes]:
    """Give the certificates that a reply shows, in whatever form, as DER; it may show none and only point at one."""
    texts = []
    tokens = [child for child in found.security if child.tag == _TOKEN]
    for token in tokens:
        if token.get("ValueType") != X509V3 or token.get("EncodingType", BASE64) != BASE64:
            raise Unverified("wsse_key_info")
        texts.append(token)
    if len(found.signature) == 3:
        key_info = found.signature[2]
        kinds = {element.tag for element in key_info.iter()} - {key_info.tag}
        if kinds - _KEY_INFO:
            raise Unverified("wsse_key_info")
        for reference in key_info.iter(f"{{{WSSE}}}Reference"):
            if not tokens or reference.get("URI") != f"#{tokens[0].get(_ID)}":
                raise Unverified("wsse_key_info")
        texts += key_info.iter(f"{{{DS}}}X509Certificate")
    for text in texts:
        _check_base64(text)
    try:
        return {b64decode(text.text) for text in texts}
    except ValueError as error:
        raise Unverified("wsse_key_info") from error


_KEY_INFO = frozenset(
    [f"{{{WSSE}}}{name}" for name in ("SecurityTokenReference", "Reference", "KeyIdentifier")]
    + [
        f"{{{DS}}}{name}"
        for name in ("X509Data", "X509Certificate", "X509IssuerSerial", "X509IssuerName", "X509SerialNumber", "X509SKI")
    ]
)
"""What a KeyInfo may be made of: ways to point at a certificate. Keys as such are not among them."""


def _verified(root: Any, found: _Found, candidates: Sequence[x509.Certificate], now: datetime) -> tuple[Any, Any]:
    """Give timestamp and body as they were signed by one of the certificates."""
    for certificate in candidates:
        is_rsa = isinstance(certificate.public_key(), rsa.RSAPublicKey)
        config = SignatureConfiguration(
            location=f"./{_HEADER}/{_SECURITY}/",
            expect_references=2,
            signature_methods=frozenset({SignatureMethod.RSA_SHA256 if is_rsa else SignatureMethod.ECDSA_SHA256}),
            digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
            verification_time=now,
        )
        try:
            # The schema of signatures has no room for lists of prefixes; the shape was judged above, and closer.
            results = XMLVerifier().verify(root, x509_cert=certificate, expect_config=config, validate_schema=False)
        except (SignXMLException, etree.LxmlError, ValueError):
            continue
        assert not isinstance(results, VerifyResult), "a list, where more than one reference is expected"
        signed = {result.signed_xml.tag: result.signed_xml for result in results if result.signed_xml is not None}
        if set(signed) == {_TIMESTAMP, _BODY} and all(
            signed[part.tag].get(_ID) == part.get(_ID) for part in (found.timestamp, found.body)
        ):
            return signed[_TIMESTAMP], signed[_BODY]
    raise Unverified("wsse_signature_wrong")


def _instant(element: Any) -> datetime:
    text = (element.text or "").strip()
    try:
        if len(element) or not _INSTANT(text):
            raise ValueError(text)
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unverified("wsse_timestamp_malformed") from error


def _local(element: Any) -> str:
    """Give the name of an element of the signature's namespace; "" for others."""
    namespace, _, name = str(element.tag)[1:].rpartition("}")
    return name if namespace == DS else ""
