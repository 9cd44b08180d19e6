"""Amounts, times, documents and addresses of payment messages, read strictly."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.payment.addresses import is_allowed, origin_of
from mappings.payment.amounts import digits_of, read_amount, write_amount
from mappings.payment.documents import DocumentRefused, read_object
from mappings.payment.notices import Notice
from mappings.payment.times import WireTime, read_wire_time

MORNING = datetime(2025, 1, 15, 2, 34, 12, tzinfo=UTC)
AFTERNOON = datetime(2025, 1, 15, 14, 34, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, 1), ("1", 1), (150000, 150000), ("150000", 150000), (2_147_483_648, 2_147_483_648), ("9" * 40, int("9" * 40))],
)
def test_pitfall_24_amounts_of_any_size(value: object, expected: int) -> None:
    """Numbers and digits mean the same, also beyond 32 and 64 bits."""
    assert expected == read_amount(value)


@pytest.mark.parametrize(
    "value",
    [
        *(0, -1, -0.0, 1.0, 150000.0, 1e5, float("inf"), True, False, None, [], {}, b"1"),
        *("", "0", "01", "-1", "+1", "1.0", "1,000", "1.000", "1 000", "1e5", " 1", "1 ", "1\n", "１", "٣", "0x10"),
        "9" * 4301,
    ],
)
def test_f12_everything_else_is_no_amount(value: object) -> None:
    """Floats, exponents, signs, separators, leading zeros, zero, negatives, truth values: refused, and not repeated."""
    with pytest.raises(ValueError) as caught:
        read_amount(value)
    assert "150000" not in str(caught.value)


@given(st.integers(min_value=1, max_value=10**60))
def test_amounts_survive_the_wire(amount: int) -> None:
    """What was written reads back, as text and as a number; a checksum sees the same digits."""
    assert amount == read_amount(write_amount(amount)) == read_amount(amount)
    assert write_amount(amount) == digits_of(amount) == digits_of(str(amount))


@given(st.text(max_size=12) | st.floats() | st.integers(max_value=0) | st.booleans() | st.none())
def test_only_plain_digits_are_amounts(value: object) -> None:
    """Whatever is taken is exactly a text of digits that writes back as it was."""
    try:
        amount = read_amount(value)
    except ValueError:
        return
    assert value == str(amount)


@pytest.mark.parametrize("amount", [0, -5, True, 1.0])
def test_no_such_amount_is_written(amount: Any) -> None:
    """What could not be read is not sent either."""
    with pytest.raises(ValueError):
        write_amount(amount)


@pytest.mark.parametrize(("value", "expected"), [(0, "0"), ("0", "0"), (None, ""), ("", ""), (7, "7")])
def test_digits_for_checksums_know_zero_and_nothing(value: object, expected: str) -> None:
    """Answers about unpaid orders hold a zero or nothing."""
    assert expected == digits_of(value)


@pytest.mark.parametrize("value", [1.5, True, "-1", "01", "1.0", -1, []])
def test_other_values_have_no_digits(value: object) -> None:
    """A float has several spellings, so no checksum can be computed of it."""
    with pytest.raises(ValueError):
        digits_of(value)


def test_times_are_vietnamese() -> None:
    """Seven hours ahead of UTC, without an offset on the wire; the text is kept."""
    assert WireTime(text="20250115093412", at=MORNING) == read_wire_time("20250115093412")


@pytest.mark.parametrize(
    "text", ["", "2025011509341", "20250115 93412", "20251315093412", "20250115243412", "15/01/2025"]
)
def test_an_unreadable_time_drops_no_money(text: str) -> None:
    """It is told as such and kept as it was."""
    assert WireTime(text=text, at=None, notices=(Notice.UNREADABLE_TIME,)) == read_wire_time(text)


@pytest.mark.parametrize(
    ("text", "opened_at", "seen_at", "suspected"),
    [
        ("20250115093412", None, None, False),
        ("20250115093412", MORNING, MORNING, False),
        ("20250115093412", AFTERNOON, None, True),
        ("20250115093412", None, AFTERNOON, True),
        ("20250115093412", AFTERNOON, AFTERNOON, True),
        ("20250115213412", AFTERNOON, AFTERNOON, False),
        ("20250115213412", MORNING, None, False),
        ("20250115123000", None, datetime(2025, 1, 14, 17, 30, tzinfo=UTC), True),
        ("20250115123000", None, datetime(2025, 1, 15, 5, 31, tzinfo=UTC), False),
        ("20250113093412", AFTERNOON, None, False),
    ],
)
def test_pitfall_14_twelve_hour_clocks_are_noticed(
    text: str, opened_at: datetime | None, seen_at: datetime | None, suspected: bool
) -> None:
    """A time that fits only after half a day is suspicious, and stays what it was."""
    read = read_wire_time(text, opened_at=opened_at, seen_at=seen_at)
    assert suspected == (Notice.TWELVE_HOUR_CLOCK in read.notices)
    assert read.text == text


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"a":1,"a":2}', "duplicate_member"),
        (b'{"a":{"b":1,"b":1}}', "duplicate_member"),
        (b'{"a":' + b" " * 100 + b"1}", "too_large"),
        (b"", "malformed"),
        (b"[]", "malformed"),
        (b'"text"', "malformed"),
        (b'{"a":NaN}', "malformed"),
        (b'{"a":"\xff"}', "malformed"),
        (b'{"a":"\\ud800"}', "malformed"),
        (b'{"a":["\\ud800"]}', "malformed"),
        (b'{"a":[1,[{"b":[["x\\udfff"]]}]]}', "malformed"),
        (b'{"\\ud800":1}', "malformed"),
        (b'\xef\xbb\xbf{"a":1}', "malformed"),
        ('{"a":"ư"}'.encode("utf-16"), "malformed"),
        (b'{"a":1', "malformed"),
        (b'{"a":' * 15 + b"1", "malformed"),
    ],
)
def test_documents_have_one_meaning(body: bytes, code: str) -> None:
    """Anything else is refused with a word from a closed list."""
    with pytest.raises(DocumentRefused) as caught:
        read_object(body, max_bytes=100)
    assert code == caught.value.code == str(caught.value)


@pytest.mark.parametrize(
    "inner", [b'{"a":' * 20_000, b"[" * 100_000, b"[" * 50_000 + b"]" * 50_000], ids=["objects", "lists", "closed"]
)
def test_endless_nesting_is_malformed(inner: bytes) -> None:
    """It ends in a refusal, not in a crash."""
    with pytest.raises(DocumentRefused):
        read_object(b'{"a":' + inner + b"}", max_bytes=1 << 20)


def test_a_byte_order_mark_may_be_allowed() -> None:
    """Some programs put one in front of their answers."""
    assert {"a": "ư"} == read_object('\ufeff{"a":"ư"}'.encode(), max_bytes=100, allows_bom=True)


HOSTS = frozenset({"pay.example", "pay.example:443", "pay.example:8443", "127.0.0.1:8080"})


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://pay.example/p?id=1", True),
        ("https://PAY.example/", True),
        ("https://pay.example:443/", True),
        ("https://pay.example:8443/", True),
        ("https://pay.example:444/", False),
        ("https://pay.example:0/", False),
        ("http://pay.example/", False),
        ("https://evil.example/", False),
        ("https://pay.example.evil.example/", False),
        ("https://pay.example@evil.example/", False),
        ("https://evil.example\\@pay.example/", False),
        ("https://pay.example./", False),
        ("https://pаy.example/", False),
        ("//pay.example/", False),
        ("javascript:alert(1)//pay.example", False),
        ("file://pay.example/etc/passwd", False),
        ("https://pay.example:99999/", False),
        ("https://[pay.example/", False),
        ("https://pay.example/ x", False),
        ("http://127.0.0.1:8080/", False),
        ("", False),
    ],
)
def test_pitfall_19_only_listed_hosts(address: str, expected: bool) -> None:
    """Every trick that shows one host and means another is refused."""
    assert expected is is_allowed(address, HOSTS)


def test_sandboxes_may_be_plain_on_loopback() -> None:
    """Only when said so, only loopback, and only when listed."""
    assert is_allowed("http://127.0.0.1:8080/p", HOSTS, allows_plain_loopback=True)
    assert not is_allowed("http://127.0.0.1:8081/p", HOSTS, allows_plain_loopback=True)
    assert not is_allowed("http://pay.example/p", HOSTS, allows_plain_loopback=True)


def test_origins() -> None:
    """Scheme, host and port; nothing for what is no address."""
    assert "https://pay.example:8443" == origin_of("https://Pay.example:8443/p?q")
    assert "https://pay.example" == origin_of("https://pay.example:443/p") == origin_of("https://pay.example/p")
    assert "http://pay.example:443" == origin_of("http://pay.example:443/p")
    assert "" == origin_of("https://a@b/") == origin_of("nothing") == origin_of("https:///x")
