"""Links to the application and back (vectors N164 and N165)."""

from urllib.parse import quote

import pytest

from adapters.consent import links
from gateway.errors import InvalidInput
from gateway.ports.consent import AppReturn
from tests.unit.adapters.consent.consent_settings import TXN, make_settings

SETTINGS = make_settings()
ONCE = quote(f"{TXN}|1", safe="")
TWICE = quote(ONCE, safe="")


def test_the_universal_link() -> None:
    """Base, path and id; an id that is none makes no link."""
    assert f"https://universal.example/share/{TXN}" == links.universal_link(SETTINGS, TXN)
    for txn_id in ("", "../x", "a/b", "a b", "a%2Fb", "a?b", "x" * 101, "é"):
        with pytest.raises(InvalidInput):
            links.universal_link(SETTINGS, txn_id)


@pytest.mark.parametrize("start", ["https://mot-cua.example/callback", "/callbacks/consent/vneid"])
@pytest.mark.parametrize(
    "rest",
    [
        f"/{TXN}|1",
        f"/{ONCE}",
        f"/{TXN}%7c1",
        f"/{TXN}",
        f"/{TXN}/",
        f"?transitionCode={ONCE}",
        f"?transition_code={ONCE}",
        f"?transactionCode={ONCE}",
        f"?transitionCode={TXN}|2",
        f"?transitionCode={TXN}",
        f"?lang=vi&transitionCode={ONCE}&x=1",
        f"?transitionCode={ONCE}&transactionCode={ONCE}",
        f"?transitionCode={TXN}%7C9",
        f"?transitionCode={TXN}%7C",
    ],
)
def test_every_spelling_that_is_seen(start: str, rest: str) -> None:
    """All of them name the same transaction."""
    assert AppReturn(txn_id=TXN) == links.read_return(SETTINGS, start + rest)


@pytest.mark.parametrize("rest", [f"/{TWICE}", f"?transitionCode={TWICE}", f"?transactionCode={TXN}%257C3"])
def test_n165_a_callback_that_is_encoded_twice(rest: str) -> None:
    """It is decoded twice, and no oftener."""
    assert AppReturn(txn_id=TXN) == links.read_return(SETTINGS, "/callback" + rest)
    with pytest.raises(InvalidInput):
        links.read_return(SETTINGS, "/callback" + rest.replace("%25", "%252525"))


@pytest.mark.parametrize("claimed", ["1", "2", "3", "", "agreed"])
def test_n164_what_a_link_claims_is_dropped(claimed: str) -> None:
    """Links with any result are equal: nobody can take one for consent."""
    assert AppReturn(txn_id=TXN) == links.read_return(SETTINGS, f"/callback/{TXN}|{claimed}")


@pytest.mark.parametrize(
    "target",
    [
        "",
        "/",
        "?transitionCode=",
        "?transitionCode=%7C1",
        f"?transitionCode={TXN}&transitionCode=9a110000-0000-4000-8000-000000000003",
        f"?transitionCode={TXN}&transactionCode=other",
        "/callback/a%20b",
        "/callback/a%00b",
        "/callback/%C4%90",
        "/callback/..%2F..%2Fetc",
        "/callback/" + "a" * 101,
        "/callback/" + "a" * 3000,
        "https://[broken/callback",
        "?transitionCode=%3Cscript%3E",
    ],
)
def test_what_names_no_transaction_is_refused(target: str) -> None:
    """The refusal repeats nothing of the link."""
    with pytest.raises(InvalidInput) as caught:
        links.read_return(SETTINGS, target)
    assert "callback" not in str(caught.value)


def test_a_return_hides_its_id() -> None:
    """Its repr may stand in a log."""
    assert TXN not in repr(links.read_return(SETTINGS, f"/callback/{TXN}"))
