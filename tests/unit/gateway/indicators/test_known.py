"""What is made of facts once serves every selection of them."""

from datetime import date

from gateway.indicators import known as module
from gateway.indicators.facts import FactSet
from gateway.indicators.known import Known
from gateway.indicators.periods import PeriodType, period_of
from gateway.indicators.readings import Readings
from gateway.indicators.registry import CODES, measure_parts
from gateway.indicators.scope import PROVINCE, Scope, ScopeKind
from gateway.indicators.selection import Selection
from gateway.indicators.words import ServiceState
from tests.support.facts import AS_OF, fact_set, procedure, service
from tests.support.worked_example import AUGUST, facts

_STATES = Readings().online_states
_TESTED = Readings(online_states=_STATES | {ServiceState.TESTING})
_SCOPES = (PROVINCE, Scope(ScopeKind.AGENCY, ref="H99.A"), Scope(ScopeKind.FIELD, ref="LV01"))


def test_one_serves_selections_of_every_day_scope_and_reading() -> None:
    """Sharing changes no number, in whichever order it is asked."""
    story = facts(2)
    known = Known(story)
    july = period_of(PeriodType.MONTH, "2026-07")
    for period in (AUGUST, july, AUGUST):
        for scope in _SCOPES:
            for readings in (Readings(), _TESTED):
                shared = Selection(story, period, scope, readings, known=known)
                alone = Selection(story, period, scope, readings)
                for code in CODES:
                    assert measure_parts(code, alone) == measure_parts(code, shared)


def test_an_agency_offers_what_it_has_and_the_province_everything() -> None:
    """A service of one agency only is not another's, though the province offers it."""
    story = fact_set(procedures=[procedure("P1")], services=[service("P1", agencies=frozenset({"H99.B"}))])
    other = Selection(story, AUGUST, Scope(ScopeKind.AGENCY, ref="H99.A"))
    assert frozenset({"P1"}) == other.online_codes
    assert not any(one.is_online for one in other.procedures)


def test_a_code_that_leads_in_a_circle_ends() -> None:
    """Two codes that replace each other, neither of them in force, are no endless way."""
    offer = Known(FactSet(as_of=AS_OF, continuity={"P1": "P2", "P2": "P1"})).offer_of(AUGUST.last_on, _STATES)
    assert offer.current_code("P1") in {"P1", "P2"}


def test_offers_of_many_days_do_not_pile_up() -> None:
    """The day that was asked about first goes first."""
    known = Known(fact_set(procedures=[procedure("P1")]))
    first = known.offer_of(date(2026, 1, 1), _STATES)
    assert first is known.offer_of(date(2026, 1, 1), _STATES)
    for number in range(module._OFFERS_KEPT_COUNT):
        known.offer_of(date.fromordinal(date(2026, 2, 1).toordinal() + number), _STATES)
    assert module._OFFERS_KEPT_COUNT == len(known._offers)
    assert first is not known.offer_of(date(2026, 1, 1), _STATES)
