"""PayGov, reached through a province's LGSP (payment notes §B).

It offers no question about an order: what came of one is known by its callback alone, and a callback counts once
PayGov itself has confirmed that it wrote it. An order whose outcome is unknown has led no payer anywhere.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from adapters.payment.paygov_settings import PayGovSettings
from adapters.payment.peer import Parts, Peer, json_acknowledgement
from adapters.transport import CallOutcome, HttpAnswer, HttpRequest
from adapters.transport.tokens import KeptToken
from gateway.errors import CredentialsRefused, InvalidInput, Rejected
from gateway.model.payment import PaymentFact, PaymentOrder, ProviderKind
from gateway.ports.payments import (
    Acknowledgement,
    AskedAttempt,
    Bill,
    Capability,
    NotificationRefused,
    Opened,
    RawNotification,
    Verdict,
)
from mappings.payment import paygov
from mappings.payment.addresses import is_allowed
from mappings.payment.documents import read_object
from mappings.payment.paygov import Party, Voucher
from mappings.payment.times import vietnam_date
from mappings.payment.unwrapping import unwrapped

ResultT = TypeVar("ResultT")
_WORDS = {
    Verdict.APPLIED: ("SUCCESSFUL", "Success"),
    Verdict.REFUSED: ("FAILED", "Refused"),
    Verdict.FORGED: ("SIGNATURE_WRONG", "Not verified"),
    Verdict.UNAVAILABLE: ("FAILED", "Try again"),
}


class PayGovAdapter(Peer[PayGovSettings]):
    """Implements PaymentProvider."""

    kind = ProviderKind.PAYGOV

    def __init__(self, settings: PayGovSettings, parts: Parts) -> None:
        super().__init__(settings, parts)
        self._login = KeptToken(self._log_in, clock=parts.clock) if settings.login is not None else None

    @property
    def partner_code(self) -> str:
        return self.settings.partner_code

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Switched off, it still verifies what comes in: late money is never dropped."""
        offered = {Capability.NOTIFY}
        if self.settings.is_enabled:
            offered.add(Capability.OPEN)
        if self.settings.bill_path is not None:
            offered.add(Capability.BILL)
        return frozenset(offered)

    def make_reference(self, random_bytes: bytes, dossier_code: str) -> str:
        return paygov.make_reference(random_bytes)

    async def open(self, order: PaymentOrder) -> Opened:
        if not self.settings.is_enabled:
            raise InvalidInput(f"{self.name} is switched off", code="not_offered")
        document = paygov.order_document(self._party("open"), order, allows_loopback=self.settings.is_test)

        def read(answer: dict[str, Any]) -> Opened:
            data = unwrapped(answer.get("data"))
            address = data.get("url") if isinstance(data, Mapping) else None
            if not isinstance(address, str) or not address:
                # An understood answer without an address: no payer can come to pay under this reference (§B.3).
                raise self._rejected("open", answer)
            if not self._leads_well(address):
                raise self.broken("open", "the payment page is at another host", is_write=True, code="foreign_page")
            expires_at = order.opened_at + timedelta(seconds=self.settings.page_life_seconds)
            return Opened(pay_url=address, expires_at=expires_at)

        return await self._call("open", self.settings.open_path, document, read, is_write=True)

    def read_notification(self, raw: RawNotification) -> PaymentFact:
        return self._claimed(self._members(raw))

    def acknowledge(self, raw: RawNotification, verdict: Verdict) -> Acknowledgement:
        code, message = _WORDS[verdict]
        return json_acknowledgement({"error_code": code, "error_message": message})

    async def verify(self, raw: RawNotification, fact: PaymentFact, attempt: AskedAttempt) -> PaymentFact:
        members = self._members(raw)
        claimed = self._claimed(members)
        if claimed.reference != attempt.reference or claimed.reference != fact.reference:
            raise NotificationRefused(f"{self.settings.system}: a callback about another order", code="malformed")

        def is_genuine(answer: dict[str, Any]) -> bool:
            word = str(answer.get("error_code"))
            if word != self.settings.verified_word and word not in self.settings.disowned_words:
                raise ValueError("no verdict")
            return word == self.settings.verified_word

        document = paygov.verification_document(members)
        if not await self._call("verify", self.settings.verify_path, document, is_genuine, is_write=False):
            raise NotificationRefused(f"{self.settings.system}: disowned by PayGov", code="bad_checksum")
        return replace(claimed, is_decisive=True)

    async def bill(self, attempt: AskedAttempt) -> Bill | None:
        path = self.settings.bill_path
        if path is None:
            self._not_offered(Capability.BILL)
        if not attempt.transaction:
            return None
        if attempt.payer is None:
            raise InvalidInput("a voucher of PayGov needs the payer", code="payer_missing")
        voucher = Voucher(
            transactions=(attempt.transaction,),
            payer=attempt.payer,
            dossier_code=attempt.dossier_code,
            procedure_name=attempt.procedure_name,
            decided_on=vietnam_date(self._clock.now()),
            unit_code=self.settings.beneficiary_unit_code,
            unit_name=self.settings.beneficiary_unit_name,
        )
        document = paygov.voucher_document(self._party("bill"), voucher)

        def read(answer: dict[str, Any]) -> Bill | None:
            address = answer.get("transactionReceipt")
            if not isinstance(address, str) or not address:
                return None
            if not self._leads_well(address):
                raise self.broken("bill", "the voucher is at another host", is_write=False, code="foreign_bill")
            return Bill(url=address)

        return await self._call("bill", path, document, read, is_write=False)

    async def check_login(self) -> None:
        """Log in anew, without touching the token that is in use. Raises RemoteError."""
        if self.settings.login is not None:
            await self._log_in()

    def _claimed(self, members: Mapping[str, Any]) -> PaymentFact:
        return paygov.read_callback(
            self.partner_code,
            members,
            may_lack=self.settings.may_lack,
            pending_codes=self.settings.pending_codes,
            pay_date_form=self.settings.pay_date_form,
        )

    def _members(self, raw: RawNotification) -> dict[str, Any]:
        """Give the fields of a callback (a JSON body) or of a browser's return (parameters, the same fields)."""
        if raw.method.upper() != "GET":
            return self.read_json(raw)
        members: dict[str, Any] = dict(raw.query)
        if len(members) != len(raw.query):
            raise NotificationRefused(f"{self.settings.system}: a repeated parameter", code="duplicate_member")
        return members

    def _leads_well(self, address: str) -> bool:
        return is_allowed(address, self.settings.page_hosts, allows_plain_loopback=self.settings.is_test)

    def _party(self, operation: str) -> Party:
        settings = self.settings
        secret = "" if settings.secret_key is None else self.secret(settings.secret_key, "secret_key", operation)
        return Party(
            partner_code=settings.partner_code,
            access_key=settings.access_key or "",
            secret_key=secret,
            service_code=settings.service_code or "",
            account_label=settings.account_label,
            unit_code=settings.unit_code,
            order_form=settings.order_form,
        )

    def _rejected(self, operation: str, answer: Mapping[str, Any]) -> Rejected:
        code = answer.get("error_code", answer.get("errorCode"))
        text = str(code) if isinstance(code, str | int) and not isinstance(code, bool) else ""
        message = f"{self.settings.system} {operation}: refused"
        is_word = len(text) <= 40 and text.isascii() and text.replace("_", "").isalnum()
        return Rejected(message, system=self.settings.system, operation=operation, remote_code=text if is_word else "")

    async def _call(
        self,
        operation: str,
        path: str,
        document: Mapping[str, Any],
        read: Callable[[dict[str, Any]], ResultT],
        *,
        is_write: bool,
    ) -> ResultT:
        async def send(token: str) -> ResultT:
            headers = [("Authorization", f"Bearer {token}")]
            if self.settings.access.sends_with_calls:
                headers.append(("lgspaccesstoken", self._access_header(operation)))
            url = self.settings.base_url.rstrip("/") + path
            return await self.post(operation, url, document, read, is_write=is_write, headers=headers)

        return await self._with_token(operation, send)

    async def _with_token(self, operation: str, send: Callable[[str], Awaitable[ResultT]]) -> ResultT:
        if self._login is None:
            fixed = self.settings.fixed_token
            assert fixed is not None, "the settings see to it"
            return await send(self.secret(fixed, "fixed_token", operation))
        token = await self._login.obtain()
        try:
            return await send(token)
        except CredentialsRefused as error:
            # The LGSP refuses a token before it hands a call on, so the same call may be sent once more.
            if error.code != "http_401":
                raise
        return await send(await self._login.obtain(refused=token))

    def _access_header(self, operation: str) -> str:
        access = self.settings.access
        return paygov.lgsp_header(
            access_key=access.access_key,
            secret_key=self.secret(access.secret_key, "access.secret_key", operation),
            app_name=access.app_name,
            partner_code=access.partner_code,
            extra=access.extra,
        )

    async def _log_in(self) -> tuple[str, float]:
        login = self.settings.login
        assert login is not None, "only called where it is set"
        request = HttpRequest(
            system=self.settings.system,
            operation="login",
            method="POST",
            url=self.settings.base_url.rstrip("/") + login.path,
            is_write=False,
            total_seconds=login.login_seconds,
            headers=(
                ("Accept", "application/json"),
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("lgspaccesstoken", self._access_header("login")),
            ),
            body=b"grant_type=client_credentials",
        )
        return await self._transport.exchange(request, self._read_token)

    def _read_token(self, answer: HttpAnswer) -> tuple[tuple[str, float], CallOutcome]:
        login = self.settings.login
        assert login is not None, "only called where it is set"
        try:
            document = read_object(answer.body, max_bytes=64 * 1024, allows_bom=True)
        except ValueError:
            raise self.broken("login", "the answer cannot be read", is_write=False) from None
        inner = document.get("data")
        places = (document, inner) if isinstance(inner, dict) else (document,)
        tokens = [place.get(name) for place in places for name in login.token_members]
        token = next((text for text in tokens if isinstance(text, str) and text.isascii() and text.isprintable()), "")
        if not token:
            raise CredentialsRefused(
                f"{self.settings.system} login: no token was given",
                system=self.settings.system,
                operation="login",
                code="no_token",
            )
        lives = [place.get("expires_in") for place in places]
        life = next((seconds for given in lives if (seconds := _life(given)) is not None), login.life_seconds)
        return (token, life * login.renew_at_life), CallOutcome.OK


def _life(given: object) -> float | None:
    if isinstance(given, bool) or not isinstance(given, int | str):
        return None
    text = str(given)
    is_well = text.isascii() and text.isdigit() and len(text) <= 6 and int(text) > 0
    return float(text) if is_well else None
