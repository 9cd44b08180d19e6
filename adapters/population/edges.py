"""The edges, that is who stands between the province and the database: what each adds to a request, and takes off an
answer. Pure; one function of each kind per profile (population notes §2).
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from lxml import etree

from adapters.population.decoding import RECORDS, REQUESTS, WSO2_FAULT
from adapters.population.failures import (
    READ_STATUSES,
    SYSTEM,
    broken,
    error_of_status,
    platform_error,
    platform_refusal,
    wso2_error,
)
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

TOKEN_OPERATION = "token"  # noqa: S105 - a label
_FORM = ("Content-Type", "application/x-www-form-urlencoded")
_MAX_TOKEN = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token and its life from the moment it was asked for."""

    value: str = field(repr=False)
    life_seconds: float
    scheme: str = "Bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What differs from call to call: the instant, and the token where the edge wants one."""

    at: datetime
    token: Token | None = field(default=None, repr=False)


class Edge:
    """Writes and reads for one edge. Secrets are read at every use, so that changed ones need no restart."""

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

    @property
    def is_json(self) -> bool:
        """Whether questions go out as JSON, so that no envelope is needed."""
        return isinstance(self._edge, RestEdge | WrapEdge)

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

    def read_token(self, answer: HttpAnswer) -> Token:
        """Read a token. Raises CredentialsRefused for a refusal, ContractBroken for an answer without one."""
        if not 200 <= answer.status < 300:
            document = _json_object(answer.body)
            error = None if document is None else platform_error(TOKEN_OPERATION, document, answer)
            if error is None and answer.status in (400, 401, 403):
                error = CredentialsRefused(
                    f"{SYSTEM} {TOKEN_OPERATION}: no token was given",
                    system=SYSTEM,
                    operation=TOKEN_OPERATION,
                    code="token_denied",
                )
            raise error or error_of_status(TOKEN_OPERATION, answer)
        document = _json_object(answer.body) or {}
        value = document.get("token" if isinstance(self._edge, RestEdge) else "access_token")
        if not isinstance(value, str) or not 0 < len(value) <= _MAX_TOKEN or not value.isascii() or " " in value:
            raise broken(TOKEN_OPERATION, "no_token")
        life = document.get("expires_in")
        is_life = isinstance(life, int | float) and not isinstance(life, bool) and 0 < life < 1e7
        scheme = document.get("token_type")
        return Token(
            value=value,
            life_seconds=float(life) if is_life and life is not None else self._settings.token_life_seconds,
            scheme="Bearer" if not isinstance(scheme, str) or scheme.lower() == "bearer" else scheme[:20],
        )

    def request(self, operation: Operation, question: Question, envelope: bytes, stamp: Stamp) -> HttpRequest:
        """Give the call. `envelope` is not used by edges whose questions are JSON.

        Raises CredentialsRefused when a secret cannot be read, Rejected for an officer without an account at the edge.
        """
        settings = self._settings
        headers: list[tuple[str, str]] = []
        body = envelope
        if self.is_json:
            headers.append(("Content-Type", "application/json; charset=utf-8"))
            body = self._json_body(question)
        else:
            headers.append(("Content-Type", settings.content_type))
            if settings.sends_soap_action:
                headers.append(("SOAPAction", '""'))
        if settings.xroad_client is not None:
            headers.append(("X-Road-Client", settings.xroad_client))
        headers.extend(self._credentials(operation, question, stamp))
        seconds = settings.verify_seconds if operation is Operation.VERIFY else settings.look_up_seconds
        return HttpRequest(
            system=SYSTEM,
            operation=operation.name.lower(),
            method="POST",
            url=settings.base_url.rstrip("/") + settings.path_of(operation),
            is_write=False,
            total_seconds=seconds,
            headers=tuple(headers),
            body=body,
            read_statuses=READ_STATUSES,
        )

    def unwrap(self, operation: str, answer: HttpAnswer) -> bytes:
        """Give the SOAP text of an answer, or the JSON tree of one as such. Raises RemoteError for everything else."""
        document = _json_object(answer.body)
        if document is None:
            return answer.body
        error = platform_error(operation, document, answer)
        if error is not None:
            raise error
        if isinstance(self._edge, WrapEdge) and "error_code" in document:
            return self._unwrapped(operation, self._edge, document)
        if isinstance(self._edge, RestEdge):
            code = _code(document.get("errorCode"))
            if code or document.get("status") == 0:
                raise platform_refusal(operation, code)
        if not 200 <= answer.status < 300:
            raise error_of_status(operation, answer)
        if isinstance(self._edge, RestEdge):
            return _envelope_of(operation, document)
        raise broken(operation, "json_instead_of_xml")

    def _unwrapped(self, operation: str, edge: WrapEdge, document: Mapping[str, Any]) -> bytes:
        code, message = document["error_code"], document.get("message")
        text = "" if code is None else str(code).strip()
        if isinstance(message, str) and text in edge.ok_codes and message.lstrip("\ufeff \r\n\t").startswith("<"):
            return message.encode()
        if text in edge.ok_codes:
            raise broken(operation, "wrapped_text_is_no_envelope")
        raise platform_refusal(operation, _code(text))

    def _credentials(self, operation: Operation, question: Question, stamp: Stamp) -> list[tuple[str, str]]:
        match self._edge:
            case C06Edge() as edge:
                return self._c06(edge, operation, stamp)
            case LgspTokenEdge() as edge:
                officer = edge.officers.get(question.officer_code)
                if officer is None:
                    raise Rejected(
                        f"{SYSTEM}: the officer has no account at the platform",
                        system=SYSTEM,
                        operation=operation.name.lower(),
                        code="officer_not_authorised",
                    )
                secret = lgsp_secret(edge, self._read(edge.secret_key, "edge.secret_key"))
                password = self._read(officer.password, "edge.officers")
                hashed = _base64(f"{officer.name}:{password}")
                return [*_bearer(stamp), (edge.secret_header, secret), (edge.officer_header, hashed)]
            case (OAuth2Edge() | RestEdge()) as edge if edge.fixed_token is not None:
                return [("Authorization", f"Bearer {self._read(edge.fixed_token, 'edge.fixed_token')}")]
            case WrapEdge() as edge if edge.bearer is not None:
                return [("Authorization", f"Bearer {self._read(edge.bearer, 'edge.bearer')}")]
            case PlainEdge() | WrapEdge():
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
            headers.append(("ApiKey", self._read(edge.api_key, "edge.api_key")))
        return headers

    def _json_body(self, question: Question) -> bytes:
        if isinstance(self._edge, RestEdge) and self._edge.members == "rest":
            content = {
                "maYeuCau": question.request_id,
                "maDVC": question.procedure_code,
                "maCanBo": question.officer_code,
                "soDinhDanh": question.personal_number,
                "soCMND": question.old_card_number,
                "hoVaTen": question.name,
                "ngayThangNam": question.birth_day or question.birth_year,
                "userNameService": self._edge.user_name_service,
            }
        else:
            content = {
                "HoVaTen": question.name,
                "SoDinhDanh": question.personal_number,
                "SoCMND": question.old_card_number,
                "NgayThangNam": question.birth_day,
                "Nam": question.birth_year,
                "MaTichHop": question.service_code,
                "MaDVC": question.procedure_code,
                "MaCanBo": question.officer_code,
                "MaYeuCau": question.request_id,
            }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()

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
        except (OSError, ValueError) as error:
            raise CredentialsRefused(
                f"{SYSTEM}: {setting} cannot be read",
                system=SYSTEM,
                operation=TOKEN_OPERATION,
                code="secret_unreadable",
            ) from error


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


def wso2_fault(operation: str, root: Any, answer: HttpAnswer) -> Exception | None:
    """Make the error for an XML fault of the provincial platform; None when it is none."""
    if root.tag != f"{{{WSO2_FAULT}}}fault":
        return None
    code = next((child.text or "" for child in root if str(child.tag).rpartition("}")[2] == "code"), "")
    return wso2_error(operation, code.strip()[:20], answer)


def _bearer(stamp: Stamp) -> list[tuple[str, str]]:
    assert stamp.token is not None, "fetched before, as the edge wants one"
    return [("Authorization", f"{stamp.token.scheme} {stamp.token.value}")]


def _code(value: object) -> str:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isalnum() and len(text) <= 20 else ""


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _json_object(body: bytes) -> dict[str, Any] | None:
    if not body.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        return None
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _envelope_of(operation: str, document: Mapping[str, Any]) -> bytes:
    """Write a JSON tree as the envelope that it was made of, so that one decoder judges both.

    The form is an assumption: the tree of the SOAP body by local names, one citizen as object or several as list.
    """
    soap = "http://schemas.xmlsoap.org/soap/envelope/"
    for outer in ("data", "Envelope", "Body"):
        inner = document.get(outer)
        if isinstance(inner, dict):
            document = inner
    envelope = etree.Element(f"{{{soap}}}Envelope")
    body = etree.SubElement(envelope, f"{{{soap}}}Body")
    if set(document) == {"CongdanCollection"}:
        root = etree.SubElement(body, f"{{{RECORDS}}}CongdanCollection")
        _grow(operation, root, document["CongdanCollection"], RECORDS, 0)
    elif len(document) == 1 and set(document) <= {"KetQuaXacThuc", "KetQuaXacThucResponse"}:
        name, content = next(iter(document.items()))
        root = etree.SubElement(body, f"{{{REQUESTS}}}{name}")
        _grow(operation, root, content, REQUESTS, 0)
    else:
        raise broken(operation, "json_unknown")
    written: bytes = etree.tostring(envelope)
    return written


def _grow(operation: str, element: Any, content: object, namespace: str, depth: int) -> None:
    if depth > 8:
        raise broken(operation, "too_deep")
    try:
        match content:
            case None:
                return
            case dict():
                for name, value in content.items():
                    for one in value if isinstance(value, list) else [value]:
                        _grow(operation, etree.SubElement(element, f"{{{namespace}}}{name}"), one, namespace, depth + 1)
            case bool():
                element.text = "true" if content else "false"
            case str():
                element.text = content
            case _:
                # A number has lost its leading zeros.
                raise broken(operation, "json_number")
    except ValueError as error:
        raise broken(operation, "json_not_writable") from error
