"""What the portal gives to be read beside procedures: catalogues, online services, decisions, technical ids. Pure.

Items come as they are, doubled and contradictory ones included; what has no form at all is refused whole, because a
list that was read in part looks like a list from which things have gone. Source: portal wire notes §3.3 to §3.5, §4,
§13 rows 22 to 24.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from gateway.errors import Fault, InvalidInput
from gateway.ports.portal_services import (
    CatalogueItem,
    CatalogueName,
    OnlineService,
    PublicationDecision,
    ServiceApplication,
)
from mappings.portal.catalogue_wire import upper_keys
from mappings.portal.scalars import clean_text_of
from mappings.portal.tables import PortalCodes

WireName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,60}$")]
_MAX_DEPTH = 8
_SHOWN_FAULTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueFields:
    """Wire names of code and name of a catalogue's items; the first that an item has counts."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    code: Annotated[tuple[WireName, ...], Field(min_length=1)]
    name: Annotated[tuple[WireName, ...], Field(min_length=1)]


@cache
def packaged_fields() -> Mapping[CatalogueName, CatalogueFields]:
    """Give the packaged table: a row for every catalogue."""
    text = resources.files("mappings.portal").joinpath("catalogue_fields.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)
    return MappingProxyType(
        {
            name: CatalogueFields(code=tuple(rows[name]["code"]), name=tuple(rows[name]["name"]))
            for name in CatalogueName
        }
    )


def read_catalogue(result: Sequence[Any], fields: CatalogueFields) -> list[CatalogueItem]:
    """Read a catalogue in the order in which it came; an item without a code has an empty one.

    Raises InvalidInput when something in it is no object, or when no item at all has a field for its code: then the
    names of the fields are other ones than supposed, and nothing of the list can be told apart.
    """
    _require_objects(result)
    items: list[CatalogueItem] = []
    is_code_known = False
    for raw in result:
        by_folded = {key.upper(): key for key in raw}
        code_key = _first(fields.code, by_folded)
        name_key = _first(fields.name, by_folded)
        is_code_known = is_code_known or code_key is not None
        items.append(
            CatalogueItem(
                code=clean_text_of(_scalar(raw, code_key)),
                name=clean_text_of(_scalar(raw, name_key)),
                attributes=tuple(flattened({key: raw[key] for key in raw if key not in (code_key, name_key)})),
            )
        )
    if items and not is_code_known:
        rule = f"must have one of {', '.join(fields.code)}"
        raise InvalidInput("no item has a field for its code", [Fault("result", rule)], code="unknown_fields")
    return items


def read_online_services(result: Sequence[Any], codes: PortalCodes) -> list[OnlineService]:
    """Read the online services; a level whose code no row covers is None beside its code.

    Raises InvalidInput when something is no object, or a service has no code.
    """
    _require_objects(result)
    services: list[OnlineService] = []
    faults: list[Fault] = []
    for index, raw in enumerate(upper_keys(list(result))):
        code = clean_text_of(_scalar(raw, "MADVC"))
        applied = raw.get("APDUNGDVC") or []
        if not code:
            faults.append(Fault(f"result/{index}/MADVC", "must not be empty"))
        elif not isinstance(applied, list) or not all(isinstance(one, dict) for one in applied):
            faults.append(Fault(f"result/{index}/APDUNGDVC", "must be a list of objects"))
        else:
            services.append(
                OnlineService(
                    code=code,
                    name=clean_text_of(_scalar(raw, "TENDVC")),
                    procedure_code=clean_text_of(_scalar(raw, "MATTHC")),
                    procedure_name=clean_text_of(_scalar(raw, "TENTTHC")),
                    issuing_agency_name=clean_text_of(_scalar(raw, "TENCOQUANBANHANH")),
                    sector_name=clean_text_of(_scalar(raw, "TENLINHVUC")),
                    applications=tuple(_application(one, codes) for one in applied),
                )
            )
    if faults:
        raise InvalidInput("the online services have lines that cannot be read", faults[:_SHOWN_FAULTS])
    return services


def _application(raw: Mapping[str, Any], codes: PortalCodes) -> ServiceApplication:
    level_code = clean_text_of(_scalar(raw, "MUCDO"))
    return ServiceApplication(
        agency_code=clean_text_of(_scalar(raw, "MACOQUANTHUCHIEN")),
        level=codes.service_level.inbound.get(level_code),
        level_code=level_code,
    )


def read_decision(result: Sequence[Any], decision_id: str) -> PublicationDecision | None:
    """Read a publication decision; None when there is none. Raises InvalidInput when several or no object came."""
    _require_objects(result)
    if not result:
        return None
    if len(result) > 1:
        raise InvalidInput(
            "one decision was asked for and another number came", [Fault("result", "must have one item")]
        )
    return PublicationDecision(decision_id=decision_id, fields=tuple(flattened(result[0])))


def read_technical_id(result: Sequence[Any]) -> str | None:
    """Read a technical id; None when nobody is registered.

    Raises InvalidInput when a record has none, or when two records have different ones: neither is guessed right.
    """
    _require_objects(result)
    found = {clean_text_of(_scalar(raw, "TECHNICALID")) for raw in upper_keys(list(result))}
    if "" in found:
        raise InvalidInput("a record has no technical id", [Fault("result/TECHNICALID", "must not be empty")])
    if len(found) > 1:
        rule = "must be one for one number"
        raise InvalidInput("several technical ids came", [Fault("result/TECHNICALID", rule)], code="contradiction")
    return next(iter(found), None)


def flattened(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give every value of a record as text under its path of wire names, in its order; lists add their index.

    Raises InvalidInput when it is nested without end.
    """
    yield from _flattened(record.items(), "", 0)


def _flattened(pairs: Iterable[tuple[Any, Any]], prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _MAX_DEPTH:
        raise InvalidInput("a record is nested too deep", [Fault("result", "must not be nested so deep")])
    for key, value in pairs:
        place = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flattened(value.items(), f"{place}/", depth + 1)
        elif isinstance(value, list):
            yield from _flattened(enumerate(value), f"{place}/", depth + 1)
        else:
            yield place, clean_text_of(value)


def _require_objects(result: Sequence[Any]) -> None:
    faults = [Fault(f"result/{at}", "must be an object") for at, raw in enumerate(result) if not isinstance(raw, dict)]
    if faults:
        raise InvalidInput("the list holds something that is no record", faults[:_SHOWN_FAULTS])


def _first(names: Sequence[str], by_folded: Mapping[str, str]) -> str | None:
    return next((by_folded[name.upper()] for name in names if name.upper() in by_folded), None)


def _scalar(raw: Mapping[str, Any], key: str | None) -> Any:
    value = raw.get(key) if key is not None else None
    return None if isinstance(value, list | dict) else value
