"""Requests to the hub and the reading of its answers (electronic identity notes §7.2, §7.5). Pure.

Each request carries an id of its own and the time in Vietnam, in 14 digits. Answers come bare, or inside `data` of an
envelope whose `status` of two digits says how the call fared; both are read the same way.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from adapters.consent.documents import read_object, says_expired, word
from adapters.consent.failures import RULES, WRITES, Action, Operation, call_error, call_status
from adapters.consent.settings import AskForm, BodyForm, ConsentSettings
from adapters.consent.signing import Canonicaliser, ToSign, signature_headers
from adapters.transport.failures import status_error
from adapters.transport.messages import HttpAnswer, HttpRequest
from gateway.errors import ContractBroken, Rejected, RemoteError
from gateway.model.consent import HubResult
from gateway.model.vocabulary import VIETNAM
from gateway.ports.consent import NOT_RELEASED, SharedData, ShareStarted, ShareStatus

READ_STATUSES = frozenset({400, 401, 403, 404, 422, 500})
"""Refusals whose body may say more than the status does."""
_PID = re.compile(r"[0-9]{12}")
_ENVELOPE = frozenset(
    {
        "status",
        "message",
        "description",
        "responseCode",
        "responseTime",
        "errorCode",
        "txnId",
        "transactionCode",
        "code",
    }
)
_OUTER = ("status", "txnId", "transactionCode")
"""Members that may stand beside `data` and not in it, where the answer has no envelope."""
_MAX_LIFE_SECONDS = 31 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What makes one attempt of a request different from every other."""

    request_id: str
    nonce: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The secrets of one attempt, read when it is made; "" for what is not configured."""

    client_secret: str = field(default="", repr=False)
    hmac_key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A login as it was answered; lives are in seconds from the answer."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    life_seconds: float
    refresh_life_seconds: float


class Writer:
    """Makes requests of one registration."""

    def __init__(self, settings: ConsentSettings, canonicalise: Canonicaliser | None) -> None:
        self._settings = settings
        self._canonicalise = canonicalise

    def start(self, citizen_pid: str, stamp: Stamp, secrets: Secrets) -> HttpRequest:
        """Ask the citizen."""
        settings = self._settings
        body = self._body({settings.pid_member: citizen_pid})
        query = (("code", settings.org_code),)
        return self._request(Operation.START, settings.start_path, stamp, secrets, body=body, query=query)

    def ask(self, operation: Operation, transaction_code: str, stamp: Stamp, secrets: Secrets) -> HttpRequest:
        """Ask how a transaction stands, or for its data."""
        settings = self._settings
        path = settings.status_path
        if operation is Operation.DATA and settings.data_path is not None:
            path = settings.data_path
        if settings.ask_form is AskForm.GET:
            return self._request(operation, f"{path}/{quote(transaction_code, safe='')}", stamp, secrets, body=None)
        return self._request(operation, path, stamp, secrets, body=self._body({settings.code_member: transaction_code}))

    def login(self, password: str, stamp: Stamp, secrets: Secrets) -> HttpRequest:
        """Log in at the intermediary gateway."""
        partner = self._settings.partner
        assert partner is not None, "only called where it is set"
        body = _json({"username": partner.username, "password": password})
        return self._request(Operation.LOGIN, partner.login_path, stamp, secrets, body=body)

    def refresh(self, refresh_token: str, stamp: Stamp, secrets: Secrets) -> HttpRequest:
        """Exchange a refresh token for fresh ones."""
        partner = self._settings.partner
        assert partner is not None, "only called where it is set"
        body = _json({"refreshToken": refresh_token})
        return self._request(Operation.REFRESH, partner.refresh_path, stamp, secrets, body=body)

    def _body(self, members: dict[str, str]) -> bytes:
        if self._settings.body_form is BodyForm.PLAIN:
            return _json(members)
        return _json({"serviceCode": self._settings.service_code, "data": members})

    def _request(
        self,
        operation: Operation,
        path: str,
        stamp: Stamp,
        secrets: Secrets,
        *,
        body: bytes | None,
        query: tuple[tuple[str, str], ...] = (),
    ) -> HttpRequest:
        settings = self._settings
        method = "GET" if body is None else "POST"
        url = settings.base_url.rstrip("/") + path
        headers = [
            ("request_id", stamp.request_id),
            ("request_time", request_time(stamp.at)),
            ("Accept", "application/json"),
        ]
        if body is not None:
            headers.append(("Content-Type", "application/json"))
        if settings.client is not None:
            headers += [("client-id", settings.client.client_id), ("client-secret", secrets.client_secret)]
        if secrets.token:
            headers.append(("Authorization", f"Bearer {secrets.token}"))
        if settings.hmac is not None and self._canonicalise is not None:
            given = ToSign(
                partner=settings.hmac.partner_code,
                timestamp=str(int(stamp.at.timestamp())),
                nonce=stamp.nonce,
                method=method,
                path=urlsplit(url).path,
                body=body or b"",
            )
            headers += signature_headers(settings.hmac, secrets.hmac_key, given, self._canonicalise)
        return HttpRequest(
            system=settings.system,
            operation=operation,
            method=method,
            url=url,
            is_write=operation in WRITES,
            total_seconds=settings.start_seconds if operation is Operation.START else settings.read_seconds,
            headers=tuple(headers),
            query=query,
            body=body,
            read_statuses=READ_STATUSES,
        )


def request_time(at: datetime) -> str:
    """Give an instant as `ddMMyyyyHHmmss` in Vietnam."""
    return at.astimezone(VIETNAM).strftime("%d%m%Y%H%M%S")


def read_started(settings: ConsentSettings, answer: HttpAnswer) -> ShareStarted:
    """Read the answer to the first call. Raises RemoteError."""
    payload = _payload(settings, Operation.START, answer)
    code = word(payload.get("transactionCode"))
    if code:
        return ShareStarted(transaction_code=code, txn_id=word(payload.get("txnId")))
    status = word(payload.get("status"))
    if settings.results.get(status) in (HubResult.FAILED, HubResult.DECLINED):
        raise Rejected(
            f"{settings.system} start: the citizen cannot be asked",
            system=settings.system,
            operation=Operation.START,
            remote_code=status,
            code="start_refused",
        )
    raise _broken(settings, Operation.START, "no_transaction_code")


def read_status(settings: ConsentSettings, answer: HttpAnswer) -> ShareStatus:
    """Read how a transaction stands. Raises RemoteError; what means nothing known is a broken contract, not a no."""
    document = _document(settings, Operation.STATUS, answer)
    inner = document.get("data")
    if says_expired(settings, document) or (isinstance(inner, dict) and says_expired(settings, inner)):
        return ShareStatus(result=HubResult.EXPIRED)
    payload = _opened(settings, Operation.STATUS, answer, document)
    result = settings.results.get(_state(payload))
    if result is None:
        raise _broken(settings, Operation.STATUS, "unknown_state")
    return ShareStatus(result=result, txn_id=word(payload.get("txnId")))


def read_data(settings: ConsentSettings, answer: HttpAnswer) -> SharedData:
    """Read what was released, the agreed fields only. Raises RemoteError.

    Where the answer about the status holds the data, it must say that the citizen agreed.
    """
    payload = _payload(settings, Operation.DATA, answer)
    state = settings.results.get(_state(payload))
    if state is not HubResult.AGREED and (state is not None or settings.data_path is None):
        raise Rejected(
            f"{settings.system} data: nothing is released",
            system=settings.system,
            operation=Operation.DATA,
            code=NOT_RELEASED,
        )
    document = payload if settings.data_member is None else payload.get(settings.data_member)
    if not isinstance(document, dict):
        raise _broken(settings, Operation.DATA, "no_data")
    subject = document.get(settings.subject_member)
    # A number would have lost its leading zeros; whose data it is must be beyond doubt.
    if not isinstance(subject, str) or not _PID.fullmatch(subject):
        raise _broken(settings, Operation.DATA, "no_subject")
    facts = {name: value for name, value in document.items() if name in settings.kept}
    others = document.keys() - settings.kept - _ENVELOPE - {settings.subject_member}
    return SharedData(citizen_pid=subject, facts=facts, left_out_count=len(others))


def read_tokens(settings: ConsentSettings, operation: Operation, answer: HttpAnswer) -> Tokens:
    """Read a login or refresh. Raises RemoteError."""
    partner = settings.partner
    assert partner is not None, "only called where it is set"
    payload = _payload(settings, operation, answer)
    access = payload.get("accessToken")
    if not isinstance(access, str) or not 0 < len(access) <= 16_384 or not (access.isascii() and access.isprintable()):
        raise _broken(settings, operation, "no_token")
    refresh = payload.get("refreshToken")
    return Tokens(
        access=access,
        refresh=refresh if isinstance(refresh, str) and len(refresh) <= 16_384 else "",
        life_seconds=_life(payload.get("expireInSeconds"), partner.life_seconds),
        refresh_life_seconds=_life(payload.get("refreshTokenExpireInSeconds"), partner.refresh_life_seconds),
    )


def _life(value: object, otherwise: float) -> float:
    text = word(value)
    if not text.isdigit() or len(text) > 9 or int(text) == 0:
        return otherwise
    return float(min(int(text), _MAX_LIFE_SECONDS))


def _payload(settings: ConsentSettings, operation: Operation, answer: HttpAnswer) -> dict[str, Any]:
    return _opened(settings, operation, answer, _document(settings, operation, answer))


def _document(settings: ConsentSettings, operation: Operation, answer: HttpAnswer) -> dict[str, Any]:
    document = read_object(answer.body)
    if document is not None:
        return document
    if answer.status >= 400:
        raise _by_status(settings, operation, answer)
    raise _broken(settings, operation, "not_json")


def _opened(
    settings: ConsentSettings, operation: Operation, answer: HttpAnswer, document: dict[str, Any]
) -> dict[str, Any]:
    """Give the members that matter of an answer to a call that succeeded. Raises RemoteError for others."""
    status = call_status(document)
    if status is None:
        if answer.status >= 400:
            raise _by_status(settings, operation, answer)
    elif status not in RULES or RULES[status].action is not Action.OK:
        raise call_error(
            status, system=settings.system, operation=operation, retry_after_seconds=answer.retry_after_seconds
        )
    elif answer.status >= 400:
        # The body says yes, the status no: nobody is believed.
        raise _broken(settings, operation, "contradiction")
    inner = document.get("data")
    if not isinstance(inner, dict):
        return document
    outer = {name: document[name] for name in _OUTER if name in document and not (name == "status" and status)}
    return outer | inner


def _state(payload: dict[str, Any]) -> str:
    """Give the word for the transaction's state; two digits are about the call and stand only at the top."""
    return "" if call_status(payload) is not None else word(payload.get("status"))


def _by_status(settings: ConsentSettings, operation: Operation, answer: HttpAnswer) -> RemoteError:
    return status_error(
        answer.status,
        system=settings.system,
        operation=operation,
        is_write=operation in WRITES,
        statuses_without_effect=settings.transport.statuses_without_effect,
        retry_after=answer.retry_after_seconds,
    )


def _broken(settings: ConsentSettings, operation: Operation, code: str) -> ContractBroken:
    return ContractBroken(
        f"{settings.system} {operation}: {code.replace('_', ' ')}",
        system=settings.system,
        operation=operation,
        effect_possible=operation in WRITES,
        code=code,
    )


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
