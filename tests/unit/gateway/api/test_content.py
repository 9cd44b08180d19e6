"""Reading content: what the fast look for repeated keys may and may not conclude."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.api.content import Content, class_of_value, pointer, refuse_repeated_keys
from gateway.api.problems import Problem
from gateway.model.dossier import Dossier
from tests.support.samples import make_dossier

# The models have no fractional numbers, and neither has what reaches the look for repeated keys.
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


def doubled(value: Any, name: str, indent: int | None, is_ascii: bool) -> bytes:
    """Write an object that has one key twice, the second time at its end."""
    text = json.dumps({"a": value, name: 1}, indent=indent, ensure_ascii=is_ascii)
    closed = text.rstrip()[:-1].rstrip()
    return (closed + f", {json.dumps(name, ensure_ascii=is_ascii)} : 2}}").encode()


@settings(max_examples=150, deadline=None)
@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_no_single_key_is_refused(value: Any, indent: int | None, is_ascii: bool) -> None:
    """JSON without repeated keys passes, however it is written."""
    refuse_repeated_keys(json.dumps(value, indent=indent, ensure_ascii=is_ascii).encode(errors="surrogatepass"))


@settings(max_examples=150, deadline=None)
@given(VALUES, st.text('abü\\"/\n', min_size=2, max_size=6), st.sampled_from([None, 2]), st.booleans())
def test_every_repeated_key_is_refused(value: Any, name: str, indent: int | None, is_ascii: bool) -> None:
    """A repeated key is refused, whatever escapes and white space would make up for its length."""
    with pytest.raises(Problem) as caught:
        refuse_repeated_keys(doubled(value, name, indent, is_ascii))
    assert "malformed-json" == caught.value.type.name


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true or false"),
        (5, "number"),
        (1.5, "number"),
        ("Nguyễn", "string of 6 characters"),
        ([1, 2], "list of 2"),
        ({"a": 1}, "object"),
        (b"", "value of another kind"),
    ],
)
def test_values_are_named_by_their_class(value: object, expected: str) -> None:
    """A value is described without being said."""
    assert expected == class_of_value(value)


def test_pointers_mask_what_is_no_field_name() -> None:
    """Names that callers invent may be values; only what looks like a field is shown."""
    assert "/fees/0/amount_vnd" == pointer(["fees", 0, "amount_vnd"])
    assert "/(name not shown)/a" == pointer(["999199000001", "a"])
    assert "/(name not shown)" == pointer(["Nguyễn"])
    assert "" == pointer([])


def test_what_is_written_is_what_is_read() -> None:
    """The canonical writing of a dossier reads as the same dossier."""
    assert make_dossier() == Content[Dossier](Dossier).read(msgspec.json.encode(make_dossier()))


def test_faults_are_bounded() -> None:
    """A body with thousands of faults is answered with a hundred."""
    fees = [{"x": 1}] * 50
    body = json.dumps({"fees": fees, **{f"unknown_{n}": 1 for n in range(500)}}).encode()
    with pytest.raises(Problem) as caught:
        Content[Dossier](Dossier).read(body)
    assert 100 == len(caught.value.faults)
