"""A citizen's record as callers see it: every code with the day and the list that it was read by."""

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from pydantic import Field

from gateway.engine.citizen_addresses import read_unit
from gateway.model.citizen import (
    CitizenAddress,
    CitizenRecord,
    CitizenRelative,
    Coded,
    MaritalStatus,
    Sex,
    VitalStatus,
)
from gateway.model.identity import PartialDate
from gateway.model.party import IdentifierType
from gateway.ports.codes import CodeDirectory, UnitChange, UnitStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitView:
    """What the most exact code of an address means. `today` is what became of a unit of before 1 July 2025; where it
    was split, candidates are given and none is chosen."""

    code: str
    on: Annotated[date, Field(description="The day as of which the code was read.")]
    is_day_certain: Annotated[bool, Field(description="False where only the absence of a district tells the era.")]
    standing: UnitStanding
    version_id: str | None
    name: str | None
    change: UnitChange | None = None
    today_code: str | None = None
    today_name: str | None = None
    candidate_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressView:
    """An address as received; `detail` is legal text."""

    province_code: str
    district_code: str
    commune_code: str
    detail: str = field(repr=False)
    country: str
    unit: UnitView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelativeView:
    """A relative, or the head of the household."""

    full_name: str = field(repr=False)
    personal_number: str = field(repr=False)
    old_card_number: str = field(repr=False)
    nationality: str
    relation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedView:
    """A code as received, with its name where the list is known."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenView:
    """The released fields; null is not released or not stated, and `missing` tells which of them was wanted."""

    personal_number: str | None = field(default=None, repr=False)
    old_card_number: str | None = field(default=None, repr=False)
    full_name: str | None = field(default=None, repr=False)
    sex: Sex | None = None
    birth_date: Annotated[str | None, Field(description="YYYY-MM-DD, or YYYY where only the year is known.")] = field(
        default=None, repr=False
    )
    ethnicity: CodedView | None = None
    religion: CodedView | None = None
    marital_status: MaritalStatus | None = None
    blood_group: str | None = None
    nationality: str | None = None
    birth_registration: AddressView | None = None
    native_place: AddressView | None = None
    permanent_residence: AddressView | None = None
    current_residence: AddressView | None = None
    father: RelativeView | None = None
    mother: RelativeView | None = None
    spouse: RelativeView | None = None
    representative: RelativeView | None = None
    household_head: RelativeView | None = None
    household_book: str | None = None
    vital_status: VitalStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierView:
    """A number of the applicant."""

    type: IdentifierType
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyView:
    """The members of a dossier's applicant that a record tells, and the birth date beside them."""

    kind: str = "citizen"
    name: str = field(repr=False)
    identifiers: tuple[IdentifierView, ...] = field(repr=False)
    address: str = field(repr=False)
    birth_date: str | None = field(repr=False)


def citizen_view(record: CitizenRecord, codes: CodeDirectory | None, today: date) -> CitizenView:
    """Show a record."""
    return CitizenView(
        personal_number=record.personal_number or None,
        old_card_number=record.old_card_number or None,
        full_name=record.full_name or None,
        sex=record.sex,
        birth_date=_date(record.birth_date),
        ethnicity=_coded(record.ethnicity),
        religion=_coded(record.religion),
        marital_status=record.marital_status,
        blood_group=record.blood_group or None,
        nationality=record.nationality or None,
        birth_registration=_address(record.birth_registration, codes, today),
        native_place=_address(record.native_place, codes, today),
        permanent_residence=_address(record.permanent_residence, codes, today),
        current_residence=_address(record.current_residence, codes, today),
        father=_relative(record.father),
        mother=_relative(record.mother),
        spouse=_relative(record.spouse),
        representative=_relative(record.representative),
        household_head=_relative(record.household_head),
        household_book=record.household_book or None,
        vital_status=record.vital_status,
    )


def party_view(record: CitizenRecord, codes: CodeDirectory | None, today: date) -> PartyView | None:
    """Show a record as an applicant; None without a name, which an applicant must have."""
    if not record.full_name:
        return None
    numbers = (
        (IdentifierType.PERSONAL_ID, record.personal_number),
        (IdentifierType.OLD_ID_CARD, record.old_card_number),
    )
    residence = record.permanent_residence or record.current_residence
    return PartyView(
        name=record.full_name,
        identifiers=tuple(IdentifierView(type=kind, number=number) for kind, number in numbers if number),
        address="" if residence is None else _one_line(residence, codes, today),
        birth_date=_date(record.birth_date),
    )


def _one_line(address: CitizenAddress, codes: CodeDirectory | None, today: date) -> str:
    """Write an address on one line. The unit's name is added only where the day, and so the name, is certain."""
    view = _address(address, codes, today)
    name = view.unit.name if view is not None and view.unit is not None and view.unit.is_day_certain else None
    parts = [address.detail] if name is None or name.upper() in address.detail.upper() else [address.detail, name]
    return ", ".join(filter(None, parts))[:500]


def _date(born: PartialDate | None) -> str | None:
    return None if born is None else born.value


def _coded(coded: Coded | None) -> CodedView | None:
    return None if coded is None else CodedView(code=coded.code, name=coded.name)


def _address(address: CitizenAddress | None, codes: CodeDirectory | None, today: date) -> AddressView | None:
    if address is None:
        return None
    return AddressView(
        province_code=address.province_code,
        district_code=address.district_code,
        commune_code=address.commune_code,
        detail=address.detail,
        country=address.country,
        unit=None if codes is None else _unit(address, codes, today),
    )


def _unit(address: CitizenAddress, codes: CodeDirectory, today: date) -> UnitView | None:
    reading = read_unit(codes, address, today)
    if reading is None:
        return None
    resolution, move = reading.resolution, reading.resolution.move
    target = None if move is None else move.target
    return UnitView(
        code=resolution.code,
        on=resolution.on,
        is_day_certain=reading.is_certain,
        standing=resolution.standing,
        version_id=None if resolution.version is None else resolution.version.version_id,
        name=None if resolution.unit is None else resolution.unit.name,
        change=None if move is None else move.change,
        today_code=None if target is None else target.code,
        today_name=None if target is None else target.name,
        candidate_codes=() if move is None or target is not None else tuple(one.unit.code for one in move.candidates),
    )


def _relative(relative: CitizenRelative | None) -> RelativeView | None:
    if relative is None:
        return None
    return RelativeView(
        full_name=relative.full_name,
        personal_number=relative.personal_number,
        old_card_number=relative.old_card_number,
        nationality=relative.nationality,
        relation=relative.relation,
    )
