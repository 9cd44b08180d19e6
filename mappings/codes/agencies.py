"""Electronic identifiers of agencies: their forms, and the level-1 codes with their dates.

    H14.1.22         Decision 20/2020/QĐ-TTg: groups grow from left to right, a group may have any width
    000.00.01.H14    QCVN 102:2016/BTTTT: read right to left, unused groups are zeros
    Z01…             an identification scheme with its own code behind it, no separator between

A merged province keeps the code of the old province whose name it keeps, and the statistical code of the one where its
seat is; in seven provinces these are two different ones. So neither is ever derived from the other: both come from the
table. Codes of merged-away provinces are closed since 1 July 2025 as the target of a message, and stay valid inside
every dossier code that has them. Source: codes and units notes §1.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache

from gateway.ports.codes import AgencyForm, AgencyStanding, AgencySuccessor, CodeEvidence
from mappings.codes.csv_files import Faults, ReadFile, is_member, read_table, shipped_file
from mappings.codes.reading import Notice, Reading, refused
from mappings.codes.unit_tables import PROVINCES_34, PROVINCES_34_COLUMNS, PROVINCES_63, PROVINCES_63_COLUMNS

MAX_LENGTH = 35
DECISION_09_ON = date(2025, 4, 14)
"""Decision 09/2025/QĐ-TTg in force: a new list of ministries."""
MERGED_ON = date(2025, 7, 1)
MINISTRIES = "agency-level1-ministries.csv"

_DECISION_20 = re.compile(r"(?P<level1>[A-Y][0-9]{2})(?P<groups>(?:\.[0-9A-Z]+)*)", re.ASCII)
_QCVN_102 = re.compile(
    r"(?P<v>[0-9A-Z]{3})\.(?P<z>[0-9A-Z]{2})\.(?P<y>[0-9A-Z]{2})\.(?P<level1>[A-Y][0-9]{2})", re.ASCII
)
_SCHEME_Z = re.compile(r"Z(?!00)[0-9]{2}[0-9A-Za-z][0-9A-Za-z._:/-]{0,31}", re.ASCII)
_LEVEL1 = re.compile(r"[A-Y][0-9]{2}", re.ASCII)
_RULE = "must be groups as in H14.1.22, four groups as in 000.00.01.H14, or a scheme Z01 to Z99 with its code"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyId:
    """An identifier taken apart. `groups` are the units below level 1, highest first; zeros of the old form left out.

    `level1` is empty for a scheme Z, whose own code is not taken apart.
    """

    text: str
    form: AgencyForm
    level1: str
    groups: tuple[str, ...] = ()


def read_agency_id(text: str) -> Reading[AgencyId]:
    """Read an identifier in any of its forms; the forms have no text in common."""
    if len(text) > MAX_LENGTH:
        return refused("agency", f"must have at most {MAX_LENGTH} characters", text)
    if match := _QCVN_102.fullmatch(text):
        groups = tuple(group for group in match.group("y", "z", "v") if group.strip("0"))
        return Reading(AgencyId(text=text, form=AgencyForm.QCVN_102, level1=match["level1"], groups=groups))
    if match := _DECISION_20.fullmatch(text):
        groups = tuple(match["groups"].split(".")[1:])
        return Reading(AgencyId(text=text, form=AgencyForm.DECISION_20, level1=match["level1"], groups=groups))
    if _SCHEME_Z.fullmatch(text):
        return Reading(AgencyId(text=text, form=AgencyForm.SCHEME_Z, level1=""))
    return refused("agency", _RULE, text)


def propose_other_form(agency: AgencyId) -> str | None:
    """Write an identifier in the other form by the mechanical rule, None where the rule cannot write it without loss.

    A proposal for a person or a mapping table, never a translation: provinces re-issued their trees, and the widths of
    H14.1.22 show a tree that no old code can name.
    """
    if agency.form is AgencyForm.QCVN_102:
        v, z, y, level1 = agency.text.split(".")
        used = [bool(group.strip("0")) for group in (y, z, v)]
        if used != sorted(used, reverse=True):
            return None  # A zero group above a used one: dropping it would move the unit up a level.
        return ".".join((level1, *agency.groups))
    if agency.form is AgencyForm.DECISION_20:
        widths = (2, 2, 3)
        if len(agency.groups) > len(widths):
            return None
        groups = [*agency.groups, *("0" * width for width in widths[len(agency.groups) :])]
        fits = all(len(group) == width for group, width in zip(groups, widths, strict=True))
        if not fits or any(not group.strip("0") for group in agency.groups):
            return None
        return ".".join((*reversed(groups), agency.level1))
    return None


class BodyKind(StrEnum):
    """What kind of body a level-1 code names."""

    MINISTRY = "ministry"
    PROVINCE = "province"
    PEOPLES_COUNCIL = "peoples-council"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level1:
    """A level-1 code with its dates, half-open; None: not recorded, or no end known. Names by the day they begin."""

    code: str
    kind: BodyKind
    names: tuple[tuple[date | None, str], ...]
    evidence: CodeEvidence
    valid_from: date | None = None
    valid_to: date | None = None
    replaced_by: str | None = None
    is_only_unlisted: bool = False
    """Its end is that a newer list leaves it out."""

    def name_on(self, day: date) -> str | None:
        """Give the name of a day; None when it is not known."""
        names = [name for since, name in self.names if since is None or since <= day]
        return names[-1] if names else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvinceCodes:
    """The codes of one old province side by side: the table is the only link between the series."""

    old_statistical_code: str
    old_agency_code: str
    new_statistical_code: str
    new_agency_code: str
    citizen_number_prefix: str


class Agencies:
    """The level-1 codes. Immutable."""

    def __init__(self, entries: Iterable[Level1], provinces: Iterable[ProvinceCodes]) -> None:
        self._entries: Mapping[str, Level1] = {entry.code: entry for entry in entries}
        self.provinces = tuple(provinces)
        self.citizen_prefixes = frozenset(province.citizen_number_prefix for province in self.provinces)

    def find(self, level1_code: str) -> Level1 | None:
        """Give what is known of a level-1 code."""
        return self._entries.get(level1_code)

    def codes(self) -> tuple[str, ...]:
        """Give every known level-1 code, ascending."""
        return tuple(sorted(self._entries))

    def standing(self, agency: AgencyId, day: date) -> AgencyStanding:
        """Tell what the level-1 code of an identifier is on a day."""
        entry = self._entries.get(agency.level1)
        if entry is None or (entry.valid_from is not None and day < entry.valid_from):
            return AgencyStanding.UNKNOWN
        if entry.valid_to is None or day < entry.valid_to:
            return AgencyStanding.OPEN
        return AgencyStanding.NOT_LISTED if entry.is_only_unlisted else AgencyStanding.CLOSED

    def notices(self, agency: AgencyId, day: date) -> tuple[Notice, ...]:
        """Tell what is odd about an identifier on a day; nothing about a scheme Z, which has no level-1 code."""
        return () if agency.form is AgencyForm.SCHEME_Z else _NOTICES[self.standing(agency, day)]

    def is_open_on(self, code: str, day: date) -> bool:
        """Tell whether a message of a day may be sent to a code; what is not known to be open is not."""
        agency = read_agency_id(code).value
        return agency is not None and self.standing(agency, day) is AgencyStanding.OPEN

    def successor(self, code: str, day: date) -> AgencySuccessor | None:
        """Tell who has taken over from a code that is closed on a day; None when it is not closed, or nobody is known.

        A unit below level 1 gets its province's successor and no code of its own.
        """
        agency = read_agency_id(code).value
        entry = None if agency is None else self._entries.get(agency.level1)
        if agency is None or entry is None or entry.replaced_by is None or entry.valid_to is None:
            return None
        if day < entry.valid_to:
            return None
        own = entry.replaced_by if agency.text == agency.level1 else None
        return AgencySuccessor(level1_code=entry.replaced_by, code=own, since=entry.valid_to)


_NOTICES: Mapping[AgencyStanding, tuple[Notice, ...]] = {
    AgencyStanding.OPEN: (),
    AgencyStanding.CLOSED: (Notice.LEVEL1_CLOSED,),
    AgencyStanding.NOT_LISTED: (Notice.LEVEL1_NOT_LISTED,),
    AgencyStanding.UNKNOWN: (Notice.LEVEL1_UNKNOWN,),
}


def read_agencies(read: ReadFile = shipped_file) -> Agencies:
    """Read and check the tables of level-1 codes. Raises ConfigurationError naming file, row and rule."""
    faults = Faults()
    entries = _ministries(read, faults)
    provinces, of_provinces = _provinces(read, faults)
    entries += of_provinces
    faults.raise_if_any()
    return Agencies(entries, provinces)


@cache
def load_agencies() -> Agencies:
    """Give the shipped codes, read once per process and only when somebody asks."""
    return read_agencies()


def _ministries(read: ReadFile, faults: Faults) -> list[Level1]:
    columns = ("code", "name_under_decision_20_2020", "name_under_decision_09_2025", "standing_in_2025")
    table = read_table(MINISTRIES, read(MINISTRIES), columns, faults, required=("standing_in_2025",))
    entries = []
    for number, (code, old_name, new_name, standing) in table.numbered():
        if not _LEVEL1.fullmatch(code):
            faults.add(MINISTRIES, number, "must be a letter A to Y and two digits", code)
        if not is_member(standing, ("listed", "not_listed", "unknown"), MINISTRIES, number, faults):
            continue
        is_named = {"listed": bool(new_name), "not_listed": bool(old_name) and not new_name}
        if not is_named.get(standing, not old_name and not new_name):
            faults.add(MINISTRIES, number, "names must agree with standing_in_2025", code)
        if standing == "unknown":
            continue  # A number without a body: the list has it, no source says whose it is.
        names = [(None, old_name)] if old_name else []
        entries.append(
            Level1(
                code=code,
                kind=BodyKind.MINISTRY,
                names=(*names, *([(DECISION_09_ON, new_name)] if new_name and new_name != old_name else [])),
                evidence=CodeEvidence.LISTED,
                valid_to=DECISION_09_ON if standing == "not_listed" else None,
                is_only_unlisted=standing == "not_listed",
            )
        )
    return entries


def _provinces(read: ReadFile, faults: Faults) -> tuple[list[ProvinceCodes], list[Level1]]:
    table = read_table(PROVINCES_63, read(PROVINCES_63), PROVINCES_63_COLUMNS, faults, required=PROVINCES_63_COLUMNS)
    new_table = read_table(PROVINCES_34, read(PROVINCES_34), PROVINCES_34_COLUMNS, faults)
    new_names = {row[3]: row[1] for row in new_table.rows}
    kept = {row[3] for row in table.rows if row[7] == "kept"}
    closed: dict[str, list[str]] = {}
    provinces, entries = [], []
    seen: set[str] = set()
    for number, row in table.numbered():
        old_gso, prefix, _, h_code, k_code, new_gso, new_h, after, evidence, _ = row
        if not _LEVEL1.fullmatch(h_code) or k_code != "K" + h_code[1:] or prefix != "0" + old_gso:
            faults.add(PROVINCES_63, number, "h_code, k_code_by_pattern and citizen_id_prefix must fit", h_code)
        if h_code in seen:
            faults.add(PROVINCES_63, number, "h_code stands twice", h_code)
        seen.add(h_code)
        is_member(evidence, ("direct", "bracketed"), PROVINCES_63, number, faults)
        if is_member(after, ("kept", "closed"), PROVINCES_63, number, faults) and (after == "kept") != (
            new_h == h_code
        ):
            faults.add(PROVINCES_63, number, "a kept code is its own successor, a closed one is not", h_code)
        if new_h not in kept or new_h not in new_names:
            faults.add(PROVINCES_63, number, "new_h_code must be a kept code of " + PROVINCES_34, new_h)
        if after == "closed":
            closed.setdefault(new_h, []).append(h_code)
        provinces.append(
            ProvinceCodes(
                old_statistical_code=old_gso,
                old_agency_code=h_code,
                new_statistical_code=new_gso,
                new_agency_code=new_h,
                citizen_number_prefix=prefix,
            )
        )
        entries += _province_entries(row, new_names)
    for number, row in new_table.numbered():
        if sorted(filter(None, row[5].split(";"))) != sorted(closed.get(row[3], ())):
            faults.add(PROVINCES_34, number, "h_codes_closed must agree with " + PROVINCES_63, row[3])
    return provinces, entries


def _province_entries(row: tuple[str, ...], new_names: Mapping[str, str]) -> list[Level1]:
    _, _, name, h_code, k_code, _, new_h, after, evidence, _ = row
    names: list[tuple[date | None, str]] = [(None, name)]
    if after == "kept" and new_names.get(h_code, name) != name:
        names.append((MERGED_ON, new_names[h_code]))
    valid_to, by_h, by_k = (MERGED_ON, new_h, "K" + new_h[1:]) if after == "closed" else (None, None, None)
    # The council's number follows its province by pattern; Decision 09/2025 itself states K57 only.
    council = CodeEvidence.DIRECT if k_code == "K57" else CodeEvidence.BY_PATTERN
    return [
        Level1(
            code=h_code,
            kind=BodyKind.PROVINCE,
            names=tuple(names),
            evidence=CodeEvidence.DIRECT if evidence == "direct" else CodeEvidence.BRACKETED,
            valid_to=valid_to,
            replaced_by=by_h,
        ),
        Level1(
            code=k_code,
            kind=BodyKind.PEOPLES_COUNCIL,
            names=tuple((since, "Hội đồng nhân dân " + one) for since, one in names),
            evidence=council,
            valid_to=valid_to,
            replaced_by=by_k,
        ),
    ]
