"""The population database over a connection. The only place of the adapter that catches.

Every call reads, so it may be repeated; a repeated one is a new request with a request id of its own (population notes
§9). A refused token is renewed once. At most `max_parallel` calls run at once: the limit belongs to the province's
account, and an officer who waits longer than a call may take is told so rather than kept waiting.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from adapters.population import decoding
from adapters.population.credentials import Credentials, Stamp, Token
from adapters.population.edges import Edge, wso2_fault
from adapters.population.failures import SYSTEM, TOKEN_REFUSED, broken, error_of_status, fault_error
from adapters.population.forms import Undecodable, load_forms
from adapters.population.question import Question
from adapters.population.requests import contract, write_envelope
from adapters.population.settings import Operation, PopulationSettings, RequestForm
from adapters.population.tokens import TokenKeeper
from adapters.population.wsse import WsseEnvelopes
from adapters.population.wsse_replies import ReplyCheck
from adapters.transport import CallOutcome, HttpAnswer, HttpTransport, ReadRetry
from gateway.errors import CredentialsRefused, RateLimited
from gateway.ports.basics import Clock

ResultT = TypeVar("ResultT")
RandomId = Callable[[], bytes]
"""Gives sixteen bytes that nobody gave before."""
Ask = Callable[[str], Question]
"""Makes the question of one attempt, out of its request id."""
_TOKEN_REFUSALS = frozenset({TOKEN_REFUSED, "http_401"})


class PopulationClient:
    """Asks one question at a time; many tasks may share it, since nothing of a call is kept in it."""

    def __init__(
        self,
        settings: PopulationSettings,
        *,
        transport: HttpTransport,
        retry: ReadRetry,
        clock: Clock,
        random_id: RandomId,
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._retry = retry
        self._clock = clock
        self._random_id = random_id
        self._credentials = Credentials(settings)
        self._edge = Edge(settings, self._credentials)
        self._max_answer_bytes = settings.transport.max_answer_bytes
        self._id_prefix = settings.request_prefix
        self._id_room = settings.request_id_length - len(settings.request_prefix)
        self._wsse = None if settings.wsse is None else WsseEnvelopes(settings.wsse)
        self._turns = asyncio.Semaphore(settings.max_parallel)
        self._tokens: TokenKeeper | None = None
        if self._credentials.wants_token:
            self._tokens = TokenKeeper(self._fetch_token, margin_seconds=settings.token_margin_seconds, clock=clock)

    async def call(self, operation: Operation, ask: Ask, read: Callable[[Any], ResultT]) -> tuple[ResultT, Question]:
        """Ask; give what `read` makes of the answer's element, and the question that it answers."""
        return await self._retry.run(lambda: self._authorised(operation, ask, read))

    def load(self) -> None:
        """Load the contract and the schemas of replies, which takes some tenths of a second."""
        if not self._edge.is_json:
            contract()
        load_forms(self._settings.reply_forms)

    def new_request_id(self) -> str:
        """Give a request id that no worker makes twice: the prefix, then as much of a random id as fits."""
        return self._id_prefix + self._random_id().hex()[: self._id_room]

    @property
    def wants_token(self) -> bool:
        """Whether the edge gives tokens."""
        return self._tokens is not None

    async def check_token(self) -> None:
        """Fetch a token anew, without touching the one that is in use."""
        if self._credentials.wants_token:
            await self._fetch_token()

    async def _authorised(
        self, operation: Operation, ask: Ask, read: Callable[[Any], ResultT]
    ) -> tuple[ResultT, Question]:
        question = ask(self.new_request_id())
        if self._tokens is None:
            return await self._exchange(operation, question, read, None), question
        token = await self._tokens.obtain()
        try:
            return await self._exchange(operation, question, read, token), question
        except CredentialsRefused as error:
            if error.code not in _TOKEN_REFUSALS:
                raise
        again = ask(self.new_request_id())
        return await self._exchange(operation, again, read, await self._tokens.obtain(refused=token)), again

    async def _exchange(
        self, operation: Operation, question: Question, read: Callable[[Any], ResultT], token: Token | None
    ) -> ResultT:
        settings = self._settings
        form = RequestForm.STANDARD
        if operation is Operation.VERIFY:
            form = settings.verification_form
        elif operation is Operation.KINSHIP:
            form = settings.kinship_form
        envelope = b"" if self._edge.is_json else write_envelope(operation, form, question)
        label = operation.label
        await self._take_turn(label)
        try:
            # The stamp is made at the last moment: waiting for a turn must not use up its window.
            at = self._clock.now()
            envelope, check = self._secured(envelope, at)
            request = self._edge.request(operation, question, envelope, Stamp(at=at, token=token))
            return await self._transport.exchange(
                request, lambda answer: (self._read(label, answer, read, check), CallOutcome.OK)
            )
        finally:
            self._turns.release()

    async def _take_turn(self, operation: str) -> None:
        if not self._turns.locked():
            await self._turns.acquire()  # At once: nothing to wait for, and no time to be kept.
            return
        seconds = self._settings.look_up_seconds
        try:
            async with asyncio.timeout(seconds):
                await self._turns.acquire()
        except TimeoutError as error:
            raise RateLimited(
                f"{SYSTEM} {operation}: too many calls at once",
                system=SYSTEM,
                operation=operation,
                retry_after_seconds=seconds,
                code="too_many_at_once",
            ) from error

    def _secured(self, envelope: bytes, at: datetime) -> tuple[bytes, ReplyCheck | None]:
        if self._wsse is None:
            return envelope, None
        check = self._wsse.expect(at)
        return self._wsse.sign(envelope, at=at, nonce=self._random_id()), check

    def _read(
        self, operation: str, answer: HttpAnswer, read: Callable[[Any], ResultT], check: ReplyCheck | None
    ) -> ResultT:
        body = self._edge.unwrap(operation, answer)
        is_good = 200 <= answer.status < 300
        try:
            root = decoding.parse(body, max_bytes=self._max_answer_bytes)
        except Undecodable as error:
            # A proxy's page is no breach of the contract when its status says that something is wrong.
            if not is_good:
                raise error_of_status(operation, answer) from error
            raise broken(operation, error.reason) from error
        platform = wso2_fault(operation, root, answer)
        if platform is not None:
            raise platform
        fault = decoding.read_fault(root) if decoding.may_hold_fault(body) else None
        if fault is not None:
            raise fault_error(
                operation,
                fault_code=fault.fault_code,
                business_code=fault.business_code,
                retry_after=answer.retry_after_seconds,
            )
        if not is_good:
            raise error_of_status(operation, answer)
        try:
            # Faults above are taken unsigned, as layers in between make them; from one nothing but an error comes.
            child = decoding.body_child(root) if check is None else check.verify(root, now=self._clock.now())
            return read(child)
        except Undecodable as error:
            raise broken(operation, error.reason) from error

    async def _fetch_token(self) -> Token:
        asked_at = self._clock.now()
        return await self._transport.exchange(
            self._credentials.token_request(),
            lambda answer: (self._credentials.read_token(answer, asked_at), CallOutcome.OK),
        )
