"""Verification of tokens: the only module that knows the JOSE library. Pure: bytes and rules in, facts out, or refusal.

The order of the checks is that of the electronic identity notes §14. A key is chosen by its id from the provider's own
set; whatever a token says about keys (`jwk`, `jku`, `x5c`, `x5u`) is ignored. Every refusal names a rule of ours and
nothing of the token.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any, NoReturn, TypeGuard

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from adapters.identity.documents import read_object
from gateway.model.identity import EidCode, SignInRefused, TokenFacts
from gateway.ports.identity import LogoutNotice

MAX_TOKEN_CHARACTERS = 16 * 1024
MAX_KEY_SET_BYTES = 64 * 1024
MAX_KEYS = 20
MIN_RSA_BITS = 2048
MAX_AGE_SECONDS = 600
"""How old a token may be when it comes: it was made for this sign-in, a moment ago."""
_LATEST = 253_402_300_799
_BACKCHANNEL_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_KEY_TYPES = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}


class UnknownKey(Exception):
    """The token names a key that the set does not have: reason for one fresh look at the provider's keys."""


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """A provider's usable keys. `skipped_count` counts those that may not verify anything."""

    keys: tuple[RSAKey | ECKey, ...]
    skipped_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRules:
    """What a token must be. `accepted_acr` empty takes any; `trusted_audiences` may stand beside us."""

    issuer: str
    client_id: str
    algorithms: Collection[str] = ("RS256",)
    leeway_seconds: float = 30.0
    trusted_audiences: Collection[str] = ()
    accepted_acr: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IdToken:
    """A validated ID token. `has_nonce` is False only where its absence is tolerated."""

    subject: str
    tokens: TokenFacts
    has_nonce: bool
    claims: Mapping[str, Any]


def _refuse(reason: str, eid: EidCode = EidCode.TOKEN_INVALID) -> NoReturn:
    raise SignInRefused(eid, reason)


def read_key_set(body: bytes) -> PublicKeys:
    """Read a JWKS, leaving out keys that are weak, private, symmetric or made for encryption. Raises ValueError."""
    if len(body) > MAX_KEY_SET_BYTES:
        raise ValueError("the key set is too large")
    try:
        document = json.loads(body)
        listed = document["keys"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("the key set cannot be read") from error
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise ValueError("the key set must list at most 20 keys")
    keys = [key for key in map(_usable_key, listed) if key is not None]
    return PublicKeys(tuple(keys), len(listed) - len(keys))


def _usable_key(entry: Any) -> RSAKey | ECKey | None:
    if not isinstance(entry, dict) or "d" in entry or entry.get("use") not in (None, "sig"):
        return None
    operations = entry.get("key_ops")
    if operations is not None and (not isinstance(operations, list) or "verify" not in operations):
        return None
    wanted = {name: entry[name] for name in ("kty", "kid", "alg", "n", "e", "crv", "x", "y") if name in entry}
    try:
        if entry.get("kty") == "RSA":
            # Measured before the library sees it, which takes weak keys with a warning.
            return RSAKey.import_key(wanted) if _bits(entry.get("n")) >= MIN_RSA_BITS else None
        if entry.get("kty") == "EC" and entry.get("crv") == "P-256":
            return ECKey.import_key(wanted)
    except (JoseError, ValueError, TypeError, binascii.Error):
        return None
    return None


def _bits(number: Any) -> int:
    if not isinstance(number, str):
        return 0
    raw = base64.urlsafe_b64decode(number + "=" * (-len(number) % 4))
    return int.from_bytes(raw, "big").bit_length()


def verify_id_token(
    token: str,
    keys: PublicKeys,
    rules: TokenRules,
    *,
    now: datetime,
    nonce: str,
    is_nonce_optional: bool,
    access_token: str,
    max_age_seconds: int | None,
) -> IdToken:
    """Give what a valid ID token says. Raises SignInRefused, or UnknownKey when the set may be out of date."""
    header, claims = _verified(token, keys, rules, types=(None, "JWT"))
    _check_parties(claims, rules)
    _check_times(claims, rules, now)
    if "events" in claims:
        _refuse("logout_token")
    _check_nonce(claims, nonce, is_optional=is_nonce_optional)
    _check_access_token(claims, access_token)
    authenticated_at = _check_authentication(claims, rules, now, max_age_seconds)
    amr = claims.get("amr", [])
    facts = TokenFacts(
        id_token_sha256=sha256(token.encode()).digest(),
        access_token_sha256=sha256(access_token.encode()).digest(),
        key_id=_short(header.get("kid")),
        session_id=_short(claims.get("sid"), 255),
        acr=_short(claims.get("acr")),
        amr=tuple(_short(word, 40) for word in amr[:10]) if isinstance(amr, list) else (),
        authenticated_at=authenticated_at,
    )
    return IdToken(subject=_subject(claims), tokens=facts, has_nonce="nonce" in claims, claims=claims)


def verify_logout_token(token: str, keys: PublicKeys, rules: TokenRules, *, now: datetime) -> LogoutNotice:
    """Give what a valid logout token says (OIDC Back-Channel Logout 1.0 §2.6). Raises as `verify_id_token`."""
    _, claims = _verified(token, keys, rules, types=(None, "JWT", "logout+jwt"))
    _check_parties(claims, rules)
    _check_times(claims, rules, now)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(_BACKCHANNEL_EVENT), dict):
        _refuse("no_logout_event")
    if "nonce" in claims:
        _refuse("nonce_in_logout_token")
    token_id, session_id, subject = claims.get("jti"), claims.get("sid"), claims.get("sub")
    if not _is_name(token_id):
        _refuse("no_token_id")
    for value in (session_id, subject):
        if value is not None and not _is_name(value):
            _refuse("subject_form")
    if session_id is None and subject is None:
        _refuse("nobody_named")
    return LogoutNotice(
        issuer=rules.issuer,
        token_id=token_id,
        session_id=session_id or "",
        subject=subject or "",
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
    )


def _verified(
    token: str, keys: PublicKeys, rules: TokenRules, *, types: Sequence[str | None]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Check form, header, key and signature, in this order; give header and claims."""
    if len(token) > MAX_TOKEN_CHARACTERS:
        _refuse("token_too_large")
    segments = token.split(".")
    if len(segments) != 3 or not token.isascii():
        _refuse("not_three_segments")
    header = _json_object(_decoded(segments[0]))
    algorithm = header.get("alg")
    # Anything but text cannot be looked up in a set; it is nobody's algorithm.
    if not isinstance(algorithm, str) or algorithm not in rules.algorithms or algorithm not in _KEY_TYPES:
        _refuse("algorithm")
    if "crit" in header:
        _refuse("critical_header")
    kind = header.get("typ")
    if kind is not None and not isinstance(kind, str):
        _refuse("token_type")
    if kind is not None and kind.lower() not in {one.lower() for one in types if one is not None}:
        _refuse("token_type")
    key = _chosen(keys, header.get("kid"), algorithm)
    try:
        payload = jws.deserialize_compact(token, key, registry=_registry(algorithm)).payload
    except (JoseError, ValueError, TypeError):
        _refuse("signature")
    return header, _json_object(payload)


@cache
def _registry(algorithm: str) -> jws.JWSRegistry:
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = MAX_TOKEN_CHARACTERS
    return registry


def _chosen(keys: PublicKeys, key_id: Any, algorithm: str) -> RSAKey | ECKey:
    fitting = [
        key for key in keys.keys if key.key_type == _KEY_TYPES[algorithm] and key.get("alg") in (None, algorithm)
    ]
    if key_id is None:
        # Without a name there must be no choice.
        if len(keys.keys) != 1 or not fitting:
            _refuse("key_not_named")
        return fitting[0]
    if not isinstance(key_id, str):
        _refuse("key_not_named")
    named = [key for key in fitting if key.kid == key_id]
    if not named:
        raise UnknownKey
    if len(named) > 1:
        _refuse("key_named_twice")
    return named[0]


def _check_parties(claims: Mapping[str, Any], rules: TokenRules) -> None:
    if claims.get("iss") != rules.issuer:
        _refuse("issuer", EidCode.ISSUER_MISMATCH)
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or rules.client_id not in named:
        _refuse("audience")
    strangers = {one if isinstance(one, str) else "" for one in named} - {rules.client_id}
    if strangers - set(rules.trusted_audiences):
        _refuse("stranger_in_audience")
    if (len(named) > 1 or "azp" in claims) and claims.get("azp") != rules.client_id:
        _refuse("authorised_party")


def _check_times(claims: Mapping[str, Any], rules: TokenRules, now: datetime) -> None:
    at, leeway = now.timestamp(), rules.leeway_seconds
    if _instant(claims, "exp") <= at - leeway:
        _refuse("expired")
    issued_at = _instant(claims, "iat")
    if issued_at > at + leeway:
        _refuse("issued_in_future")
    if issued_at < at - MAX_AGE_SECONDS - leeway:
        _refuse("issued_long_ago")
    if "nbf" in claims and _instant(claims, "nbf") > at + leeway:
        _refuse("not_yet_valid")


def _check_nonce(claims: Mapping[str, Any], nonce: str, *, is_optional: bool) -> None:
    given = claims.get("nonce")
    if given is None and is_optional and "nonce" not in claims:
        return
    if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "replace"), nonce.encode()):
        _refuse("nonce", EidCode.NONCE_MISMATCH)


def _check_access_token(claims: Mapping[str, Any], access_token: str) -> None:
    if "at_hash" not in claims:
        return
    half = sha256(access_token.encode()).digest()[:16]
    if claims["at_hash"] != base64.urlsafe_b64encode(half).decode().rstrip("="):
        _refuse("access_token_hash")


def _check_authentication(
    claims: Mapping[str, Any], rules: TokenRules, now: datetime, max_age_seconds: int | None
) -> datetime | None:
    moment = _instant(claims, "auth_time") if claims.get("auth_time") is not None else None
    if max_age_seconds is not None and (
        moment is None or moment + max_age_seconds < now.timestamp() - rules.leeway_seconds
    ):
        _refuse("authentication_too_old", EidCode.LEVEL_TOO_LOW)
    if moment is not None and moment > now.timestamp() + rules.leeway_seconds:
        _refuse("authenticated_in_future")
    acr = claims.get("acr")
    if rules.accepted_acr and not (isinstance(acr, str) and acr in rules.accepted_acr):
        _refuse("acr", EidCode.LEVEL_TOO_LOW)
    return None if moment is None else datetime.fromtimestamp(moment, UTC)


def _subject(claims: Mapping[str, Any]) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not (subject.isascii() and subject.isprintable()):
        _refuse("subject_form")
    return subject


def _is_name(value: Any) -> TypeGuard[str]:
    """Tell whether something can be a name that is looked up and kept: no database takes every JSON text."""
    return isinstance(value, str) and 0 < len(value) <= 255 and value.isprintable()


def _instant(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _LATEST:
        _refuse(f"{name}_form")
    return value


def _short(value: Any, limit: int = 120) -> str:
    return value if isinstance(value, str) and len(value) <= limit and value.isprintable() else ""


def _decoded(segment: str) -> bytes:
    try:
        return base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        _refuse("not_base64url")


def _json_object(content: bytes) -> Mapping[str, Any]:
    try:
        return read_object(content)
    except ValueError:
        _refuse("not_a_json_object")
