"""The decoder of replies: what it takes, and the negative tests of the population notes §18 that concern bytes."""

import tracemalloc
from datetime import UTC, datetime

import pytest

from adapters.population import decoding
from adapters.population.decoding import Records, SoapFault
from adapters.population.forms import Form, Undecodable
from gateway.model.citizen import CitizenAddress, CitizenRelative, Coded, MaritalStatus, Sex
from gateway.model.identity import PartialDate, Precision
from tests.unit.adapters.population.replies import (
    FLAT_PERSON,
    KINSHIP_PERSON,
    NUMBER,
    QCVN_PERSON,
    RECORDS,
    REQUESTS,
    SOAP,
    collection,
    envelope,
    truth,
)

_CAP = 256 * 1024
BORN = PartialDate("1990-02-03", Precision.DAY)


def read(body: bytes) -> Records:
    return decoding.read_records(decoding.body_child(decoding.parse(body, max_bytes=_CAP)))


def verified(body: bytes) -> bool:
    return decoding.read_verification(decoding.body_child(decoding.parse(body, max_bytes=_CAP)))


def refusal(body: bytes) -> str:
    with pytest.raises(Undecodable) as caught:
        read(body)
    return caught.value.reason


def test_flat_reply() -> None:
    """The live-looking form: the whole name in one part, both birth elements, codes with and without leading zero."""
    records = read(collection())
    (person,) = records.people

    assert (Form.FLAT, ()) == (records.form, records.notices)
    assert NUMBER == person.personal_number
    assert "NGUYỄN THỊ MẪU" == person.full_name
    assert (Sex.FEMALE, BORN) == (person.sex, person.birth_date)
    assert Coded(code="01", name="Kinh") == person.ethnicity
    assert person.religion is None
    assert (MaritalStatus.FORMERLY_MARRIED, "AB") == (person.marital_status, person.blood_group)
    assert (
        CitizenAddress(province_code="01", commune_code="00004", detail="SỐ 1, PHỐ MẪU", country="VN")
        == person.permanent_residence
    )
    assert CitizenRelative(full_name="NGUYỄN VĂN CHA", personal_number="999060000002") == person.father
    assert CitizenRelative(full_name="NGUYỄN THỊ MẪU", relation="CH01") == person.household_head
    assert (None, None, "") == (person.mother, person.native_place, person.old_card_number)


def test_qcvn_reply() -> None:
    """The standard's own form: complex codes, one unit code, dates with dashes, attributes of the collection."""
    records = read(collection(QCVN_PERSON, ' SoCongDan="1" ThoiDiemDuLieu="2026-11-20T08:00:00+07:00"'))
    (person,) = records.people

    assert (Form.QCVN109, ()) == (records.form, records.notices)
    assert datetime(2026, 11, 20, 1, tzinfo=UTC) == records.data_time
    assert ("NGUYỄN THỊ MẪU", BORN) == (person.full_name, person.birth_date)
    assert (Coded(code="02", name="Tày"), Coded(code="99")) == (person.ethnicity, person.religion)
    assert CitizenAddress(commune_code="00004", detail="SỐ 1") == person.permanent_residence
    assert CitizenRelative(full_name="TRẦN MẸ") == person.mother


def test_kinship_reply() -> None:
    """One vendor's form: number before name in relatives."""
    records = read(collection(KINSHIP_PERSON, ' id="0f8fad5b-d9cb-469f-a165-70867728950e"'))
    father = CitizenRelative(full_name="NGUYỄN CHA", personal_number="999060000002", nationality="VN")

    assert (Form.KINSHIP, father) == (records.form, records.people[0].father)


def test_nobody_is_a_value() -> None:
    """Only a well-formed, empty collection of the right name means that nobody matched."""
    assert () == read(collection("")).people


def test_n15_two_people_are_both_given() -> None:
    """Nobody picks one here: the caller is told that there are two."""
    assert 2 == len(read(collection(FLAT_PERSON * 2)).people)


@pytest.mark.parametrize("root", ["KetQuaXacThuc", "KetQuaXacThucResponse", "XacThucThongTinCongDanResponse"])
@pytest.mark.parametrize(("text", "answer"), [("true", True), (" 1 ", True), ("false", False), ("0", False)])
def test_verification(root: str, text: str, answer: bool) -> None:
    """Three names of the answer were seen, and the words of xs:boolean."""
    assert answer is verified(truth(text, root))


@pytest.mark.parametrize("text", ["TRUE", "yes", "", "co", "2", "true false", "<dan:x/>true"])
def test_n13_no_clear_truth(text: str) -> None:
    """Anything but one clear word is no answer, and never "false"."""
    with pytest.raises(Undecodable):
        verified(truth(text))


def test_n13_no_truth_at_all() -> None:
    """An empty answer says nothing."""
    with pytest.raises(Undecodable) as caught:
        verified(envelope("<dan:KetQuaXacThuc/>"))
    assert "no_single_truth" == caught.value.reason


_DOCTYPES = {
    "only": "<!DOCTYPE soapenv:Envelope>",
    "external": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
    "http": '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/x">]>',
    "parameter": '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>',
    "public": '<!DOCTYPE x PUBLIC "-//X//X" "http://127.0.0.1:9/x.dtd">',
}


@pytest.mark.parametrize("kind", sorted(_DOCTYPES))
def test_n1_n2_document_types(kind: str) -> None:
    """A document type is refused, whatever it declares; nothing of it is fetched."""
    body = collection().replace(b"?><soapenv", f"?>{_DOCTYPES[kind]}<soapenv".encode())

    assert "document_type" == refusal(body)
    assert "document_type" == refusal(body.decode().replace('"UTF-8"', '"UTF-16"', 1).encode("utf-16"))


def test_n1_document_type_behind_a_long_comment() -> None:
    """Where it stands makes no difference."""
    body = collection().replace(b"?><soapenv", b"?><!-- <a " + b"x" * 9000 + b" --><!DOCTYPE x><soapenv")

    assert "document_type" == refusal(body)


def test_n3_entity_bombs() -> None:
    """Nested and quadratic bombs are never unpacked: what they would cost is not even allocated."""
    nested = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bombs = (f'<!DOCTYPE x [<!ENTITY e0 "ha">{nested}]>', f'<!DOCTYPE x [<!ENTITY q "{"a" * 50_000}">]>')
    tracemalloc.start()
    reasons = [refusal(collection().replace(b"?><soapenv", f"?>{bomb}<soapenv".encode())) for bomb in bombs]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert ["document_type"] * 2 == reasons
    assert peak < 5_000_000


def test_n4_too_much_of_something() -> None:
    """Bytes are capped before parsing; people, depth and attributes after it."""
    deep = "<ns1:a>" * 200 + "</ns1:a>" * 200
    attributes = "".join(f' a{n}="x"' for n in range(10_000))

    assert "too_large" == refusal(collection(FLAT_PERSON * 1000))
    assert "too_many_people" == refusal(collection("<ns1:CongDan/>" * 10_000))
    assert "too_deep" == refusal(collection(f"<ns1:CongDan>{deep}</ns1:CongDan>"))
    assert ("attribute:unknown",) == read(collection(FLAT_PERSON, attributes)).notices


@pytest.mark.parametrize("namespace", [REQUESTS, "http://gtel.vn/qldc", ""])
def test_n5_wrong_namespace(namespace: str) -> None:
    """The right names in the wrong namespace are no answer, and not "nobody matched"."""
    assert "unknown_answer" == refusal(envelope(f'<CongdanCollection xmlns="{namespace}"/>'))


_OTHERS = {
    "empty unknown": (envelope("<ns1:KetQua/>"), "unknown_answer"),
    "text in unknown": (envelope("<ns1:KetQua>khong co</ns1:KetQua>"), "unknown_answer"),
    "json": (b'{"error": 1}', "not_xml"),
    "html": (b"<html><body>502</body></html>", "no_envelope"),
    "empty body": (envelope(""), "no_single_answer"),
    "text in the body": (envelope("khong co"), "no_single_answer"),
    "nothing": (b"", "empty"),
    "blanks": (b" \r\n ", "empty"),
    "another collection name": (envelope("<ns1:CongDanCollection/>"), "unknown_answer"),
}


@pytest.mark.parametrize("name", sorted(_OTHERS))
def test_n6_something_else(name: str) -> None:
    """Whatever is no collection is no answer."""
    body, reason = _OTHERS[name]

    assert reason == refusal(body)


def fault(body: bytes) -> SoapFault | None:
    """Look as the client does: only where there may be one."""
    return decoding.read_fault(decoding.parse(body, max_bytes=_CAP)) if decoding.may_hold_fault(body) else None


def test_n7_faults() -> None:
    """Faults of both versions, with and without detail; only code-like words are kept."""
    detail = "<detail><dan:LoiDichVu><dan:MaLoi>004</dan:MaLoi><dan:MoTa>x</dan:MoTa></dan:LoiDichVu></detail>"
    full = envelope(
        f"<soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>s</faultstring>{detail}</soapenv:Fault>"
    )
    bare = envelope("<soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring/></soapenv:Fault>")
    newer = envelope(
        "<soapenv:Fault><soapenv:Code><soapenv:Value>soapenv:Sender</soapenv:Value></soapenv:Code></soapenv:Fault>",
        soap=decoding.SOAP_12,
    )
    quoting = envelope(
        "<soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>999190000001</faultstring>"
        "<detail><dan:MaLoi>999190000001</dan:MaLoi></detail></soapenv:Fault>"
    )

    assert SoapFault(fault_code="Client", business_code="004") == fault(full)
    assert SoapFault(fault_code="Server", business_code="") == fault(bare)
    assert SoapFault(fault_code="Sender", business_code="") == fault(newer)
    assert SoapFault(fault_code="Client", business_code="") == fault(quoting)
    wide = full.decode().replace('"UTF-8"', '"UTF-16"').encode("utf-16")
    assert b"Fault" not in wide
    assert SoapFault(fault_code="Client", business_code="004") == fault(wide)
    assert fault(collection()) is None
    assert not decoding.may_hold_fault(collection())


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_n10_truncated(share: float) -> None:
    """A reply that breaks off is never a part of a record."""
    body = collection()

    assert "not_xml" == refusal(body[: int(len(body) * share)])


_BROKEN = {
    "garbage behind": collection() + b"x",
    "two roots": collection() + b"<a/>",
    "invalid UTF-8": collection().replace("MẪU".encode(), b"\xff\xfe"),
    "wrong declared encoding": collection().replace(b'"UTF-8"', b'"UTF-16"'),
    "control character": collection().replace("MẪU".encode(), b"\x01"),
}


@pytest.mark.parametrize("name", sorted(_BROKEN))
def test_n10_broken_text(name: str) -> None:
    """No record comes out of broken text."""
    assert "not_xml" == refusal(_BROKEN[name])


def test_n10_byte_order_marks() -> None:
    """A mark before UTF-8, and UTF-16 that says so, are read as what they are."""
    plain = collection()
    wide = plain.decode().replace('"UTF-8"', '"UTF-16"').encode("utf-16")

    assert read(plain) == read(b"\xef\xbb\xbf" + plain) == read(wide)


_TWICE = {
    "number": FLAT_PERSON.replace("<ns1:SoCMND/>", "<ns1:SoDinhDanh>999190000009</ns1:SoDinhDanh>"),
    "name": FLAT_PERSON.replace("<ns1:GioiTinh>", "<ns1:HoVaTen><ns1:Ten>X</ns1:Ten></ns1:HoVaTen><ns1:GioiTinh>"),
    "out of order": FLAT_PERSON.replace("<ns1:SoCMND/>", "").replace("<ns1:QuocTich>", "<ns1:SoCMND/><ns1:QuocTich>"),
    "text beside children": FLAT_PERSON.replace("<ns1:SoCMND/>", "999190000009"),
    "children in a text": FLAT_PERSON.replace(">2</ns1:GioiTinh>", "><ns1:a>2</ns1:a></ns1:GioiTinh>"),
    "text where a name is due": FLAT_PERSON.replace(
        "<ns1:Ho/><ns1:ChuDem/><ns1:Ten>NGUYỄN THỊ MẪU</ns1:Ten>", "NGUYỄN THỊ MẪU"
    ),
}


@pytest.mark.parametrize("name", sorted(_TWICE))
def test_n11_n12_neither_first_nor_last_wins(name: str) -> None:
    """What is there twice, or where it does not belong, makes the reply one that is not understood."""
    assert "no_known_form" == refusal(collection(_TWICE[name]))


def test_n11_two_answers() -> None:
    """Two collections, two bodies, or two truths are no answer."""
    second = collection().replace(
        b"</soapenv:Envelope>", b"<soapenv:Body><ns1:CongdanCollection/></soapenv:Body></soapenv:Envelope>"
    )
    both = envelope(
        "<dan:KetQuaXacThuc><dan:TonTai>true</dan:TonTai><dan:TonTai>false</dan:TonTai></dan:KetQuaXacThuc>"
    )

    assert "no_single_answer" == refusal(envelope("<ns1:CongdanCollection/><ns1:CongdanCollection/>"))
    assert "no_single_body" == refusal(second)
    with pytest.raises(Undecodable):
        verified(both)


def test_n12_what_is_new_is_left_out_and_noticed() -> None:
    """Unknown children and attributes leave the rest readable, and somebody hears of them."""
    more = FLAT_PERSON.replace("<ns1:QuocTich>", '<ns1:Moi a="1"><ns1:x/></ns1:Moi><ns1:QuocTich ma="1">')
    foreign = FLAT_PERSON.replace("<ns1:QuocTich>", '<x:SoDinhDanh xmlns:x="urn:x">1</x:SoDinhDanh><ns1:QuocTich>')

    assert read(collection()).people == read(collection(more)).people == read(collection(foreign)).people
    assert ("element:unknown", "attribute:unknown") == read(collection(more)).notices


def test_n12_nil_comments_and_cdata() -> None:
    """An empty nil is no value; comments are not seen; CDATA is text."""
    nil = FLAT_PERSON.replace(
        "<ns1:NhomMau>03</ns1:NhomMau>",
        '<ns1:NhomMau xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>',
    )
    full = nil.replace('xsi:nil="true"/>', 'xsi:nil="true">03</ns1:NhomMau>')
    odd = FLAT_PERSON.replace("NGUYỄN THỊ MẪU</ns1:Ten>", "<![CDATA[NGUYỄN]]> <!-- ! -->THỊ<?pi x?> MẪU</ns1:Ten>")

    assert "" == read(collection(nil)).people[0].blood_group
    assert ("attribute:nil",) == read(collection(nil)).notices
    assert "nil_with_content" == refusal(collection(full))
    assert read(collection()).people == read(collection(odd)).people


def test_count_that_differs_is_no_answer() -> None:
    """A collection that says how many it holds must hold so many."""
    assert "count_differs" == refusal(collection(FLAT_PERSON, ' SoCongDan="2"'))
    assert "count_differs" == refusal(collection("", ' SoCongDan="1"'))


def test_prefixes_do_not_matter() -> None:
    """Names are compared by namespace (§15 row 13)."""
    body = collection().decode().replace("ns1", "q7").replace("soapenv", "S")

    assert read(collection()) == read(body.encode())


def test_header_with_anything_is_let_be() -> None:
    """Nothing is read from a header."""
    body = collection().replace(b"<soapenv:Header/>", b'<soapenv:Header><x xmlns="urn:x">1</x></soapenv:Header>')

    assert read(collection()) == read(body)


def test_newer_envelope_is_no_answer() -> None:
    """The service speaks SOAP 1.1."""
    assert "soap_12" == refusal(envelope("<ns1:CongdanCollection/>", soap=decoding.SOAP_12))
    assert f"{{{SOAP}}}Envelope" == decoding.parse(collection(), max_bytes=_CAP).tag
    assert RECORDS in collection().decode()
