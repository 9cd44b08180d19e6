"""A credit pays the attempt whose reference it names, when account, amount and time agree, and nothing otherwise."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.model.payment import AttemptState, Source
from gateway.model.settlement import StatementLine
from gateway.sync.payments import judge_fact
from gateway.sync.transfers import Candidate, Matched, Unmatched, match_line
from mappings.payment.references import checked_reference, references_in
from tests.unit.gateway.sync.payment_builders import AMOUNT, DUE, NOW, OWING, attempt

OPENED_ON = date(2026, 11, 25)
PENDING = attempt(provider="vietqr", partner_code="")
KNOWN = {
    "REF1": Candidate(request_id=DUE.request_id, attempt=PENDING),
    "REF2": Candidate(request_id=UUID(int=200), attempt=attempt(number=2, provider="vietqr", partner_code="")),
}


def line(**changes: Any) -> StatementLine:
    values: dict[str, Any] = {
        "line": 2,
        "amount_vnd": AMOUNT,
        "day": OPENED_ON,
        "at": None,
        "text": "",
        "account_number": PENDING.beneficiary.account_number,
        "bank_reference": "FT1",
    }
    return StatementLine(**{**values, **changes})


@pytest.mark.parametrize("day", [OPENED_ON, OPENED_ON + timedelta(days=31)])
def test_what_agrees_pays(day: date) -> None:
    """The fact is one by which the machine counts the attempt as paid."""
    matched = match_line(line(day=day), ["REF1"], KNOWN)

    assert isinstance(matched, Matched)
    assert (DUE.request_id, False) == (matched.candidate.request_id, matched.is_known)
    decision = judge_fact(OWING, PENDING, (), matched.fact, Source.STATEMENT, NOW)
    assert AttemptState.PAID is decision.attempt.state
    assert ["FT1"] == [debit.transaction for debit in decision.attempt.debits]


@pytest.mark.parametrize(
    ("references", "changes", "expected"),
    [
        ([], {}, Unmatched.NO_REFERENCE),
        (["REF9"], {}, Unmatched.UNKNOWN_REFERENCE),
        (["REF1", "REF2"], {}, Unmatched.SEVERAL_REFERENCES),
        (["REF1"], {"account_number": "0011009999999"}, Unmatched.ANOTHER_ACCOUNT),
        (["REF1"], {"amount_vnd": AMOUNT - 1}, Unmatched.ANOTHER_AMOUNT),
        (["REF1"], {"amount_vnd": AMOUNT + 1}, Unmatched.ANOTHER_AMOUNT),
        (["REF1"], {"day": OPENED_ON - timedelta(days=1)}, Unmatched.TOO_EARLY),
        (["REF1"], {"day": OPENED_ON + timedelta(days=32)}, Unmatched.TOO_LATE),
    ],
)
def test_what_does_not_agree_is_left_with_its_reason(
    references: list[str], changes: dict[str, Any], expected: Unmatched
) -> None:
    assert expected is match_line(line(**changes), references, KNOWN)


@pytest.mark.parametrize("references", [["REF1", "REF1"], ["REF9", "REF1"]])
def test_one_of_ours_is_enough(references: list[str]) -> None:
    """A reference that stands twice is one; chance that looks like a reference takes nobody's payment away."""
    matched = match_line(line(), references, KNOWN)

    assert isinstance(matched, Matched)
    assert "REF1" == matched.fact.reference


def test_a_movement_that_is_written_down_is_known_whatever_became_of_it() -> None:
    """Also where the debit was found to be something else: an old line says nothing new against that."""
    held = replace(KNOWN["REF1"], attempt=attempt(AttemptState.PAID, provider="vietqr", partner_code=""))

    matched = match_line(line(bank_reference="T1"), ["REF1"], {"REF1": held})
    other = match_line(line(bank_reference="T2"), ["REF1"], {"REF1": held})

    assert isinstance(matched, Matched)
    assert isinstance(other, Matched)
    assert (True, False) == (matched.is_known, other.is_known)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount_vnd": AMOUNT * 2}, Unmatched.ANOTHER_AMOUNT),
        ({"account_number": "0011009999999"}, Unmatched.ANOTHER_ACCOUNT),
    ],
)
def test_the_number_of_a_known_movement_hides_no_other(changes: dict[str, Any], expected: Unmatched) -> None:
    """A bank's numbers are its own: of another account or amount, it is another movement."""
    held = replace(KNOWN["REF1"], attempt=attempt(AttemptState.PAID, provider="vietqr", partner_code=""))

    assert expected is match_line(line(bank_reference="T1", **changes), ["REF1"], {"REF1": held})


def test_a_late_transfer_still_pays_what_has_expired() -> None:
    expired = replace(PENDING, state=AttemptState.EXPIRED)
    candidate = Candidate(request_id=DUE.request_id, attempt=expired)

    matched = match_line(line(day=OPENED_ON + timedelta(days=3)), ["REF1"], {"REF1": candidate})

    assert isinstance(matched, Matched)
    decision = judge_fact(DUE, expired, (), matched.fact, Source.STATEMENT, NOW + timedelta(days=4))
    assert AttemptState.PAID is decision.attempt.state


@pytest.mark.parametrize("amount_vnd", [0, -AMOUNT])
def test_only_credits_are_asked_about(amount_vnd: int) -> None:
    with pytest.raises(ValueError, match="only credits"):
        match_line(line(amount_vnd=amount_vnd), ["REF1"], KNOWN)


OURS = checked_reference(bytes(range(16)), "LT", 15)


@pytest.mark.parametrize(
    ("text", "is_paid"),
    [
        (f"MBVCB.123.{OURS} PHI HO SO", True),
        (f"ck {OURS.lower()[:9]} {OURS.lower()[9:]}", True),
        (f"{OURS[:6]}-{OURS[6:]}.CT TU 999", True),
        (OURS[:-1], False),
        (OURS[1:], False),
        (f"{OURS[:-1]}{'A' if OURS[-1] != 'A' else 'B'}", False),
    ],
)
def test_banks_rewrite_texts_and_a_cut_one_pays_nothing(text: str, is_paid: bool) -> None:
    """Case, spaces and signs do not matter; a cut or mistyped reference is nobody's."""
    held = Candidate(request_id=DUE.request_id, attempt=replace(PENDING, reference=OURS))

    outcome = match_line(line(text=text), references_in(text, "LT", 15), {OURS: held})

    assert is_paid is isinstance(outcome, Matched)
    assert is_paid or outcome is Unmatched.NO_REFERENCE
