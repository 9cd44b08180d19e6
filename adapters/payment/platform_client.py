"""Calls to the payment platform over a connection. The only place of its adapter that catches.

INIT is sent once. Questions change nothing and are tried a few times with growing waits. No redirect is followed, and
a voucher is fetched only from hosts on a list.
"""

import hmac
from collections.abc import Callable
from datetime import date, datetime
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import urlsplit

from adapters.payment.peer import Peer
from adapters.payment.platform_failures import Operation, refusal, unanswered
from adapters.payment.settings import PlatformSettings, SigningSecret
from adapters.transport import CallOutcome, HttpAnswer, HttpRequest
from gateway.errors import (
    IntegrityFailed,
    Rejected,
    TransientFailure,
)
from gateway.model.payment import PaymentFact, PaymentOrder
from gateway.ports.payments import AskedAttempt, Bill, SettlementFile
from mappings.payment import platform, platform_replies
from mappings.payment.addresses import is_allowed, names_of, origin_of
from mappings.payment.documents import DocumentRefused, write
from mappings.payment.platform_checksums import BadChecksum
from mappings.payment.platform_replies import Reply, ReplyBroken
from mappings.payment.platform_rules import ResultClass
from mappings.payment.settlement import told_digest

ResultT = TypeVar("ResultT")
_PDF = "application/pdf"
_NOT_THERE = frozenset({404})
_JSON = "application/json"
_MAX_SIDE_FILE_BYTES = 1024


class PlatformClient(Peer[PlatformSettings]):
    """Speaks with the platform for one partner. Methods raise the RemoteError groups of the port."""

    async def send_init(self, order: PaymentOrder) -> str:
        """Open an order, once, and give the page's address."""
        settings, operation = self.settings, Operation.INIT
        secret = self.secret(settings.secrets[0].secret, "secrets.0", operation)
        body = platform.init_request(settings.rules, order, secret, allows_loopback=settings.is_test)

        def read(answer: HttpAnswer) -> str:
            reply = self._reply(operation, answer)
            platform_replies.refuse_others(settings.rules, reply, order.reference)
            return platform_replies.pay_url_of(reply, settings.page_hosts, allows_plain_loopback=settings.is_test)

        return await self._once(operation, self._call(operation, settings.init_url, body), read)

    async def send_query(self, attempt: AskedAttempt) -> PaymentFact:
        """Ask how a reference stands."""
        settings, operation = self.settings, Operation.QUERY
        secret = self.secret(settings.secrets[0].secret, "secrets.0", operation)
        body = platform.query_request(settings.rules, attempt.reference, attempt.opened_at, secret)
        verifying = self.verifying_secrets() if settings.rules.is_query_signed else []

        def read(answer: HttpAnswer) -> PaymentFact:
            reply = self._reply(operation, answer, takes=(ResultClass.SUCCESS, ResultClass.NOT_FOUND))
            if reply.result is ResultClass.NOT_FOUND:
                return platform_replies.absent_fact(settings.rules, reply, reference=attempt.reference)
            return platform_replies.query_fact(
                settings.rules,
                reply,
                reference=attempt.reference,
                opened_at=attempt.opened_at,
                secrets=verifying,
                bill_hosts=settings.bill_hosts,
                allows_plain_loopback=settings.is_test,
            )

        return await self._repeatedly(operation, self._call(operation, settings.query_url, body), read)

    async def send_get_bill(self, url: str, reference: str, time: str) -> Bill | None:
        """Ask for the voucher under one of the possible times: the document, its address, or None.

        A refusal means that there is none under this time: wrong time and nothing there look the same.
        """
        settings, operation = self.settings, Operation.GET_BILL
        secret = self.secret(settings.secrets[0].secret, "secrets.0", operation)
        body = platform.bill_request(settings.rules, reference, time, secret)
        takes = (ResultClass.SUCCESS, ResultClass.FAILED, ResultClass.NOT_FOUND)

        def read(answer: HttpAnswer) -> Bill | None:
            if platform_replies.is_pdf(answer.content_type, answer.body):
                return self._document(answer)
            reply = self._reply(operation, answer, takes=takes)
            if reply.result is not ResultClass.SUCCESS:
                return None
            platform_replies.refuse_others(settings.rules, reply, reference)
            address = reply.document.get("UrlBienLai")
            if not address:
                return None
            if not isinstance(address, str) or not self._is_trusted(address):
                raise ReplyBroken("foreign_bill_address")
            return Bill(url=address)

        return await self._repeatedly(operation, self._call(operation, url, body), read)

    async def fetch_bill(self, address: str) -> Bill | None:
        """Fetch a voucher from its address; None when it is not there (yet)."""
        operation = Operation.BILL_FILE
        if not self._is_trusted(address):
            # Nothing is fetched, not even to find out what it is.
            raise self.broken(
                operation, "the voucher is at a foreign host", is_write=False, code="foreign_bill_address"
            )
        request = self._get(operation, self._reached(address), accept=_PDF)

        def read(answer: HttpAnswer) -> Bill | None:
            if answer.status in _NOT_THERE:
                return None
            if not platform_replies.is_pdf(answer.content_type, answer.body):
                self._refuse_page(operation, answer)
                raise ReplyBroken("bill_not_pdf")
            return self._document(answer)

        return await self._repeatedly(operation, request, read)

    async def fetch_settlement(self, day: date) -> SettlementFile | None:
        """Fetch a day's file and verify it against its side file; None until both are there."""
        settings, operation = self.settings, Operation.SETTLEMENT
        assert settings.settlement is not None, "only called where it is set"
        address = settings.settlement.address_of(settings.rules.partner_code, f"{day:%Y%m%d}")
        name = address.rsplit("/", 1)[-1]
        side = await self._file(address + ".sha256", _MAX_SIDE_FILE_BYTES)
        if side is None:
            return None
        content = await self._file(address, settings.settlement.max_bytes)
        if content is None:
            return None
        wanted = told_digest(side.decode("utf-8", "replace"), name)
        found = sha256(content).hexdigest()
        if wanted is None or not hmac.compare_digest(wanted, found):
            raise IntegrityFailed(
                f"{settings.system} {operation}: the file does not match its side file", code="settlement_digest"
            )
        return SettlementFile(name=name, content=content, sha256=found)

    def verifying_secrets(self) -> list[str]:
        """Give the secrets that are accepted now, the newest first. Raises ConfigurationError when none is readable."""
        now = self._clock.now()
        accepted = [each.secret for each in self.settings.secrets if _is_accepted(each, now)]
        return self.secrets(accepted, "secrets")

    async def _file(self, address: str, max_bytes: int) -> bytes | None:
        operation = Operation.SETTLEMENT

        def read(answer: HttpAnswer) -> bytes | None:
            if answer.status in _NOT_THERE:
                return None
            self._refuse_page(operation, answer)
            if len(answer.body) > max_bytes:
                raise ReplyBroken("too_large")
            return answer.body

        return await self._repeatedly(operation, self._get(operation, address, accept="*/*"), read)

    def _call(self, operation: Operation, url: str, document: Any) -> HttpRequest:
        return HttpRequest(
            system=self.settings.system,
            operation=operation,
            method="POST",
            url=url,
            is_write=operation is Operation.INIT,
            total_seconds=self.settings.call_seconds,
            headers=(
                ("Accept", "application/json, application/pdf" if operation is Operation.GET_BILL else _JSON),
                ("Content-Type", f"{_JSON}; charset=utf-8"),
                *self._authorization(operation, url),
            ),
            body=write(document),
        )

    def _get(self, operation: Operation, url: str, *, accept: str) -> HttpRequest:
        return HttpRequest(
            system=self.settings.system,
            operation=operation,
            method="GET",
            url=url,
            is_write=False,
            total_seconds=self.settings.call_seconds,
            headers=(("Accept", accept), *self._authorization(operation, url)),
            read_statuses=_NOT_THERE,
        )

    def _authorization(self, operation: Operation, url: str) -> tuple[tuple[str, str], ...]:
        token, settings = self.settings.access_token, self.settings
        # A voucher's address comes from outside, so the token goes only where it goes anyway.
        known = {origin_of(each) for each in (settings.init_url, settings.query_url, settings.bill_url or "")}
        if token is None or (operation is Operation.BILL_FILE and origin_of(url) not in known):
            return ()
        return (("Authorization", f"Bearer {self.secret(token, 'access_token', operation)}"),)

    def _is_trusted(self, address: str) -> bool:
        return is_allowed(address, self.settings.bill_hosts, allows_plain_loopback=self.settings.is_test)

    def _reached(self, address: str) -> str:
        """Give the address at which a trusted one is reached from here."""
        names, parts = names_of(address), urlsplit(address)
        there = next((origin for host, origin in self.settings.bill_origins.items() if host in names), None)
        if there is None:
            return address
        return there.rstrip("/") + address[len(f"{parts.scheme}://{parts.netloc}") :]

    def _document(self, answer: HttpAnswer) -> Bill:
        if len(answer.body) > self.settings.max_bill_bytes:
            raise ReplyBroken("too_large")
        return Bill(content=answer.body, media_type=_PDF)

    def _reply(
        self, operation: Operation, answer: HttpAnswer, *, takes: tuple[ResultClass, ...] = (ResultClass.SUCCESS,)
    ) -> Reply:
        self._refuse_page(operation, answer)
        reply = platform_replies.unwrap(self.settings.rules, answer.body)
        if reply.result not in takes:
            raise refusal(reply, system=self.settings.system, operation=operation)
        return reply

    def _refuse_page(self, operation: Operation, answer: HttpAnswer) -> None:
        """A web page instead of an answer to a question comes from something on the way: later may be better."""
        if operation is not Operation.INIT and platform_replies.is_page(answer.content_type, answer.body):
            raise TransientFailure(
                f"{self.settings.system} {operation}: a web page came instead of an answer",
                system=self.settings.system,
                operation=operation,
                code="page_instead_of_answer",
            )

    async def _once(self, operation: Operation, request: HttpRequest, read: Callable[[HttpAnswer], ResultT]) -> ResultT:
        def judge(answer: HttpAnswer) -> tuple[ResultT, CallOutcome]:
            try:
                return read(answer), CallOutcome.OK
            except BadChecksum:
                code = "bad_checksum"
            except (ReplyBroken, DocumentRefused) as error:
                code = error.code
            raise self.broken(operation, f"the answer is refused: {code}", is_write=request.is_write, code=code)

        return await self._transport.exchange(request, judge)

    async def _repeatedly(
        self, operation: Operation, request: HttpRequest, read: Callable[[HttpAnswer], ResultT]
    ) -> ResultT:
        async def once() -> ResultT:
            return await self._once(operation, request, read)

        try:
            return await self._retry.run(once)
        except Rejected as error:
            raise unanswered(error, system=self.settings.system, operation=operation) from error


def _is_accepted(secret: SigningSecret, now: datetime) -> bool:
    return secret.accepted_until is None or now < secret.accepted_until
