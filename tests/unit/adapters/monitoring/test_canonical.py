"""The one form in which a value is signed, and JSON that is read strictly."""

import pytest

from adapters.monitoring.sandbox.canonical import canonical, read_json
from adapters.monitoring.sandbox.findings import Refused


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ('{"a":1,"b":[true,false,null]}', {"b": [True, False, None], "a": 1}),
        ('"\\u000f\\nA\'B\\"\\\\\\\\\\"/€$"', '\u000f\nA\'B"\\\\"/\u20ac$'),
        ('"\\b\\t\\f\\r\\u0000\x7f"', "\b\t\f\r\u0000\x7f"),
        ('"Sở Tư pháp"', "Sở Tư pháp"),
        (f"[{2**53 - 1},-1,0]", [2**53 - 1, -1, 0]),
        ("{}", {}),
    ],
)
def test_a_value_is_written_in_one_way(expected: str, value: object) -> None:
    """Texts of RFC 8785 §3.2.2, names sorted, no blanks."""
    assert expected.encode() == canonical(value)


def test_names_are_sorted_by_code_units() -> None:
    """The order of RFC 8785 §3.2.3: a sign beyond the basic plane comes before U+FB33."""
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    value = read_json(canonical(dict.fromkeys(names, 0)), "it")
    assert ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"] == list(value)


@pytest.mark.parametrize("value", [2**53, 0.5, "\ud800", {1: 2}, b"x"])
def test_what_has_no_exact_form_is_refused(value: object) -> None:
    """Nothing is signed that readers may read differently."""
    with pytest.raises((Refused, AttributeError)):
        canonical(value)


@pytest.mark.parametrize("body", [b'{"a":1,"a":2}', b"1.0", b"NaN", b"\xff", b"\xef\xbb\xbf{}", b"{", b"[" * 100_000])
def test_json_that_may_be_read_in_two_ways_is_refused(body: bytes) -> None:
    """Doubled names, fractions in signed content, other encodings and unending depth."""
    with pytest.raises(Refused):
        read_json(body, "it")
