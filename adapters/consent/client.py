"""The hub over a connection. The only place of the adapter that catches.

The first call of a consent makes a citizen's phone ring, so it is sent once; it is sent again only when the hub refused
the token, which is before any work. Questions are tried a few times.
"""

from collections.abc import Callable
from typing import TypeVar

from adapters.consent import protocol
from adapters.consent.failures import TOKEN_REFUSED, Operation
from adapters.consent.partner import PartnerLogin
from adapters.consent.protocol import Secrets, Stamp, Tokens, Writer
from adapters.consent.settings import ConsentSettings
from adapters.consent.signing import Canonicaliser, canonicaliser_of
from adapters.transport import CallOutcome, HttpAnswer, HttpRequest, HttpTransport, ReadRetry
from adapters.transport.secrets import Secret
from gateway.errors import CredentialsRefused
from gateway.ports.basics import Clock
from gateway.ports.consent import SharedData, ShareStarted, ShareStatus

ResultT = TypeVar("ResultT")
NewId = Callable[[], str]
_TOKEN_REFUSALS = frozenset({TOKEN_REFUSED, "http_401"})


class ConsentClient:
    """Speaks with one registration. Every method raises the RemoteError groups of the port."""

    def __init__(
        self,
        settings: ConsentSettings,
        *,
        transport: HttpTransport,
        retry: ReadRetry,
        clock: Clock,
        new_id: NewId,
        canonicalise: Canonicaliser | None = None,
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._retry = retry
        self._clock = clock
        self._new_id = new_id
        if canonicalise is None and settings.hmac is not None:
            canonicalise = canonicaliser_of(settings.hmac)
        self._writer = Writer(settings, canonicalise)
        self._login: PartnerLogin | None = None
        if settings.partner is not None:
            self._login = PartnerLogin(
                log_in=self._log_in,
                refresh=self._refresh,
                renew_at_life=settings.partner.renew_at_life,
                clock=clock,
            )

    async def start(self, citizen_pid: str) -> ShareStarted:
        """Ask the citizen, once."""
        return await self._call(
            lambda stamp, secrets: self._writer.start(citizen_pid, stamp, secrets),
            lambda answer: protocol.read_started(self._settings, answer),
        )

    async def status(self, transaction_code: str) -> ShareStatus:
        """Ask how a transaction stands."""

        async def once() -> ShareStatus:
            return await self._call(
                lambda stamp, secrets: self._writer.ask(Operation.STATUS, transaction_code, stamp, secrets),
                lambda answer: protocol.read_status(self._settings, answer),
            )

        return await self._retry.run(once)

    async def data(self, transaction_code: str) -> SharedData:
        """Fetch what was released."""

        async def once() -> SharedData:
            return await self._call(
                lambda stamp, secrets: self._writer.ask(Operation.DATA, transaction_code, stamp, secrets),
                lambda answer: protocol.read_data(self._settings, answer),
            )

        return await self._retry.run(once)

    async def check_login(self) -> None:
        """Log in anew, without touching the login that is in use."""
        await self._log_in()

    async def _call(
        self, build: Callable[[Stamp, Secrets], HttpRequest], read: Callable[[HttpAnswer], ResultT]
    ) -> ResultT:
        if self._login is None:
            return await self._exchange(build, read, "")
        token = await self._login.obtain()
        try:
            return await self._exchange(build, read, token)
        except CredentialsRefused as error:
            if error.code not in _TOKEN_REFUSALS:
                raise
        return await self._exchange(build, read, await self._login.obtain(refused=token))

    async def _exchange(
        self,
        build: Callable[[Stamp, Secrets], HttpRequest],
        read: Callable[[HttpAnswer], ResultT],
        token: str,
    ) -> ResultT:
        # The stamp is made anew for every attempt: a nonce that is used twice is refused.
        stamp = Stamp(request_id=self._new_id(), nonce=self._new_id(), at=self._clock.now())
        return await self._transport.exchange(
            build(stamp, self._secrets(token)), lambda answer: (read(answer), CallOutcome.OK)
        )

    async def _log_in(self) -> Tokens:
        partner = self._settings.partner
        assert partner is not None, "only called where it is set"
        password = self._read(partner.password, "partner.password", Operation.LOGIN)
        return await self._exchange(
            lambda stamp, secrets: self._writer.login(password, stamp, secrets),
            lambda answer: protocol.read_tokens(self._settings, Operation.LOGIN, answer),
            "",
        )

    async def _refresh(self, refresh_token: str) -> Tokens:
        return await self._exchange(
            lambda stamp, secrets: self._writer.refresh(refresh_token, stamp, secrets),
            lambda answer: protocol.read_tokens(self._settings, Operation.REFRESH, answer),
            "",
        )

    def _secrets(self, token: str) -> Secrets:
        client, signing = self._settings.client, self._settings.hmac
        return Secrets(
            client_secret="" if client is None else self._read(client.secret, "client.secret", Operation.START),
            hmac_key="" if signing is None else self._read(signing.key, "hmac.key", Operation.START),
            token=token,
        )

    def _read(self, secret: Secret, setting: str, operation: Operation) -> str:
        try:
            return secret.read()
        except (OSError, ValueError) as error:
            raise CredentialsRefused(
                f"{self._settings.system}: {setting} cannot be read",
                system=self._settings.system,
                operation=operation,
                code="secret_unreadable",
            ) from error
