"""Response codes of KeyPay (payment notes §C.3)."""

import pytest

from gateway.model.payment import Answer
from mappings.payment.keypay_codes import (
    CodeClass,
    keypay_codes,
    refuses_credentials,
    said_by_notification,
    said_by_query,
)
from mappings.payment.notices import Notice

PAID = {"00", "06"}
UNKNOWN = {"08", "97", "99"}
FAILED = ["04", "17", "18", "19", "20", "21", "25", "26", "27", "40", "41", "54", "57", "61", "62", "65", "98"]
CONFIGURATION = [f"{number:02d}" for number in (1, 2, 3, 5, 7, *range(9, 17), *range(30, 40))]


def test_every_code_has_its_class() -> None:
    """§C.3 in full."""
    expected = {
        **dict.fromkeys(PAID, CodeClass.PAID),
        **dict.fromkeys(UNKNOWN, CodeClass.UNKNOWN),
        **dict.fromkeys(FAILED, CodeClass.FAILED),
        **dict.fromkeys(CONFIGURATION, CodeClass.CONFIGURATION),
    }
    assert expected == {code: row.code_class for code, row in keypay_codes().rows.items()}


def test_only_two_codes_mean_paid() -> None:
    """One client declares 06 to 99 as "00" by mistake; here no third code leads to money."""
    every = [f"{number:02d}" for number in range(100)]
    assert PAID == {code for code in every if said_by_notification(code).answer is Answer.PAID}
    assert PAID == {code for code in every if said_by_query(code).answer is Answer.PAID}


@pytest.mark.parametrize("code", sorted(UNKNOWN))
def test_what_the_bank_did_not_say_is_asked_again(code: str) -> None:
    """08, 97 and 99 are no failure (§9.1)."""
    assert Answer.PENDING is said_by_notification(code).answer
    assert Answer.PENDING is said_by_query(code).answer


def test_not_found_is_final_only_as_an_answer() -> None:
    """04 (§C.3: a failure after a query)."""
    assert Answer.NOT_FOUND is said_by_query("04").answer
    assert Answer.PENDING is said_by_notification("04").answer


@pytest.mark.parametrize("code", CONFIGURATION)
def test_a_question_that_was_put_wrongly_ends_nothing(code: str) -> None:
    """As an answer it may speak of the question; as a notification nothing was paid. Both are noticed."""
    assert Answer.PENDING is said_by_query(code).answer
    assert Answer.FAILED is said_by_notification(code).answer
    assert (Notice.CONFIGURATION_RESULT,) == said_by_notification(code).notices
    assert (code in ("01", "02")) == refuses_credentials(code)


@pytest.mark.parametrize("code", ["22", "55", "ab", ""])
def test_an_unknown_code_is_noticed_and_asked_about(code: str) -> None:
    """A code that nobody knows is neither paid nor failed."""
    assert (Notice.UNKNOWN_RESULT,) == said_by_query(code).notices
    assert Answer.PENDING is said_by_notification(code).answer
    assert not refuses_credentials(code)
