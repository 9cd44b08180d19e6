"""Every endpoint says whether it shows personal data, and every look has words for the citizen."""

import pytest

from gateway.api.accesses import WORDS
from gateway.api.app import ENDPOINTS
from gateway.api.looks import SHOWS, SHOWS_NONE, field_names
from gateway.model.audit import AuditAction, Outcome
from gateway.sync.audit import check_outcome

OPERATIONS = [endpoint.operation_id for endpoint in ENDPOINTS]


def test_every_endpoint_is_declared_once() -> None:
    """A new endpoint is written into one of the tables: it shows personal data and leaves a line, or shows none."""
    declared = [*SHOWS, *SHOWS_NONE]

    assert sorted(OPERATIONS) == sorted(declared)
    assert all(SHOWS.values())
    assert all(SHOWS_NONE.values())


def test_every_action_has_words_for_the_citizen() -> None:
    """In both languages, each its own: nobody reads a code and guesses."""
    assert set(AuditAction) == set(WORDS)
    for words in (one for word in WORDS.values() for one in (word.vi, word.en)):
        assert words.strip()
    assert len({words.vi for words in WORDS.values()}) == len(WORDS)
    assert len({words.en for words in WORDS.values()}) == len(WORDS)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["applicant/name", "fees[0]"], ("applicant_name", "fees_0_")),
        (["Họ tên", "name", "name"], ("H__t_n", "name")),
        (["9lives", "", "x" * 200], ("x9lives", "x", "x" * 79)),
        ([f"field{number}" for number in range(300)], tuple(f"field{number}" for number in range(200))),
    ],
)
def test_names_that_a_line_takes(given: list[str], expected: tuple[str, ...]) -> None:
    """Whatever another system calls its fields, the look can be written down."""
    names = field_names(given)

    assert expected == names
    check_outcome(Outcome(outcome="read", fields_released=names))
