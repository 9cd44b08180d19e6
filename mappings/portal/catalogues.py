"""The portal's short catalogues, its online services and decisions, brought to canonical words. Pure.

Source: portal wire notes §3.3 to §3.5, §4, §13 row 22. What is there twice, contradicts itself or has no code is handed
on as it came: whoever keeps a copy judges the list as a whole.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from gateway.errors import Fault, InvalidInput
from gateway.ports.portal_services import (
    CatalogueItem,
    CatalogueName,
    OnlineService,
    PublicationDecision,
    ServiceApplication,
)
from mappings.portal.scalars import clean_text_of
from mappings.portal.tables import PortalCodes

_N = CatalogueName
CATALOGUE_FIELDS: Mapping[CatalogueName, tuple[str, str]] = MappingProxyType(
    {
        _N.AGENCIES: ("MADONVI", "TENDONVI"),
        _N.SECTORS: ("MALINHVUC", "TENLINHVUC"),
        _N.GENDERS: ("MAGIOITINH", "TENGIOITINH"),
        _N.PROVINCES: ("MATINH", "TENTINH"),
        _N.DISTRICTS: ("MAHUYEN", "TENHUYEN"),
        _N.COMMUNES: ("MAXA", "TENXA"),
        _N.COUNTRIES: ("MAQUOCGIA", "TENQUOCGIA"),
        _N.ETHNIC_GROUPS: ("MADANTOC", "TENDANTOC"),
        _N.RELIGIONS: ("MATONGIAO", "TENTONGIAO"),
        _N.MARITAL_STATUSES: ("MATINHTRANGHONNHAN", "TENTINHTRANGHONNHAN"),
        _N.APPLICANT_KINDS: ("MADOITUONG", "TENDOITUONG"),
        _N.EXECUTING_LEVELS: ("CAPTHUCHIEN", "TENCAP"),
        _N.LEGAL_BASES: ("SOVANBAN", "TENVANBAN"),
        _N.FEES: ("MAPHILEPHI", "MOTA"),
        _N.PROCEDURE_TYPES: ("MALOAITHUTUC", "TENLOAITHUTUC"),
        _N.PROCEDURE_GROUPS: ("MANHOMTHUTUC", "TENNHOMTHUTUC"),
        _N.PROCEDURES_BY_TYPE: ("MATTHC", "TENTTHC"),
    }
)
"""Fields of code and name. Seen for agencies and sectors; of applicant kinds, levels, legal bases and fees probable,
since the procedure record has them; the others are an assumption. `WireRules.catalogue_fields` sets them right."""

_MAX_DEPTH = 8
_MAX_FIELDS = 1_000
ItemT = TypeVar("ItemT")


def read_catalogue(items: Sequence[Any], fields: tuple[str, str]) -> list[CatalogueItem]:
    """Give every item in order; one without a code has the empty one.

    Raises InvalidInput when an item is no object, or when none of them has the field of the code: then the fields have
    other names than is known.
    """
    code_field, name_field = fields
    read: list[CatalogueItem] = []
    has_code_field = not items
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise InvalidInput("the catalogue holds what is no item", [Fault(str(index), "must be an object")])
        by_name = {str(key).upper(): key for key in item}
        code_key, name_key = by_name.get(code_field.upper()), by_name.get(name_field.upper())
        has_code_field = has_code_field or code_key is not None
        attributes = tuple((str(key), _flat(value)) for key, value in item.items() if key not in (code_key, name_key))
        read.append(
            CatalogueItem(
                code=clean_text_of(item[code_key]) if code_key is not None else "",
                name=clean_text_of(item[name_key]) if name_key is not None else "",
                attributes=attributes,
            )
        )
    if not has_code_field:
        fault = Fault(code_field, "is in no item: set wire.catalogue_fields")
        raise InvalidInput("the catalogue has other fields than is known", [fault])
    return read


def read_online_service(item: Any, codes: PortalCodes) -> OnlineService:
    """Read one online service. Raises InvalidInput when it has no code or none of its procedure."""
    record = _record(item)
    code, procedure_code = clean_text_of(record.get("MADVC")), clean_text_of(record.get("MATTHC"))
    faults = [
        Fault(name, "must be a code") for name, value in (("MADVC", code), ("MATTHC", procedure_code)) if not value
    ]
    applications = record.get("APDUNGDVC")
    if applications is not None and not isinstance(applications, list):
        faults.append(Fault("APDUNGDVC", "must be a list"))
    if faults:
        raise InvalidInput("an online service cannot be read", faults)
    return OnlineService(
        code=code,
        name=clean_text_of(record.get("TENDVC")),
        procedure_code=procedure_code,
        procedure_name=clean_text_of(record.get("TENTTHC")),
        issuing_agency_name=clean_text_of(record.get("TENCOQUANBANHANH")),
        sector_name=clean_text_of(record.get("TENLINHVUC")),
        applications=tuple(_application(one, codes) for one in applications or ()),
    )


def _application(item: Any, codes: PortalCodes) -> ServiceApplication:
    record = _record(item)
    level_code = clean_text_of(record.get("MUCDO"))
    return ServiceApplication(
        agency_code=clean_text_of(record.get("MACOQUANTHUCHIEN")),
        level=codes.service_level.inbound.get(level_code),
        level_code=level_code,
    )


def read_decision(item: Any, decision_id: str) -> PublicationDecision:
    """Flatten a decision: names of nested fields are joined with points, places in lists are numbers.

    Raises InvalidInput when it is no object or far larger than a decision is.
    """
    fields: list[tuple[str, str]] = []
    for place, value in _leaves(_record(item), "", 0):
        fields.append((place, value))
        if len(fields) > _MAX_FIELDS:
            raise InvalidInput("a decision has too many fields", [Fault("record", f"more than {_MAX_FIELDS} fields")])
    return PublicationDecision(decision_id=decision_id, fields=tuple(fields))


def read_technical_id(items: Sequence[Any]) -> str | None:
    """Give the one id of the answer, None for an empty answer. Raises InvalidInput for several, or none in an item."""
    found = {clean_text_of(_record(item).get("TECHNICALID")) for item in items}
    if not found:
        return None
    if "" in found or len(found) > 1:
        raise InvalidInput("the technical id is not one", [Fault("TECHNICALID", "must be exactly one")])
    return found.pop()


def read_all(items: Sequence[Any], read: Callable[[Any], ItemT]) -> list[ItemT]:
    """Read every item; one that cannot be read refuses the list, since a part would pass for the whole."""
    return [read(item) for item in items]


def _record(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise InvalidInput("the answer holds what is no record", [Fault("record", "must be an object")])
    return item


def _leaves(value: Any, place: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _MAX_DEPTH:
        raise InvalidInput("a decision is nested too deeply", [Fault(place, f"deeper than {_MAX_DEPTH}")])
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{place}.{name}" if place else str(name), depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{place}.{index}", depth + 1)
    else:
        yield place, clean_text_of(value)


def _flat(value: Any) -> str:
    """Give a further field as text: lists and objects as JSON."""
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else clean_text_of(value)
