"""Endpoints that tell what the code of a unit or an agency means on a day."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from aiohttp import web
from pydantic import BeforeValidator, Field, StringConstraints

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.problems import Problem
from gateway.model.party import CLOSED
from gateway.ports.codes import AgencyResolution, CodeDirectory, UnitLevel, UnitResolution
from gateway.store.clients import Scope


def _day(value: object) -> date:
    # A number would be read as Unix time, and a longer text as an instant whose day depends on a zone.
    if not isinstance(value, str) or len(value) != 10 or not value.isascii():
        raise ValueError("must be a day YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a day of the calendar, YYYY-MM-DD") from None


Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=date)]
UnitCode = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9]{2}|[0-9]{3}|[0-9]{5})$"),
    Field(description="Province (2 digits), district (3) or commune (5), zeros included.", examples=["01840"]),
]
AgencyIdentifier = Annotated[
    str,
    StringConstraints(
        pattern=(
            r"^([A-Y][0-9]{2}(\.[0-9A-Z]+)*|[0-9A-Z]{3}\.[0-9A-Z]{2}\.[0-9A-Z]{2}\.[A-Y][0-9]{2}"
            r"|Z(0[1-9]|[1-9][0-9])[0-9A-Za-z][0-9A-Za-z._:/-]{0,31})$"
        ),
        max_length=35,
    ),
    Field(description="In the form of Decision 20/2020, of QCVN 102 or of a scheme Z.", examples=["H14.1.22"]),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitQuery:
    """Which code, and as of which days."""

    __pydantic_config__ = CLOSED

    code: UnitCode
    on: Annotated[Day, Field(description="The Vietnamese date as of which the code was written.")]
    to: Annotated[Day | None, Field(description="Another date: what is the unit then, or what was it?")] = None
    level: Annotated[UnitLevel | None, Field(description="Which level is meant; another one is not found.")] = None
    place: Annotated[
        str,
        StringConstraints(max_length=200),
        Field(description="A street or hamlet, never a house: the province's written rules for splits may know it."),
    ] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyQuery:
    """Which identifier, and as of which day."""

    __pydantic_config__ = CLOSED

    code: AgencyIdentifier
    on: Annotated[Day, Field(description="The Vietnamese date of the message that names the agency.")]


def _directory(call: Call) -> CodeDirectory:
    codes = call.services.codes
    if codes is None:
        raise Problem("unavailable", "this process has no code tables")
    return codes


async def resolve_unit(call: Call) -> web.StreamResponse:
    """Tell what a unit's code means."""
    query: UnitQuery = call.query
    answer = _directory(call).resolve_unit(query.code, query.on, to=query.to, level=query.level, place=query.place)
    return call.answer(200, answer)


async def resolve_agency(call: Call) -> web.StreamResponse:
    """Tell what an agency identifier means."""
    query: AgencyQuery = call.query
    return call.answer(200, _directory(call).resolve_agency(query.code, query.on))


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/administrative-units:resolve",
        operation_id="resolveAdministrativeUnit",
        tag="catalogues",
        summary="Tell what the code of a province, district or commune means on a day",
        description=(
            "The same code names different units before and after 1 July 2025, so the day is required. A code that "
            "nobody has is an answer with a standing, not an error. With `to`, a unit that went into several others is "
            "held with its candidates, unless the province has written down where the `place` went: "
            "`is_display_guess` may be shown and must decide nothing."
        ),
        scope=Scope.CATALOGUES_READ,
        handler=resolve_unit,
        query=UnitQuery,
        answers={200: Answer(description="What the code means.", model=UnitResolution)},
    ),
    Endpoint(
        method="GET",
        path="/v1/agencies:resolve",
        operation_id="resolveAgency",
        tag="catalogues",
        summary="Tell what the electronic identifier of an agency means on a day",
        description=(
            "Takes the identifier apart and tells the standing of its level-1 code. Codes of merged provinces are "
            "closed since 1 July 2025 and stay valid inside dossier codes for ever."
        ),
        scope=Scope.CATALOGUES_READ,
        handler=resolve_agency,
        query=AgencyQuery,
        answers={200: Answer(description="What the identifier means.", model=AgencyResolution)},
    ),
)
