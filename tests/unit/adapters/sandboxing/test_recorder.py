"""The record counts everything, keeps the latest in detail, and sees calls that overlap."""

from adapters.sandboxing import CallRecord, CallRecorder, Touch
from adapters.sandboxing.recorder import MAX_OPERATION_NAMES
from tests.unit.adapters.sandboxing.sandboxing_helpers import NOON, HandClock


def recorder(max_details: int = 100) -> CallRecorder:
    return CallRecorder(HandClock(), max_details=max_details)


def arrive(kept: CallRecorder, *codes: str, touch: Touch = Touch.EFFECT, operation: str = "push") -> CallRecord:
    record = kept.begin("/g")
    kept.identify(record, operation, codes, touch)
    return record


def test_a_call_is_recorded_with_what_is_known_of_it() -> None:
    """Time, path, operation, items, outcome, status, faults and session are there."""
    kept = recorder()
    record = arrive(kept, "A1", "A2")
    record.outcome, record.http_status, record.session_ok = "0", 200, True
    record.faults.append("drop_reply")
    kept.finish(record)
    assert [
        {
            "sequence": 1,
            "at": NOON.isoformat(),
            "path": "/g",
            "operation": "push",
            "item_codes": ["A1", "A2"],
            "session_ok": True,
            "outcome": "0",
            "http_status": 200,
            "faults": ["drop_reply"],
            "client_left": False,
            "is_finished": True,
        }
    ] == [call.as_dict() for call in kept.calls()]
    counters = kept.counters()
    assert {"push": 1} == counters["by_operation"]
    assert {"push 0": 1} == counters["by_outcome"]
    assert {"200": 1} == counters["by_http_status"]
    assert 2 == counters["items"]


def test_details_are_bounded_but_totals_are_not() -> None:
    """Only the latest calls are kept; the counters go on, and filters and pages work on what is kept."""
    kept = recorder(max_details=10)
    for number in range(100):
        kept.finish(arrive(kept, f"A{number}", operation="push" if number % 2 else "read"))
    assert 100 == kept.counters()["calls"]
    assert list(range(91, 101)) == [call.sequence for call in kept.calls()]
    assert [96, 98] == [call.sequence for call in kept.calls(after=95, limit=2, operation="push")]
    assert [95] == [call.sequence for call in kept.calls(item_code="A94")]


def test_overlapping_calls_for_one_item_are_seen() -> None:
    """Two effects under way at once count; one after the other does not."""
    kept = recorder()
    first = arrive(kept, "A1", "A2")
    second = arrive(kept, "A2", "A3")
    kept.finish(first)
    kept.finish(second)
    kept.finish(arrive(kept, "A1", "A2", "A3"))
    counters = kept.counters()
    assert 1 == counters["concurrent_same_item"]
    assert 0 == counters["concurrent_look_up_same_item"]
    assert 0 == counters["in_flight"]
    assert [{"item_code": "A2", "sequence": 2, "operation": "push"}] == kept.overlaps()


def test_a_look_up_beside_an_effect_is_counted_apart() -> None:
    """Two look-ups may overlap; a look-up and an effect are noted in a counter of their own."""
    kept = recorder()
    arrive(kept, "A1", touch=Touch.LOOK_UP)
    arrive(kept, "A1", touch=Touch.LOOK_UP)
    assert 0 == kept.counters()["concurrent_look_up_same_item"]
    arrive(kept, "A1")
    arrive(kept, "A1", touch=Touch.LOOK_UP)
    assert 2 == kept.counters()["concurrent_look_up_same_item"]
    assert 0 == kept.counters()["concurrent_same_item"]


def test_a_caller_that_hung_up_is_no_longer_under_way() -> None:
    """After that it may call again without being counted as overlapping; landing twice does no harm."""
    kept = recorder()
    first = arrive(kept, "A1", "A1")
    kept.leave(first)
    second = arrive(kept, "A1")
    kept.finish(first)
    kept.leave(first)
    third = arrive(kept, "A1")
    assert 1 == kept.counters()["concurrent_same_item"], "the second and the third do overlap"
    kept.finish(second)
    kept.finish(third)
    kept.finish(third)
    assert 0 == kept.counters()["in_flight"]


def test_whether_a_caller_hung_up_is_asked_when_it_matters() -> None:
    """The caller that has just gone does not overlap with its own next call, and the record says that it left."""
    kept, has_gone = recorder(), False
    first = kept.begin("/g", lambda: has_gone)
    kept.identify(first, "push", ("A1",), Touch.EFFECT)
    has_gone = True
    arrive(kept, "A1")
    assert 0 == kept.counters()["concurrent_same_item"]
    assert first.client_left
    late = kept.begin("/g", lambda: has_gone)
    kept.identify(late, "push", ("A2",), Touch.EFFECT)
    kept.finish(late)
    assert late.client_left
    assert late.is_gone is None, "a finished record must not keep its request in memory"


def test_reset_lets_calls_under_way_land() -> None:
    """Totals start anew; a call that began before the reset ends well and is still protected against overlap."""
    kept = recorder()
    kept.finish(arrive(kept, "A0"))
    under_way = arrive(kept, "A1")
    kept.reset()
    assert 0 == kept.counters()["calls"]
    assert [2] == [call.sequence for call in kept.calls()]
    arrive(kept, "A1")
    assert 1 == kept.counters()["concurrent_same_item"]
    kept.finish(under_way)
    assert 1 == kept.counters()["in_flight"]


def test_names_chosen_by_callers_do_not_grow_the_counters() -> None:
    """Past a limit new operation names are counted together."""
    kept = recorder()
    for number in range(MAX_OPERATION_NAMES + 50):
        kept.finish(arrive(kept, operation=f"name-{number}", touch=Touch.NOTHING))
    names = kept.counters()["by_operation"]
    assert MAX_OPERATION_NAMES + 1 == len(names)
    assert 50 == names["other"]


def test_a_hundred_thousand_calls_are_counted() -> None:
    """Details are kept of the last ones only, numbers of all."""
    kept = recorder(max_details=1000)
    for number in range(100_000):
        kept.finish(arrive(kept, f"A{number}"))
    assert 100_000 == kept.counters()["calls"]
    assert 1000 == len(kept.calls(limit=5000))
