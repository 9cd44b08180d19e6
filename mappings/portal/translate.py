"""The translation between the canonical model and the portal, as one object that an adapter holds.

    canonical dossier + procedure  ->  DossierRecord | Held     (outbound.py, limits.py)
    canonical step                 ->  StepRecord | Held
    records                        ->  bytes of the wire        (profile: with or without the newer fields)
    found record                   ->  DossierFacts, StepFacts  (inbound.py), differences (compare.py)
    catalogue record               ->  Procedure                (catalogue.py)

Pure: the instant is passed in, and decides by its Vietnamese date which rows of the code tables hold.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from gateway.errors import Fault, InvalidInput, Unmapped
from gateway.model.dossier import Dossier, ProgressStep
from gateway.model.procedure import Procedure
from gateway.ports.reconciliation import FieldDifference, Inspection
from mappings.portal import wire
from mappings.portal.catalogue import read_procedure
from mappings.portal.catalogue_out import procedure_record
from mappings.portal.catalogue_wire import ProcedureRecord
from mappings.portal.compare import differences, differing_fields, shown
from mappings.portal.facts import DossierFacts, StepFacts
from mappings.portal.inbound import dossier_facts, step_facts
from mappings.portal.outbound import Held, Writer
from mappings.portal.rules import Profile, WireRules
from mappings.portal.tables import PortalCodes, PortalTables
from mappings.portal.times import vietnam_date

__all__ = ["Held", "PortalTranslator"]

RecordT = TypeVar("RecordT")


class PortalTranslator:
    """Translates both ways under fixed rules. Raises ConfigurationError when rules and tables do not fit together."""

    def __init__(self, tables: PortalTables, rules: WireRules) -> None:
        self._tables = tables
        self._rules = rules
        self._writer = Writer(tables, rules)

    def codes_at(self, at: datetime) -> PortalCodes:
        """Give the code tables of the Vietnamese date of an instant."""
        return self._tables.on(vietnam_date(at))

    def dossier(
        self, dossier_code: str, dossier: Dossier, procedure: Procedure | None, *, at: datetime
    ) -> wire.DossierRecord | Held:
        """Write a dossier as a whole, checked, or tell why it must not be sent."""
        return self._writer.dossier(dossier_code, dossier, procedure, self.codes_at(at))

    def step(self, dossier_code: str, step: ProgressStep, *, at: datetime) -> wire.StepRecord | Held:
        """Write one progress step, checked, or tell why it must not be sent."""
        return self._writer.step(dossier_code, step, self.codes_at(at))

    def wire_records(self, records: Sequence[wire.DossierRecord]) -> list[object]:
        """Give records as they are to be encoded: whole, or without the fields that an older portal does not know."""
        if self._rules.profile is Profile.P2023:
            return list(records)
        return [_classic(record) for record in records]

    def procedure(self, raw: Mapping[str, Any], *, at: datetime) -> Procedure:
        """Read a catalogue record. Raises InvalidInput or Unmapped."""
        return read_procedure(raw, self.codes_at(at))

    def procedure_record(self, procedure: Procedure, *, at: datetime) -> ProcedureRecord:
        """Write a catalogue record. Raises Unmapped."""
        return procedure_record(procedure, self.codes_at(at))

    def found_dossier(self, raw: Any) -> wire.FoundDossier:
        """Read the form of a dossier record. Raises InvalidInput when it is none."""
        return _convert(raw, wire.FoundDossier, "the dossier record cannot be read")

    def differing_fields(self, found: wire.FoundDossier, prepared: wire.DossierRecord) -> tuple[str, ...]:
        """Name the canonical fields whose stated value differs from what was prepared."""
        return differing_fields(found, prepared)

    def inspect(self, found: wire.FoundDossier, prepared: wire.DossierRecord, *, at: datetime) -> Inspection:
        """Hold a found record against what was prepared: both values of every difference, and unknown codes."""
        unmapped: tuple[tuple[str, str], ...] = ()
        try:
            dossier_facts(found, self.codes_at(at))
        except Unmapped as error:
            unmapped = tuple(error.missing)
        except InvalidInput:
            pass  # A time or amount that is none differs from ours, and is told as that.
        named = tuple(
            FieldDifference(name=name, ours=shown(ours), theirs=shown(theirs))
            for name, ours, theirs in differences(found, prepared)
        )
        return Inspection(is_present=True, differences=named, unmapped=unmapped)

    def dossier_facts(self, found: wire.FoundDossier, *, at: datetime) -> DossierFacts:
        """Read the meaning of a dossier record. Raises InvalidInput or Unmapped."""
        return dossier_facts(found, self.codes_at(at))

    def step_facts(self, raw: Any, *, at: datetime) -> StepFacts:
        """Read a progress step. Raises InvalidInput or Unmapped."""
        return step_facts(_convert(raw, wire.FoundStep, "the step cannot be read"), self.codes_at(at))


def _convert(raw: Any, record_type: type[RecordT], message: str) -> RecordT:
    try:
        return msgspec.convert(raw, record_type)
    except msgspec.ValidationError as error:
        # The decoder's message names place and type, never a value.
        raise InvalidInput(message, [Fault("record", str(error))]) from error


_DROPPED_MAIN = frozenset(wire.DOSSIER_NAMES[name] for name in wire.NEWER_DOSSIER_FIELDS)
_DROPPED_DOCUMENT = frozenset(wire.DOCUMENT_NAMES[name] for name in wire.NEWER_DOCUMENT_FIELDS)
_DROPPED_RESULT = frozenset(wire.RESULT_NAMES[name] for name in wire.NEWER_RESULT_FIELDS)


def _classic(record: wire.DossierRecord) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(record)
    kept = {name: value for name, value in plain.items() if name not in _DROPPED_MAIN}
    documents = wire.DOSSIER_NAMES["documents"]
    results = wire.DOSSIER_NAMES["results"]
    supplements = wire.DOSSIER_NAMES["supplements"]
    kept[documents] = _without(kept[documents], _DROPPED_DOCUMENT)
    kept[results] = _without(kept[results], _DROPPED_RESULT)
    nested = wire.SUPPLEMENT_NAMES["documents"]
    kept[supplements] = [
        {**supplement, nested: _without(supplement[nested], _DROPPED_DOCUMENT)} for supplement in kept[supplements]
    ]
    return kept


def _without(items: list[dict[str, Any]], dropped: frozenset[str]) -> list[dict[str, Any]]:
    return [{name: value for name, value in item.items() if name not in dropped} for item in items]
