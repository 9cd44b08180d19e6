"""Translation of one code on one day: a row, or the set's policy; never two answers, never a guess."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from gateway.ports.mapping import CodeKind, Suggestion, Translation, Treatment
from mappings.sets.model import Direction, MappingSet, Relation, UnmappedMode, entries, turned
from mappings.sets.suggestions import suggestions
from mappings.sets.targets import STATUS_NAMES

_BY_POLICY = MappingProxyType(
    {
        UnmappedMode.HOLD: Treatment.HELD,
        UnmappedMode.REJECT: Treatment.REJECTED,
        UnmappedMode.DROP: Treatment.DROPPED,
        UnmappedMode.FIXED: Treatment.FIXED,
        UnmappedMode.PASS_THROUGH: Treatment.PASSED,
    }
)


def translate(mapping_set: MappingSet, code: str, on: date, others: Mapping[str, MappingSet]) -> Translation:
    """Translate; `others` are the sets that this one may fall back to. A day outside the set's dates is held."""
    if not mapping_set.holds_on(on):
        return Translation(Treatment.HELD, "", mapping_set.name)
    for row in mapping_set.by_source.get(code, ()):
        if row.holds_on(on):
            treatment = Treatment.DECLINED if row.relation is Relation.NONE else Treatment.MAPPED
            return Translation(treatment, row.target, mapping_set.name, row.line)
    unmapped = mapping_set.unmapped
    if unmapped.mode is UnmappedMode.OTHER_SET:
        return translate(others[unmapped.set_id], code, on, others)
    treatment = _BY_POLICY[unmapped.mode]
    target = {Treatment.FIXED: unmapped.value, Treatment.PASSED: code}.get(treatment, "")
    return Translation(treatment, target, mapping_set.name)


class MappingSets:
    """Implements CodeMapper: all sets of one load, checked before (`lint.read_collection`)."""

    def __init__(self, sets: Mapping[str, MappingSet], *, version: int = 0) -> None:
        self.sets = sets
        self._version = version
        self._entries: dict[tuple[CodeKind, bool], tuple[MappingSet, ...]] = {}
        for mapping_set in entries(sets.values()):
            if mapping_set.direction is not Direction.INBOUND:
                self._add(mapping_set.kind, False, mapping_set)
            if mapping_set.direction is not Direction.OUTBOUND:
                is_turned = mapping_set.direction is Direction.BOTH
                self._add(mapping_set.kind, True, turned(mapping_set) if is_turned else mapping_set)
        self._kinds = frozenset(kind for kind, is_inbound in self._entries if not is_inbound)

    def _add(self, kind: CodeKind, is_inbound: bool, mapping_set: MappingSet) -> None:
        self._entries[(kind, is_inbound)] = (*self._entries.get((kind, is_inbound), ()), mapping_set)

    @property
    def version(self) -> int:
        return self._version

    @property
    def kinds(self) -> frozenset[CodeKind]:
        return self._kinds

    def translate(self, kind: CodeKind, code: str, on: date, *, inbound: bool = False) -> Translation | None:
        found = self._entries.get((kind, inbound))
        if found is None:
            return None
        for mapping_set in found:
            if mapping_set.holds_on(on):
                return translate(mapping_set, code, on, self.sets)
        # There are sets of this kind, and none for this day: nobody has said what the code meant then.
        return Translation(Treatment.HELD, "", found[0].name)

    def name_of(self, kind: CodeKind, code: str) -> str:
        for mapping_set in self.sets.values():
            if mapping_set.kind is kind and mapping_set.direction is not Direction.INBOUND:
                name = mapping_set.names.get(code)
                if name is not None:
                    return name
        return ""

    def suggest(
        self, kind: CodeKind, codes: Sequence[str], targets: Mapping[str, str]
    ) -> Mapping[str, Sequence[Suggestion]]:
        known: dict[str, str] = {**STATUS_NAMES} if kind is CodeKind.STATUS else {}
        wrong: set[tuple[str, str]] = set()
        for mapping_set in self.sets.values():
            if mapping_set.kind is not kind or mapping_set.direction is Direction.INBOUND:
                continue
            for row in mapping_set.rows:
                if row.relation is Relation.NOT:
                    wrong.add((row.source, row.target))
                elif row.target and row.source in mapping_set.names:
                    # A target is also known by what the province calls the codes that lead to it already.
                    known.setdefault(row.target, mapping_set.names[row.source])
        names = {code: self.name_of(kind, code) for code in codes}
        return suggestions(kind, names, {**known, **targets}, wrong)
