"""Putting the API together."""

import asyncio
import re
from collections.abc import Sequence
from functools import cache

from aiohttp import hdrs, web

from gateway.api import (
    accesses,
    account_statements,
    applications,
    audit,
    catalogues,
    citizens,
    codes,
    consents,
    dossiers,
    drift,
    duties,
    events,
    files,
    identity,
    identity_accounts,
    identity_pages,
    imports,
    mappings,
    monitoring,
    monitoring_dossiers,
    monitoring_receivers,
    monitoring_registers,
    monitoring_snapshots,
    monitoring_watch,
    national,
    national_reads,
    operations,
    pages,
    payment_bills,
    payment_callbacks,
    payment_cases,
    payment_fees,
    payment_pictures,
    payment_refunds,
    payment_suspense,
    payment_vouchers,
    payments,
    procedures,
    questions,
    receipt_documents,
    receipts,
    reconciliations,
    settlements,
    statements,
    subscriptions,
    synchronisation,
    systems,
    verbs,
)
from gateway.api.authentication import Authenticator
from gateway.api.endpoint import Call, Endpoint, Runtime, serving, unrouted_middleware
from gateway.api.openapi import encode_document
from gateway.api.pages import load_documents
from gateway.api.problems import Problem
from gateway.api.services import Services
from gateway.api.tracing import Tracer

ENDPOINTS: Sequence[Endpoint] = (
    *dossiers.ENDPOINTS,
    *imports.ENDPOINTS,
    *procedures.ENDPOINTS,
    *duties.ENDPOINTS,
    *payment_fees.ENDPOINTS,
    *synchronisation.ENDPOINTS,
    *catalogues.ENDPOINTS,
    *questions.ENDPOINTS,
    *statements.ENDPOINTS,
    *codes.ENDPOINTS,
    *citizens.ENDPOINTS,
    *mappings.ENDPOINTS,
    *events.ENDPOINTS,
    *subscriptions.ENDPOINTS,
    *systems.ENDPOINTS,
    *verbs.ENDPOINTS,
    *drift.ENDPOINTS,
    *operations.ENDPOINTS,
    *pages.ENDPOINTS,
    *files.ENDPOINTS,
    *applications.ENDPOINTS,
    *national.ENDPOINTS,
    *national_reads.ENDPOINTS,
    *reconciliations.ENDPOINTS,
    *identity.ENDPOINTS,
    *identity_accounts.ENDPOINTS,
    *identity_pages.ENDPOINTS,
    *consents.ENDPOINTS,
    *audit.ENDPOINTS,
    *accesses.ENDPOINTS,
    *monitoring.ENDPOINTS,
    *monitoring_dossiers.ENDPOINTS,
    *monitoring_snapshots.ENDPOINTS,
    *monitoring_receivers.ENDPOINTS,
    *monitoring_registers.ENDPOINTS,
    *monitoring_watch.ENDPOINTS,
    *payment_suspense.ENDPOINTS,
    *payments.ENDPOINTS,
    *payment_refunds.ENDPOINTS,
    *payment_cases.ENDPOINTS,
    *payment_vouchers.ENDPOINTS,
    *receipts.ENDPOINTS,
    *receipt_documents.ENDPOINTS,
    *settlements.ENDPOINTS,
    *payment_bills.ENDPOINTS,
    *payment_callbacks.ENDPOINTS,
    *payment_pictures.ENDPOINTS,
    *account_statements.ENDPOINTS,
)
"""Everything the API serves."""

RUNTIME: web.AppKey[Runtime] = web.AppKey("runtime", Runtime)


async def _expect(request: web.Request) -> web.StreamResponse | None:
    if request.headers[hdrs.EXPECT].lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # Counted as sent, this line would make the server believe that the answer itself had begun.
        request.writer.output_size = 0
        return None
    runtime = request.app[RUNTIME]
    trace = runtime.tracer.begin(request.headers.get("traceparent"))
    return Call(request, runtime, trace).refuse(Problem("expectation-failed", closes_connection=True))


def _route(path: str) -> str:
    # A colon begins a verb, so that "/runs/7:cancel" is never the run "7:cancel".
    return re.sub(r"\{(\w+)\}", r"{\1:[^{}/:]+}", path)


@cache
def openapi_document(version: str) -> bytes:
    """Give the OpenAPI document of the whole API as JSON."""
    return encode_document(ENDPOINTS, version)


def build_app(services: Services) -> web.Application:
    """Make the application. It owns nothing of what it is given: whoever made the services starts and closes them.

    Run it with `gateway.api.server.make_runner`, which sets the limits that concern connections.
    """
    runtime = Runtime(
        services=services,
        authenticator=Authenticator(services.pool, services.clock, services.limits.client_cache_seconds),
        tracer=Tracer(services.random_bytes),
        stopping=asyncio.Event(),
        documents=load_documents(openapi_document(services.version)),
    )
    app = web.Application(middlewares=[unrouted_middleware(runtime)])
    app[RUNTIME] = runtime
    app[events.WAITERS] = events.Waiters()
    for endpoint in ENDPOINTS:
        app.router.add_route(endpoint.method, _route(endpoint.path), serving(endpoint, runtime), expect_handler=_expect)

    async def begin_stopping(_: web.Application) -> None:
        # Long polls answer with what they have, imports end after the chunk at hand.
        runtime.stopping.set()

    app.on_shutdown.append(begin_stopping)
    return app
