"""The platform on HTTP: three calls, the payment pages, bills, daily files; and faults of the wire under their ids."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from adapters.payment.sandbox.calls import MAX_BODY_BYTES, broken_answer
from adapters.payment.sandbox.ledger import Direction
from adapters.payment.sandbox.platform_bills import bill_pdf
from adapters.payment.sandbox.platform_calls import MARK, Asked, Calls, Reply
from adapters.payment.sandbox.platform_files import is_there, read_name, rows_of, write_digest, write_file
from adapters.payment.sandbox.platform_money import NAME, Money
from adapters.payment.sandbox.platform_orders import Status
from adapters.payment.sandbox.switches import Switch
from adapters.sandboxing import Answer, CallRecord, Touch, cut, is_gone

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(money: Money, calls: Calls) -> web.Application:
    """Make the application of the platform, to be mounted under its prefix."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_post("/init", _handler(money, "INIT", calls.init))
    app.router.add_post("/query", _handler(money, "QUERY", calls.query))
    app.router.add_post("/bill", _handler(money, "GET_BILL", calls.bill))
    app.router.add_get("/bills/{token}.pdf", partial(_show_bill, money))
    app.router.add_get("/files/{name}", partial(_give_file, money))
    app.add_subapp("/checkout", money.pages.make_app())
    return app


def _handler(money: Money, operation: str, work: Callable[[Asked], Reply]) -> Handler:
    world = money.world

    async def handle(request: web.Request) -> web.StreamResponse:
        refused = world.exchange.refuses_unread(request)
        if refused is not None:
            return refused
        money.base_url = f"{world.base_of(request)}/{NAME}"
        asked = Asked.read(await request.read(), request.headers.get("Authorization", ""))
        record = world.recorder.begin(request.path, partial(is_gone, request))
        codes = (asked.reference,) if asked.reference else ()
        world.recorder.identify(record, operation, codes, Touch.EFFECT if operation == "INIT" else Touch.LOOK_UP)
        await asyncio.sleep(money.profile.latency_seconds)
        replies: list[Reply] = []

        def do() -> Answer:
            reply = work(asked)
            record.outcome = reply.code
            replies.append(reply)
            return reply.answer

        response = await world.exchange.perform(request, record, do)
        reply = replies[-1] if replies else None
        struck: list[str] = []
        if reply is not None:
            response = await _spoiled(money, request, response, operation, reply, struck)
        _keep(money, request, asked, operation, response, reply, record, struck)
        return response

    return handle


async def _spoiled(
    money: Money, request: web.Request, response: web.StreamResponse, operation: str, reply: Reply, struck: list[str]
) -> web.StreamResponse:
    """Apply the faults that befall an answer once the work is done."""
    order = reply.order
    if order is None or response.prepared:
        return response

    def taken(name: str) -> Switch | None:
        switch = money.take(name, order, operation)
        if switch is not None:
            struck.append(switch.name)
        return switch

    if operation == "INIT":
        if taken("F03_confirm_before_init_answer") is not None:
            await money.pay_at_once(order)
        lost = taken("F14_init_answer_lost")
        if lost is not None:
            if lost.variant == "stall":
                await asyncio.sleep(lost.delay_seconds)
            return cut(request, with_reset=lost.variant == "reset")
        broken = taken("F15_init_answer_broken")
        if broken is not None:
            answer = broken_answer(reply.answer, broken.variant)
            headers = {"Content-Type": answer.content_type, **MARK}
            response = web.Response(status=answer.http_status, body=answer.body, headers=headers)
    slow = taken("F24_slow_answer")
    if slow is not None:
        await asyncio.sleep(slow.delay_seconds)
    return response


def _keep(
    money: Money,
    request: web.Request,
    asked: Asked,
    operation: str,
    response: web.StreamResponse,
    reply: Reply | None,
    record: CallRecord,
    struck: list[str],
) -> None:
    """Keep the exchange with what was given to the wire; a connection that was cut gave nothing."""
    is_cut = is_gone(request)
    body = response.body if isinstance(response, web.Response) and isinstance(response.body, bytes) else b""
    money.world.ledger.record(
        Direction.RECEIVED,
        provider=NAME,
        operation=operation,
        method=request.method,
        address=request.path,
        request=asked.body,
        http_status=None if is_cut else response.status,
        response=b"" if is_cut else body,
        reference=asked.reference,
        note="" if reply is None else reply.note,
        switches=(*record.faults, *(() if reply is None else reply.switches), *struck),
    )


async def _show_bill(money: Money, request: web.Request) -> web.Response:
    order = money.orders.by_bill_token(request.match_info["token"])
    if order is None or order.status is not Status.PAID:
        return web.Response(status=404, text="Not Found", headers=MARK)
    return web.Response(body=bill_pdf(order), content_type="application/pdf", headers=MARK)


async def _give_file(money: Money, request: web.Request) -> web.Response:
    """Give a day's file or its digest to its partner; not before its hour."""
    world, profile = money.world, money.profile
    name = read_name(request.match_info["name"])
    partner = None if name is None else money.partner(name.partner)
    missing = web.Response(status=404, text="Not Found", headers=MARK)
    if name is None or partner is None:
        return missing
    if partner.access_token and request.headers.get("Authorization") != f"Bearer {partner.access_token}":
        return web.Response(status=401, text="Unauthorized", headers=MARK)
    fault = world.switches.take("F27_daily_file", provider=NAME, operation="FILE", reference=name.data_name)
    variant = "" if fault is None else fault.variant
    if variant == "missing" or not is_there(name.day, world.clock.now(), profile.files_hour):
        return missing
    rows = rows_of(world.ledger.entries(provider=NAME), partner.code, name.day, money.edits, profile.fee_vnd)
    content = write_file(rows, variant)
    if name.is_digest:
        content = write_digest(content, name.data_name, variant)
    content_type = "text/plain" if name.is_digest else "text/csv"
    world.ledger.record(
        Direction.RECEIVED,
        provider=NAME,
        operation="FILE",
        method="GET",
        address=request.path,
        request=b"",
        http_status=200,
        response=content,
        switches=() if fault is None else (fault.name,),
    )
    return web.Response(body=content, content_type=content_type, charset="utf-8", headers=MARK)
