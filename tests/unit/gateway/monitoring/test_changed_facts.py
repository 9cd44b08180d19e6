"""Which dossiers are named behind a change."""

from datetime import date

from gateway.indicators.cells import Counted
from gateway.indicators.measures import Contribution
from gateway.indicators.readings import Readings
from gateway.indicators.slices import ALL, Slice
from gateway.monitoring.changed_facts import ChangedFact, Place, delta_of, share_places

DAY = date(2026, 8, 3)
PLACE = Place(
    slices=[Slice(ALL, ALL, date(2026, 8, 1), date(2026, 9, 1))], takes_groups=False, online_codes={"1.999001"}
)


def counted(procedure: str) -> Counted:
    """Give a dossier that stands in the denominator of U2s, if its procedure does."""
    places = share_places("U2s", Readings())
    assert places is not None
    return Counted(agency="H99.01", procedure=procedure, received=Contribution(DAY, places))


def test_a_dossier_that_moves_to_an_online_procedure_comes_to_its_denominator() -> None:
    """U2s divides by dossiers of online procedures: the procedure of each side decides."""
    came = ChangedFact(code="D1", old=counted("1.999003"), new=counted("1.999001"))
    went = ChangedFact(code="D2", old=counted("1.999001"), new=counted("1.999003"))
    never = ChangedFact(code="D3", old=None, new=counted("1.999003"))

    delta = delta_of("U2s", [came, went, never], PLACE, Readings())
    assert ({"D1"}, {"D2"}, set()) == (set(delta.added), set(delta.removed), set(delta.changed))
