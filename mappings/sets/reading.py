"""Reading the files of one set, handed in as bytes: header, rows and names. Every fault names file, row and rule.

A set is `<stem>.toml` and `<stem>.csv`, and `<stem>.names.csv` where the province's own names are known. Text is UTF-8
in NFC with line feeds and without byte-order mark; old encodings are named and never converted.
"""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.errors import ConfigurationError
from gateway.ports.mapping import CODE, CodeKind
from mappings.codes.csv_files import Faults, Table, day_of, is_member, read_table
from mappings.codes.encodings import Finding, findings
from mappings.sets.model import (
    POLICIES,
    CodeSystem,
    Direction,
    Justification,
    MappingSet,
    Relation,
    Row,
    Sample,
    SetStatus,
    Unmapped,
    UnmappedMode,
    indexed,
)

COLUMNS = (
    "source_code",
    "target_code",
    "relation",
    "valid_from",
    "valid_to",
    "justification",
    "reviewed_by",
    "reviewed_on",
    "note",
)
NAME_COLUMNS = ("code", "name")
_SET_ID = r"^[a-z0-9_-]+(\.[a-z0-9_-]+)+$"
_OLD_ENCODINGS = frozenset({Finding.TCVN3, Finding.VNI, Finding.UTF8_READ_AS_CP1252, Finding.LOST_LETTERS})

Text = Annotated[str, Field(min_length=1, max_length=1000)]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9._+-]{1,60}$")]
CodeText = Annotated[str, Field(pattern=f"^{CODE.pattern}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _System(_Section):
    system: Word
    version: Word


class _Unmapped(_Section):
    mode: UnmappedMode
    value: CodeText | None = None
    set_id: Annotated[str | None, Field(pattern=_SET_ID)] = None

    @model_validator(mode="after")
    def _fits(self) -> "_Unmapped":
        if (self.value is not None) != (self.mode is UnmappedMode.FIXED):
            raise ValueError("must have `value` exactly when the mode is fixed")
        if (self.set_id is not None) != (self.mode is UnmappedMode.OTHER_SET):
            raise ValueError("must have `set_id` exactly when the mode is other-set")
        return self


class _Sample(_Section):
    code: CodeText
    on: date
    out: str = ""
    treatment: Literal["mapped", "passed", "fixed", "dropped", "held", "rejected", "declined"] = "mapped"

    @model_validator(mode="after")
    def _fits(self) -> "_Sample":
        if (self.treatment in ("mapped", "passed", "fixed")) != bool(self.out):
            raise ValueError("must have `out` exactly when the treatment gives a code")
        return self


class _Header(_Section):
    set_id: Annotated[str, Field(pattern=_SET_ID, max_length=60)]
    version: Annotated[str, Field(pattern=r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$", max_length=20)]
    status: SetStatus
    kind: CodeKind
    source: _System
    target: _System
    direction: Direction
    valid_from: date
    valid_to: date | None = None
    unmapped: _Unmapped
    owner: Text
    reviewers: Annotated[tuple[Text, ...], Field(min_length=1)]
    legal_basis: Text
    licence: Text
    sources: Annotated[tuple[Text, ...], Field(min_length=1)]
    samples: Annotated[tuple[_Sample, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits(self) -> "_Header":
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("must end after it begins")
        if self.unmapped.mode not in POLICIES[self.kind]:
            allowed = ", ".join(sorted(POLICIES[self.kind]))
            raise ValueError(f"must have an unmapped mode that its kind may choose: {allowed}")
        return self


def read_set(stem: str, header: bytes, rows: bytes, names: bytes | None, faults: Faults) -> MappingSet | None:
    """Read one set; None when its header cannot be used, and then `faults` says why."""
    table = _read_csv(f"{stem}.csv", rows, COLUMNS, faults, key=4, may_be_empty=("target_code",))
    own_names: Mapping[str, str] = {}
    if names is not None:
        file = f"{stem}.names.csv"
        own_names = {cells[0]: cells[1] for cells in _read_csv(file, names, NAME_COLUMNS, faults, key=1).rows}
    read = _read_header(f"{stem}.toml", header, faults)
    if read is None:
        return None
    digest = sha256()
    for content in (header, rows, names or b""):
        digest.update(len(content).to_bytes(8, "big") + content)
    return indexed(
        MappingSet(
            set_id=read.set_id,
            version=read.version,
            status=read.status,
            kind=read.kind,
            source=CodeSystem(**read.source.model_dump()),
            target=CodeSystem(**read.target.model_dump()),
            direction=read.direction,
            valid_from=read.valid_from,
            valid_to=read.valid_to,
            unmapped=Unmapped(
                mode=read.unmapped.mode, value=read.unmapped.value or "", set_id=read.unmapped.set_id or ""
            ),
            owner=read.owner,
            reviewers=read.reviewers,
            legal_basis=read.legal_basis,
            licence=read.licence,
            sources=read.sources,
            samples=tuple(Sample(**sample.model_dump()) for sample in read.samples),
            rows=tuple(_read_rows(table, faults)),
            names=own_names,
            digest=digest.hexdigest(),
            stem=stem,
        )
    )


def _read_header(file: str, raw: bytes, faults: Faults) -> _Header | None:
    text = _text(file, raw, faults)
    if text is None:
        return None
    try:
        return _Header.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        faults.add(file, None, f"must be TOML: {error}")
    except ValidationError as error:
        for item in error.errors():
            place = ".".join(map(str, item["loc"]))
            faults.add(f"{file} {place}".rstrip(), None, _rule(item))
    return None


def _rule(item: Mapping[str, Any]) -> str:
    return "must not be absent" if item["type"] == "missing" else str(item["msg"]).removeprefix("Value error, ")


def _text(file: str, raw: bytes, faults: Faults) -> str | None:
    """Decode; what an editor or an old program did to the file is told and never repaired."""
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        faults.add(file, 1, "must not begin with a byte-order mark")
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        line = raw.split(b"\n")[row - 1].decode("latin-1")
        found = "bytes of TCVN3" if Finding.TCVN3 in findings(line) else "another encoding"
        faults.add(file, row, "must be UTF-8", found)
        return None
    is_whole = True
    for row, line in enumerate(text.split("\n"), start=1):
        wrong = findings(line) & _OLD_ENCODINGS
        if wrong:
            faults.add(file, row, "must not hold damaged text; convert it at its source", min(wrong).value)
            is_whole = False
    return text if is_whole else None


def _read_csv(
    file: str, raw: bytes, columns: Sequence[str], faults: Faults, *, key: int, may_be_empty: Sequence[str] = ()
) -> Table:
    if _text(file, raw, faults) is None:
        return Table(file, ())
    return read_table(file, raw, columns, faults, required=columns[:key], key=key, may_be_empty=may_be_empty)


def _read_rows(table: Table, faults: Faults) -> list[Row]:
    rows: list[Row] = []
    for number, cells in table.numbered():
        row = _read_row(table.file, number, cells, faults)
        if row is not None:
            rows.append(row)
    return rows


def _read_row(file: str, number: int, cells: Sequence[str], faults: Faults) -> Row | None:
    source, target, relation, begins, ends, justification, reviewed_by, reviewed, note = cells
    before = len(faults.found)
    is_relation = is_member(relation, Relation, f"{file} relation", number, faults)
    is_justified = is_member(justification, Justification, f"{file} justification", number, faults)
    if not CODE.fullmatch(source):
        faults.add(file, number, "source_code must be a code")
    if relation == Relation.NONE:
        if target:
            faults.add(file, number, "target_code must be empty when the relation is none")
    elif not CODE.fullmatch(target):
        faults.add(file, number, "target_code must be a code")
    valid_from = _day(begins, file, number, faults)
    valid_to = _day(ends, file, number, faults) if ends else None
    reviewed_on = _day(reviewed, file, number, faults) if reviewed else None
    if bool(reviewed_by) != bool(reviewed):
        faults.add(file, number, "reviewed_by and reviewed_on must stand together")
    if valid_from is not None and valid_to is not None and valid_to <= valid_from:
        faults.add(file, number, "valid_to must be after valid_from")
    if len(faults.found) > before or not is_relation or not is_justified or valid_from is None:
        return None
    return Row(
        line=number,
        source=source,
        target=target,
        relation=Relation(relation),
        valid_from=valid_from,
        valid_to=valid_to,
        justification=Justification(justification),
        reviewed_by=reviewed_by,
        reviewed_on=reviewed_on,
        note=note,
    )


def _day(text: str, file: str, row: int, faults: Faults) -> date | None:
    if len(text) != len("2025-07-01"):
        faults.add(file, row, "must be a day YYYY-MM-DD")
        return None
    return day_of(text, file, row, faults)


def require_none(faults: Faults) -> None:
    """Raise ConfigurationError listing what was found, if anything was."""
    if faults.found:
        raise ConfigurationError(faults.found)
