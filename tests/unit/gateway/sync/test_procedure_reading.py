"""Which records of the catalogue a run reads."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.procedure import ProcedureRef
from gateway.sync.procedure_reading import KnownProcedure, ReadingPolicy, list_digest, plan_reading
from tests.support.clocks import START

POLICY = ReadingPolicy(reread_after=timedelta(days=7))
BEFORE = ProcedureRef(code="1.999001", name="Thủ tục", mark="7")
UNMARKED = ProcedureRef(code="1.999001", name="Thủ tục")


def known(row: ProcedureRef = BEFORE, *, days: float = 1, is_judged: bool = True) -> KnownProcedure:
    return KnownProcedure(list_digest=list_digest(row), checked_at=START - timedelta(days=days), is_judged=is_judged)


@pytest.mark.parametrize(
    ("row", "before", "resumed_from", "is_read"),
    [
        (BEFORE, None, None, True),
        (BEFORE, known(), None, False),
        (ProcedureRef(code="1.999001", name="Thủ tục", mark="8"), known(), None, True),
        (ProcedureRef(code="1.999001", name="Thủ tục mới", mark="7"), known(), None, True),
        (UNMARKED, known(), None, True),
        (
            ProcedureRef(code="1.999001", name="Thủ tục"),
            known(ProcedureRef(code="1.999001", name="Thủ tục")),
            None,
            True,
        ),
        (BEFORE, known(days=7), None, True),
        (BEFORE, known(days=6.9), None, False),
        (BEFORE, known(is_judged=False), None, True),
        (BEFORE, known(is_judged=False), START - timedelta(days=2), False),
        (BEFORE, known(is_judged=False, days=3), START - timedelta(days=2), True),
    ],
)
def test_what_is_read(
    row: ProcedureRef, before: KnownProcedure | None, resumed_from: datetime | None, is_read: bool
) -> None:
    """A record is read unless its marked row is the same, it was looked at lately, or this run has read it already."""
    plan = plan_reading(
        {row.code: row},
        {} if before is None else {row.code: before},
        frozenset(),
        policy=POLICY,
        resumed_from=resumed_from,
        now=START,
    )
    assert is_read == bool(plan.worklist)
    assert 1 == len(plan.worklist) + plan.skipped_count + plan.done_count


@given(
    st.dictionaries(st.integers(0, 20), st.sampled_from(["", "7", "8"])),
    st.dictionaries(st.integers(0, 20), st.tuples(st.sampled_from(["", "7"]), st.integers(0, 10))),
)
def test_every_listed_code_is_accounted_for(listed: dict[int, str], before: dict[int, tuple[str, int]]) -> None:
    """Each listed code is read, skipped or done, each once; what left the list is read last."""
    rows = {str(code): ProcedureRef(code=str(code), name="N", mark=mark) for code, mark in listed.items()}
    store = {
        str(code): known(ProcedureRef(code=str(code), name="N", mark=mark), days=days)
        for code, (mark, days) in before.items()
    }
    removed = frozenset(store.keys() - rows.keys())
    plan = plan_reading(rows, store, removed, policy=POLICY, resumed_from=None, now=START)
    assert len(rows) + len(removed) == len(plan.worklist) + plan.skipped_count
    assert len(plan.worklist) == len(set(plan.worklist))
    assert removed == set(plan.worklist[len(plan.worklist) - len(removed) :])
