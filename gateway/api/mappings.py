"""Endpoints that tell which mapping sets are in force and which of their rows are missing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from aiohttp import web
from pydantic import Field

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.model.party import CLOSED
from gateway.model.vocabulary import Instant
from gateway.ports.mapping import CodeKind, CodeMapper, HeldRow, Suggestion
from gateway.store.clients import Scope
from gateway.store.mappings import list_held_rows, list_sets, list_versions, procedure_names

Counted = Annotated[int, Field(ge=0)]
_SHOWN_VERSIONS = 20
_SHOWN_ROWS = 500
_SUGGESTED_ROWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SetView:
    """One set in force. `unmapped` is what becomes of a code without a row; `valid_to` is the first day after it."""

    name: str
    set_version: str
    kind: CodeKind
    direction: str
    status: str
    valid_from: date
    valid_to: date | None
    unmapped: str
    digest: str
    rows_count: Counted


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """One load. Its number stands beside every delivery that it translated."""

    version: int
    digest: str
    loaded_at: Instant
    loaded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingsView:
    """The sets in force and the newest loads, newest first. `version` is null while nothing was ever loaded.

    `answering_version` is what the process that answers uses: it follows within seconds.
    """

    version: int | None
    answering_version: int | None
    sets: tuple[SetView, ...]
    versions: tuple[VersionView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingRow:
    """A row that deliveries wait for, with proposals for it. A proposal is never applied by itself."""

    kind: CodeKind
    code: str
    name: str
    deliveries_count: Counted
    suggestions: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingRows:
    """Missing rows, the most wanted first; `is_complete` is false when there are more than are shown.

    Proposals come with the twenty most wanted.
    """

    rows: tuple[MissingRow, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingQuery:
    """Which kind of code."""

    __pydantic_config__ = CLOSED

    kind: Annotated[CodeKind | None, Field(description="Only rows of this kind.")] = None


async def get_mappings(call: Call) -> web.StreamResponse:
    """Give the sets in force."""
    pool = call.services.pool
    versions = await list_versions(pool, _SHOWN_VERSIONS)
    version = versions[0].version if versions else None
    sets = await list_sets(pool, version) if version is not None else ()
    mapper = call.services.mapper.mapper
    content = MappingsView(
        version=version,
        answering_version=None if mapper is None else mapper.version,
        sets=tuple(
            SetView(
                name=line.name,
                set_version=line.set_version,
                kind=line.kind,
                direction=line.direction,
                status=line.status,
                valid_from=line.valid_from,
                valid_to=line.valid_to,
                unmapped=line.unmapped,
                digest=line.digest,
                rows_count=line.rows_count,
            )
            for line in sets
        ),
        versions=tuple(
            VersionView(version=line.version, digest=line.digest, loaded_at=line.loaded_at, loaded_by=line.loaded_by)
            for line in versions
        ),
    )
    return call.answer(200, content)


async def get_missing(call: Call) -> web.StreamResponse:
    """Give the rows that deliveries wait for."""
    query: MissingQuery = call.query
    pool, mapper = call.services.pool, call.services.mapper.mapper
    held = [row for row in await list_held_rows(pool) if query.kind is None or row.kind is query.kind]
    shown = held[:_SHOWN_ROWS]
    is_procedure_held = mapper is not None and any(row.kind is CodeKind.PROCEDURE for row in shown)
    procedures = await procedure_names(pool) if is_procedure_held else {}
    suggested: dict[tuple[CodeKind, str], tuple[Suggestion, ...]] = {}
    if mapper is not None:
        # Comparing names with a whole catalogue takes a while, and nobody else is to wait for it.
        suggested = await asyncio.to_thread(_suggested, mapper, shown[:_SUGGESTED_ROWS], procedures)
    rows = tuple(
        MissingRow(
            kind=row.kind,
            code=row.code,
            name="" if mapper is None else mapper.name_of(row.kind, row.code),
            deliveries_count=row.deliveries_count,
            suggestions=suggested.get((row.kind, row.code), ()),
        )
        for row in shown
    )
    return call.answer(200, MissingRows(rows=rows, is_complete=len(shown) == len(held)))


def _suggested(
    mapper: CodeMapper, rows: Sequence[HeldRow], procedures: Mapping[str, str]
) -> dict[tuple[CodeKind, str], tuple[Suggestion, ...]]:
    suggested: dict[tuple[CodeKind, str], tuple[Suggestion, ...]] = {}
    for kind in CodeKind:
        codes = [row.code for row in rows if row.kind is kind]
        if codes:
            targets = procedures if kind is CodeKind.PROCEDURE else {}
            found = mapper.suggest(kind, codes, targets)
            suggested.update({(kind, code): tuple(entries) for code, entries in found.items()})
    return suggested


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/mappings",
        operation_id="getMappings",
        tag="catalogues",
        summary="Tell which mapping sets are in force",
        description=(
            "Mapping sets give the national name of a province's own codes, as of a day. They are files under the "
            "province's version control and come in whole, by `gateway mappings load`."
        ),
        scope=Scope.MAPPINGS_READ,
        handler=get_mappings,
        answers={200: Answer(description="The sets in force and the newest loads.", model=MappingsView)},
    ),
    Endpoint(
        method="GET",
        path="/v1/mappings/missing",
        operation_id="getMissingMappings",
        tag="catalogues",
        summary="Tell which rows are missing, and how many deliveries wait for each",
        description=(
            "A delivery with a code that no set knows waits; it is released by itself once a load has the row. "
            "Proposals rest on the national part of a code or on words of its name, and are for a person to confirm."
        ),
        scope=Scope.MAPPINGS_READ,
        handler=get_missing,
        query=MissingQuery,
        answers={200: Answer(description="The missing rows.", model=MissingRows)},
    ),
)
