"""The receipt supplier with JSON (payment notes §D.3): log in, issue, find, cancel, PDF. It is not known to adjust."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

from adapters.payment.peer import Parts
from adapters.payment.supplier_peer import SupplierPeer
from adapters.payment.supplier_settings import QuestionForm, TokenPlace, ViettelSettings
from adapters.transport import HttpAnswer
from adapters.transport.tokens import KeptToken
from gateway.errors import CredentialsRefused
from gateway.model.receipt import Receipt, ReceiptSeries
from gateway.ports.receipts import Offer, ReceiptDocument, SuppliedReceipt, SupplierOrder
from mappings.payment import receipt_viettel as wire
from mappings.payment.documents import read_object, write

ResultT = TypeVar("ResultT")
CREATE, FIND, CANCEL, DOCUMENT = "createInvoice", "find", "cancelTransactionInvoice", "document"
_JSON = ("Content-Type", "application/json")
_FORM = ("Content-Type", "application/x-www-form-urlencoded")
_REFUSALS = frozenset({400})
"""Refusals come with this status and say why."""


class ViettelSupplier(SupplierPeer[ViettelSettings]):
    """Implements ReceiptSupplier."""

    def __init__(self, settings: ViettelSettings, parts: Parts) -> None:
        super().__init__(settings, parts)
        self._login = KeptToken(self._log_in, clock=parts.clock)

    @property
    def offers(self) -> frozenset[Offer]:
        named = {Offer.FIND: self.settings.find_path, Offer.DOCUMENT: self.settings.document_path}
        return frozenset(offer for offer, path in named.items() if path is not None)

    def make_key(self, key: str) -> str:
        return wire.make_key(key)

    async def issue(self, order: SupplierOrder) -> SuppliedReceipt:
        rules = self.settings.rules
        body = write(wire.create_document(rules, order))

        def read(answer: dict[str, Any] | None) -> SuppliedReceipt:
            return wire.read_issued(rules, order, answer or {})

        path = f"{self.settings.create_path.rstrip('/')}/{self.settings.tax_code}"
        return await self._call(CREATE, path, body, _JSON, read, is_write=True)

    async def adjust(self, order: SupplierOrder, adjusted: Receipt) -> SuppliedReceipt:
        self._not_offered(Offer.ADJUST)

    async def find(self, key: str, series: ReceiptSeries) -> SuppliedReceipt | None:
        path = self.settings.find_path
        if path is None:
            self._not_offered(Offer.FIND)
        rules = self.settings.rules

        def read(answer: dict[str, Any]) -> SuppliedReceipt | None:
            return wire.read_found(rules, answer, series.receipt_symbol)

        members = wire.find_members(rules, self.settings.tax_code, key)
        return await self._question(FIND, path, members, read)

    async def cancel(self, receipt: Receipt, reason: str) -> None:
        members = wire.cancel_members(self.settings.rules, self.settings.tax_code, receipt, reason)
        body, kind = self._written(members)
        await self._call(CANCEL, self.settings.cancel_path, body, kind, lambda _: None, is_write=True)

    async def document(self, receipt: Receipt) -> ReceiptDocument | None:
        path = self.settings.document_path
        if path is None:
            self._not_offered(Offer.DOCUMENT)

        def read(answer: dict[str, Any]) -> ReceiptDocument:
            return ReceiptDocument(content=wire.read_document(answer), media_type="application/pdf")

        members = wire.document_members(self.settings.tax_code, receipt)
        return await self._question(DOCUMENT, path, members, read)

    async def check_account(self) -> None:
        """Log in anew, without touching the token that is in use. Raises RemoteError."""
        await self._log_in()

    async def _question(
        self,
        operation: str,
        path: str,
        members: Mapping[str, str],
        read: Callable[[dict[str, Any]], ResultT | None],
    ) -> ResultT | None:
        """Ask about one receipt; None where the supplier knows none."""
        body, kind = self._written(members)

        def read_any(answer: dict[str, Any] | None) -> ResultT | None:
            return None if answer is None else read(answer)

        return await self._call(operation, path, body, kind, read_any, is_write=False)

    def _written(self, members: Mapping[str, str]) -> tuple[bytes, tuple[str, str]]:
        is_form = self.settings.question_form is QuestionForm.FORM
        return (urlencode(members).encode(), _FORM) if is_form else (write(members), _JSON)

    async def _call(
        self,
        operation: str,
        path: str,
        body: bytes,
        kind: tuple[str, str],
        read: Callable[[dict[str, Any] | None], ResultT],
        *,
        is_write: bool,
    ) -> ResultT:
        """Call under a token. `read` is given None where a question is answered by "there is none"."""

        def judge(answer: HttpAnswer) -> ResultT:
            return read(self._understood(operation, answer))

        async def send(token: str) -> ResultT:
            return await self.send(
                operation,
                self.settings.base_url.rstrip("/") + path,
                body,
                judge,
                headers=[kind, ("Accept", "application/json"), self._token_header(token)],
                is_write=is_write,
                read_statuses=_REFUSALS,
            )

        return await self._with_token(send)

    def _understood(self, operation: str, answer: HttpAnswer) -> dict[str, Any] | None:
        rules, limit = self.settings.rules, self.settings.transport.max_answer_bytes
        document = read_object(answer.body, max_bytes=limit, allows_bom=True)
        code = wire.refusal_of(rules, document)
        if code is None and answer.status not in _REFUSALS:
            return document
        if operation == CREATE and code in rules.duplicate_errors:
            raise self.duplicate(operation)
        if operation in (FIND, DOCUMENT) and code in rules.absent_errors:
            return None
        if operation == CANCEL and code in rules.cancelled_errors:
            return document
        raise self.refused(operation, code or "")

    async def _with_token(self, send: Callable[[str], Awaitable[ResultT]]) -> ResultT:
        token = await self._login.obtain()
        try:
            return await send(token)
        except CredentialsRefused as error:
            # A token is looked at before anything is done, so the same call may be sent once more.
            if error.code != "http_401":
                raise
        return await send(await self._login.obtain(refused=token))

    def _token_header(self, token: str) -> tuple[str, str]:
        if self.settings.token_place is TokenPlace.COOKIE:
            return "Cookie", f"access_token={token}"
        return "Authorization", f"Bearer {token}"

    async def _log_in(self) -> tuple[str, float]:
        settings = self.settings
        password = self.secret(settings.password, "password", "login")
        return await self.send(
            "login",
            settings.login_url,
            write({"username": settings.username, "password": password}),
            self._read_token,
            headers=[_JSON, ("Accept", "application/json")],
            is_write=False,
            seconds=settings.login_seconds,
        )

    def _read_token(self, answer: HttpAnswer) -> tuple[str, float]:
        document = read_object(answer.body, max_bytes=64 * 1024, allows_bom=True)
        token = document.get("access_token")
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable() or ";" in token:
            raise self.not_accepted("login", "no_token")
        life = document.get("expires_in")
        is_told = isinstance(life, int) and not isinstance(life, bool) and 0 < life <= 86_400
        seconds = float(life) if is_told and isinstance(life, int) else self.settings.token_life_seconds
        return token, seconds * self.settings.renew_at_life
