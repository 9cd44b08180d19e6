"""The twenty-four rules of data quality, by id. Nothing is silently dropped: each finding keeps its rule."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from gateway.indicators import quality_content as content
from gateway.indicators import quality_identity as identity
from gateway.indicators import quality_times as times
from gateway.indicators.findings import Finding
from gateway.indicators.formulas import Part
from gateway.indicators.raw import RawSet

RULES: dict[str, Callable[[RawSet], list[Finding]]] = {
    "DQ-01": identity.duplicates,
    "DQ-02": identity.entered_for_others,
    "DQ-03": identity.tests,
    "DQ-04": times.late_synced,
    "DQ-05": times.reopened,
    "DQ-06": identity.reorganised,
    "DQ-07": times.impossible,
    "DQ-08": times.wrong_due,
    "DQ-09": times.parked,
    "DQ-10": times.ended_near_due,
    "DQ-11": times.due_overwritten,
    "DQ-12": times.unreturned,
    "DQ-13": content.empty_results,
    "DQ-14": content.flag_without_file,
    "DQ-15": identity.bulk,
    "DQ-16": content.fees,
    "DQ-17": content.no_channel,
    "DQ-18": identity.recoded,
    "DQ-19": content.no_case,
    "DQ-20": identity.outside_area,
    "DQ-22": times.corrected_calendar,
    "DQ-23": content.uneven_counts,
    "DQ-24": times.zones,
}
OVER_NUMBERS = "DQ-21"
"""The one rule that looks at numbers instead of records."""


def find(raw: RawSet, parts: Mapping[str, Part] | None = None) -> list[Finding]:
    """Apply every rule; `parts` are measured values by indicator code, for the rule over numbers."""
    found = [finding for rule in RULES.values() for finding in rule(raw)]
    return found + content.zero_denominators(parts or {})


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Count by rule, each thing once; rules that found nothing stand with 0, as every snapshot shows them."""
    per_rule = Counter(rule for rule, _ in {(one.rule, one.key) for one in findings})
    return {rule: per_rule[rule] for rule in sorted([*RULES, OVER_NUMBERS])}
