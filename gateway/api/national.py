"""The portal's own calls into the province, in the portal's own form. Not part of the API that clients use.

Source: portal wire notes §9.
"""

from dataclasses import replace

import msgspec
from aiohttp import web

from gateway.api.bodies import read_body
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.looks import open_dossier
from gateway.api.problems import Problem
from gateway.model.procedure import Procedure
from gateway.ports.inbound import InboundLookUp, InboundReply, InboundTranslator
from gateway.store.dossiers import find_dossier
from gateway.store.procedure_reads import find_procedure

PATHS = ("search/call", "addtthcKhuyenMai", "nhanhsdvcqg", "nhantbthuedvcqg")


async def take_call(call: Call) -> web.StreamResponse:
    """Take one call of the portal."""
    desk = call.services.national
    if desk is None:
        raise Problem("no-such-address")
    if not desk.caller_rule.admits(call.request):
        raise Problem("unauthenticated", "The caller is not the portal.")
    path = call.request.path.removeprefix("/national/portal/")
    body = await read_body(call.request, replace(call.services.limits, max_body_bytes=desk.max_body_bytes))
    answer = await desk.inbox.receive(path, body)
    if isinstance(answer, InboundLookUp):
        answer = await _look_up(call, desk.translator, answer.code)
    media_type = "application/json; charset=utf-8" if answer.is_json else "text/plain; charset=utf-8"
    return call.answer_raw(answer.status, answer.body, media_type)


async def _look_up(call: Call, translator: InboundTranslator, code: str) -> InboundReply:
    services = call.services
    found = await find_dossier(services.pool, code)
    dossier, procedure = None, None
    if found is not None and found.wrapped_key:
        dossier = replace(open_dossier(call, found), status=found.status)
        stored = await find_procedure(services.pool, dossier.procedure_code)
        procedure = None if stored is None else msgspec.json.decode(stored.document, type=Procedure)
    return translator.found(code, dossier, procedure, at=services.clock.now())


ENDPOINTS = tuple(
    Endpoint(
        method="POST",
        path=f"/national/portal/{path}",
        operation_id=f"takeNationalCall{number}",
        tag="national",
        summary="Take a call of the national portal",
        scope=None,
        handler=take_call,
        answers={200: Answer(description="The answer in the portal's own form.")},
        problems=("no-such-address", "unauthenticated", "body-too-large", "body-too-slow"),
        is_internal=True,
        ignores_query=True,
    )
    for number, path in enumerate(PATHS)
)
