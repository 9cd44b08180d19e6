"""Written rules that say which side of a split a street or hamlet belongs to.

Nothing of this is shipped: no public table of streets was found, and a guess is worse than a held dossier. A province
that has reviewed its own splits writes them down as TOML:

    [[rules]]
    old_code = "06622"
    place = "Thôn Pàn Phạ"                # compared with tone marks, whatever their placement or case
    new_code = "06613"
    valid_from = 2025-07-01
    source = "Decision …, annex …"        # required, as is reviewed_by
    reviewed_by = "Land registration office"
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.errors import ConfigurationError, Fault
from mappings.codes.text import tone_fold
from mappings.codes.unit_tables import UnitTables

_REQUIRED = ("old_code", "place", "new_code", "source", "reviewed_by")
_KEYS = frozenset({*_REQUIRED, "valid_from", "valid_to"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRule:
    """One rule, valid for moves to a day in [valid_from, valid_to)."""

    old_code: str
    place: str
    new_code: str
    valid_from: date
    valid_to: date | None
    source: str
    reviewed_by: str

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class SplitRules:
    """Checked rules by unit and place."""

    def __init__(self, rules: Mapping[tuple[str, str], tuple[SplitRule, ...]] | None = None) -> None:
        self._rules = dict(rules or {})

    def __len__(self) -> int:
        return sum(map(len, self._rules.values()))

    def find(self, old_code: str, place: str, day: date) -> SplitRule | None:
        """Give the one rule for a place on a day, None when nobody has written one."""
        found = self._rules.get((old_code, tone_fold(place)), ())
        return next((rule for rule in found if rule.holds_on(day)), None)


def read_split_rules(document: Mapping[str, Any], tables: UnitTables) -> SplitRules:
    """Check a parsed rule file against the tables.

    Raises ConfigurationError with every fault: an unknown key, a missing provenance, a unit that is not split, a new
    unit that shares no ground with it, two rules for one place on one day.
    """
    faults = [Fault(str(key), "is not a known key") for key in document if key != "rules"]
    raw_rules = document.get("rules", [])
    if not isinstance(raw_rules, list):
        raise ConfigurationError([Fault("rules", "must be a list of rules")])
    rules: dict[tuple[str, str], tuple[SplitRule, ...]] = {}
    for index, raw in enumerate(raw_rules):
        where = f"rules[{index}]"
        rule = _read_rule(raw, where, faults)
        if rule is None:
            continue
        faults += _target_faults(rule, where, tables)
        key = (rule.old_code, tone_fold(rule.place))
        others = rules.get(key, ())
        if any(_overlap(rule, other) for other in others):
            faults.append(Fault(where, "another rule decides this place on the same day", rule.old_code))
        rules[key] = (*others, rule)
    if faults:
        raise ConfigurationError(faults)
    return SplitRules(rules)


def _read_rule(raw: Any, where: str, faults: list[Fault]) -> SplitRule | None:
    if not isinstance(raw, dict):
        faults.append(Fault(where, "must be a table"))
        return None
    before = len(faults)
    faults += [Fault(f"{where}.{key}", "is not a known key") for key in raw if key not in _KEYS]
    texts = {name: raw.get(name) for name in _REQUIRED}
    for name, value in texts.items():
        if not isinstance(value, str) or not value.strip():
            faults.append(Fault(f"{where}.{name}", "must be text that says something"))
    valid_from, valid_to = raw.get("valid_from"), raw.get("valid_to")
    # TOML gives datetime for an instant, and a datetime is a date to isinstance.
    if type(valid_from) is not date or (valid_to is not None and type(valid_to) is not date):
        faults.append(Fault(where, "valid_from, and valid_to if there is one, must be dates"))
    elif valid_to is not None and valid_to <= valid_from:
        faults.append(Fault(where, "valid_to must lie after valid_from"))
    if len(faults) > before or type(valid_from) is not date:
        return None
    words = {name: str(value).strip() for name, value in texts.items()}
    return SplitRule(valid_from=valid_from, valid_to=valid_to, **words)


def _target_faults(rule: SplitRule, where: str, tables: UnitTables) -> list[Fault]:
    for step in tables.steps:
        links = step.after.get(rule.old_code, ())
        if len(links) > 1:
            known = rule.new_code in {link.after for link in links}
            return [] if known else [Fault(f"{where}.new_code", "shares no ground with old_code", rule.new_code)]
    return [Fault(f"{where}.old_code", "is not a unit that was split", rule.old_code)]


def _overlap(one: SplitRule, other: SplitRule) -> bool:
    starts_late = one.valid_to is not None and other.valid_from >= one.valid_to
    ends_early = other.valid_to is not None and one.valid_from >= other.valid_to
    return not starts_late and not ends_early
