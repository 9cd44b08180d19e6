"""What a day's money is found to be: one test per class of payment notes §10.3, and what stands around them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.model.payment import AttemptState
from gateway.model.settlement import Action, FindingClass, OpenRequest, Standing, Statement, standing_of
from gateway.sync.settlement import (
    DayInput,
    actions,
    by_account,
    by_agency,
    by_provider,
    differences_by_class,
    match_day,
    sums_by,
    total,
)
from tests.support.settlements import (
    ACCOUNT,
    AFTER,
    AGENCY,
    BEFORE,
    DAY,
    DISPUTED,
    FAILED,
    OPEN,
    PENDING,
    REFUND,
    add_working_days,
    classes,
    credit,
    entry,
    file,
    match,
    only,
    row,
)

C = FindingClass


def test_ok_closes() -> None:
    """Paid here, success there, equal."""
    found = match([row()], [entry()])
    assert (only(found).finding_class, only(found).action, only(found).difference_vnd) == (C.OK, Action.CLOSE, 0)
    assert found.can_close


@pytest.mark.parametrize(
    "state",
    [
        *(AttemptState.CREATED, AttemptState.INIT_SENT, AttemptState.PENDING, AttemptState.UNKNOWN),
        *(AttemptState.FAILED, AttemptState.EXPIRED),
    ],
)
def test_r1_lost_notification_is_applied(state: AttemptState) -> None:
    """Whatever the gateway believed, short of money, the provider's success is proposed to be taken."""
    found = match([row()], [entry(standing=standing_of(state))])
    one = only(found)
    assert (one.finding_class, one.action, one.request_id) == (C.LOST_NOTIFICATION, Action.APPLY_SUCCESS, "req-REF001")
    assert (one.gateway_vnd, one.file_vnd, one.difference_vnd) == (0, 100_000, -100_000)
    assert not found.can_close


def test_r2_phantom_waits_one_more_day_then_is_disputed() -> None:
    """It may still stand in the file of the day after; that it does not come yet is no reason for a dispute."""
    waiting, late = match([], [entry()], after=None), match([], [entry()])
    assert [(only(one).finding_class, only(one).action) for one in (waiting, late)] == [
        (C.PHANTOM, Action.WAIT),
        (C.PHANTOM, Action.DISPUTE),
    ]
    assert only(late).difference_vnd == 100_000
    assert not waiting.can_close
    assert not late.can_close


def test_r2_where_the_provider_knows_no_end_either() -> None:
    """A pending row is no success."""
    assert only(match([row(state=PENDING)], [entry()])).finding_class is C.PHANTOM


def test_r3_other_amount_is_disputed() -> None:
    """Also where the gateway counts nothing: a wrong amount is never taken as paid."""
    one = only(match([row(amount_vnd=90_000)], [entry()]))
    assert (one.finding_class, one.action, one.difference_vnd) == (C.AMOUNT, Action.DISPUTE, 10_000)
    lost = only(match([row(amount_vnd=90_000)], [entry(standing=OPEN)]))
    assert (lost.finding_class, lost.action, lost.difference_vnd) == (C.AMOUNT, Action.DISPUTE, -90_000)


def test_r4_duplicate_is_refunded() -> None:
    """Two attempts of one request with money: what is paid already stays, the other goes back."""
    attempts = [entry("REF00A", request="req"), entry("REF00B", request="req", standing=OPEN)]
    found = match([row("REF00A"), row("REF00B")], attempts)
    assert classes(found) == {"REF00A": C.OK, "REF00B": C.DUPLICATE}
    (second,) = actions(found)[Action.REFUND_DUPLICATE]
    assert (second.reference, second.difference_vnd) == ("REF00B", -100_000)


def test_r4_where_both_notifications_were_lost_the_earlier_money_pays() -> None:
    """Also when it stands in the file of the day before."""
    attempts = [entry(name, request="req", standing=OPEN) for name in ("REF00A", "REF00B")]
    late, early = row("REF00A", minutes=9), row("REF00B", minutes=3)
    assert classes(match([late, early], attempts)) == {"REF00A": C.DUPLICATE, "REF00B": C.LOST_NOTIFICATION}
    found = match([late], attempts, before=[row("REF00B", day=BEFORE)])
    assert classes(found) == {"REF00A": C.DUPLICATE}


def test_r4_where_the_request_was_paid_long_before() -> None:
    """The first payment need not be in sight of the files."""
    attempts = [
        entry("REF00A", request="req", on=DAY - timedelta(days=30)),
        entry("REF00B", request="req", standing=OPEN),
    ]
    assert classes(match([row("REF00B")], attempts)) == {"REF00B": C.DUPLICATE}


def test_r4_is_not_decided_by_a_file_that_comes_later() -> None:
    """What the next day's file tells is judged with that file, whatever instant it names."""
    attempts = [entry(name, request="req", standing=OPEN) for name in ("REF00A", "REF00B")]
    found = match([row("REF00A", minutes=9)], attempts, after=[row("REF00B", minutes=3)])
    assert classes(found) == {"REF00A": C.LOST_NOTIFICATION}


def test_r4_that_is_known_already_needs_nothing_more() -> None:
    """The gateway counts the second payment too; its refund is a movement of its own."""
    attempts = [entry("REF00A", request="req"), entry("REF00B", request="req")]
    assert match([row("REF00A"), row("REF00B")], attempts).can_close


def test_r5_unknown_reference_goes_to_suspense() -> None:
    """Nobody knows whose it is."""
    one = only(match([row()], []))
    assert (one.finding_class, one.action, one.difference_vnd) == (C.UNKNOWN_REFERENCE, Action.SUSPENSE, -100_000)
    assert (one.agency_code, one.account_number) == ("", ACCOUNT)


def test_r5_is_matched_by_dossier_where_one_open_request_fits() -> None:
    """As a proposal: dossier and amount agree, and nothing else could be meant."""
    request = OpenRequest(request_id="req-9", dossier_code="H01.25-260304-0001", amount_vnd=100_000, agency_code=AGENCY)
    one = only(match([row("")], [], requests=(request,)))
    assert (one.action, one.request_id, one.agency_code) == (Action.MATCH_BY_DOSSIER, "req-9", AGENCY)


@pytest.mark.parametrize("case", ["amount", "two requests", "two rows", "paid", "pays now", "no dossier"])
def test_r5_is_matched_by_dossier_only_where_nothing_else_fits(case: str) -> None:
    """Another amount, two requests, two rows, a request that is or now becomes paid, no dossier: suspense."""
    request = OpenRequest(request_id="req-9", dossier_code="H01.25-260304-0001", amount_vnd=100_000)
    rows, entries = [row("")], []
    requests: tuple[OpenRequest, ...] = (request,)
    if case == "amount":
        requests = (replace(request, amount_vnd=99_000),)
    elif case == "two requests":
        requests = (request, replace(request, request_id="req-8"))
    elif case == "two rows":
        rows.append(row("", transaction="TX-OTHER"))
    elif case == "paid":
        entries = [entry(request="req-9", on=BEFORE)]
    elif case == "pays now":
        rows, entries = [*rows, row("REF001")], [entry(request="req-9", standing=OPEN)]
    else:
        rows, requests = [row("", dossier="")], (replace(request, dossier_code=""),)
    unknown = [one for one in match(rows, entries, requests=requests).findings if not one.reference]
    assert {one.action for one in unknown} == {Action.SUSPENSE}


def test_a_row_without_reference_is_known_by_the_transaction() -> None:
    """Payments that began at the national portal may bear none."""
    assert only(match([row("", transaction="TX9")], [entry(transaction="TX9")])).finding_class is C.OK


def test_r6_contradictory_is_disputed() -> None:
    """Paid here, failed there: never silently due again."""
    one = only(match([row(state=FAILED)], [entry()]))
    assert (one.finding_class, one.action) == (C.CONTRADICTORY, Action.DISPUTE)
    assert (one.gateway_vnd, one.file_vnd) == (100_000, 0)


def test_r6_also_where_the_failure_stands_in_the_next_file() -> None:
    """No success anywhere, and a failure told."""
    assert only(match([], [entry()], after=[row(state=FAILED)])).finding_class is C.CONTRADICTORY


@pytest.mark.parametrize("is_next_day", [True, False])
def test_r7_day_boundary_is_explained_on_both_days(is_next_day: bool) -> None:
    """F26: paid at 23:59 and told in the next file, or the other way round. What differs on one day differs back on the
    other."""
    neighbour = {"after": [row()]} if is_next_day else {"before": [row()]}
    ours = match([], [entry()], **neighbour)  # type: ignore[arg-type]
    assert (only(ours).finding_class, only(ours).difference_vnd) == (C.DAY_BOUNDARY, 100_000)
    theirs = match([row()], [entry(on=BEFORE if is_next_day else AFTER)])
    assert (only(theirs).finding_class, only(theirs).difference_vnd) == (C.DAY_BOUNDARY, -100_000)
    assert ours.can_close
    assert theirs.can_close


def test_more_than_a_day_apart_is_no_boundary() -> None:
    """The tolerance is one day."""
    one = only(match([row()], [entry(on=DAY - timedelta(days=2))]))
    assert (one.finding_class, one.action) == (C.DAY, Action.DISPUTE)


def test_r8_money_absent_at_two_working_days_is_escalated() -> None:
    """Wednesday's money is due on Friday; a statement that covers Friday must have it."""
    found = match([row()], [entry()], statement=Statement(until=DAY + timedelta(days=2), lines=()))
    assert (only(found).finding_class, only(found).action) == (C.NOT_SETTLED, Action.ESCALATE)
    assert (only(found).file_vnd, only(found).account_vnd, only(found).difference_vnd) == (100_000, 0, 0)


def test_r8_is_not_told_before_the_money_is_due() -> None:
    """Until then it is waited for; the calendar says what two working days are."""
    statement = Statement(until=DAY + timedelta(days=1), lines=())
    one = only(match([row()], [entry()], statement=statement))
    assert (one.finding_class, one.action) == (C.OK, Action.WAIT)
    friday = file(row(), day=DAY + timedelta(days=2))
    sides = DayInput(
        provider="platform",
        file=friday,
        entries=[entry(on=friday.day)],
        statement=Statement(until=friday.day + timedelta(days=3), lines=()),
    )
    # Saturday and Sunday do not count, so Friday's money is due on Tuesday.
    assert only(match_day(sides, add_working_days)).finding_class is C.OK


def test_when_money_is_due_is_a_setting() -> None:
    """T+2 is an assumption of the notes: where it takes three days, the third one decides."""
    sides = DayInput(
        provider="platform",
        file=file(row()),
        entries=[entry()],
        statement=Statement(until=DAY + timedelta(days=2), lines=()),
        settlement_working_days=3,
    )
    assert only(match_day(sides, add_working_days)).finding_class is C.OK


@pytest.mark.parametrize("text", ["NOP PHI REF001 H01", "nop phi ref001.", "CT DEN:TX-REF001;PHI", "TXREF001"])
def test_money_is_known_by_its_reference_or_transaction(text: str) -> None:
    """However the bank prints it."""
    statement = Statement(until=DAY + timedelta(days=2), lines=(credit(text),))
    found = match([row()], [entry()], statement=statement)
    assert (only(found).finding_class, only(found).account_vnd) == (C.OK, 100_000)
    assert found.can_close
    assert found.used_bank_references == {"FT2"}


@pytest.mark.parametrize("text", ["NOP PHI", "XREF001", "REF0011", "REF00"])
def test_an_equal_amount_alone_proves_nothing(text: str) -> None:
    """Fees are the same for everybody."""
    statement = Statement(until=DAY + timedelta(days=2), lines=(credit(text),))
    found = match([row()], [entry()], statement=statement)
    assert only(found).finding_class is C.NOT_SETTLED
    assert found.unmatched_lines == (2,)


def test_r8_where_another_amount_arrived() -> None:
    """What did arrive is told."""
    statement = Statement(until=DAY + timedelta(days=2), lines=(credit("REF001", 99_000),))
    one = only(match([row()], [entry()], statement=statement))
    assert (one.finding_class, one.account_vnd) == (C.NOT_SETTLED, 99_000)


def test_one_transfer_of_many_payments_is_known_by_its_mark_and_sum() -> None:
    """Those that came one by one are not in it; neither is a transfer that another day has taken."""
    rows = [row(name, transaction=f"{name}-TX") for name in ("REF001", "REF002", "REF003")]
    entries = [entry(name) for name in ("REF001", "REF002", "REF003")]
    lines = (credit("REF002"), credit(f"{AFTER:%d%m%Y} PPSIM01 QT", 200_000, line=3))
    statement = Statement(until=DAY + timedelta(days=2), lines=lines)
    found = match(rows, entries, statement=statement)
    assert found.can_close
    assert found.used_bank_references == {"FT2", "FT3"}
    taken = match(rows, entries, statement=statement, used=frozenset({"FT3"}))
    assert classes(taken) == {"REF001": C.NOT_SETTLED, "REF002": C.OK, "REF003": C.NOT_SETTLED}


def test_what_the_gateway_does_not_count_is_looked_for_in_the_account_too() -> None:
    """That the money of an unknown reference arrived helps the person who decides."""
    statement = Statement(until=DAY + timedelta(days=2), lines=(credit("REF001"),))
    one = only(match([row()], [], statement=statement))
    assert (one.finding_class, one.account_vnd) == (C.UNKNOWN_REFERENCE, 100_000)


def test_two_transactions_of_one_reference_are_disputed() -> None:
    """F22: two debits, and no second attempt that could be refunded as a duplicate."""
    rows = [row(transaction="TX-1"), row(transaction="TX-2", minutes=1)]
    found = match(rows, [entry(transaction="TX-2")])
    assert {one.transaction: one.finding_class for one in found.findings} == {"TX-1": C.TWO_DEBITS, "TX-2": C.OK}
    other = only(match([row(transaction="TX-1")], [entry(transaction="TX-9")]))
    assert (other.finding_class, other.action, other.difference_vnd) == (C.TWO_DEBITS, Action.DISPUTE, 0)


def test_another_account_is_disputed() -> None:
    """The account stands outside the platform's checksum."""
    assert only(match([row(account="999")], [entry()])).finding_class is C.ACCOUNT
    assert only(match([row(account="999")], [entry(account="")])).finding_class is C.OK


def test_a_row_that_stood_in_the_file_before_is_told_as_repeated() -> None:
    """It counts in the file's sum, and for no attempt."""
    found = match([row()], [entry(on=BEFORE)], before=[row()])
    assert (only(found).finding_class, only(found).action) == (C.REPEATED, Action.ESCALATE)
    assert only(found).difference_vnd == -100_000


def test_a_row_in_two_files_counts_for_its_attempt_once() -> None:
    """In the first of them, on whichever day the gateway counts: both days' views agree."""
    later = match([row()], [entry()], before=[row()])
    assert [(one.finding_class, one.gateway_vnd, one.file_vnd) for one in later.findings] == [
        (C.DAY_BOUNDARY, 100_000, 0),
        (C.REPEATED, 0, 100_000),
    ]
    earlier = match([row()], [entry(on=AFTER)], after=[row()])
    assert only(earlier).finding_class is C.DAY_BOUNDARY


def test_what_is_in_dispute_stays_so() -> None:
    """Nothing else is proposed about it."""
    one = only(match([row()], [entry(standing=DISPUTED)]))
    assert (one.finding_class, one.action) == (C.IN_DISPUTE, Action.DECIDE)


@pytest.mark.parametrize("state", [FAILED, PENDING])
def test_a_row_without_money_needs_nobody(state: object) -> None:
    """Known or not: a failure that neither side counts is explained."""
    rows = [row(state=state), row("REF002", state=state)]  # type: ignore[arg-type]
    found = match(rows, [entry(standing=OPEN)])
    assert classes(found) == {"REF001": C.NO_MONEY, "REF002": C.NO_MONEY}
    assert found.can_close


def test_a_failure_before_the_success_of_one_reference_is_no_contradiction() -> None:
    """The success speaks for the attempt."""
    rows = [row(transaction="TX-1", state=FAILED), row(transaction="TX-2")]
    found = match(rows, [entry()])
    assert {one.transaction: one.finding_class for one in found.findings} == {"TX-1": C.NO_MONEY, "TX-2": C.OK}


def test_refunds_are_matched_by_transaction_and_count_below_zero() -> None:
    """Equal, lost, absent, other amount, unknown and failed, like payments."""
    rows = [
        row("REF001", 30_000, kind=REFUND, transaction="RF-1"),
        row("REF002", 30_000, kind=REFUND, transaction="RF-2"),
        row("REF003", 20_000, kind=REFUND, transaction="RF-3"),
        row("REF004", 30_000, kind=REFUND, transaction="RF-4"),
        row("REF005", 30_000, kind=REFUND, transaction="RF-5", state=FAILED),
    ]
    entries = [
        entry("REF001", 30_000, kind=REFUND, entry_id="r1", transaction="RF-1"),
        entry("REF002", 30_000, kind=REFUND, entry_id="r2", standing=OPEN),
        entry("REF003", 30_000, kind=REFUND, entry_id="r3", transaction="RF-3"),
        entry("REF005", 30_000, kind=REFUND, entry_id="r5", transaction="RF-5"),
        entry("REF006", 30_000, kind=REFUND, entry_id="r6", transaction="RF-6"),
    ]
    found = match(rows, entries)
    assert classes(found) == {
        "REF001": C.OK,
        "REF002": C.LOST_NOTIFICATION,
        "REF003": C.AMOUNT,
        "REF004": C.UNKNOWN_REFERENCE,
        "REF005": C.CONTRADICTORY,
        "REF006": C.PHANTOM,
    }
    sums = total([found])
    assert (sums.gateway_vnd, sums.file_vnd) == (-120_000, -110_000)


def test_two_equal_refunds_of_one_payment_take_one_row_each() -> None:
    """Partial refunds may be alike, and their transactions not known yet."""
    rows = [row(amount_vnd=10_000, kind=REFUND, transaction=f"RF-{number}") for number in (1, 2)]
    entries = [entry(amount_vnd=10_000, kind=REFUND, entry_id=name) for name in ("a", "b")]
    found = match(rows, entries)
    assert [one.finding_class for one in found.findings] == [C.OK, C.OK]
    assert {one.entry_id for one in found.findings} == {"a", "b"}


def test_a_refund_under_another_reference_is_another_refund() -> None:
    """Found by random days on 26 November 2026: two rows with one transaction were told apart by their order alone."""
    rows = [row("", kind=REFUND, transaction="RF-1"), row("REF001", kind=REFUND, transaction="RF-1")]
    entries = [entry("REF001", kind=REFUND, entry_id="r1", transaction="RF-1")]
    for order in (rows, rows[::-1]):
        assert classes(match(order, entries)) == {"": C.UNKNOWN_REFERENCE, "REF001": C.OK}
    assert classes(match(rows[:1], entries)) == {"": C.UNKNOWN_REFERENCE, "REF001": C.PHANTOM}


def test_a_refund_does_not_hide_its_payment() -> None:
    """Both stand in one file under one reference."""
    rows = [row(), row(kind=REFUND, transaction="RF-1")]
    found = match(rows, [entry(), entry(kind=REFUND, entry_id="r1", transaction="RF-1")])
    assert [one.finding_class for one in found.findings] == [C.OK, C.OK]
    assert (total([found]).gateway_vnd, total([found]).file_vnd) == (0, 0)


def test_service_fees_stand_apart() -> None:
    """They are part of no amount, and of no difference."""
    found = match([row(fee_vnd=1_100), row("REF002", fee_vnd=2_200, state=FAILED)], [entry()])
    sums = total([found])
    assert (sums.service_fee_vnd, sums.file_vnd, sums.difference_vnd) == (1_100, 100_000, 0)


def test_a_person_may_explain_what_the_sides_cannot() -> None:
    """As long as the finding says the same; then the day can be closed, and the difference stays told."""
    found = match([row(amount_vnd=90_000)], [entry()])
    explained = match([row(amount_vnd=90_000)], [entry()], decisions={only(found).key: "officer-1"})
    assert explained.can_close
    assert total([explained]).difference_vnd == 10_000
    changed = match([row(amount_vnd=80_000)], [entry()], decisions={only(found).key: "officer-1"})
    assert not changed.can_close


def test_sums_stand_by_provider_agency_and_account() -> None:
    """Each adds up to the whole."""
    found = match(
        [row(), row("REF002", 50_000, account="0099"), row("REF003", 7_000)],
        [entry(), entry("REF002", 50_000, account="0099", agency="000.00.26.H01"), entry("REF004", 3_000)],
    )
    whole = total([found])
    assert (whole.gateway_vnd, whole.file_vnd, whole.difference_vnd) == (153_000, 157_000, -4_000)
    agencies = sums_by([found], by_agency)
    assert {name: one.file_vnd for name, one in agencies.items()} == {
        "": 7_000,
        AGENCY: 100_000,
        "000.00.26.H01": 50_000,
    }
    assert {name: one.file_vnd for name, one in sums_by([found], by_account).items()} == {
        ACCOUNT: 107_000,
        "0099": 50_000,
    }
    assert sums_by([found, found], by_provider)["platform"].file_vnd == 314_000
    assert differences_by_class(found) == {C.PHANTOM: 3_000, C.UNKNOWN_REFERENCE: -7_000}


def test_sides_that_do_not_belong_together_are_refused() -> None:
    """Neighbours of other days or partners, and entries that stand twice or count without a day."""
    sides = DayInput(provider="platform", file=file(), entries=())
    for wrong in (
        replace(sides, before=file()),
        replace(sides, after=replace(file(day=AFTER), partner_code="OTHER")),
        replace(sides, entries=(entry(), entry())),
        replace(sides, entries=(entry(), entry(entry_id="other"))),
        replace(sides, entries=(replace(entry(), counted_on=None),)),
        replace(sides, entries=(replace(entry(standing=OPEN), counted_on=DAY),)),
    ):
        with pytest.raises(ValueError):
            match_day(wrong, add_working_days)


def test_every_state_of_an_attempt_has_its_standing() -> None:
    """A refund takes nothing from what came; what a person must decide counts for nothing until then."""
    assert {state for state in AttemptState if standing_of(state) is Standing.COUNTED} == {
        *(AttemptState.PAID, AttemptState.LATE_PAID, AttemptState.DUPLICATE_PAID),
        *(AttemptState.REFUND_PENDING, AttemptState.PARTIALLY_REFUNDED, AttemptState.REFUNDED),
    }
    assert {state for state in AttemptState if standing_of(state) is Standing.DISPUTED} == {
        AttemptState.MISMATCH,
        AttemptState.DISPUTED,
    }
