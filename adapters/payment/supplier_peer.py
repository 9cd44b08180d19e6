"""What the adapters of receipt suppliers share: the connection, and how answers become errors of ours."""

from collections.abc import Callable, Sequence
from typing import Generic, NoReturn, TypeVar

from adapters.payment.peer import Parts, read_secret
from adapters.payment.supplier_settings import SupplierSettings
from adapters.transport import CallOutcome, HttpAnswer, HttpRequest, HttpTransport, ReadRetry
from adapters.transport.secrets import Secret
from gateway.errors import ContractBroken, CredentialsRefused, InvalidInput, OutcomeUnknown, Rejected, TransientFailure
from gateway.ports.receipts import DUPLICATE_KEY, Offer

ResultT = TypeVar("ResultT")
SettingsT = TypeVar("SettingsT", bound=SupplierSettings)


class SupplierPeer(Generic[SettingsT]):
    """One configured supplier with a connection of its own."""

    def __init__(self, settings: SettingsT, parts: Parts) -> None:
        self.settings = settings
        self._transport = HttpTransport(
            settings.transport,
            ssl_supplier=parts.ssl_supplier,
            clock=parts.clock,
            observe=parts.observe,
            headers_supplier=parts.headers_supplier,
        )
        self._retry = ReadRetry(settings.transport, chance=parts.chance, sleep=parts.sleep)

    @property
    def name(self) -> str:
        return self.settings.name

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def send(
        self,
        operation: str,
        url: str,
        body: bytes,
        read: Callable[[HttpAnswer], ResultT],
        *,
        headers: Sequence[tuple[str, str]],
        is_write: bool,
        read_statuses: frozenset[int] = frozenset(),
        seconds: float | None = None,
    ) -> ResultT:
        """Send one call and give what `read` makes of the answer. Writes are sent once, reads are tried a few times.

        A ValueError of `read` breaks the contract; what it raises of ours is passed on.
        """
        request = HttpRequest(
            system=self.settings.system,
            operation=operation,
            method="POST",
            url=url,
            is_write=is_write,
            total_seconds=self.settings.call_seconds if seconds is None else seconds,
            headers=tuple(headers),
            body=body,
            read_statuses=read_statuses,
        )

        def judge(answer: HttpAnswer) -> tuple[ResultT, CallOutcome]:
            try:
                return read(answer), CallOutcome.OK
            except ValueError:
                raise self.broken(operation, "the answer cannot be read", is_write=is_write) from None

        async def once() -> ResultT:
            return await self._transport.exchange(request, judge)

        return await (once() if is_write else self._retry.run(once))

    def secret(self, secret: Secret, setting: str, operation: str) -> str:
        """Give a secret for a call. Raises CredentialsRefused when it cannot be read: nothing was sent."""
        return read_secret(self.settings.system, secret, setting, operation)

    def broken(self, operation: str, what: str, *, is_write: bool) -> ContractBroken:
        """Make the error for an answer that cannot be understood; nothing of its content is told."""
        message = f"{self.settings.system} {operation}: {what}"
        return ContractBroken(message, system=self.settings.system, operation=operation, effect_possible=is_write)

    def duplicate(self, operation: str) -> OutcomeUnknown:
        """Make the error for a key that was used: a receipt is there, and must be asked for (F30)."""
        message = f"{self.settings.system} {operation}: the key was used before"
        return OutcomeUnknown(message, system=self.settings.system, operation=operation, code=DUPLICATE_KEY)

    def refused(self, operation: str, code: str) -> Rejected:
        """Make the error for a call that was understood and refused."""
        message = f"{self.settings.system} {operation}: refused{f' as {code}' if code else ''}"
        return Rejected(message, system=self.settings.system, operation=operation, remote_code=code)

    def not_accepted(self, operation: str, code: str) -> CredentialsRefused:
        """Make the error for an account that is not accepted."""
        message = f"{self.settings.system} {operation}: the account is not accepted"
        return CredentialsRefused(message, system=self.settings.system, operation=operation, code=code)

    def not_now(self, operation: str, code: str) -> TransientFailure:
        """Make the error for a call after which nothing was written, and that may do later."""
        message = f"{self.settings.system} {operation}: not written now"
        return TransientFailure(message, system=self.settings.system, operation=operation, code=code)

    def _not_offered(self, offer: Offer) -> NoReturn:
        raise InvalidInput(f"{self.name} does not offer {offer}", code="not_offered")
