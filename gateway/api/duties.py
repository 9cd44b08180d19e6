"""Endpoints for what a procedure must show and whether it may be offered online."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated

import msgspec
from aiohttp import web
from pydantic import Field

from gateway.api.catalogues import kept
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.problems import Problem
from gateway.api.procedures import CODE
from gateway.model.procedure import Procedure, ServiceLevel
from gateway.store.catalogues import StoredDecision
from gateway.store.clients import Scope
from gateway.store.procedure_reads import StoredProcedure, find_procedure
from gateway.sync.catalogue_reading import ONLINE_SERVICES
from gateway.sync.procedure_duties import (
    DecisionStanding,
    Eligibility,
    Obligation,
    OfferReason,
    eligibility,
    missing_information,
    offer_reasons,
    online_offers,
)

_procedures = msgspec.json.Decoder(Procedure)
_Version = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingInformationView:
    """Something that must be shown and is not; `path` leads to the place by codes, empty for the whole procedure."""

    obligation: Obligation
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationList:
    """What a procedure must show and does not. One that is not public owes nothing."""

    code: str
    version_number: _Version
    is_public: bool
    retired_at: datetime | None
    missing: tuple[MissingInformationView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """The decision that published a procedure. `fields` are those of the portal by its own names."""

    decision_id: str
    standing: DecisionStanding
    fields: Mapping[str, str]
    changed_at: datetime | None
    checked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineOfferView:
    """An agency's online service on the procedure, how far it goes, and whether it may be offered.

    `level` is null when the portal's `level_code` is not known.
    """

    service_code: str
    service_name: str
    agency_code: str
    level: ServiceLevel | None
    level_code: str
    eligibility: Eligibility
    reasons: tuple[OfferReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineServiceList:
    """Whether a procedure may be offered online, from which decision that follows, and which agencies offer it.

    `read_at` is when the portal's list of services was last read; null means that nothing is known of services yet.
    """

    code: str
    version_number: _Version
    is_public: bool
    retired_at: datetime | None
    service_level: ServiceLevel | None
    eligibility: Eligibility
    reasons: tuple[OfferReason, ...]
    decision: DecisionView
    read_at: datetime | None
    services: tuple[OnlineOfferView, ...]


async def _find(call: Call) -> tuple[StoredProcedure, Procedure]:
    found = await find_procedure(call.services.pool, call.path["code"])
    if found is None:
        raise Problem("procedure-not-found")
    return found, _procedures.decode(found.document)


async def get_obligations(call: Call) -> web.StreamResponse:
    """List what a procedure must show and does not."""
    found, procedure = await _find(call)
    missing = tuple(
        MissingInformationView(obligation=gap.obligation, path=gap.path) for gap in missing_information(procedure)
    )
    content = ObligationList(
        code=found.code,
        version_number=found.version_number,
        is_public=procedure.is_public,
        retired_at=found.retired_at,
        missing=missing,
    )
    return call.answer(200, content)


def _decision(decision_id: str, stored: StoredDecision | None) -> DecisionView:
    if not decision_id:
        standing = DecisionStanding.NOT_NAMED
    elif stored is None:
        standing = DecisionStanding.NOT_READ
    else:
        standing = DecisionStanding.READ if stored.is_known else DecisionStanding.ABSENT
    return DecisionView(
        decision_id=decision_id,
        standing=standing,
        fields=stored.fields if stored is not None else {},
        changed_at=stored.changed_at if stored is not None else None,
        checked_at=stored.checked_at if stored is not None else None,
    )


async def get_online_services(call: Call) -> web.StreamResponse:
    """Tell whether a procedure may be offered online, and who does."""
    store = kept(call)
    found, procedure = await _find(call)
    decision_id = procedure.publication_decision_id.strip()
    decision = _decision(decision_id, await store.find_decision(decision_id) if decision_id else None)
    reasons = offer_reasons(procedure, is_retired=found.retired_at is not None, decision=decision.standing)
    lines = await store.lines(ONLINE_SERVICES)
    offers = online_offers(await store.services_of(found.code), reasons)
    content = OnlineServiceList(
        code=found.code,
        version_number=found.version_number,
        is_public=procedure.is_public,
        retired_at=found.retired_at,
        service_level=procedure.service_level,
        eligibility=eligibility(reasons),
        reasons=reasons,
        decision=decision,
        read_at=lines[0].read_at if lines else None,
        services=tuple(OnlineOfferView(**asdict(offer)) for offer in offers),
    )
    return call.answer(200, content)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/procedures/{code}/obligations",
        operation_id="getObligations",
        tag="procedures",
        summary="List what a procedure must show and does not",
        description="Of the present version. Procedures that lack something are listed by `missing_obligation` of "
        "/v1/procedures.",
        scope=Scope.PROCEDURES_READ,
        handler=get_obligations,
        path_parameters=CODE,
        answers={200: Answer(description="Empty when nothing is missing.", model=ObligationList)},
        problems=("procedure-not-found",),
    ),
    Endpoint(
        method="GET",
        path="/v1/procedures/{code}/online-services",
        operation_id="listOnlineServices",
        tag="procedures",
        summary="Tell whether a procedure may be offered online, and who does",
        scope=Scope.PROCEDURES_READ,
        handler=get_online_services,
        path_parameters=CODE,
        answers={200: Answer(description="What is known of it.", model=OnlineServiceList)},
        problems=("procedure-not-found", "no-portal"),
    ),
)
