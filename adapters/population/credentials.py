"""Who we are, edge by edge: the headers of a call, and the token where there is one. Pure but for secrets, which are
read at every use, so that changed ones need no restart (population notes §2).
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from adapters.population.documents import json_object
from adapters.population.failures import READ_STATUSES, SYSTEM, broken, error_of_status, platform_error
from adapters.population.question import Question
from adapters.population.settings import (
    C06Edge,
    LgspTokenEdge,
    OAuth2Edge,
    Operation,
    PlainEdge,
    PopulationSettings,
    RestEdge,
    TimestampUnit,
    WrapEdge,
)
from adapters.transport.messages import HttpAnswer, HttpRequest
from adapters.transport.secrets import Secret
from gateway.errors import CredentialsRefused, Rejected
from gateway.model.quick import Quick

TOKEN_OPERATION = "token"  # noqa: S105 - a label
_FORM = ("Content-Type", "application/x-www-form-urlencoded")
_TOKEN = re.compile(r"[!-~]{1,8192}", re.ASCII).fullmatch
_SCHEME = re.compile(r"[A-Za-z0-9-]{1,20}", re.ASCII).fullmatch
_LIFE = re.compile(r"[0-9]{1,7}", re.ASCII).fullmatch
_MAX_LIFE = 1e7


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token and its life from the moment it was asked for."""

    value: str = field(repr=False)
    life_seconds: float
    scheme: str = "Bearer"


class Stamp(Quick, frozen=True, kw_only=True):
    """What differs from call to call: the instant, and the token where the edge wants one."""

    at: datetime
    token: Token | None = None


class Credentials:
    """Writes what an edge wants to know of us, and reads its tokens."""

    def __init__(self, settings: PopulationSettings) -> None:
        self._settings = settings
        self._edge = settings.edge

    @property
    def wants_token(self) -> bool:
        """Whether a token must be fetched before a call."""
        match self._edge:
            case OAuth2Edge() | RestEdge():
                return self._edge.fixed_token is None
            case LgspTokenEdge():
                return True
        return False

    def token_request(self) -> HttpRequest:
        """Give the call that fetches a token. Raises CredentialsRefused when a secret cannot be read."""
        match self._edge:
            case LgspTokenEdge() as edge:
                secret = lgsp_secret(edge, self._read(edge.secret_key, "edge.secret_key"))
                headers = ((edge.secret_header, secret), _FORM)
                return self._token_call(edge.token_path, headers, b"grant_type=client_credentials")
            case OAuth2Edge() as edge if edge.client_id is not None and edge.client_secret is not None:
                secret = self._read(edge.client_secret, "edge.client_secret")
                basic = base64.b64encode(f"{edge.client_id}:{secret}".encode()).decode()
                headers = (("Authorization", f"Basic {basic}"), _FORM)
                return self._token_call(edge.token_path, headers, b"grant_type=client_credentials")
            case RestEdge() as edge if edge.username is not None and edge.password is not None:
                password = self._read(edge.password, "edge.password")
                pair = f"{_base64(edge.username)}:{_base64(password)}"
                return self._token_call(edge.token_path, (("Auth", _base64(pair)), _FORM), b"")
        raise AssertionError("only called where a token is wanted")

    def read_token(self, answer: HttpAnswer, at: datetime) -> Token:
        """Read a token. Its life counts from `at`.

        Raises CredentialsRefused for a refusal, ContractBroken for an answer without a token.
        """
        if not 200 <= answer.status < 300:
            document = json_object(answer.body)
            error = None if document is None else platform_error(TOKEN_OPERATION, document, answer)
            if error is None and answer.status in (400, 401, 403):
                error = CredentialsRefused(
                    f"{SYSTEM} {TOKEN_OPERATION}: no token was given",
                    system=SYSTEM,
                    operation=TOKEN_OPERATION,
                    code="token_denied",
                )
            raise error or error_of_status(TOKEN_OPERATION, answer)
        document = json_object(answer.body) or {}
        value = document.get("token" if isinstance(self._edge, RestEdge) else "access_token")
        scheme = document.get("token_type")
        scheme = scheme if isinstance(scheme, str) else "Bearer"
        # Both go into a header.
        if not isinstance(value, str) or not _TOKEN(value) or not _SCHEME(scheme):
            raise broken(TOKEN_OPERATION, "no_token")
        return Token(
            value=value,
            life_seconds=_life_seconds(document, at) or self._settings.token_life_seconds,
            scheme="Bearer" if scheme.lower() == "bearer" else scheme,
        )

    def headers(self, operation: Operation, question: Question, stamp: Stamp) -> list[tuple[str, str]]:
        """Give the headers of a call.

        Raises CredentialsRefused when a secret cannot be read, Rejected for an officer without an account at the edge.
        """
        match self._edge:
            case PlainEdge():
                return []
            case C06Edge() as edge:
                return self._c06(edge, operation, stamp)
            case LgspTokenEdge() as edge:
                officer = edge.officers.get(question.officer_code)
                if officer is None:
                    raise Rejected(
                        f"{SYSTEM}: the officer has no account at the platform",
                        system=SYSTEM,
                        operation=operation.label,
                        code="officer_not_authorised",
                    )
                secret = lgsp_secret(edge, self._read(edge.secret_key, "edge.secret_key"))
                password = self._read(officer.password, "edge.officers")
                hashed = _base64(f"{officer.name}:{password}")
                return [*_bearer(stamp), (edge.secret_header, secret), (edge.officer_header, hashed)]
            case (OAuth2Edge() | RestEdge()) as edge if edge.fixed_token is not None:
                return [("Authorization", f"Bearer {self._read_word(edge.fixed_token, 'edge.fixed_token')}")]
            case WrapEdge() as edge if edge.bearer is not None:
                return [("Authorization", f"Bearer {self._read_word(edge.bearer, 'edge.bearer')}")]
            case WrapEdge():
                return []
        return _bearer(stamp)

    def _c06(self, edge: C06Edge, operation: Operation, stamp: Stamp) -> list[tuple[str, str]]:
        seconds = stamp.at.timestamp()
        moment = str(int(seconds) if edge.timestamp_unit is TimestampUnit.SECONDS else int(seconds * 1000))
        path = edge.hashed_paths.get(operation, self._settings.path_of(operation))
        hashed = c06_hash(path, edge.username, moment, self._read(edge.secret, "edge.secret"))
        headers = [
            (edge.timestamp_header, moment),
            ("Authorization", f"Basic {_base64(f'{edge.username}:{hashed}')}"),
        ]
        if edge.sends_esb_headers:
            headers += [("ESB_SOURCE_TYPE", edge.username), ("ESB_SOURCE_USERNAME", edge.username)]
        if edge.api_key is not None:
            headers.append(("ApiKey", self._read_word(edge.api_key, "edge.api_key")))
        return headers

    def _token_call(self, path: str, headers: tuple[tuple[str, str], ...], body: bytes) -> HttpRequest:
        return HttpRequest(
            system=SYSTEM,
            operation=TOKEN_OPERATION,
            method="POST",
            url=self._settings.base_url.rstrip("/") + path,
            is_write=False,
            total_seconds=self._settings.verify_seconds,
            headers=headers,
            body=body,
            read_statuses=READ_STATUSES,
        )

    def _read(self, secret: Secret, setting: str) -> str:
        try:
            return secret.read()
        except (OSError, ValueError):
            # Without its cause: an error about bytes that are no text carries the bytes.
            raise _unreadable(setting) from None

    def _read_word(self, secret: Secret, setting: str) -> str:
        """Read a secret that goes into a header as it is."""
        text = self._read(secret, setting)
        if not _TOKEN(text):
            raise _unreadable(setting)
        return text


def _unreadable(setting: str) -> CredentialsRefused:
    return CredentialsRefused(
        f"{SYSTEM}: {setting} cannot be read",
        system=SYSTEM,
        operation=TOKEN_OPERATION,
        code="secret_unreadable",
    )


def _life_seconds(document: Mapping[str, Any], at: datetime) -> float | None:
    """Give the life that an answer states: `expires_in` in seconds, or an instant with its zone in `expiryDate`."""
    life, ends_at = document.get("expires_in"), document.get("expiryDate")
    if isinstance(life, str) and _LIFE(life):
        life = int(life)
    if isinstance(life, int | float) and not isinstance(life, bool) and 0 < life < _MAX_LIFE:
        return float(life)
    if not isinstance(ends_at, str):
        return None
    try:
        # Without a zone, nobody knows which clock is meant.
        seconds = (datetime.fromisoformat(ends_at) - at).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return seconds if 0 < seconds < _MAX_LIFE else None


def c06_hash(path: str, username: str, timestamp: str, secret: str) -> str:
    """Give H: the hex SHA-256 over path, user, time and secret without separators (§2.1)."""
    return sha256(f"{path}{username}{timestamp}{secret}".encode()).hexdigest()


def lgsp_secret(edge: LgspTokenEdge, secret_key: str) -> str:
    """Give the header that is the long-lived secret itself, base64 of JSON with keys in this order (§2.2)."""
    content = {
        "AccessKey": edge.access_key,
        "SecretKey": secret_key,
        "AppName": edge.app_name,
        "PartnerCode": edge.partner_code,
        "PartnerCodeCus": edge.partner_code_cus,
    }
    return _base64(json.dumps(content, separators=(",", ":"), ensure_ascii=False))


def _bearer(stamp: Stamp) -> list[tuple[str, str]]:
    assert stamp.token is not None, "fetched before, as the edge wants one"
    return [("Authorization", f"{stamp.token.scheme} {stamp.token.value}")]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
