"""What the portal is believed to accept, and how we adapt to it: settings with recommended defaults.

Most of this is not documented by the portal; the defaults follow portal wire notes §13 rows 13 to 15 and 28, 29 and
the reasons beside each field. An operator who learns better changes a setting, never code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, get_args

import msgspec
from pydantic import ConfigDict, Field

from gateway.errors import Fault
from gateway.ports.portal_services import CatalogueName
from mappings.portal import wire
from mappings.portal.catalogues import CATALOGUE_FIELDS


class Profile(StrEnum):
    """Which generation of fields the portal knows."""

    CLASSIC = "classic"
    """Rows 1 to 28 of the record only; the newer fields are not sent."""
    P2023 = "2023"
    """All 38 fields; the newer ones are required by the portal."""


class Overlong(StrEnum):
    """What happens to a text that the portal has no room for."""

    HOLD = "hold"
    """The item is not sent and a person shortens it at the source: nothing is cut from an official record unseen."""
    TRIM = "trim"
    """The text is cut at the limit on the wire; the gateway keeps it whole."""


class ReceptionFallback(StrEnum):
    """What stands in NgayTiepNhan when a dossier has no reception time."""

    SUBMITTED_AT = "submitted_at"
    """The submission time: the portal requires the field, all ten statuses must reach it, and its own statistics
    fall back to NgayNopHoSo where there was no reception (portal wire notes §7.10). Status 1 or 3 beside it still
    says that nothing was received."""
    NONE = "none"
    """Nothing; with NgayTiepNhan among the non-empty fields such a dossier is held."""


class TechnicalId(StrEnum):
    """When the owner's technical id is sent as MaDoiTuong."""

    ONLINE = "online"
    ALWAYS = "always"


class EmptyReceipt(StrEnum):
    """Whether SoBienNhan is sent empty or left out when there is no acceptance receipt number."""

    SEND = "send"
    OMIT = "omit"


class SupplementId(StrEnum):
    """Whether HoSoBoSungId is a JSON number or text."""

    NUMBER = "number"
    TEXT = "text"


class NationalReference(StrEnum):
    """What stands in MaHoSo of such a status."""

    NATIONAL = "national"
    """The code under which the portal filed the dossier."""
    OWN = "own"
    """The province's own code, as the client behind a facade sends it."""


DEFAULT_LIMITS: Mapping[str, int] = MappingProxyType(
    {
        "MaHoSo": 50,
        "MaTTHC": 50,
        "MaLinhVuc": 50,
        "GhiChu": 2000,
        "TrichYeuHoSo": 2000,
        "NguoiXuLy": 50,
        "TenTepDinhKem": 4000,
        "TenGiayTo": 2000,
    }
)
DEFAULT_NON_EMPTY = ("MaHoSo", "MaTTHC", "NgayTiepNhan", "TrangThaiHoSo")

FieldName = Annotated[str, Field(min_length=1, max_length=100)]
Limit = Annotated[int, Field(ge=1, le=1_000_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRules:
    """Rules of writing. Field names are those of the wire, as the operator knows them from the portal's papers."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    profile: Profile = Profile.P2023
    limits: Mapping[str, Limit] = field(default_factory=lambda: dict(DEFAULT_LIMITS))
    """Longest text in characters, wherever the field occurs; 2,000 is where a note once refused whole dossiers.
    What is given is added to the defaults and wins over them."""
    overlong: Overlong = Overlong.HOLD
    overlong_by_field: Mapping[str, Overlong] = field(default_factory=lambda: {"NguoiXuLy": Overlong.TRIM})
    """Exceptions. The officer's name is a label of a step, not a key, and one long title must not hold a whole lane;
    another client cuts it at the same length in daily use."""
    non_empty: tuple[str, ...] = DEFAULT_NON_EMPTY
    max_code_length: Annotated[int, Field(ge=1, le=50)] = 2
    """Longest code that a code table may write."""
    reception_fallback: ReceptionFallback = ReceptionFallback.SUBMITTED_AT
    technical_id: TechnicalId = TechnicalId.ONLINE
    empty_receipt: EmptyReceipt = EmptyReceipt.SEND
    supplement_id: SupplementId = SupplementId.NUMBER
    procedure_mark_field: Annotated[str, Field(max_length=50)] = ""
    """Field of the procedure list's lines that changes with the record; with it only changed records are read. The
    evidence names none."""
    national_reference: NationalReference = NationalReference.NATIONAL
    catalogue_fields: Mapping[CatalogueName, tuple[FieldName, FieldName]] = field(default_factory=dict)
    """Fields of code and name in catalogues whose fields turn out to be others than `CATALOGUE_FIELDS` assumes."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "limits", {**DEFAULT_LIMITS, **self.limits})

    def fields_of_catalogue(self, name: CatalogueName) -> tuple[str, str]:
        """Give the fields of code and name of a catalogue."""
        return self.catalogue_fields.get(name, CATALOGUE_FIELDS[name])

    def faults(self) -> list[Fault]:
        """List field names that do not exist on the wire or cannot carry the rule."""
        texts = _text_fields()
        main = set(wire.DOSSIER_NAMES.values())
        return [
            *(Fault(f"limits.{name}", "is not a text field of the wire") for name in self.limits if name not in texts),
            *(
                Fault(f"overlong_by_field.{name}", "has no limit")
                for name in self.overlong_by_field
                if name not in self.limits
            ),
            *(Fault("non_empty", "is not a field of the dossier record", n) for n in self.non_empty if n not in main),
        ]

    def overlong_of(self, wire_name: str) -> Overlong:
        return self.overlong_by_field.get(wire_name, self.overlong)


def _text_fields() -> set[str]:
    records = (
        wire.DossierRecord,
        wire.StepRecord,
        wire.DocumentRecord,
        wire.FeeRecord,
        wire.OtherAttachmentRecord,
        wire.SupplementRecord,
        wire.ResultRecord,
        wire.IdentifierRecord,
        wire.DatabaseRecord,
    )
    return {
        field.encode_name
        for record in records
        for field in msgspec.structs.fields(record)
        if field.type is str or str in get_args(field.type)
    } | {"NoiDung"}
