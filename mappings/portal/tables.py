"""The portal's code tables, loaded once and asked by date.

`PortalTables` holds the checked rows; `on(day)` gives the dictionaries of that day, made once per day.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib import resources
from types import MappingProxyType
from typing import TypeVar
from unicodedata import normalize

from gateway.errors import ConfigurationError, Fault
from gateway.model.dossier import (
    Channel,
    FeeKind,
    FeePurpose,
    FeeStage,
    OnlinePayment,
    ResultDelivery,
    Reuse,
    SubmissionPlace,
)
from gateway.model.party import IdentifierType, PartyKind
from gateway.model.procedure import ExecutingLevel, ServiceLevel, TimeUnit
from gateway.model.status import DossierStatus
from mappings.codes.tables import Codes, Table, codes_on, read_tables

_ENUMS: Mapping[str, type[StrEnum]] = MappingProxyType(
    {
        "status": DossierStatus,
        "owner_kind": PartyKind,
        "result_delivery": ResultDelivery,
        "channel": Channel,
        "submission_place": SubmissionPlace,
        "online_payment": OnlinePayment,
        "fee_stage": FeeStage,
        "fee_kind": FeeKind,
        "fee_purpose": FeePurpose,
        "identifier_type": IdentifierType,
        "reuse": Reuse,
        "executing_level": ExecutingLevel,
        "time_unit": TimeUnit,
        "service_level": ServiceLevel,
    }
)
EnumT = TypeVar("EnumT", bound=StrEnum)
_FLAGS = ("mark", "truth", "supplement_state", "publication_state")
_FLAG_VALUES: Mapping[str, bool] = MappingProxyType({"no": False, "yes": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalCodes:
    """All tables as they stand on one day. `time_unit` is keyed by the folded word on the reading side."""

    status: Codes[DossierStatus]
    owner_kind: Codes[PartyKind]
    result_delivery: Codes[ResultDelivery]
    channel: Codes[Channel]
    submission_place: Codes[SubmissionPlace]
    online_payment: Codes[OnlinePayment]
    fee_stage: Codes[FeeStage]
    fee_kind: Codes[FeeKind]
    fee_purpose: Codes[FeePurpose]
    identifier_type: Codes[IdentifierType]
    reuse: Codes[Reuse]
    executing_level: Codes[ExecutingLevel]
    time_unit: Codes[TimeUnit]
    service_level: Codes[ServiceLevel]
    mark: Codes[bool]
    truth: Codes[bool]
    supplement_state: Codes[bool]
    publication_state: Codes[bool]


class PortalTables:
    """The tables with all their dates. Immutable apart from the small memory of the last days asked for."""

    def __init__(self, tables: Mapping[str, Table], *, set_id: str, version: str) -> None:
        self.tables = tables
        self.set_id = set_id
        self.version = version
        self._by_day: dict[date, PortalCodes] = {}

    def on(self, day: date) -> PortalCodes:
        """Give the dictionaries for a Vietnamese date."""
        codes = self._by_day.get(day)
        if codes is None:
            if len(self._by_day) >= 8:
                self._by_day.clear()
            codes = self._by_day[day] = self._make(day)
        return codes

    def longest_code(self, table_id: str) -> int:
        """Give the length of the longest code that the table can write, 0 when it writes none."""
        table = self.tables[table_id]
        if not table.is_written:
            return 0
        return max((len(row.foreign) for row in table.rows if not row.is_alias), default=0)

    def _make(self, day: date) -> PortalCodes:
        def flag(name: str) -> Codes[bool]:
            return codes_on(self.tables[name], _FLAG_VALUES, day)

        def coded(name: str, enum: type[EnumT]) -> Codes[EnumT]:
            return codes_on(self.tables[name], {member.value: member for member in enum}, day)

        units = coded("time_unit", TimeUnit)
        return PortalCodes(
            status=coded("status", DossierStatus),
            owner_kind=coded("owner_kind", PartyKind),
            result_delivery=coded("result_delivery", ResultDelivery),
            channel=coded("channel", Channel),
            submission_place=coded("submission_place", SubmissionPlace),
            online_payment=coded("online_payment", OnlinePayment),
            fee_stage=coded("fee_stage", FeeStage),
            fee_kind=coded("fee_kind", FeeKind),
            fee_purpose=coded("fee_purpose", FeePurpose),
            identifier_type=coded("identifier_type", IdentifierType),
            reuse=coded("reuse", Reuse),
            executing_level=coded("executing_level", ExecutingLevel),
            time_unit=Codes(
                units.table_id,
                units.outbound,
                {folded(word): unit for word, unit in units.inbound.items()},
                units.otherwise,
            ),
            service_level=coded("service_level", ServiceLevel),
            mark=flag("mark"),
            truth=flag("truth"),
            supplement_state=flag("supplement_state"),
            publication_state=flag("publication_state"),
        )


def folded(word: str) -> str:
    """Give a word as units of time are compared: composed letters, one space between words, no case."""
    return " ".join(normalize("NFC", word).split()).casefold()


def load_tables(text: str | None = None) -> PortalTables:
    """Read and check the tables: the packaged ones, or the TOML text given.

    Raises ConfigurationError listing every fault.
    """
    if text is None:
        text = resources.files("mappings.portal").joinpath("codes.toml").read_text(encoding="utf-8")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([Fault("codes.toml", f"is not TOML: {error}")]) from error
    members: dict[str, Iterable[str]] = {name: [str(value) for value in enum] for name, enum in _ENUMS.items()}
    members.update({name: tuple(_FLAG_VALUES) for name in _FLAGS})
    tables = read_tables(document, members)
    faults = [Fault(key, "must be text") for key in ("set_id", "version") if not isinstance(document.get(key), str)]
    if faults:
        raise ConfigurationError(faults)
    return PortalTables(tables, set_id=document["set_id"], version=document["version"])
