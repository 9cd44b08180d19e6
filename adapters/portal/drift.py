"""Watching live replies of the portal: which shape belongs to which operation, and telling of differences.

Beside the call, never in its way: what is told of a reply changes nothing about how it is read, and a failure in here
is told as a defect and forgotten.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from adapters.portal.failures import PUSHES, READS, Operation
from adapters.portal.protocol import SYSTEM
from adapters.portal.replies import Reply
from adapters.portal.settings import PortalSettings
from gateway.ports.portal_services import DriftKind, DriftSighting, DriftWatch
from mappings.codes.tables import Table
from mappings.portal import catalogue_wire, wire
from mappings.portal.drift import (
    AGENCY,
    ANSWER,
    LISTED,
    QUESTION,
    SCALAR,
    SECTOR,
    TECHNICAL_ID,
    JsonType,
    Known,
    Shape,
    described,
    differences,
    online_service,
    shape_of,
    type_of,
)

KNOWN_CODES = frozenset({"0", "3", "-3", "-1"})
"""Error codes with a meaning that is known or assumed (portal wire notes §1.6, §13 row 7), normalised."""
_TEXT = Known(types=frozenset({JsonType.TEXT}))
_OPTIONAL_TEXT = Known(types=frozenset({JsonType.TEXT, JsonType.NULL}))

_OBJECT_RESULTS = frozenset({Operation.LIST_ONLINE_SERVICES})
"""Reads whose documented result is an object with the list in `data` (portal wire notes §3.4)."""


class PortalDrift:
    """Looks at replies and tells a watch. Cheap for pushes: their replies are an envelope and nothing else."""

    def __init__(
        self,
        settings: PortalSettings,
        tables: Mapping[str, Table],
        watch: DriftWatch,
        on_defect: Callable[[BaseException], None],
    ) -> None:
        dialect = settings.dialect
        self._codes = KNOWN_CODES | dialect.success_codes | frozenset(dialect.code_meanings)
        self._success_codes = dialect.success_codes
        self._watch = watch
        self._on_defect = on_defect
        self._envelopes = MappingProxyType({operation: _envelope(operation, tables) for operation in Operation})

    def look(self, operation: Operation, reply: Reply) -> None:
        """Tell how a reply differs from what is known. Never raises."""
        try:
            self._look(operation, reply)
        except Exception as error:  # noqa: BLE001 - watching must not break a call that can be understood
            self._on_defect(error)

    def _look(self, operation: Operation, reply: Reply) -> None:
        envelope = reply.envelope
        if not envelope:
            return  # Bare text, which some facades answer pushes with.
        known = self._envelopes[operation]
        usual = self._usual_result(operation, envelope.get("result"))
        if usual is not None:
            envelope = {**envelope, "result": usual}
        for found in differences(envelope, known, ""):
            self._tell(operation, found.kind, found.place, found.detail, found.example)
        if reply.code is not None and reply.code not in self._codes:
            # A code is short and formed like one, or the reply would not have been read.
            self._tell(operation, DriftKind.NEW_CODE, "error_code", "not known", reply.code)
        if operation in READS and reply.code in self._success_codes and "result" not in envelope:
            self._tell(operation, DriftKind.MISSING_FIELD, "result", "not there", "")

    def _usual_result(self, operation: Operation, result: Any) -> Any:
        """Tell of a result in another form that the reader understands all the same; give it in the usual one."""
        if operation not in READS or not isinstance(result, dict | list):
            return None
        is_object = isinstance(result, dict)
        if is_object is (operation in _OBJECT_RESULTS):
            return None
        usual = JsonType.LIST if is_object else JsonType.OBJECT
        detail = f"{type_of(result)} instead of {usual}"
        self._tell(operation, DriftKind.CHANGED_TYPE, "result", detail, described(result))
        if not isinstance(result, dict):
            return {"data": result}
        inner = result.get("data")
        return inner if isinstance(inner, list) else [result]

    def _tell(self, operation: Operation, kind: DriftKind, place: str, detail: str, example: str) -> None:
        self._watch(
            DriftSighting(system=SYSTEM, operation=operation, kind=kind, place=place, detail=detail, example=example)
        )


def _envelope(operation: Operation, tables: Mapping[str, Table]) -> Known:
    fields: dict[str, Any] = {
        "error_code": Known(types=SCALAR, is_required=True),
        "message": _OPTIONAL_TEXT,
    }
    if operation is Operation.LOGIN:
        # A sibling service answers with words in `result` (portal wire notes §1.3).
        fields |= {"session": _TEXT, "result": _OPTIONAL_TEXT}
    elif operation in PUSHES:
        fields["result"] = Known(types=LISTED | _OPTIONAL_TEXT.types)
    else:
        listed = Known(types=LISTED, inside=_record(operation, tables))
        if operation in _OBJECT_RESULTS:
            data = Shape(fields=MappingProxyType({"data": replace(listed, is_required=True)}))
            listed = Known(types=frozenset({JsonType.OBJECT, JsonType.NULL}), inside=data)
        fields["result"] = listed
    return Known(types=frozenset({JsonType.OBJECT}), inside=Shape(fields=MappingProxyType(fields)))


def _record(operation: Operation, tables: Mapping[str, Table]) -> Shape | None:
    match operation:
        case Operation.LIST_PROCEDURES | Operation.LIST_UNIT_PROCEDURES:
            return shape_of(catalogue_wire.ListLine, tables, folds_case=True)
        case Operation.GET_PROCEDURE:
            return shape_of(catalogue_wire.ProcedureRecord, tables, folds_case=True)
        case Operation.LOOK_UP | Operation.LIST_DOSSIERS:
            return shape_of(wire.FoundDossier, tables)
        case Operation.LIST_CITIZENS_QUESTIONS | Operation.LIST_AGENCIES_QUESTIONS:
            return QUESTION
        case Operation.GET_ANSWERS:
            return ANSWER
        case Operation.LIST_ONLINE_SERVICES:
            return online_service(tables)
        case Operation.READ_AGENCIES:
            return AGENCY
        case Operation.READ_SECTORS:
            return SECTOR
        case Operation.FIND_TECHNICAL_ID:
            return TECHNICAL_ID
        case _:
            return None  # Not documented (portal wire notes §3.3, §4): nothing is known that could differ.
