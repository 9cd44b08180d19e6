"""What is known of the portal's replies, and how a live one differs from it. Pure.

Shapes are made from the wire models themselves, so that what the translation reads and what counts as known cannot
part. A scalar is text or a number (both are seen, portal wire notes §1.9 and §3.2); a missing field counts only where
every client relies on it. Code catalogues are closed where their table says that an unknown code holds.

A difference is told by its place (wire names without indexes) and by a redacted example: type, length and classes of
characters, never content. Only what stands in the place of a code and has the form of one is shown as it is. Work on
one reply is bounded, whatever its size: of long lists some records are looked at, spread evenly.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType, UnionType
from typing import Any, get_args, get_origin

import msgspec

from gateway.ports.portal_services import DriftKind
from mappings.codes.tables import Table
from mappings.portal import catalogue_wire, wire

MAX_RECORDS_LOOKED_AT = 100
"""Of one list."""
MAX_NODES_LOOKED_AT = 4_000
"""Of one reply."""
MAX_DIFFERENCES = 50
"""Of one reply; a reply of another world is told well enough by so many."""
_MAX_KEYS_LOOKED_AT = 300
"""Of one object: an object used as a map would name its keys without end."""

_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,49}")
_CODE = re.compile(r"[A-Za-z0-9._-]{1,8}")
_MAX_DIGITS = 4
"""Years and small numbers; numbers of people have nine digits and more."""
NOT_SHOWN = "(name not shown)"


class JsonType(StrEnum):
    """What a JSON value is."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    NULL = "null"
    LIST = "list"
    OBJECT = "object"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One known value: its types, whether it must be there, the codes it may hold, and what is inside it."""

    types: frozenset[JsonType]
    is_required: bool = False
    codes: frozenset[str] | None = None
    inside: "Shape | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The known fields of an object. `folds_case`: names are compared in upper case, as the reader does."""

    fields: Mapping[str, Known]
    folds_case: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a reply differs from its shape."""

    kind: DriftKind
    place: str
    detail: str
    example: str = ""


SCALAR = frozenset({JsonType.TEXT, JsonType.NUMBER, JsonType.NULL})
LISTED = frozenset({JsonType.LIST, JsonType.NULL})

_CLOSED_FIELDS: Mapping[type, Mapping[str, str]] = MappingProxyType(
    {
        catalogue_wire.ChannelLine: {"KENH": "channel"},
        catalogue_wire.LevelLine: {"CAPTHUCHIEN": "executing_level"},
        catalogue_wire.FeeLine: {"MAPHILEPHI": "fee_kind"},
        wire.FoundDossier: {
            "TrangThaiHoSo": "status",
            "LoaiDoiTuong": "owner_kind",
            "HinhThuc": "result_delivery",
            "KenhThucHien": "channel",
            "NoiNopHoSo": "submission_place",
            "DuocThanhToanTrucTuyen": "online_payment",
        },
        wire.FoundFee: {"HinhThucThu": "fee_stage", "MaPhiLePhi": "fee_kind", "LoaiPhiLePhi": "fee_purpose"},
        wire.FoundIdentifier: {"LoaiDinhDanh": "identifier_type"},
        wire.FoundDocument: {"DuocTaiSuDung": "reuse"},
        wire.FoundSupplement: {"TrangThaiBoSung": "supplement_state"},
    }
)
_RELIED_ON: Mapping[type, frozenset[str]] = MappingProxyType(
    {
        catalogue_wire.ListLine: frozenset({"MATTHC", "TENTTHC"}),
        catalogue_wire.ProcedureRecord: frozenset({"MATTHC", "TENTTHC", "TRANGTHAI", "CACHTHUCTHUCHIEN"}),
        catalogue_wire.ChannelLine: frozenset({"KENH"}),
        wire.FoundDossier: frozenset({"MaHoSo"}),
    }
)
"""Fields without which nothing can be made of a record, or which every known client reads."""


def shape_of(model: type[msgspec.Struct], tables: Mapping[str, Table], *, folds_case: bool = False) -> Shape:
    """Make the shape of a wire model, with the codes of its closed catalogues (of any day)."""
    closed, relied_on = _CLOSED_FIELDS.get(model, {}), _RELIED_ON.get(model, frozenset())
    fields: dict[str, Known] = {}
    for item in msgspec.structs.fields(model):
        name = item.encode_name
        inner = _listed_type(item.type)
        if inner is None:
            codes = _codes(tables[closed[name]]) if name in closed else None
            fields[name] = Known(types=SCALAR, is_required=name in relied_on, codes=codes)
        else:
            is_model = isinstance(inner, type) and issubclass(inner, msgspec.Struct)
            inside = shape_of(inner, tables, folds_case=folds_case) if is_model else None
            fields[name] = Known(types=LISTED, is_required=name in relied_on, inside=inside)
    return Shape(fields=MappingProxyType(fields), folds_case=folds_case)


def _listed_type(annotation: Any) -> Any:
    """Give what a list field lists, None for a scalar field."""
    parts = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return next((get_args(part)[0] for part in parts if get_origin(part) is list), None)


def _codes(table: Table) -> frozenset[str]:
    return frozenset(row.foreign for row in table.rows)


def _plain(names: Iterable[str], *, required: Iterable[str]) -> Shape:
    relied_on = frozenset(required)
    return Shape(fields=MappingProxyType({n: Known(types=SCALAR, is_required=n in relied_on) for n in names}))


QUESTION = _plain(
    (
        "HOIDAPID",
        "MALINHVUC",
        "MATTHCDP",
        "MADONVI",
        "TENDONVI",
        "NOIDUNG",
        "NOIDUNGTRALOI",
        "TRALOIID",
        "HOVATEN",
        "DIACHI",
        "THUDIENTU",
        "SODIENTHOAI",
        "TRANGTHAI",
    ),
    required=("HOIDAPID", "NOIDUNG"),
)
"""A question of either list (portal wire notes §8.1)."""
ANSWER = _plain(("TRALOIID", "NOIDUNGTRALOI"), required=("TRALOIID", "NOIDUNGTRALOI"))
"""An answer (portal wire notes §8.2)."""

AGENCY = _plain(("MADONVI", "TENDONVI", "CAPDONVI"), required=())
SECTOR = _plain(("MALINHVUC", "TENLINHVUC", "MANGANH"), required=())
"""The two catalogues whose fields are documented (portal wire notes §4)."""
TECHNICAL_ID = _plain(("TECHNICALID",), required=("TECHNICALID",))
"""Portal wire notes §3.5."""


def online_service(tables: Mapping[str, Table]) -> Shape:
    """Make the shape of an online service (portal wire notes §3.4)."""
    plain = _plain(
        ("MADVC", "TENDVC", "MATTHC", "TENTTHC", "TENCOQUANBANHANH", "TENLINHVUC"), required=("MADVC", "MATTHC")
    )
    level = Known(types=SCALAR, codes=_codes(tables["service_level"]))
    application = Shape(fields=MappingProxyType({"MACOQUANTHUCHIEN": Known(types=SCALAR), "MUCDO": level}))
    applications = Known(types=LISTED, inside=application)
    return Shape(fields=MappingProxyType({**plain.fields, "APDUNGDVC": applications}))


def differences(value: Any, known: Known, place: str) -> list[Difference]:
    """Give how a value differs from what is known of it, each kind and place once. Never raises for any JSON value."""
    walk = _Walk()
    walk.value(value, known, place)
    return list(walk.found.values())


def type_of(value: Any) -> JsonType:
    """Tell what a decoded JSON value is."""
    match value:
        case None:
            return JsonType.NULL
        case bool():
            return JsonType.FLAG
        case int() | float():
            return JsonType.NUMBER
        case str():
            return JsonType.TEXT
        case list():
            return JsonType.LIST
        case _:
            return JsonType.OBJECT


def described(value: Any) -> str:
    """Describe a value without its content: type, length, classes of characters."""
    kind = type_of(value)
    match kind:
        case JsonType.TEXT:
            return f"{kind}, {_rounded(len(value))} characters, {_classes(value)}"
        case JsonType.NUMBER:
            return f"{kind}, {len(_digits(value))} characters"
        case JsonType.LIST:
            return f"{kind}, {_rounded(len(value))} items"
        case JsonType.OBJECT:
            return f"{kind}, {_rounded(len(value))} fields"
        case _:
            return kind.value


def _digits(value: float) -> str:
    # Writing out a number of thousands of digits is refused by the language.
    return "9" * 20 if isinstance(value, int) and value.bit_length() > 64 else str(abs(value))


def _rounded(count: int) -> str:
    """Give small counts exactly and large ones by their size: an exact length of a long text tells nothing useful."""
    return str(count) if count <= 20 else f"about {round(count, 1 - len(str(count)))}"


def _classes(text: str) -> str:
    sample = text[:200]
    classes = {
        "letters": any(c.isascii() and c.isalpha() for c in sample),
        "accented letters": any(not c.isascii() and c.isalpha() for c in sample),
        "digits": any(c.isdigit() for c in sample),
        "spaces": any(c.isspace() for c in sample),
        "signs": any(not c.isalnum() and not c.isspace() for c in sample),
    }
    return " and ".join(name for name, is_there in classes.items() if is_there) or "nothing"


def shown_code(value: str | float) -> str:
    """Give what stands in the place of a code: as it is when it has the form of one, else described."""
    text = value if isinstance(value, str) else _digits(value)
    if _CODE.fullmatch(text) and sum(c.isdigit() for c in text) <= _MAX_DIGITS:
        return text
    return described(value)


def _shown_name(name: str) -> str:
    is_name = _FIELD_NAME.fullmatch(name) and sum(c.isdigit() for c in name) <= _MAX_DIGITS
    return name if is_name else NOT_SHOWN


@dataclass(slots=True)
class _Walk:
    """One reply being looked at."""

    found: dict[tuple[DriftKind, str], Difference] = field(default_factory=dict)
    nodes_count: int = 0

    def note(self, kind: DriftKind, place: str, detail: str, example: str = "") -> None:
        if len(self.found) < MAX_DIFFERENCES:
            self.found.setdefault((kind, place), Difference(kind, place, detail, example))

    def value(self, value: Any, known: Known, place: str) -> None:
        self.nodes_count += 1
        kind = type_of(value)
        if kind not in known.types:
            detail = f"{kind} instead of {' or '.join(sorted(known.types - {JsonType.NULL}))}"
            self.note(DriftKind.CHANGED_TYPE, place, detail, described(value))
        if known.codes is not None and kind in (JsonType.TEXT, JsonType.NUMBER):
            self.code(value, known.codes, place)
        if known.inside is None:
            return
        if kind is JsonType.LIST:
            for item in _spread(value):
                if self.nodes_count >= MAX_NODES_LOOKED_AT:
                    return
                self.item(item, known.inside, place)
        elif kind is JsonType.OBJECT and JsonType.OBJECT in known.types:
            self.fields(value, known.inside, place)

    def item(self, item: Any, shape: Shape, place: str) -> None:
        if isinstance(item, dict):
            self.fields(item, shape, place)
        elif item is not None:
            self.note(DriftKind.CHANGED_TYPE, place, f"{type_of(item)} instead of object", described(item))

    def fields(self, record: dict[str, Any], shape: Shape, place: str) -> None:
        seen = set()
        for number, (name, value) in enumerate(record.items()):
            if number >= _MAX_KEYS_LOOKED_AT:
                return
            key = name.upper() if shape.folds_case else name
            known = shape.fields.get(key)
            if known is None:
                self.nodes_count += 1
                self.note(DriftKind.NEW_FIELD, _joined(place, _shown_name(name)), "not known", described(value))
                continue
            seen.add(key)
            self.value(value, known, _joined(place, key))
        for name, known in shape.fields.items():
            if known.is_required and name not in seen:
                self.note(DriftKind.MISSING_FIELD, _joined(place, name), "not there")

    def code(self, value: str | float, codes: frozenset[str], place: str) -> None:
        # The stray apostrophe of "1'" is known (portal wire notes §3.2); an empty code is nothing stated.
        text = (value if isinstance(value, str) else _digits(value)).strip("'’` ")
        if text and text not in codes:
            self.note(DriftKind.NEW_CODE, place, "not in the table", shown_code(text))


def _spread(items: list[Any]) -> list[Any]:
    """Give all items of a short list, and evenly spread ones of a long one, the first and the last among them."""
    if len(items) <= MAX_RECORDS_LOOKED_AT:
        return items
    last = len(items) - 1
    return [items[number * last // (MAX_RECORDS_LOOKED_AT - 1)] for number in range(MAX_RECORDS_LOOKED_AT)]


def _joined(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
