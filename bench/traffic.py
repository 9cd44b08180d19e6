"""What is sent: dossiers of an invented day, as API bodies, as wire records, and as templates to send them from.

Everybody in it is invented (gateway.demo.world); codes count on, so that every dossier of a run is another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from pydantic import TypeAdapter

from adapters.portal.sandbox.catalogue import make_catalogue
from gateway.demo.world import make_day
from gateway.model.dossier import Dossier
from gateway.model.procedure import Procedure
from mappings.portal.rules import WireRules
from mappings.portal.tables import load_tables
from mappings.portal.translate import PortalTranslator
from mappings.portal.wire import DossierRecord

PROCEDURES_COUNT = 240
SEED = 1
MOMENT = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)
_VARIETY = 200


@dataclass(frozen=True, slots=True)
class Day:
    """The material of a run. `bodies` are first pushes as the API takes them (JSON); `dossiers` the same, read."""

    translator: PortalTranslator
    procedures: dict[str, Procedure]
    bodies: Sequence[bytes]
    dossiers: Sequence[Dossier]

    def record(self, number: int, code: str) -> DossierRecord:
        """Translate one of the dossiers under a code of its own."""
        dossier = self.dossiers[number % len(self.dossiers)]
        written = self.translator.dossier(code, dossier, self.procedures[dossier.procedure_code], at=MOMENT)
        assert isinstance(written, DossierRecord), "an invented dossier cannot be translated"
        return written


def make_material() -> Day:
    """Make the material; always the same."""
    translator = PortalTranslator(load_tables(), WireRules())
    catalogue = make_catalogue(PROCEDURES_COUNT, SEED)
    procedures = [translator.procedure(record, at=MOMENT) for record in catalogue.procedures]
    # A dossier of a procedure without a sector is held for a person; that is not what is measured here.
    plain: list[dict[str, Any]] = [msgspec.to_builtins(procedure) for procedure in procedures if procedure.sectors]
    bodies = [msgspec.json.encode(story.turns[0].requests[0].body) for story in make_day(_VARIETY, plain, SEED)]
    reader = TypeAdapter(Dossier)
    return Day(
        translator,
        {procedure.code: procedure for procedure in procedures},
        bodies,
        [reader.validate_json(body) for body in bodies],
    )


def code_of(number: int) -> str:
    """Give the code of the dossier with a number; one width for all."""
    return f"H99.01-260105-{number:08d}"


def import_lines(bodies: Sequence[bytes], first: int, count: int) -> bytes:
    """Give `count` lines of an import, each with a key of its own."""
    lines = (
        b'{"code":"%b","idempotency_key":"import-%d","dossier":%b}\n'
        % (code_of(number).encode(), number, bodies[number % len(bodies)])
        for number in range(first, first + count)
    )
    return b"".join(lines)
