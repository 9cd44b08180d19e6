"""One call to a simulated provider: read, worked on, answered with the faults that are armed, and kept byte for byte.

Faults of HTTP come from `adapters.sandboxing`; those of payment that concern an answer as a whole (F14, F15, F24) are
done here, for every operation of every provider that uses a `Desk`.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from adapters.payment.sandbox.checkout import MARK_HEADER, CheckoutError
from adapters.payment.sandbox.ledger import Direction
from adapters.payment.sandbox.messages import read_object
from adapters.payment.sandbox.switches import Switch
from adapters.payment.sandbox.world import World
from adapters.sandboxing import Answer, Touch, end_connection, is_gone

ANSWER_FAULTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "F14_init_answer_lost": ("reset", "close", "stall"),
        "F15_init_answer_broken": ("500", "502_html", "empty", "truncated", "bom", "charset"),
        "F24_slow_answer": (),
    }
)
"""The work is done in each of them. They are narrowed to an operation by their member `operation`."""
MAX_BODY_BYTES = 1 << 20
_HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True, kw_only=True)
class Call:
    """A call as it arrived. Work fills in what the last members tell."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    path: Mapping[str, str]
    body: bytes = field(repr=False)
    base: str
    """Where the provider is reached, for addresses that are handed out; without a slash at the end."""
    document: dict[str, Any] | None = field(repr=False)
    """The body, when it is a JSON object in UTF-8 with each member once; else None."""
    operation: str = ""
    """The name of what was asked, where one address takes several things; "" means that of the route."""
    reference: str = ""
    order: str = ""
    amount_vnd: int | None = None
    note: str = ""
    switches: list[str] = field(default_factory=list)

    @property
    def fields(self) -> Mapping[str, Any]:
        """The members of a JSON body; else those of a form, or of the query."""
        if self.document is not None:
            return self.document
        return self.query if not self.body else dict(parse_qsl(self.body.decode("utf-8", "replace")))


Work = Callable[[Call], Answer]


class Desk:
    """Takes the calls of one provider. `hidden` gives the texts that are blacked out in what is kept of logins; `pay`
    lets the payer of a reference pay, and is needed where calls open payments."""

    def __init__(
        self,
        world: World,
        provider: str,
        *,
        hidden: Callable[[], Sequence[str]] = tuple,
        pay: Callable[[str], Awaitable[object]] | None = None,
    ) -> None:
        self._world = world
        self._provider = provider
        self._hidden = hidden
        self._pay = pay

    def take(self, name: str, call: Call, operation: str) -> Switch | None:
        """Give the switch of this name that strikes the call, and note it there."""
        switch = self._world.switches.take(
            name,
            provider=self._provider,
            operation=call.operation or operation,
            reference=call.reference,
            order=call.order,
            amount_vnd=call.amount_vnd,
        )
        if switch is not None:
            call.switches.append(switch.name)
        return switch

    def route(
        self,
        operation: str,
        work: Work,
        *,
        named_by: str = "",
        touch: Touch = Touch.NOTHING,
        is_open: bool = True,
        is_opening: bool = False,
    ) -> Handler:
        """Make a handler. `named_by` is the member that holds the reference; `is_open` False blacks out secrets;
        `is_opening` True: a payment is opened, which may be paid before the answer goes out (F03)."""

        async def handle(request: web.Request) -> web.StreamResponse:
            world = self._world
            refused = world.exchange.refuses_unread(request)
            if refused is not None:
                return refused
            body = await request.read()
            record = world.recorder.begin(request.path, partial(is_gone, request))
            call = self._read(request, body)
            name = call.fields.get(named_by)
            call.reference = name if isinstance(name, str) else ""
            world.recorder.identify(record, operation, (call.reference,) if call.reference else (), touch)
            said = Answer(b"")

            def do() -> Answer:
                nonlocal said
                said = self._broken(call, operation, work(call))
                record.outcome = "refused" if call.note else "done"
                return said

            response = await world.exchange.perform(request, record, do)
            if is_opening and record.outcome == "done":
                await self._pay_early(call, operation)
            is_cut = await self._delayed(request, response, call, operation)
            self._keep(request, body, call, operation, said, is_cut=is_cut, is_open=is_open)
            return response

        return handle

    def _read(self, request: web.Request, body: bytes) -> Call:
        return Call(
            headers=request.headers,
            query=dict(request.query),
            path=dict(request.match_info),
            body=body,
            base=f"{self._world.base_of(request)}/{self._provider}",
            document=read_object(body),
        )

    def _broken(self, call: Call, operation: str, answer: Answer) -> Answer:
        switch = self.take("F15_init_answer_broken", call, operation)
        if switch is None:
            return answer
        return broken_answer(answer, switch.variant)

    async def _pay_early(self, call: Call, operation: str) -> None:
        if self._pay is None or self.take("F03_confirm_before_init_answer", call, operation) is None:
            return
        # Where another fault kept the payment from being opened, there is nothing to pay.
        with suppress(CheckoutError):
            await self._pay(call.reference)
            await self._world.agenda.settled()

    async def _delayed(self, request: web.Request, response: web.StreamResponse, call: Call, operation: str) -> bool:
        """Wait or cut the connection as armed; True when the answer is lost."""
        slow = self.take("F24_slow_answer", call, operation)
        if slow is not None:
            await asyncio.sleep(slow.delay_seconds)
        lost = self.take("F14_init_answer_lost", call, operation)
        if lost is None or response.prepared:
            return False
        if lost.variant == "stall":
            await asyncio.sleep(lost.delay_seconds)
        end_connection(request.transport, with_reset=lost.variant == "reset")
        return True

    def _keep(
        self,
        request: web.Request,
        body: bytes,
        call: Call,
        operation: str,
        said: Answer,
        *,
        is_cut: bool,
        is_open: bool,
    ) -> None:
        asked = body or request.query_string.encode()
        answered = said.body
        if not is_open:
            for secret in self._hidden():
                asked, answered = (text.replace(secret.encode(), b"***") for text in (asked, answered))
        self._world.ledger.record(
            Direction.RECEIVED,
            provider=self._provider,
            operation=call.operation or operation,
            method=request.method,
            address=request.path,
            request=asked,
            http_status=None if is_cut else said.http_status,
            response=answered,
            reference=call.reference,
            note=call.note,
            switches=call.switches,
        )


def say(document: object, http_status: int = 200) -> Answer:
    """Answer with JSON."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(body, http_status, headers={MARK_HEADER: "payment"})


def broken_answer(answer: Answer, variant: str) -> Answer:
    """Give an answer as F15 breaks it."""
    match variant:
        case "500":
            return Answer(b"Internal Server Error", 500, "text/plain; charset=utf-8")
        case "502_html":
            return Answer(_HTML, 502, "text/html; charset=utf-8")
        case "empty":
            body = b""
        case "truncated":
            body = answer.body[: len(answer.body) // 2]
        case "bom":
            body = b"\xef\xbb\xbf" + answer.body
        case _:
            body = answer.body.decode("utf-8", "replace").encode("utf-16")
    return replace(answer, body=body)
