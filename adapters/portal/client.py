"""The portal over a connection: login, reads and pushes. The only place of the adapter that catches.

A call is: get the shared session, send, read the reply. When the session is refused the call had no effect: the
session is renewed once for all processes and the call repeated once. Bodies are never logged.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from adapters.portal import protocol
from adapters.portal.drift import PortalDrift
from adapters.portal.failures import PUSHES, Meaning, Operation
from adapters.portal.replies import MalformedReply, Reply, read_reply
from adapters.portal.settings import PortalSettings
from adapters.portal.verdicts import judge_push, not_judged
from adapters.transport import CallOutcome, HttpAnswer, HttpRequest, HttpTransport, ReadRetry
from gateway.errors import ContractBroken, CredentialsRefused, Rejected
from gateway.model.procedure import ProcedureRef
from gateway.ports.portal import ItemVerdict, Prepared, SharedSession, Verdict

ResultT = TypeVar("ResultT")
_HTTP_SESSION_REFUSED = "http_401"


class _SessionRefused:
    """Says that the portal did not accept the session; the call had no effect."""


_REFUSED = _SessionRefused()


class PortalClient:
    """Speaks with one portal account. Every method raises the RemoteError groups of the port."""

    def __init__(
        self,
        settings: PortalSettings,
        *,
        transport: HttpTransport,
        session: SharedSession,
        retry: ReadRetry,
        drift: PortalDrift | None = None,
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._session = session
        self._retry = retry
        self._drift = drift

    async def login(self) -> tuple[str, float]:
        """Log in, with a few tries; give the session and how long it is used, in seconds."""
        return await self._retry.run(self._login_once)

    async def list_procedures(self, session: str | None = None) -> list[ProcedureRef]:
        """Read the whole list of the catalogue."""
        settings = self._settings
        return await self.read(
            protocol.list_operation(settings),
            lambda token: protocol.list_request(settings, token),
            lambda reply: protocol.read_procedures(settings, reply),
            session,
        )

    async def get_procedure(self, procedure_code: str) -> dict[str, Any] | None:
        """Read the catalogue record of one procedure; None when there is none."""
        settings = self._settings
        return await self.read(
            Operation.GET_PROCEDURE,
            lambda token: protocol.detail_request(settings, token, procedure_code),
            lambda reply: protocol.read_procedure(settings, reply, procedure_code),
        )

    async def look_up(self, dossier_code: str, session: str | None = None) -> protocol.Found:
        """Ask whether a dossier is there."""
        settings = self._settings
        return await self.read(
            Operation.LOOK_UP,
            lambda token: protocol.look_up_request(settings, token, dossier_code),
            lambda reply: protocol.read_look_up(settings, reply, dossier_code),
            session,
        )

    async def read(
        self,
        operation: Operation,
        build: Callable[[str], HttpRequest],
        read: Callable[[Reply], ResultT],
        session: str | None = None,
    ) -> ResultT:
        """Make one read, with a few tries, and give what `read` makes of its reply."""

        async def once() -> ResultT:
            return await self._call(operation, build, lambda reply: (read(reply), CallOutcome.OK), session)

        return await self._retry.run(once)

    async def fetch(self, request: HttpRequest, read: Callable[[bytes], ResultT]) -> ResultT:
        """Make one read outside the portal's sessions, with a few tries, and give what `read` makes of its body."""

        async def once() -> ResultT:
            return await self._transport.exchange(request, lambda answer: (read(answer.body), CallOutcome.OK))

        return await self._retry.run(once)

    async def push(self, operation: Operation, records: Sequence[object]) -> None:
        """Push statements in one call. Returns when the portal took them all."""
        settings = self._settings
        await self.tell(operation, lambda token: protocol.statements_request(settings, token, operation, records))

    async def tell(self, operation: Operation, build: Callable[[str], HttpRequest]) -> None:
        """Make one push whose reply is about the call as a whole. Returns when the portal took it."""

        def judge(reply: Reply) -> tuple[None, CallOutcome]:
            protocol.read_push(self._settings, operation, reply)
            return None, CallOutcome.OK

        await self._call(operation, build, judge)

    async def push_dossiers(
        self, items: Sequence[Prepared], records: Sequence[object], *, is_update: bool
    ) -> list[ItemVerdict]:
        """Send dossiers in one call; one verdict per item in the same order."""
        return await self._push(
            Operation.UPDATE if is_update else Operation.CREATE,
            items,
            lambda token: protocol.dossiers_request(self._settings, token, records, is_update=is_update),
        )

    async def push_steps(self, items: Sequence[Prepared]) -> list[ItemVerdict]:
        """Send progress steps in one call, in the order given; one verdict per item in the same order."""
        return await self._push(
            Operation.STEPS,
            items,
            lambda token: protocol.steps_request(self._settings, token, [item.record for item in items]),
        )

    async def _push(
        self, operation: Operation, items: Sequence[Prepared], build: Callable[[str], HttpRequest]
    ) -> list[ItemVerdict]:
        def judge(reply: Reply) -> tuple[list[ItemVerdict], CallOutcome]:
            verdicts = judge_push(reply, operation, items, self._settings.dialect)
            all_done = all(verdict.verdict is Verdict.DONE for verdict in verdicts)
            return verdicts, CallOutcome.OK if all_done else CallOutcome.REFUSED

        try:
            return await self._call(operation, build, judge)
        except Rejected as error:
            # Refused before it was read (too large, malformed by their measure): alone, the record is to blame;
            # together, perhaps only their number is.
            if len(items) > 1:
                return not_judged(items)
            reason = error.remote_code or error.code
            return [ItemVerdict(delivery_id=items[0].delivery_id, verdict=Verdict.REJECTED, reason=reason)]

    async def _call(
        self,
        operation: Operation,
        build: Callable[[str], HttpRequest],
        read: Callable[[Reply], tuple[ResultT, CallOutcome]],
        session: str | None = None,
    ) -> ResultT:
        if self._settings.facade is not None:
            result = await self._exchange(operation, build(""), read)
            if isinstance(result, _SessionRefused):
                # The facade keeps the session; we have none to renew.
                raise protocol.call_error(Meaning.SESSION_REFUSED, operation, None)
            return result
        token = session if session is not None else await self._session.obtain(self._login_once)
        result = await self._exchange(operation, build(token), read)
        if not isinstance(result, _SessionRefused):
            return result
        if session is None:
            token = await self._session.obtain(self._login_once, refused=token)
            result = await self._exchange(operation, build(token), read)
            if not isinstance(result, _SessionRefused):
                return result
        raise protocol.call_error(Meaning.SESSION_REFUSED, operation, None)

    async def _exchange(
        self,
        operation: Operation,
        request: HttpRequest,
        read: Callable[[Reply], tuple[ResultT, CallOutcome]],
    ) -> ResultT | _SessionRefused:
        def judge(answer: HttpAnswer) -> tuple[ResultT | _SessionRefused, CallOutcome]:
            reply = self._reply(answer, operation)
            if reply.meaning(operation, self._settings.dialect) is Meaning.SESSION_REFUSED:
                return _REFUSED, CallOutcome.SESSION_REFUSED
            return read(reply)

        try:
            return await self._transport.exchange(request, judge)
        except CredentialsRefused as error:
            if error.code == _HTTP_SESSION_REFUSED and operation is not Operation.LOGIN:
                return _REFUSED
            raise

    async def _login_once(self) -> tuple[str, float]:
        """Log in with one try: whoever needs the session has tries of its own, and others wait for this one."""
        try:
            password = self._settings.read_password()
        except OSError as error:
            raise CredentialsRefused(
                "the password file cannot be read",
                system=protocol.SYSTEM,
                operation=Operation.LOGIN,
                code="password_file",
            ) from error
        request = protocol.login_request(self._settings, password)

        def judge(answer: HttpAnswer) -> tuple[str, CallOutcome]:
            return protocol.read_login(self._settings, self._reply(answer, Operation.LOGIN)), CallOutcome.OK

        token = await self._transport.exchange(request, judge)
        return token, self._settings.session_life_seconds

    def _reply(self, answer: HttpAnswer, operation: Operation) -> Reply:
        takes_plain_text = self._settings.takes_plain_text and operation in PUSHES
        try:
            reply = read_reply(answer.body, takes_plain_text=takes_plain_text)
        except MalformedReply as error:
            raise ContractBroken(
                f"the answer of the portal cannot be read: {error}",
                system=protocol.SYSTEM,
                operation=operation,
                effect_possible=operation in PUSHES,
                code="malformed_answer",
            ) from error
        if self._drift is not None:
            self._drift.look(operation, reply)
        return reply
