"""Endpoints by which a client asks a signed-in citizen for data, and where hub and browser come back to."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.api.bodies import read_body
from gateway.api.consent_desk import ConsentService
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.identity import desk_of
from gateway.api.identity_pages import landing_page, see_other, with_query
from gateway.api.identity_views import Address, LinkCode, Opaque
from gateway.api.looks import Shown, field_names, note_look
from gateway.api.problems import Problem
from gateway.engine.consents import ConsentLook, ConsentOrder
from gateway.errors import ConfigurationError, Fault, IntegrityFailed, InvalidInput, StoreUnavailable
from gateway.model.audit import AuditAction
from gateway.model.consent import ConsentCode, ConsentRefused, ConsentState
from gateway.model.party import CLOSED
from gateway.model.vocabulary import DossierCode
from gateway.store.clients import Scope

Purpose = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]{1,500}$")]
_HUB = re.compile(r"[a-z][a-z0-9-]{1,30}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWish:
    """A wish for a citizen's data. What is released is agreed with the hub; the citizen sees it and decides."""

    __pydantic_config__ = CLOSED

    hub: Annotated[str, StringConstraints(max_length=50), Field(description="Name of the registration.")]
    sign_in_id: Annotated[UUID, Field(description="A live sign-in of the client: whom to ask, and who may read.")]
    agency_code: Annotated[LinkCode, Field(description="The agency that needs the data; one of the client's.")]
    dossier_code: Annotated[DossierCode | None, Field(description="The dossier that it is for, when there is one.")] = (
        None
    )
    purpose: Annotated[Purpose, Field(description="What the data is for, in words; kept with the consent.")]
    return_to: Annotated[Address, Field(description="One of the client's registered addresses, exactly.")]
    state: Annotated[Opaque, Field(description="Given back at `return_to`.")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentReader:
    """Who reads: the sign-in in which the consent was asked for."""

    __pydantic_config__ = CLOSED

    sign_in_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """How a consent stands.

    `linked`: open `link` on the citizen's telephone, or wait; the application asks there anyway. `approved`: the data
    is here, collect it. The others are ends, told by `code`.
    """

    consent_id: UUID
    standing: ConsentState
    code: ConsentCode | None = None
    has_data: bool = False
    expires_at: Annotated[datetime, Field(description="When the wish ends undecided, or the data is erased.")]
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentData:
    """What the citizen released, by the hub's names: the agreed fields only."""

    consent_id: UUID
    facts: dict[str, Any]


def _service(call: Call) -> ConsentService:
    service = call.services.consents
    if service is None:
        raise Problem("no-consent-hub")
    return service


def _shown(look: ConsentLook) -> Consent:
    return Consent(
        consent_id=look.consent_id,
        standing=look.standing,
        code=look.code,
        has_data=look.has_data,
        expires_at=look.expires_at,
        link=look.link or None,
    )


async def post_consent(call: Call) -> web.StreamResponse:
    """Ask the citizen."""
    service, wish = _service(call), call.body
    assert isinstance(wish, ConsentWish)
    if wish.hub not in service.desk.hubs:
        raise Problem("invalid-content", faults=[Fault("/hub", "must be a configured registration")])
    known = desk_of(call).clients.get(call.caller.client_id)
    if known is None:
        raise Problem("client-without-addresses")
    if wish.return_to not in known.returns:
        raise Problem("invalid-content", faults=[Fault("/return_to", "must be registered for the client, exactly")])
    try:
        begun = await service.desk.begin(
            ConsentOrder(
                client_id=call.caller.client_id,
                agency_prefixes=call.caller.agency_prefixes,
                hub=wish.hub,
                sign_in_id=wish.sign_in_id,
                agency_code=wish.agency_code,
                dossier_code=wish.dossier_code,
                purpose=wish.purpose,
                return_to=wish.return_to,
                state=wish.state,
            )
        )
    except ConsentRefused as refusal:
        raise _problem_of(refusal) from refusal
    return call.answer(201 if begun.is_new else 200, _shown(begun.look))


_FIELDS = {
    "no_such_sign_in": Fault("/sign_in_id", "must be a live sign-in of this client"),
    "no_personal_number": Fault("/sign_in_id", "must be of somebody with a personal number"),
    "no_such_dossier": Fault("/dossier_code", "must be a dossier of the client's agencies"),
    "other_agency": Fault("/agency_code", "must be one of the client's agencies"),
}


def _problem_of(refusal: ConsentRefused) -> Problem:
    fault = _FIELDS.get(refusal.reason)
    if fault is not None:
        return Problem("invalid-content", faults=[fault])
    name = "consent-not-found" if refusal.consent_code is ConsentCode.NOT_FOUND else "no-consent-data"
    return Problem(name, refusal.consent_code.value)


async def look_at(call: Call) -> web.StreamResponse:
    """Tell how a consent stands."""
    reader = call.body
    assert isinstance(reader, ConsentReader)
    try:
        look = await _service(call).desk.look(call.caller.client_id, call.path["consent_id"], reader.sign_in_id)
    except ConsentRefused as refusal:
        raise _problem_of(refusal) from refusal
    return call.answer(200, _shown(look))


async def collect(call: Call) -> web.StreamResponse:
    """Hand over the data."""
    reader, consent_id = call.body, call.path["consent_id"]
    assert isinstance(reader, ConsentReader)
    try:
        facts = await _service(call).desk.collect(call.caller.client_id, consent_id, reader.sign_in_id)
    except ConsentRefused as refusal:
        raise _problem_of(refusal) from refusal
    person = await desk_of(call).sessions.person_of(call.caller.client_id, reader.sign_in_id)
    shown = Shown(
        action=AuditAction.CONSENT_COLLECT,
        fields=field_names(facts),
        purpose="consent",
        legal_basis="91/2025/QH15",
        consent_ref=str(consent_id),
    )
    # Collected again, it is written down again; nothing is lost when it cannot be.
    await note_look(call, shown, outcome="collected", numbers=() if person is None else (person.personal_id,))
    return call.answer(200, ConsentData(consent_id=consent_id, facts=dict(facts)), {"Cache-Control": "no-store"})


async def hear(call: Call) -> web.StreamResponse:
    """Take the hub's webhook: 200 once it is stored, so that it is not sent again (§7.4)."""
    service, hub = _service(call), _known_hub(call)
    limits = replace(call.services.limits, max_body_bytes=service.max_webhook_bytes)
    body = await read_body(call.request, limits)
    given = call.request.headers
    # What stands twice is joined, so that neither of two signatures is taken for the only one.
    headers = {name: ", ".join(given.getall(name)) for name in given}
    try:
        notice = service.desk.read(hub, headers, body)
    except ConfigurationError as error:
        # No key can be read: whether it is the hub's is not known, and it may come again.
        raise Problem("unavailable") from error
    except IntegrityFailed as error:
        raise Problem("signature-invalid") from error
    except InvalidInput as error:
        raise Problem("invalid-content", error.message, faults=error.faults) from error
    await service.desk.hear(hub, notice)
    return call.answer_raw(200, None, "", {"Cache-Control": "no-store"})


async def come_back(call: Call) -> web.StreamResponse:
    """Take the browser back from the application, and send it to where it belongs."""
    service, hub = _service(call), _known_hub(call)
    try:
        found = await service.desk.come_back(hub, call.request.raw_path)
    except InvalidInput:
        found = None
    except StoreUnavailable:
        return landing_page(call, 503, "Chia sẻ dữ liệu", "Hệ thống bận. Đề nghị quay lại cổng dịch vụ công.")
    if found is None:
        return landing_page(call, 400, "Chia sẻ dữ liệu", "Liên kết không hợp lệ. Đề nghị quay lại cổng dịch vụ công.")
    return_to, state, consent_id = found
    told = {"consent_id": str(consent_id)} | ({"state": state} if state else {})
    return see_other(call, with_query(return_to, told))


def _known_hub(call: Call) -> str:
    hub = call.path["hub"]
    if hub not in _service(call).desk.hubs:
        raise Problem("no-such-address")
    return str(hub)


_ID = {"consent_id": UUID}
_NAME = {"hub": Annotated[str, StringConstraints(pattern=f"^{_HUB.pattern}$")]}
_CLIENT_PROBLEMS = ("no-consent-hub", "consent-not-found")


def _browser_endpoint(method: str, path: str, handler: Any, name: str, **parameters: Any) -> Endpoint:
    return Endpoint(
        method=method,
        path=path,
        operation_id=name,
        tag="consents",
        summary="A step of the hub or of a citizen's browser",
        scope=None,
        handler=handler,
        path_parameters=parameters,
        answers={200: Answer(description="Taken.")},
        problems=("no-such-address",),
        is_internal=True,
        ignores_query=True,
    )


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/consents",
        operation_id="askForConsent",
        tag="consents",
        summary="Ask a signed-in citizen to share agreed data",
        scope=Scope.CONSENTS_REQUEST,
        handler=post_consent,
        body=ConsentWish,
        description="The same wish in the same sign-in gives the same consent while nothing has come of it.",
        answers={
            200: Answer(description="The citizen is being asked already.", model=Consent),
            201: Answer(description="The citizen is asked, or cannot be: see `standing`.", model=Consent),
        },
        problems=("no-consent-hub", "no-identity-provider", "client-without-addresses"),
    ),
    Endpoint(
        method="POST",
        path="/v1/consents/{consent_id}:look",
        operation_id="lookAtConsent",
        tag="consents",
        summary="Tell how a consent stands",
        scope=Scope.CONSENTS_REQUEST,
        handler=look_at,
        path_parameters=_ID,
        body=ConsentReader,
        answers={200: Answer(description="How it stands.", model=Consent)},
        problems=_CLIENT_PROBLEMS,
    ),
    Endpoint(
        method="POST",
        path="/v1/consents/{consent_id}:collect",
        operation_id="collectConsentData",
        tag="consents",
        summary="Collect what the citizen released",
        description="May be repeated for a few minutes, in case the answer was lost; then the data is erased.",
        scope=Scope.CONSENTS_REQUEST,
        handler=collect,
        path_parameters=_ID,
        body=ConsentReader,
        answers={200: Answer(description="The data.", model=ConsentData)},
        problems=(*_CLIENT_PROBLEMS, "no-consent-data"),
    ),
    _browser_endpoint("POST", "/callbacks/consent/{hub}/webhook", hear, "consentWebhook", **_NAME),
    _browser_endpoint("GET", "/callbacks/consent/{hub}/return", come_back, "consentReturn", **_NAME),
    _browser_endpoint(
        "GET",
        "/callbacks/consent/{hub}/return/{transaction}",
        come_back,
        "consentReturnByPath",
        **_NAME,
        transaction=str,
    ),
)
