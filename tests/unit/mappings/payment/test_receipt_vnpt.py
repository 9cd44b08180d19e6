"""Messages of the receipt supplier with SOAP."""

import pytest
from lxml import etree
from pydantic import ValidationError

from gateway.errors import InvalidInput
from gateway.model.dossier import FeeKind
from gateway.model.receipt import ReceiptPayer
from mappings.payment import receipt_vnpt as wire
from mappings.payment.receipt_rules import VnptRules
from tests.unit.adapters.payment.supplier_samples import KEY, SERIES, make_order

RULES = VnptRules()


def reply(text: str, operation: str = wire.PUBLISH) -> bytes:
    return (
        f'<s:Envelope xmlns:s="{wire.SOAP}"><s:Body><{operation}Response xmlns="http://tempuri.org/">'
        f"<{operation}Result>{text}</{operation}Result></{operation}Response></s:Body></s:Envelope>"
    ).encode()


@pytest.mark.parametrize(("kind", "mark"), [(FeeKind.CHARGE, "0"), (FeeKind.LEVY, "1")])
def test_a_receipt_as_xml(kind: FeeKind, mark: str) -> None:
    """Every sign is escaped by the writer; amounts in figures and words; no personal number."""
    text = wire.publish_xml(RULES, make_order(kind=kind))
    root = etree.fromstring(text)
    assert KEY == root.findtext("Inv/key")
    assert "Nguyễn Thị <Thử> & con" == root.findtext("Inv/Invoice/CusName")
    assert ("100000", "Một trăm nghìn đồng", "04/03/2026", "CK", "") == tuple(
        root.findtext(f"Inv/Invoice/{name}")
        for name in ("Total", "AmountInWords", "ArisingDate", "PaymentMethod", "CusTaxCode")
    )
    assert mark == root.findtext("Inv/Invoice/Products/Product/Extra2")
    assert "999099000001" not in text


def test_an_enterprise_is_named_by_its_tax_code() -> None:
    """Ten digits are one, twelve are a person's."""
    order = make_order(payer=ReceiptPayer(full_name="CÔNG TY THỬ", number="0100000000"))
    assert "0100000000" == etree.fromstring(wire.publish_xml(RULES, order)).findtext("Inv/Invoice/CusTaxCode")


def test_an_adjustment_takes_back() -> None:
    """It is of the kind that lowers, and names its own key."""
    root = etree.fromstring(wire.adjust_xml(RULES, make_order("dc-1", amount_vnd=30_000)))
    assert ("AdjustInv", "dc-1", "3", "30000") == (
        root.tag,
        *(root.findtext(name) for name in ("key", "Type", "Amount")),
    )


def test_what_xml_cannot_hold_is_not_sent() -> None:
    """The field is named, its content is not."""
    with pytest.raises(InvalidInput) as caught:
        wire.publish_xml(RULES, make_order(payer=ReceiptPayer(full_name="Nguyễn\x00Thử")))
    assert ["CusName"] == [fault.field for fault in caught.value.faults]
    assert "Nguyễn" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (f"OK:01BLP0-001;AA-26E-{KEY}_12", 12),
        ("OK:01BLP0-001;AA-26E;0000012", 12),
        (f"OK: 01BLP0-001;AA-26E-{KEY}_1", 1),
    ],
)
def test_issued(text: str, number: int) -> None:
    """Both forms of the notes and of other users' programs."""
    read = wire.read_issued(make_order(), wire.read_result(RULES, wire.PUBLISH, reply(text)))
    assert (number, "01BLP0-001", "AA-26E") == (read.number, read.form_symbol, read.receipt_symbol)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "OK:",
        "FAIL",
        "OK:01BLP0-001;AA-26E-other_12",
        f"OK:01BLP0-002;AA-26E-{KEY}_12",
        f"OK:01BLP0-001;AB-26E-{KEY}_12",
        f"OK:01BLP0-001;AA-26E-{KEY}_0",
        f"OK:01BLP0-001;AA-26E-{KEY}_12,x_13",
        f"OK:01BLP0-001;AA-26E-{KEY}_12345678",
    ],
)
def test_what_is_no_answer_to_the_order(text: str) -> None:
    """Another key or book, several receipts, no number: it may have been written, so it is asked about."""
    with pytest.raises(wire.Unreadable):
        wire.read_issued(make_order(), text)


def test_errors_are_numbers() -> None:
    """Whatever stands behind the number."""
    with pytest.raises(wire.VnptError) as caught:
        wire.read_result(RULES, wire.PUBLISH, reply("ERR:13 trùng khóa"))
    assert "13" == caught.value.number


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a>",
        reply("OK:", "cancelInv"),
        b'<!DOCTYPE x [<!ENTITY e "OK:">]>' + reply("&e;"),
        reply("OK:").replace(b"tempuri.org", b"other.example"),
        reply("<b>OK:</b>"),
    ],
)
def test_what_is_no_reply(body: bytes) -> None:
    """A page, another operation, an entity: nothing of it is believed."""
    with pytest.raises(wire.Unreadable):
        wire.read_result(RULES, wire.PUBLISH, body)


PAGE = "<h1>BIÊN LAI{}</h1><p>Mẫu số: 01/BL; số: 0000012</p><p>Tổng cộng: 100.000 đồng</p><script>số: 99</script>"


def test_a_view_is_searched() -> None:
    """Number, amount and state are found in its text; scripts are none."""
    read = wire.read_view(RULES, PAGE.format(""))
    assert (12, 100_000, False) == (read.number, read.amount_vnd, read.is_cancelled)
    assert wire.read_view(RULES, PAGE.format(" (đã huỷ)")).is_cancelled
    assert wire.read_view(RULES, "số: 5").amount_vnd is None


@pytest.mark.parametrize("page", ["", "<p>Biên lai</p>", "số: 0", "Mẫu số: 12", "\x00"])
def test_a_view_without_a_number_is_not_understood(page: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(wire.Unreadable):
        wire.read_view(RULES, page)


def test_patterns_are_tried_when_they_are_set() -> None:
    """All faults at once."""
    with pytest.raises(ValidationError) as caught:
        VnptRules(number_pattern="(", amount_pattern="x", means={})
    told = str(caught.value)
    assert all(name in told for name in ("number_pattern", "amount_pattern", "means"))


def test_keys_stay_different() -> None:
    """The stroke of a second issue becomes a hyphen."""
    assert f"{KEY}-2" == wire.make_key(f"{KEY}/2")
    assert SERIES.form_symbol
