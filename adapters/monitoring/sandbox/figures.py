"""Whether the numbers of a publication can be true: percentages, reasons, targets, sums. Pure.

Only whole numbers are used. Sources: monitoring notes §0 rules 4 and 5, §2.4 (what is counted), §4.4, §7 (rounding).
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from adapters.monitoring.sandbox.findings import FindingKind
from adapters.monitoring.sandbox.rows import Key, Observation

_DOSSIER_COUNTED = frozenset(
    {
        "U2",
        "U2own",
        "U2s",
        "U2f",
        "T1",
        "T1o",
        "T1_reopen",
        "T3",
        "T5",
        "G1",
        "G2",
        "G3",
        "G4",
        "G5b",
        "F3",
        "Q1",
        "Q1r",
    }
)
_COMPLETED = "T2"
MAY_EXCEED = frozenset({"Y1"})
"""Shares whose numerator may exceed the denominator: counts of two systems."""
_DECIMAL = re.compile(r"(0|[1-9]\d*)(?:\.(\d+))?")
_RESULTS_MET = frozenset({"met"})
_RESULTS_NOT_MET = frozenset({"not_met", "not_met_excused"})
_RESULTS_OPEN = frozenset({"not_applicable", "no_data"})

Fault = tuple[FindingKind, str]


def counts_dossiers(code: str) -> bool:
    """Tell whether an indicator counts dossiers, each of which belongs to one agency and one level (§2.4). Those that
    count procedures or services do not: one procedure belongs to many communes. T2 is published in three parts."""
    return code in _DOSSIER_COUNTED or code.startswith(_COMPLETED)


def half_up(numerator: int, denominator: int, *, times: int = 100) -> str:
    """Give `times`·n/d with two decimals, halves rounded up, by whole numbers. 1/8 is 12.50, 2/3 is 66.67."""
    hundredths = (2 * 100 * times * numerator + denominator) // (2 * denominator)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def faults_of_definitions(observations: Iterable[Observation], units: Mapping[str, str]) -> Iterator[Fault]:
    """Tell each code that no definition has, once."""
    for code in sorted({one.key.indicator for one in observations} - units.keys()):
        yield FindingKind.DEFINITION_MISSING, f"{code} is not defined"


def faults_of_value(one: Observation, unit: str) -> Iterator[Fault]:
    """Tell what is wrong with one number. `unit` is that of its definition: a share ("percent") must be a percentage,
    another number may be left without one or be written as n/d with two decimals (§6.4 writes days so)."""
    has_value = one.numerator is not None and bool(one.denominator)
    is_share = unit == "percent"
    if not has_value or one.percent is None:
        if one.percent is not None:
            yield FindingKind.PERCENT_WRONG, f"{one.key} has a percentage over nothing"
        elif not one.null_reason and (is_share or not has_value):
            yield FindingKind.NULL_REASON_WRONG, f"{one.key} has no value and no reason for that"
        elif has_value and is_share:
            yield FindingKind.NULL_REASON_WRONG, f"{one.key} has a denominator and yet a reason to have no value"
        return
    if one.null_reason is not None:
        yield FindingKind.NULL_REASON_WRONG, f"{one.key} has a value and a reason to have none"
    assert one.numerator is not None
    assert one.denominator
    expected = half_up(one.numerator, one.denominator, times=100 if is_share else 1)
    if one.percent != expected:
        yield (
            FindingKind.PERCENT_WRONG,
            f"{one.key} is {one.numerator}/{one.denominator} = {expected}, not {one.percent}",
        )
    if is_share and one.key.indicator not in MAY_EXCEED and one.numerator > one.denominator:
        yield FindingKind.SUM_WRONG, f"{one.key} counts {one.numerator} of {one.denominator}"


def faults_of_target(one: Observation, target_ids: Collection[str]) -> Iterator[Fault]:
    """Tell what is wrong with the target that a number is held against (§0 rule 5, §1.7)."""
    if one.target is None:
        return
    name, result, value = one.target["id"], one.target["result"], _DECIMAL.fullmatch(one.target["value"])
    if name not in target_ids:
        yield FindingKind.TARGET_WRONG, f"{one.key} is held against {name}, which is no target"
    if one.target["comparator"] != ">=" or value is None:
        yield FindingKind.CONTRACT_BROKEN, f"the target {name} of {one.key} has an unknown comparator or no number"
        return
    if result in _RESULTS_OPEN:
        return
    if result not in _RESULTS_MET | _RESULTS_NOT_MET:
        yield FindingKind.CONTRACT_BROKEN, f"the result of {name} for {one.key} is none of the agreed ones"
    elif not one.denominator or one.numerator is None:
        yield FindingKind.TARGET_WRONG, f"{one.key} has no value and is judged {result}"
    else:
        whole, decimals = value[1], value[2] or ""
        is_met = 100 * one.numerator * 10 ** len(decimals) >= int(whole + decimals) * one.denominator
        if is_met != (result in _RESULTS_MET):
            yield (
                FindingKind.TARGET_WRONG,
                f"{one.key} is {one.numerator}/{one.denominator} against {one.target['value']} and is judged {result}",
            )


def faults_of_sums(observations: Sequence[Observation]) -> Iterator[Fault]:
    """Tell where parts that do not overlap exceed their whole: the agencies of a level and the levels themselves hold
    no more dossiers than the province."""
    plain = [one for one in observations if counts_dossiers(one.key.indicator) and _is_plain(one.key)]
    wholes = {one.key.indicator: one for one in plain if one.key.scope == "province" and one.key.level in (None, "ALL")}
    groups: dict[tuple[str, str], list[Observation]] = {}
    for one in plain:
        if one.key.scope == "agency":
            groups.setdefault((one.key.indicator, f"agencies of level {one.key.level or '-'}"), []).append(one)
        elif one.key.scope == "level" and one.key.level not in (None, "ALL"):
            groups.setdefault((one.key.indicator, "levels"), []).append(one)
    for (indicator, what), parts in sorted(groups.items()):
        whole = wholes.get(indicator)
        if whole is not None:
            yield from _exceeding(whole, what, _apart(parts))


def _exceeding(whole: Observation, what: str, parts: Sequence[Observation]) -> Iterator[Fault]:
    for name in ("numerator", "denominator"):
        total, limit = sum(getattr(one, name) or 0 for one in parts), getattr(whole, name) or 0
        if total > limit:
            yield (
                FindingKind.SUM_WRONG,
                f"{what} have {name}s of {total} in {whole.key.indicator}, the province {limit}",
            )


def _is_plain(key: Key) -> bool:
    return key.unit_group is None and key.procedure is None and key.field is None


def _apart(parts: Sequence[Observation]) -> list[Observation]:
    """Leave out agencies that are part of another one in the list, as H99.01.02 is of H99.01."""
    codes = {one.key.agency or "" for one in parts if one.key.scope == "agency"}
    return [one for one in parts if not any((one.key.agency or "").startswith(f"{code}.") for code in codes if code)]
