"""The ID token as the sign-on makes it, and as each attack makes it (notes §2.2, §17 N40-N75)."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from adapters.identity.sandbox.attacks import Attack
from adapters.identity.sandbox.signing import KeyRing, SigningKey, b64url

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_JUST = 20
"""Seconds within the leeway that the notes recommend (§10)."""
_LONG = 1200


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenOrder:
    """What an ID token is to say. Times are seconds since 1970."""

    issuer: str
    client_id: str
    subject: str
    nonce: str
    acr: str
    amr: tuple[str, ...]
    session_id: str
    authenticated_at: int
    now: int
    life: int
    access_token: str
    token_id: str
    elsewhere_url: str


def claims_of(order: TokenOrder) -> dict[str, Any]:
    """Give the claims of a right token."""
    half = sha256(order.access_token.encode()).digest()[:16]
    made: dict[str, Any] = {
        "iss": order.issuer,
        "aud": [order.client_id],
        "azp": order.client_id,
        "sub": order.subject,
        "iat": order.now,
        "exp": order.now + order.life,
        "auth_time": order.authenticated_at,
        "jti": order.token_id,
        "at_hash": b64url(half),
        "sid": order.session_id,
        "isk": "simulated",
    }
    if order.nonce:
        made["nonce"] = order.nonce
    if order.acr:
        made["acr"] = order.acr
    if order.amr:
        made["amr"] = list(order.amr)
    return made


def id_token(ring: KeyRing, order: TokenOrder, attack: Attack | None) -> str:
    """Give the token, as an attack has it when there is one."""
    claims = claims_of(order)
    if attack is None:
        return ring.signing.sign(_json(claims))
    if attack is Attack.FOREIGN_JKU:
        return SigningKey.make().sign(_json(claims), jku=order.elsewhere_url + "/keys")
    special = _SPECIAL.get(attack)
    if special is not None:
        return special(ring, claims)
    changed = claims | _changes(order).get(attack, {})
    for gone in _GONE.get(attack, ()):
        changed.pop(gone, None)
    return ring.signing.sign(_json(changed))


def _json(claims: dict[str, Any]) -> bytes:
    return json.dumps(claims, ensure_ascii=False).encode()


_GONE: dict[Attack, tuple[str, ...]] = {
    Attack.NONCE_MISSING: ("nonce",),
    Attack.SUBJECT_MISSING: ("sub",),
    Attack.ACR_MISSING: ("acr",),
    Attack.AUTHENTICATION_UNDATED: ("auth_time",),
}


def _changes(order: TokenOrder) -> dict[Attack, dict[str, Any]]:
    now = order.now
    return {
        Attack.ISSUER_WITH_SLASH: {"iss": order.issuer + "/"},
        Attack.ISSUER_IN_OTHER_CASE: {"iss": order.issuer.upper()},
        Attack.ISSUER_OF_ANOTHER: {"iss": "https://another.example"},
        Attack.WRONG_AUDIENCE: {"aud": ["somebody-else"], "azp": "somebody-else"},
        Attack.OTHER_CLIENT: {"aud": ["another-client-of-the-province"], "azp": "another-client-of-the-province"},
        Attack.STRANGER_IN_AUDIENCE: {"aud": [order.client_id, "stranger"]},
        Attack.FOREIGN_AUTHORISED_PARTY: {"azp": "stranger"},
        Attack.JUST_EXPIRED: {"exp": now - _JUST, "iat": now - _JUST - 60},
        Attack.EXPIRED: {"exp": now - 120, "iat": now - 180},
        Attack.ISSUED_IN_FUTURE: {"iat": now + 300},
        Attack.ISSUED_LONG_AGO: {"iat": now - _LONG},
        Attack.NOT_YET_VALID: {"nbf": now + 300},
        Attack.NONCE_WRONG: {"nonce": b64url(b"another nonce altogether")},
        Attack.EXPIRY_AS_TEXT: {"exp": str(now + 3600)},
        Attack.EXPIRY_NOT_A_NUMBER: {"exp": float("nan")},
        Attack.EXPIRY_HUGE: {"exp": 10**400},
        Attack.SUBJECT_EMPTY: {"sub": ""},
        Attack.SUBJECT_NUMBER: {"sub": 42},
        Attack.SUBJECT_LONG: {"sub": "s" * 300},
        Attack.SUBJECT_NOT_ASCII: {"sub": "chủ-thể"},
        Attack.WRONG_TOKEN_DIGEST: {"at_hash": b64url(b"0123456789abcdef")},
        Attack.TOKEN_17K: {"padding": "x" * 12_800},
        Attack.TOKEN_200K: {"padding": "x" * 140_000},
        Attack.TOKEN_5M: {"padding": "x" * 3_700_000},
        Attack.LOGOUT_TOKEN: {"events": {LOGOUT_EVENT: {}}},
        Attack.ACR_UNKNOWN: {"acr": "urn:nobody:knows"},
        Attack.ACR_TOO_LOW: {"acr": "LoA1"},
        Attack.AUTHENTICATION_OLD: {"auth_time": now - 3600},
    }


def _flipped(ring: KeyRing, claims: dict[str, Any]) -> str:
    head, payload, signature = ring.signing.sign(_json(claims)).split(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[10] ^= 1
    return f"{head}.{payload}.{b64url(bytes(raw))}"


def _swapped(ring: KeyRing, claims: dict[str, Any]) -> str:
    head, _, signature = ring.signing.sign(_json(claims)).split(".")
    return f"{head}.{b64url(_json(claims | {'sub': '1b1c0de0-0000-4000-8000-00000000dead'}))}.{signature}"


def _embedded(name: str) -> Callable[[KeyRing, dict[str, Any]], str]:
    def make(_: KeyRing, claims: dict[str, Any]) -> str:
        own = SigningKey.make()
        values: dict[str, Any] = {
            "jwk": own.jwk(),
            "x5c": [base64.b64encode(own.pem()).decode()],
        }
        return own.sign(_json(claims), **{name: values[name]})

    return make


def _published(make_extra: Callable[[SigningKey], dict[str, Any]], bits: int) -> Callable[[KeyRing, Any], str]:
    def make(ring: KeyRing, claims: dict[str, Any]) -> str:
        own = SigningKey.make(bits)
        ring.extra = [make_extra(own)]
        return own.sign(_json(claims))

    return make


def _without_key_id(ring: KeyRing, claims: dict[str, Any]) -> str:
    return ring.signing.sign(_json(claims), kid=None)


def _with_members_twice(ring: KeyRing, claims: dict[str, Any]) -> str:
    text = _json(claims)
    return ring.signing.sign(b'{"sub":"somebody-else",' + text[1:])


def _nested(ring: KeyRing, claims: dict[str, Any]) -> str:
    text = _json(claims)
    return ring.signing.sign(text[:-1] + b',"deep":' + b"[" * 5000 + b"]" * 5000 + b"}")


_SPECIAL: dict[Attack, Callable[[KeyRing, dict[str, Any]], str]] = {
    Attack.ALG_NONE: lambda ring, claims: ring.signing.sign(_json(claims), "none"),
    Attack.HS256_WITH_PUBLIC_KEY: lambda ring, claims: ring.signing.sign(_json(claims), "HS256"),
    Attack.RS512: lambda ring, claims: ring.signing.sign(_json(claims), "RS512"),
    Attack.FLIPPED_SIGNATURE: _flipped,
    Attack.SWAPPED_PAYLOAD: _swapped,
    Attack.EMBEDDED_JWK: _embedded("jwk"),
    Attack.EMBEDDED_X5C: _embedded("x5c"),
    Attack.UNKNOWN_CRIT: lambda ring, claims: ring.signing.sign(_json(claims), crit=["x"], x=True),
    Attack.NO_KEY_ID: _without_key_id,
    Attack.NO_KEY_ID_AMONG_TWO: _without_key_id,
    Attack.UNKNOWN_KEY_ID: lambda ring, claims: ring.signing.sign(_json(claims), kid="nobody-knows_RS256"),
    Attack.STRANGERS_KEY: lambda ring, claims: SigningKey.make().sign(_json(claims), kid=ring.signing.kid),
    Attack.WEAK_KEY: _published(lambda key: key.jwk(), 1024),
    Attack.ENCRYPTION_KEY: _published(lambda key: key.jwk(use="enc"), 2048),
    Attack.FIVE_PARTS: lambda ring, claims: ring.signing.sign(_json(claims)) + ".AAAA.BBBB",
    Attack.DUPLICATE_MEMBERS: _with_members_twice,
    Attack.INVALID_UTF8: lambda ring, claims: ring.signing.sign(_json(claims)[:-1] + b',"x":"\xff\xfe"}'),
    Attack.DEEP_NESTING: _nested,
    Attack.ACCESS_TOKEN_TYPE: lambda ring, claims: ring.signing.sign(_json(claims), typ="at+jwt"),
}


def logout_token(ring: KeyRing, claims: dict[str, Any], *, algorithm: str = "RS256") -> str:
    """Give a back-channel logout token (OIDC Back-Channel Logout 1.0 §2.4)."""
    return ring.signing.sign(_json(claims), algorithm, typ="logout+jwt")
