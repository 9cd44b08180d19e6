"""What a difference between the two sides is, and what may be done about it. Pure.

The rule is the authority table (`gateway.sync.authority`): what the province owns is sent again, since it is only
outdated over there; what the portal owns is outdated here; what neither owns, or nobody, is a conflict. Only the first
is repaired by itself. A record with codes that nobody can read is left to a person before anything is sent over it.

A dossier of national origin is the portal's own: that its look-up does not show it proves nothing, and nothing is sent.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.model.dossier import Origin
from gateway.model.reconciliation import DifferenceKind, FindingState
from gateway.ports.reconciliation import Inspection
from gateway.sync.authority import Side, owner_of

REPAIRABLE = frozenset({DifferenceKind.MISSING_THERE, DifferenceKind.STALE_THERE})


@dataclass(frozen=True, slots=True)
class Classified:
    """One kind of difference of a dossier, with its canonical fields."""

    kind: DifferenceKind
    fields: tuple[str, ...] = ()


def states(found: Sequence[Classified], *, is_dry: bool) -> list[FindingState]:
    """Give what becomes of each difference of one dossier: repaired where the table allows it, else a person's.

    A repair sends the record as a whole. Beside a field that neither side owns nothing is repaired, since the repair
    would write over that field as well.
    """
    may_send = not is_dry and all(one.kind in REPAIRABLE for one in found)
    return [FindingState.REPAIRING if may_send else FindingState.PARKED for _ in found]


def classify(origin: Origin, inspection: Inspection, *, is_expected: bool) -> list[Classified]:
    """Name every kind of difference of one dossier.

    `is_expected` is whether something of it was ever delivered there: what was not is not missed.
    """
    if not inspection.is_present:
        is_missed = is_expected and origin is Origin.PROVINCE
        return [Classified(DifferenceKind.MISSING_THERE)] if is_missed else []
    if inspection.unmapped:
        tables = tuple(dict.fromkeys(f"{table} {code}" for table, code in inspection.unmapped))
        return [Classified(DifferenceKind.UNMAPPED, tables)]
    fields: dict[DifferenceKind | None, list[str]] = {}
    for difference in inspection.differences:
        fields.setdefault(_kind_of(difference.name, origin), []).append(difference.name)
    return [
        Classified(kind, tuple(dict.fromkeys(fields[kind])))
        for kind in (DifferenceKind.STALE_THERE, DifferenceKind.STALE_HERE, DifferenceKind.CONFLICT)
        if kind in fields
    ]


def _kind_of(field: str, origin: Origin) -> DifferenceKind | None:
    """Give the kind of a differing field; None for processing of a national dossier, which no record carries."""
    match owner_of(field, origin):
        case Side.PROVINCE:
            return DifferenceKind.STALE_THERE if origin is Origin.PROVINCE else None
        case Side.NATIONAL_PORTAL:
            return DifferenceKind.STALE_HERE
        case _:
            return DifferenceKind.CONFLICT


def after_repair(kind: DifferenceKind, found: Sequence[Classified]) -> FindingState:
    """Judge a repair by a second look: gone, or a person's."""
    return FindingState.PARKED if any(one.kind is kind for one in found) else FindingState.REPAIRED


def duplicated(codes: Sequence[str]) -> list[str]:
    """Give the codes that stand more than once, each once, in order."""
    return [code for code, count in Counter(codes).items() if count > 1]
