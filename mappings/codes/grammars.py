"""Grammars of the codes that messages carry: dossier, procedure, component, result, field, receipt.

They accept what is in use, which is wider than the circulars print (letters in agency groups, dates of eight digits,
counters of four to seven). Identifiers are opaque and permanent: reading one never changes it, and a closed level-1
code is a notice, not a fault. The numbers of persons and enterprises are in `numbers.py`.
Source: codes and units notes §3; portal wire notes §3.2, §5.5.
"""

import re
from dataclasses import dataclass
from datetime import date

from gateway.errors import Fault
from mappings.codes.agencies import Agencies, AgencyId, read_agency_id
from mappings.codes.numbers import read_tax_code
from mappings.codes.reading import Notice, Reading, refused

_QCVN_102 = r"[0-9A-Z]{3}\.[0-9A-Z]{2}\.[0-9A-Z]{2}\.[A-Y][0-9]{2}"
_AGENCY = rf"{_QCVN_102}|[A-Y][0-9]{{2}}(?:\.[0-9A-Z]+)*"
_DOSSIER = re.compile(rf"(?P<agency>{_AGENCY})-(?P<date>[0-9]{{8}}|[0-9]{{6}})-(?P<number>[0-9]{{4,7}})", re.ASCII)
_PROCEDURE = re.compile(
    rf"(?P<national>[0-9]\.[0-9]{{6}})"
    rf"(?:\.(?:(?P<local>{_QCVN_102})(?:\.(?P<service>[0-9]{{2}}))?|(?P<level1>[A-Y][0-9]{{2}})))?",
    re.ASCII,
)
_COMPONENT = re.compile(rf"(?P<agency>{_AGENCY})-(?P<kind>[A-Z]{{2}})(?P<number>[0-9]{{6}})", re.ASCII)
_RESULT = re.compile(r"KQ\.(?P<owner>[A-Y][0-9]{2})\.(?P<number>[0-9]{6})", re.ASCII)
_FIELD = re.compile(r"(?P<owner>[A-Y][0-9]{2})-(?P<field>[0-9A-Z]+)", re.ASCII)
_RECEIPT_NUMBER = re.compile(r"[0-9]{1,7}", re.ASCII)
_RECEIPT_SYMBOL = re.compile(r"[A-ZĂÂÊÔƠƯĐ]+[-/]?[0-9]{2}[A-ZĂÂÊÔƠƯĐ]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierCode:
    """A dossier code taken apart; `text` stays the key. `number` keeps its zeros: its width is part of the code."""

    text: str
    agency: AgencyId
    dated_on: date
    number: str


def read_dossier_code(
    text: str, *, agencies: Agencies, today: date, received_on: date | None = None
) -> Reading[DossierCode]:
    """Read a dossier code. `today` is the Vietnamese date; a code may not be dated after it."""
    match = _DOSSIER.fullmatch(text)
    if match is None:
        return refused("dossier_code", "must be {agency}-{date of 6 or 8 digits}-{number of 4 to 7 digits}", text)
    agency = read_agency_id(match["agency"])
    if agency.value is None:
        return Reading(None, agency.faults)
    digits = match["date"]
    day = _day(digits)
    faults = []
    if day is None:
        faults.append(Fault("dossier_code", "must hold a date of the calendar", f"{len(digits)} digits"))
    elif day > today:
        faults.append(Fault("dossier_code", "must not be dated in the future", f"{len(digits)} digits"))
    if not match["number"].strip("0"):
        faults.append(Fault("dossier_code", "must have a number above zero", f"{len(match['number'])} digits"))
    if faults or day is None:
        return Reading(None, tuple(faults))
    notices = list(agencies.notices(agency.value, day))
    if len(digits) == 6 and len(match["number"]) > 4 and match["number"][0] != "0":
        notices.append(Notice.COUNTER_OVERFLOWED)
    if received_on is not None and abs((received_on - day).days) > 1:
        notices.append(Notice.DATE_DIFFERS)
    code = DossierCode(text=text, agency=agency.value, dated_on=day, number=match["number"])
    return Reading(code, notices=tuple(notices))


def _day(digits: str) -> date | None:
    try:
        return date.fromisoformat(digits if len(digits) == 8 else "20" + digits)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureCode:
    """A procedure code taken apart. Compare `national` for "the same procedure", `text` when addressing one."""

    text: str
    national: str
    local: AgencyId | None = None
    """Whose local copy it is; its level-1 code may be a closed one."""
    service: str = ""
    """Number of a public service below the procedure."""


def read_procedure_code(text: str) -> Reading[ProcedureCode]:
    """Read a procedure code: national, a local copy in the old form or with a bare level-1 code, or a service."""
    match = _PROCEDURE.fullmatch(text)
    if match is None:
        rule = "must be d.dddddd, alone or followed by an agency as in .000.00.00.H14 or .H14, and a service .dd"
        return refused("procedure_code", rule, text)
    suffix = match["local"] or match["level1"]
    local = None if suffix is None else read_agency_id(suffix).value
    return Reading(ProcedureCode(text=text, national=match["national"], local=local, service=match["service"] or ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentCode:
    """Code of a dossier component, as in 000.00.00.G09-KQ002269."""

    text: str
    agency: AgencyId
    kind: str
    number: str


def read_component_code(text: str) -> Reading[ComponentCode]:
    """Read a component code; only the kind KQ has been seen, others are noticed."""
    match = _COMPONENT.fullmatch(text)
    if match is None:
        return refused("component_code", "must be {agency}-{two letters}{six digits}", text)

    def make(agency: AgencyId) -> ComponentCode:
        return ComponentCode(text=text, agency=agency, kind=match["kind"], number=match["number"])

    made = read_agency_id(match["agency"]).then(make)
    is_odd = made.value is not None and match["kind"] != "KQ"
    return Reading(made.value, made.faults, (Notice.KIND_NOT_SEEN,) if is_odd else ())


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultCode:
    """Code of a kind of result, as in KQ.G07.000122."""

    text: str
    owner: str
    number: str


def read_result_code(text: str) -> Reading[ResultCode]:
    """Read a result code."""
    match = _RESULT.fullmatch(text)
    if match is None:
        return refused("result_code", "must be KQ.{level-1 code}.{six digits}", text)
    return Reading(ResultCode(text=text, owner=match["owner"], number=match["number"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCode:
    """Code of a field (lĩnh vực), as in G03-GD10. It keeps its owner even when that ministry is no more."""

    text: str
    owner: str
    field: str


def read_field_code(text: str) -> Reading[FieldCode]:
    """Read a field code. Source: Circular 01/2018/TT-VPCP article 20."""
    match = _FIELD.fullmatch(text)
    if match is None:
        return refused("field_code", "must be {level-1 code}-{digits and capital letters}", text)
    return Reading(FieldCode(text=text, owner=match["owner"], field=match["field"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptKey:
    """What names a receipt: the number alone does not, it begins at 1 again for every symbol (and year)."""

    collector_tax_code: str
    form_symbol: str
    symbol: str
    number: int


def read_receipt_key(collector_tax_code: str, form_symbol: str, symbol: str, number: str) -> Reading[ReceiptKey]:
    """Read the four parts of a receipt's key; the collector's code must be one of an organisation.

    The number is compared as a number: printed receipts begin at 0000001, electronic ones at 1. Source: Decree
    123/2020/NĐ-CP article 32.
    """
    faults = list(read_tax_code(collector_tax_code).faults)
    for name, value in (("form_symbol", form_symbol), ("symbol", symbol)):
        if not value or len(value) > 20 or any(map(str.isspace, value)):
            faults.append(
                Fault(name, "must be 1 to 20 characters without spaces", f"string of {len(value)} characters")
            )
    if not _RECEIPT_NUMBER.fullmatch(number) or not number.strip("0"):
        rule = "must be a number above zero of at most seven digits"
        faults.append(Fault("number", rule, f"string of {len(number)} characters"))
    if faults:
        return Reading(None, tuple(faults))
    key = ReceiptKey(collector_tax_code=collector_tax_code, form_symbol=form_symbol, symbol=symbol, number=int(number))
    return Reading(key, notices=() if _RECEIPT_SYMBOL.fullmatch(symbol) else (Notice.SYMBOL_NOT_SEEN,))
