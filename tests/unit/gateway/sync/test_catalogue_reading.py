"""What a reading of a list changes in its copy."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.procedure import ServiceLevel
from gateway.ports.portal_services import CatalogueItem, OnlineService, ServiceApplication
from gateway.sync.catalogue_reading import ListDecision, ListItem, catalogue_items, decide_list, service_items
from gateway.sync.listings import HeldList, ListRule, ShortListPolicy
from tests.support.clocks import START


def item(code: str, name: str = "A") -> ListItem:
    return ListItem(code=code, name=name, content={})


def decide(lines: list[ListItem], known: dict[str, str], *, held: HeldList | None = None) -> ListDecision:
    return decide_list(lines, known, held=held, policy=ShortListPolicy(), is_confirmed=False, now=START)


ONE, TWO, TWO_B, THREE = item("1"), item("2"), item("2", "B"), item("3")
KNOWN = {"1": ONE.digest, "2": TWO.digest}


@pytest.mark.parametrize(
    ("lines", "opened", "closed", "rules"),
    [
        ([ONE, TWO], [], [], []),
        ([TWO, ONE], [], [], []),
        ([ONE, TWO, THREE], ["3"], [], []),
        ([ONE, TWO_B], ["2"], ["2"], []),
        ([ONE], [], ["2"], [ListRule.SHORTER]),
        ([ONE, TWO, TWO_B], [], [], [ListRule.CONTRADICTION, ListRule.CONTRADICTION]),
        ([ONE, item("2", "")], [], [], [ListRule.NO_NAME]),
        ([ONE, TWO, item("", "X")], [], [], [ListRule.NO_CODE]),
        ([ONE, TWO, TWO], [], [], [ListRule.DUPLICATE]),
        ([ONE, TWO, THREE, item("3", "B")], [], [], [ListRule.CONTRADICTION, ListRule.CONTRADICTION]),
        ([], [], [], [ListRule.TOO_SHORT]),
        ([item("", "X"), item("", "Y")], [], [], [ListRule.TOO_SHORT, ListRule.NO_CODE, ListRule.NO_CODE]),
    ],
)
def test_decisions(lines: list[ListItem], opened: list[str], closed: list[str], rules: list[ListRule]) -> None:
    """Only what is new, changed or gone moves; what cannot be used is told and never replaces a good version."""
    decision = decide(lines, KNOWN)
    assert (opened, closed) == ([one.code for one in decision.opened], list(decision.closed))
    assert rules == [finding.rule for finding in decision.findings]
    is_same = not opened and not closed
    assert is_same == (decision.content_hash == decide([ONE, TWO], KNOWN).content_hash)


def test_a_held_list_changes_nothing_at_all() -> None:
    """Not even what is new in it is taken over: which part of it is wrong cannot be told."""
    known = {str(number): item(str(number)).digest for number in range(100)}
    decision = decide([item("new"), item("1", "changed")], known)
    assert ((), (), 100) == (decision.opened, decision.closed, decision.items_count)
    assert decision.held is not None


_NAMES = st.sampled_from(["A", "B", "C"])


@given(st.lists(st.tuples(st.dictionaries(st.sampled_from("123456"), _NAMES), st.booleans()), max_size=8))
def test_history_loses_nothing(readings: list[tuple[dict[str, str], bool]]) -> None:
    """After each reading what is valid is the reading, or what was before while it is held; states never overlap."""
    valid: dict[str, str] = {}
    states: list[tuple[str, str]] = []
    held: HeldList | None = None
    for number, (names, is_confirmed) in enumerate(readings):
        lines = [item(code, name) for code, name in names.items()]
        decision = decide_list(
            lines,
            valid,
            held=held,
            policy=ShortListPolicy(),
            is_confirmed=is_confirmed,
            now=START + timedelta(hours=number),
        )
        held = decision.held
        before = dict(valid)
        for code in decision.closed:
            del valid[code]
        for one in decision.opened:
            assert one.code not in valid
            valid[one.code] = one.digest
            states.append((one.code, one.digest))
        wanted = before if held is not None else {one.code: one.digest for one in lines}
        assert wanted == valid
        assert len(valid) == decision.items_count
        assert not (is_confirmed and held is not None)
        assert set(valid.items()) <= set(states)


def test_the_order_of_fields_says_nothing() -> None:
    """Attributes and agencies are compared without their order; a changed one is a changed item."""
    one, other = (("CAPDONVI", "1"), ("MANGANH", "G99")), (("MANGANH", "G99"), ("CAPDONVI", "1"))
    first, second, third = catalogue_items(
        CatalogueItem(code="H99", name="UBND", attributes=attributes) for attributes in (one, other, one[:1])
    )
    assert first.digest == second.digest
    assert first.digest != third.digest
    here = ServiceApplication(agency_code="H99.01", level=ServiceLevel.FULL, level_code="4")
    there = ServiceApplication(agency_code="H99.02", level=None, level_code="7")
    digests = [
        one.digest
        for one in service_items(
            OnlineService(code="1.01", name="D", procedure_code="1.999001", applications=applications)
            for applications in ((here, there), (there, here), (here,))
        )
    ]
    assert digests[0] == digests[1] != digests[2]
