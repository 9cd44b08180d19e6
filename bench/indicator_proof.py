"""Whether numbers are right: sums against what was generated, and answers against the dossiers themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.counting import Maker, facts_between
from bench.dossier_years import Years
from bench.indicator_questions import Question, computable, sample, scopes_of, singles
from bench.province import MERGED_ON, Province
from gateway.engine.indicator_numbers import Numbers
from gateway.indicators.catalogue import Catalogue
from gateway.indicators.facts import FactSet
from gateway.indicators.formulas import Part
from gateway.indicators.periods import PeriodType, period_of
from gateway.indicators.readings import Readings
from gateway.indicators.registry import measure_parts
from gateway.indicators.scope import PROVINCE
from gateway.indicators.selection import Selection

PROOFS_COUNT = 30
_PERIODS = (period_of(PeriodType.DAY, MERGED_ON.isoformat()), period_of(PeriodType.MONTH, "2026-10"))


async def denominators(numbers: Numbers, code: str, months: Sequence[str]) -> dict[str, int]:
    """Give by month how many dossiers of the province an indicator divides by."""
    found = {}
    for month in months:
        parts = await numbers.measure([code], period_of(PeriodType.MONTH, month), PROVINCE, Readings())
        found[month] = int(parts[code][0].denominator or 0)
    return found


async def accepted_count(numbers: Numbers, generated: Mapping[str, int]) -> int:
    """Give how many dossiers U2 divides by in all months; -1 when a month has not as many as were generated for it."""
    told = await denominators(numbers, "U2", sorted(generated))
    return sum(told.values()) if told == generated else -1


def proof_questions(catalogue: Catalogue, province: Province, count: int = PROOFS_COUNT) -> list[Question]:
    """Give questions about a month, and about the day on which agencies merged."""
    return sample(singles(computable(catalogue), scopes_of(province), _PERIODS), count, seed=1)


async def agreeing_count(numbers: Numbers, maker: Maker, years: Years, questions: Sequence[Question]) -> int:
    """Count the questions whose answer is what going through the period's dossiers gives, to the last digit."""
    agreed_count, facts = 0, await numbers.facts()
    for period in {one.period: None for one in questions}:
        whole = replace(facts, dossiers=facts_between(years, maker, period.first_on, period.after_on))
        for question in questions:
            if question.period == period:
                agreed_count += await _agrees(numbers, question, _selection(whole, question))
    return agreed_count


def _selection(facts: FactSet, question: Question) -> Selection:
    return Selection(facts, question.period, question.scope, Readings(view=question.view))


async def _agrees(numbers: Numbers, question: Question, selection: Selection) -> bool:
    told = await numbers.measure(question.codes, question.period, question.scope, selection.readings)
    return all(_values(told[code]) == _values(measure_parts(code, selection)) for code in question.codes)


def _values(parts: Sequence[Part]) -> list[tuple[object, ...]]:
    return [
        (part.name, part.numerator, part.denominator, part.ratio, part.null_reason, part.unit, part.flags)
        for part in parts
    ]
