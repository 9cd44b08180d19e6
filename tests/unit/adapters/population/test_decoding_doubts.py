"""Replies in which something could hide: none of them may become "nobody matched", or another error than ours.

Found by reading the decoder again and by its fuzzer (2026-11-25).
"""

import pytest

from adapters.population import decoding
from adapters.population.decoding import SoapFault, code_word
from adapters.population.forms import Undecodable
from tests.unit.adapters.population.replies import FLAT_PERSON, REQUESTS, collection, envelope

_CAP = 256 * 1024
_XSI = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def read(body: bytes) -> decoding.Records:
    return decoding.read_records(decoding.body_child(decoding.parse(body, max_bytes=_CAP)))


def refusal(body: bytes) -> str:
    with pytest.raises(Undecodable) as caught:
        read(body)
    return caught.value.reason


_HIDDEN = {
    "a person in another namespace": (collection(f'<x:CongDan xmlns:x="{REQUESTS}"/>'), "unknown_person"),
    "a person in no namespace": (collection("<CongDan/>"), "unknown_person"),
    "a second person in no namespace": (collection(f"{FLAT_PERSON}<CongDan/>"), "unknown_person"),
    "a person in another spelling": (collection("<ns1:Congdan/>"), "unknown_person"),
    "a second person in another namespace": (
        collection(f'{FLAT_PERSON}<x:CongDan xmlns:x="{REQUESTS}"/>'),
        "unknown_person",
    ),
    "an error inside": (collection("<ns1:MaLoi>005</ns1:MaLoi>"), "unknown_answer"),
    "nil": (collection("", f'{_XSI} xsi:nil="true"'), "unknown_answer"),
    "text": (collection("khong duoc phep"), "no_known_form"),
    "text beside the body": (
        collection("").replace(b"<soapenv:Body>", b"loi<soapenv:Body>"),
        "no_single_body",
    ),
}


@pytest.mark.parametrize("name", sorted(_HIDDEN))
def test_n5_n6_only_an_empty_collection_is_nobody(name: str) -> None:
    """A collection that holds something unknown beside no person does not say that nobody matched."""
    body, reason = _HIDDEN[name]

    assert reason == refusal(body)


def test_nobody_with_a_new_attribute_is_nobody() -> None:
    """The collection itself is empty; the attribute is noticed."""
    assert ((), ("attribute:unknown",)) == (
        read(collection("", ' PhienBan="2"')).people,
        read(collection("", ' PhienBan="2"')).notices,
    )


@pytest.mark.parametrize("encoding", ["UTF-7", "ISO-8859-1", "windows-1258", "IBM037", "X-NONE"])
def test_n10_encodings_in_which_markup_could_hide(encoding: str) -> None:
    """UTF-8 and UTF-16 are taken; whatever else is declared is refused before it is parsed."""
    body = collection().decode().replace("UTF-8", encoding).encode("ascii", "xmlcharrefreplace")

    assert "unknown_encoding" == refusal(body)


def test_n10_text_that_is_not_even_ascii() -> None:
    """EBCDIC, which a parser would recognise by itself, is no reply."""
    body = collection().decode().replace("UTF-8", "IBM037").encode("ascii", "xmlcharrefreplace")

    assert "not_xml" == refusal(body.decode().encode("cp037"))


@pytest.mark.parametrize(
    "instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T24:00:00", "-0001-01-01T00:00:00"]
)
def test_times_that_no_calendar_here_has_are_not_stated(instant: str) -> None:
    """They are good values of the schema, and nothing that a record depends on."""
    records = read(collection(FLAT_PERSON, f' ThoiDiemDuLieu="{instant}"'))

    assert (1, None) == (len(records.people), records.data_time)


@pytest.mark.parametrize(
    ("text", "is_code"),
    [
        ("004", True),
        ("900901", True),
        ("LOI-500", True),
        ("E01", True),
        ("AUTHEN_ERROR", True),
        ("NGUYENVANDUC", False),
        ("HOA", False),
        ("19800101", False),
        ("999190000001", False),
        ("999000018", False),
        ("Y-BHAM", False),
        ("a@example.test", False),
        ("", False),
        ("４２９", False),
    ],
)
def test_n7_what_counts_as_a_code(text: str, is_code: bool) -> None:
    """Numbers, dates and names of people, the compact form included, are never taken for one."""
    assert (text if is_code else "") == code_word(text)


def test_n7_a_fault_that_quotes_the_question() -> None:
    """Nothing of it is kept."""
    detail = "<detail><dan:HoVaTen>NGUYENVANDUC</dan:HoVaTen><dan:NgayThangNam>19800101</dan:NgayThangNam></detail>"
    fault = envelope(f"<soapenv:Fault><faultcode>NGUYENVANDUC</faultcode>{detail}</soapenv:Fault>")

    assert SoapFault(fault_code="", business_code="") == decoding.read_fault(decoding.parse(fault, max_bytes=_CAP))


@pytest.mark.parametrize("attributes", [f'{_XSI} xsi:nil="true"', f'{_XSI} xsi:nil="false"'])
def test_n13_a_truth_that_says_it_is_none(attributes: str) -> None:
    """Nil beside a word is no clear word."""
    body = envelope(f"<dan:KetQuaXacThuc><dan:TonTai{attributes}>true</dan:TonTai></dan:KetQuaXacThuc>")
    with pytest.raises(Undecodable):
        decoding.read_verification(decoding.body_child(decoding.parse(body, max_bytes=_CAP)))


def test_n13_blanks_of_other_kinds_are_content() -> None:
    """White space is what XML calls so; a no-break space is a letter of the answer."""
    body = envelope("<dan:KetQuaXacThuc><dan:TonTai>\u00a0true</dan:TonTai></dan:KetQuaXacThuc>")
    with pytest.raises(Undecodable):
        decoding.read_verification(decoding.body_child(decoding.parse(body, max_bytes=_CAP)))
