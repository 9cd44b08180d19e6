"""Definitions, targets and their results as the pull interface writes them."""

from typing import Any

from gateway.indicators.catalogue import Definition
from gateway.indicators.numbers import percent
from gateway.indicators.target_registry import Target
from gateway.indicators.targets import Evaluation


def definition_fields(one: Definition, version: str) -> list[dict[str, Any]]:
    """Tell an indicator, and each of its named parts under the code that its numbers have."""
    told = {
        "name": {"vi": one.name_vi, "en": one.name_en},
        "formula": {"vi": one.formula_vi, "en": one.formula_en},
        "denominators": dict(one.denominators),
        "unit": one.unit.value,
        "membership_field": one.membership,
        "lower_is_better": one.lower_is_better,
        "not_computable": None if one.is_computable else {"vi": one.not_computable[0], "en": one.not_computable[1]},
        "version": version,
        "laws": [
            {
                "document": law.document,
                "clause": law.clause,
                "valid_from": law.valid_from.isoformat(),
                "valid_to": None if law.valid_to is None else law.valid_to.isoformat(),
            }
            for law in one.laws
        ],
    }
    return [{"code": code, **told} for code in (one.code, *(f"{one.code}.{part}" for part in _PARTS.get(one.code, ())))]


_PARTS = {
    "T2": ("early", "on_time", "late"),
    "S5": ("PRO1", "PRO2", "PRO3", "PRO4"),
    "Q2": ("union",),
    "Y2": ("p50", "p95"),
}
"""Parts that stand under a code of their own."""


def target_fields(one: Target) -> dict[str, Any]:
    """Tell a target."""
    return {
        "target_id": one.id,
        "indicator": one.indicator,
        "reading": one.reading or None,
        "scope": one.scope.value,
        "ref": one.ref or None,
        "level": None if one.level is None else one.level.value,
        "valid_from": one.valid_from.isoformat(),
        "valid_to": None if one.valid_to is None else one.valid_to.isoformat(),
        "comparator": ">=",
        "value": None if one.value_percent is None else f"{one.value_percent:.2f}",
        "status": one.status.value,
        "excuse_allowed": one.excuse_allowed,
        "source_document": one.document,
    }


def evaluation_fields(found: Evaluation) -> dict[str, Any]:
    """Tell how a number stands to its target."""
    part, forecast, ahead = found.part, found.forecast, found.outlook
    vi, en = found.sentence
    return {
        "target": target_fields(found.target),
        "result": found.result.value,
        "progress": None if found.progress is None else found.progress.value,
        "percent": None if part is None else part.shown,
        "converted": None if found.distance is None else found.distance.converted,
        "added": None if found.distance is None else found.distance.added,
        "forecast": None
        if forecast is None
        else {
            "expected_dossiers": forecast.expected_count,
            "required_percent": percent(forecast.required),
            "reachable": forecast.is_reachable,
        },
        "outlook": None
        if ahead is None
        else {
            "too_early": ahead.is_too_early,
            "expected_percent": percent(ahead.expected),
            "low_percent": percent(ahead.low),
            "high_percent": percent(ahead.high),
            "more_dossiers": ahead.more_dossiers,
        },
        "sentence": {"vi": vi, "en": en},
    }
