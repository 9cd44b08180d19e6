"""What the adapters with a connection share: the connection, secrets, and how JSON is read."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from adapters.payment.peer_settings import PeerSettings
from adapters.payment.unoffered import Unoffered
from adapters.transport import CallOutcome, HttpAnswer, HttpRequest, HttpTransport, Observer, ReadRetry
from adapters.transport.http import HeadersSupplier, SslSupplier
from adapters.transport.retry import Sleep
from adapters.transport.secrets import Secret
from gateway.errors import ConfigurationError, ContractBroken, CredentialsRefused, Fault
from gateway.ports.basics import Chance, Clock
from gateway.ports.payments import Acknowledgement, NotificationRefused, RawNotification
from mappings.payment.documents import DocumentRefused, read_object, write

ResultT = TypeVar("ResultT")
SettingsT = TypeVar("SettingsT", bound=PeerSettings)
ReadDocument = Callable[[dict[str, Any]], ResultT]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an adapter is built from beside its settings."""

    ssl_supplier: SslSupplier
    clock: Clock
    chance: Chance
    observe: Observer | None = None
    headers_supplier: HeadersSupplier | None = None
    sleep: Sleep = asyncio.sleep


class Peer(Unoffered, Generic[SettingsT]):
    """One configured provider with a connection of its own."""

    def __init__(self, settings: SettingsT, parts: Parts) -> None:
        self.settings = settings
        self._clock = parts.clock
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

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def post(
        self,
        operation: str,
        url: str,
        document: Mapping[str, Any],
        read: ReadDocument[ResultT],
        *,
        is_write: bool,
        headers: Sequence[tuple[str, str]] = (),
    ) -> ResultT:
        """Send a JSON document and give what `read` makes of the answer; a ValueError of `read` breaks the contract.
        Writes are sent once, reads are tried a few times."""
        request = HttpRequest(
            system=self.settings.system,
            operation=operation,
            method="POST",
            url=url,
            is_write=is_write,
            total_seconds=self.settings.call_seconds,
            headers=(("Accept", "application/json"), ("Content-Type", "application/json"), *headers),
            body=write(document),
        )

        async def once() -> ResultT:
            return await self._transport.exchange(request, self._reader(request, read))

        return await (once() if is_write else self._retry.run(once))

    def broken(self, operation: str, what: str, *, is_write: bool, code: str = "") -> ContractBroken:
        """Make the error for an answer that cannot be understood; nothing of its content is told."""
        message = f"{self.settings.system} {operation}: {what}"
        return ContractBroken(
            message, system=self.settings.system, operation=operation, effect_possible=is_write, code=code
        )

    def secret(self, secret: Secret, setting: str, operation: str) -> str:
        """Give a secret for a call. Raises CredentialsRefused when it cannot be read: nothing was sent."""
        return read_secret(self.settings.system, secret, setting, operation)

    def secrets(self, secrets: Sequence[Secret], setting: str) -> list[str]:
        """Give those that can be read. Raises ConfigurationError when none can: nothing is taken unverified."""
        found: list[str] = []
        for secret in secrets:
            try:
                found.append(secret.read())
            except (OSError, ValueError):
                continue
        if not found:
            raise ConfigurationError([Fault(f"{self.settings.system}.{setting}", "none of them can be read")])
        return found

    def read_json(self, raw: RawNotification) -> dict[str, Any]:
        """Give the JSON object of a notification. Raises NotificationRefused."""
        try:
            return read_object(raw.body, max_bytes=self.settings.max_notification_bytes)
        except DocumentRefused as error:
            raise NotificationRefused(f"{self.settings.system}: a notification is refused", code=error.code) from None

    def _reader(
        self, request: HttpRequest, read: ReadDocument[ResultT]
    ) -> Callable[[HttpAnswer], tuple[ResultT, CallOutcome]]:
        def judge(answer: HttpAnswer) -> tuple[ResultT, CallOutcome]:
            try:
                document = read_object(answer.body, max_bytes=self.settings.transport.max_answer_bytes, allows_bom=True)
                return read(document), CallOutcome.OK
            except ValueError:
                raise self.broken(request.operation, "the answer cannot be read", is_write=request.is_write) from None

        return judge


def read_secret(system: str, secret: Secret, setting: str, operation: str) -> str:
    """Give a secret for a call. Raises CredentialsRefused when it cannot be read: nothing was sent."""
    try:
        return secret.read()
    except (OSError, ValueError) as error:
        message = f"{system}: {setting} cannot be read"
        raise CredentialsRefused(message, system=system, operation=operation, code="secret_unreadable") from error


def json_acknowledgement(document: Mapping[str, Any]) -> Acknowledgement:
    """Give an acknowledgement in JSON; what it says, and not its status, tells what became of the message."""
    return Acknowledgement(status=200, content_type="application/json; charset=utf-8", body=write(document))
