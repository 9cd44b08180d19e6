"""Tokens and key sets made by hand and with PyJWT: nothing here uses the code under test or its library."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from adapters.identity.tokens import IdToken, PublicKeys, TokenRules, read_key_set, verify_id_token, verify_logout_token
from gateway.ports.identity import LogoutNotice

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
ISSUER = "https://sso.example/oauth2/token"
CLIENT = "lien-thong"
NONCE = "n-0S6_WzA2Mj"
ACCESS_TOKEN = "opaque-access-token"
BACKCHANNEL = "http://schemas.openid.net/event/backchannel-logout"
RULES = TokenRules(issuer=ISSUER, client_id=CLIENT, algorithms=frozenset({"RS256"}))
GONE = object()
"""A claim of this value is left out."""


@cache
def _made_rsa(name: str, bits: int) -> rsa.RSAPrivateKey:
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def _made_ec(name: str) -> ec.EllipticCurvePrivateKey:
    del name
    return ec.generate_private_key(ec.SECP256R1())


def rsa_key(name: str = "k1", bits: int = 2048) -> rsa.RSAPrivateKey:
    """Give the RSA key of this name; it is made once in a run, since that is slow."""
    return _made_rsa(name, bits)


def ec_key(name: str = "e1") -> ec.EllipticCurvePrivateKey:
    """Give the P-256 key of this name."""
    return _made_ec(name)


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def whole(number: int, length: int | None = None) -> str:
    return b64(number.to_bytes(length or (number.bit_length() + 7) // 8, "big"))


def rsa_jwk(kid: str | None = "k1", bits: int = 2048, **more: Any) -> dict[str, Any]:
    """Give the public JWK of the RSA key that has this name."""
    numbers = rsa_key(kid or "k1", bits).public_key().public_numbers()
    named = {} if kid is None else {"kid": kid}
    return {"kty": "RSA", "n": whole(numbers.n), "e": whole(numbers.e), **named, **more}


def ec_jwk(kid: str = "e1", **more: Any) -> dict[str, Any]:
    numbers = ec_key(kid).public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": whole(numbers.x, 32), "y": whole(numbers.y, 32), "kid": kid, **more}


def p384_jwk(kid: str) -> dict[str, Any]:
    """Give a good key of a curve that no algorithm of ours uses."""
    numbers = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
    return {"kty": "EC", "crv": "P-384", "x": whole(numbers.x, 48), "y": whole(numbers.y, 48), "kid": kid}


def key_set(*jwks: Any) -> PublicKeys:
    return read_key_set(json.dumps({"keys": jwks or [rsa_jwk()]}).encode())


def claims(**changes: Any) -> dict[str, Any]:
    """Give the claims of a good ID token, changed."""
    good: dict[str, Any] = {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "exp": AT + 3600,
        "iat": AT,
        "nonce": NONCE,
    }
    return {name: value for name, value in (good | changes).items() if value is not GONE}


def logout_claims(**changes: Any) -> dict[str, Any]:
    """Give the claims of a good logout token, changed."""
    good: dict[str, Any] = {"jti": "one", "sid": "session-1", "events": {BACKCHANNEL: {}}, "exp": AT + 120}
    return claims(**({"nonce": GONE, "sub": GONE} | good | changes))


def rsa_token(payload: Mapping[str, Any], kid: str | None = "k1", **header: Any) -> str:
    """Sign by PyJWT with RS256."""
    named = {} if kid is None else {"kid": kid}
    return jwt.encode(dict(payload), rsa_key(kid or "k1"), algorithm="RS256", headers={**named, **header})


def raw_token(payload: bytes, header: Mapping[str, Any] | bytes | None = None) -> str:
    """Sign whatever bytes by hand with RS256 and key k1; the header may be anything."""
    if not isinstance(header, bytes):
        header = json.dumps({"alg": "RS256", "kid": "k1"} if header is None else header).encode()
    signed = f"{b64(header)}.{b64(payload)}"
    return f"{signed}.{b64(rsa_key('k1').sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"


def at_hash(access_token: str) -> str:
    return b64(sha256(access_token.encode()).digest()[:16])


def verify(
    token: str,
    keys: PublicKeys | None = None,
    rules: TokenRules = RULES,
    *,
    now: datetime = NOW,
    nonce: str = NONCE,
    is_nonce_optional: bool = False,
    max_age_seconds: int | None = None,
) -> IdToken:
    """Call the code under test with whatever the test leaves open."""
    return verify_id_token(
        token,
        key_set() if keys is None else keys,
        rules,
        now=now,
        nonce=nonce,
        is_nonce_optional=is_nonce_optional,
        access_token=ACCESS_TOKEN,
        max_age_seconds=max_age_seconds,
    )


def verify_logout(token: str, keys: PublicKeys | None = None, rules: TokenRules = RULES) -> LogoutNotice:
    return verify_logout_token(token, key_set() if keys is None else keys, rules, now=NOW)
