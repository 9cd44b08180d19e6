"""Endpoints for the portal's catalogues as they are kept here: now, or as of a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from gateway.api.codes import Day
from gateway.api.cursors import CatalogueCursor, read_number_cursor, write_number_cursor
from gateway.api.dossiers import PageCount, page_count
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.synchronisation import ListFindingView, finding_views, synced_system
from gateway.model.party import CLOSED
from gateway.model.vocabulary import FIRST_YEAR, LAST_YEAR, VIETNAM, ShortText
from gateway.store.catalogues import CatalogueLine, PostgresCatalogues
from gateway.store.clients import Scope
from gateway.sync.catalogue_reading import KEPT_LISTS

ListName = Annotated[str, Field(pattern=f"^({'|'.join(KEPT_LISTS)})$", examples=["agencies"])]
_Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueView:
    """How a catalogue fares. `is_offered` null: it was never asked for; `failure` tells why the last reading failed.

    `version_number` grows with every change, 0 while nothing was read. `is_held`: the last reading was too short to be
    believed, so nothing of it was taken over. `findings` are those of the last reading, at most 200.
    """

    name: str
    is_offered: bool | None
    version_number: _Count
    content_hash: str
    items_count: _Count
    requested_at: datetime | None
    attempted_at: datetime | None
    read_at: datetime | None
    failure: str
    is_held: bool
    findings_count: _Count
    findings: tuple[ListFindingView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueList:
    """All catalogues by name, the online services among them."""

    catalogues: tuple[CatalogueView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueItemView:
    """One item. `content` are its further fields: those of the portal under `attributes`, by its own names.

    `valid_from` and `valid_to` are the readings that first brought this state and first did not.
    """

    code: str
    name: str
    content: Mapping[str, Any]
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueVersionView:
    """A state of the whole catalogue."""

    version_number: Annotated[int, Field(ge=1)]
    content_hash: str
    items_count: _Count
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CataloguePage:
    """A page of items in the order of their codes. `version` is the one that is shown, null when there was none yet."""

    catalogue: CatalogueView
    version: CatalogueVersionView | None
    items: tuple[CatalogueItemView, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueQuery:
    """Which items are wanted."""

    __pydantic_config__ = CLOSED

    on: Annotated[Day | None, Field(description="What was valid at the end of this Vietnamese day; now without.")] = (
        None
    )
    code: Annotated[ShortText | None, Field(min_length=1, description="Only this item.")] = None
    cursor: CatalogueCursor | None = None
    limit: PageCount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshQuery:
    """How a reading is judged."""

    __pydantic_config__ = CLOSED

    accepts_short: Annotated[bool, Field(description="Believe it however much of what is known it lacks.")] = False


def _view(line: CatalogueLine) -> CatalogueView:
    return CatalogueView(
        name=line.name,
        is_offered=line.is_offered,
        version_number=line.version_number,
        content_hash=line.content_hash,
        items_count=line.items_count,
        requested_at=line.requested_at,
        attempted_at=line.attempted_at,
        read_at=line.read_at,
        failure=line.failure,
        is_held=line.is_held,
        findings_count=line.findings_count,
        findings=finding_views(line.findings),
    )


def kept(call: Call) -> PostgresCatalogues:
    """Give the catalogues of the configured portal. Raises Problem no-portal."""
    return PostgresCatalogues(call.services.pool, synced_system(call))


async def _line(store: PostgresCatalogues, name: str) -> CatalogueLine:
    lines = await store.lines(name)
    return lines[0] if lines else CatalogueLine(name=name)


def _end_of(day: date) -> datetime:
    # No catalogue was kept before the first year or will be after the last, and an instant must stay in the calendar.
    in_calendar = min(max(day, date(FIRST_YEAR, 1, 1)), date(LAST_YEAR, 12, 31))
    return datetime.combine(in_calendar + timedelta(days=1), time(), VIETNAM)


async def get_catalogues(call: Call) -> web.StreamResponse:
    """Tell how every catalogue fares."""
    known = {line.name: line for line in await kept(call).lines()}
    views = tuple(_view(known.get(name, CatalogueLine(name=name))) for name in sorted(KEPT_LISTS))
    return call.answer(200, CatalogueList(catalogues=views))


async def get_catalogue(call: Call) -> web.StreamResponse:
    """Give a page of a catalogue."""
    query, name, store = call.query, call.path["name"], kept(call)
    before = None if query.on is None else _end_of(query.on)
    limit = page_count(call)
    items = await store.items(
        name, before=before, code=query.code, after=read_number_cursor(query.cursor), limit=limit + 1
    )
    shown = items[:limit]
    version = await store.version(name, before)
    page = CataloguePage(
        catalogue=_view(await _line(store, name)),
        version=None
        if version is None
        else CatalogueVersionView(
            version_number=version.version_number,
            content_hash=version.content_hash,
            items_count=version.items_count,
            seen_at=version.seen_at,
        ),
        items=tuple(
            CatalogueItemView(
                code=item.code,
                name=item.name,
                content=item.content,
                valid_from=item.valid_from,
                valid_to=item.valid_to,
            )
            for item in shown
        ),
        next_cursor=write_number_cursor("c", shown[-1].item_id) if len(items) > limit else None,
    )
    return call.answer(200, page)


async def post_refresh(call: Call) -> web.StreamResponse:
    """Ask a worker to read a catalogue."""
    name, store = call.path["name"], kept(call)
    await store.request(name, accepts_short=call.query.accepts_short, now=call.services.clock.now())
    return call.answer(202, _view(await _line(store, name)))


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/catalogues",
        operation_id="listCatalogues",
        tag="catalogues",
        summary="List the portal's catalogues and how they fare",
        scope=Scope.CATALOGUES_READ,
        handler=get_catalogues,
        answers={200: Answer(description="All of them, by name.", model=CatalogueList)},
        problems=("no-portal",),
    ),
    Endpoint(
        method="GET",
        path="/v1/catalogues/{name}",
        operation_id="getCatalogue",
        tag="catalogues",
        summary="Read a catalogue, now or as of a day",
        scope=Scope.CATALOGUES_READ,
        handler=get_catalogue,
        path_parameters={"name": ListName},
        query=CatalogueQuery,
        answers={200: Answer(description="A page, in the order of the codes.", model=CataloguePage)},
        problems=("no-portal",),
    ),
    Endpoint(
        method="POST",
        path="/v1/catalogues/{name}:refresh",
        operation_id="refreshCatalogue",
        tag="catalogues",
        summary="Read a catalogue from the portal now",
        description="A worker does it next; `read_at` or `attempted_at` tell when it has.",
        scope=Scope.CATALOGUES_SYNC,
        handler=post_refresh,
        path_parameters={"name": ListName},
        query=RefreshQuery,
        answers={202: Answer(description="It waits for a worker.", model=CatalogueView)},
        problems=("no-portal",),
    ),
)
