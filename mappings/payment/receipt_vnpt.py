"""Messages of the receipt supplier with SOAP: `OK:…` and `ERR:n` around XML (payment notes §D.3, one source). Pure.

XML is written by a writer, never joined from texts (the notes' own pitfall), and read without entities and document
types.
"""

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from gateway.errors import Fault, InvalidInput
from gateway.model.receipt import Receipt, ReceiptDraft
from gateway.ports.receipts import SuppliedReceipt, SupplierOrder
from mappings.payment.receipt_rules import VnptRules, tax_code_of
from mappings.payment.words import amount_in_words

PUBLISH, UNCONFIRM, CANCEL = "ImportAndPublishInv", "UnConfirmPaymentFkey", "cancelInv"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_ERROR = re.compile(r"ERR:([0-9]{1,3})", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,7}", re.ASCII)
_ABSENT_TEXT = "-"


class VnptError(Exception):
    """The supplier answered ERR:n."""

    def __init__(self, number: str) -> None:
        super().__init__(number)
        self.number = number


class Unreadable(ValueError):
    """An answer that is none of the forms that are known; the message tells no content."""


def make_key(key: str) -> str:
    """Give a receipt's key as the supplier takes it: letters, digits, hyphens. Different keys stay different."""
    return key.replace("/", "-")


def envelope(rules: VnptRules, operation: str, members: Mapping[str, str]) -> bytes:
    """Write a call. Raises InvalidInput for texts that XML cannot hold."""
    root = etree.Element(etree.QName(SOAP, "Envelope"), nsmap={"soap": SOAP})
    call = etree.SubElement(etree.SubElement(root, etree.QName(SOAP, "Body")), etree.QName(rules.namespace, operation))
    for name, text in members.items():
        _put(call, etree.QName(rules.namespace, name), text)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def publish_xml(rules: VnptRules, order: SupplierOrder) -> str:
    """Write `xmlInvData` of one receipt. Raises InvalidInput."""
    root = etree.Element("Invoices")
    inv = etree.SubElement(root, "Inv")
    _put(inv, "key", order.key)
    _describe(etree.SubElement(inv, "Invoice"), rules, order)
    return str(etree.tostring(root, encoding="unicode"))


def adjust_xml(rules: VnptRules, order: SupplierOrder) -> str:
    """Write `xmlInvData` of a receipt that takes the order's amount back. Raises InvalidInput."""
    root = etree.Element("AdjustInv")
    _put(root, "key", order.key)
    _put(root, "Type", rules.decrease_type)
    _describe(root, rules, order)
    return str(etree.tostring(root, encoding="unicode"))


def _describe(into: "etree._Element", rules: VnptRules, order: SupplierOrder) -> None:
    draft, amount = order.draft, str(order.draft.amount_vnd)
    texts = {
        "CusCode": draft.dossier_code,
        "Extra1": draft.dossier_code,
        "ArisingDate": order.decided_on.strftime("%d/%m/%Y"),
        "CusName": draft.payer.full_name,
        "CusAddress": draft.payer.address,
        "CusTaxCode": tax_code_of(draft.payer),
        "PaymentMethod": rules.means[draft.means],
        "PaymentStatus": "1",
        "Total": amount,
        "VATRate": "0",
        "VATAmount": "0",
        "Amount": amount,
        "AmountInWords": amount_in_words(draft.amount_vnd),
    }
    for name, text in texts.items():
        _put(into, name, text)
    _products(into, rules, draft)


def _products(into: "etree._Element", rules: VnptRules, draft: ReceiptDraft) -> None:
    products = etree.SubElement(into, "Products")
    for item in draft.items:
        product = etree.SubElement(products, "Product")
        texts = {
            "Code": item.code or _ABSENT_TEXT,
            "ProdName": item.name,
            "ProdUnit": rules.unit,
            "ProdQuantity": "1",
            "ProdPrice": str(item.amount_vnd),
            "Amount": str(item.amount_vnd),
            "Extra2": rules.fee_kinds[draft.kind],
        }
        for name, text in texts.items():
            _put(product, name, text)


def _put(into: "etree._Element", name: "str | etree.QName", text: str) -> None:
    field = name if isinstance(name, str) else name.localname
    try:
        etree.SubElement(into, name).text = text
    except ValueError:
        raise InvalidInput(
            "a text cannot be sent", [Fault(field, "must hold no control characters", "text")], code="text_unsendable"
        ) from None


def read_result(rules: VnptRules, operation: str, body: bytes) -> str:
    """Give the text of a reply.

    Raises Unreadable for everything but one reply of this operation, VnptError for ERR:n.
    """
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Unreadable("is not well-formed") from None
    if root.getroottree().docinfo.doctype:
        raise Unreadable("has a document type")
    path = f"{{{SOAP}}}Body/{{{rules.namespace}}}{operation}Response/{{{rules.namespace}}}{operation}Result"
    found = root.findall(path)
    if root.tag != f"{{{SOAP}}}Envelope" or len(found) != 1 or len(found[0]):
        raise Unreadable("holds no reply of the operation")
    text = (found[0].text or "").strip()
    error = _ERROR.match(text)
    if error is not None:
        raise VnptError(error[1])
    return text


def read_issued(order: SupplierOrder, text: str) -> SuppliedReceipt:
    """Read `OK:<pattern>;<serial>-<key>_<number>`, or `OK:<pattern>;<serial>;<number>` as adjustments may have it.

    Raises Unreadable, also for another key or another book than those that were asked for.
    """
    series = order.series
    if not text.startswith("OK:"):
        raise Unreadable("is neither OK nor ERR")
    pattern, _, rest = text.removeprefix("OK:").strip().partition(";")
    serial = series.receipt_symbol
    ends = (f"{serial}-{order.key}_", f"{serial};")
    number = next((rest.removeprefix(end) for end in ends if rest.startswith(end)), "")
    if pattern.strip() != series.form_symbol or _NUMBER.fullmatch(number) is None or int(number) == 0:
        raise Unreadable("names another key, another book or no number")
    return SuppliedReceipt(number=int(number), form_symbol=pattern.strip(), receipt_symbol=serial)


def read_view(rules: VnptRules, page: str) -> SuppliedReceipt:
    """Find number, amount and state in a view, by the patterns that are set. Raises Unreadable without a number."""
    text = " ".join(" ".join(_texts(page)).split())
    number = re.search(rules.number_pattern, text)
    if number is None or _NUMBER.fullmatch(number["number"]) is None or int(number["number"]) == 0:
        raise Unreadable("shows no number where the pattern looks for it")
    amount = re.search(rules.amount_pattern, text)
    digits = "" if amount is None else re.sub(r"[^0-9]", "", amount["amount"])
    return SuppliedReceipt(
        number=int(number["number"]),
        amount_vnd=int(digits) if digits else None,
        is_cancelled=re.search(rules.cancelled_pattern, text) is not None,
    )


def _texts(page: str) -> Iterator[str]:
    parser = etree.HTMLParser(no_network=True, remove_comments=True, huge_tree=False)
    try:
        root = etree.fromstring(f"<div>{page}</div>", parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Unreadable("is no page") from None
    for element in [] if root is None else root.iter():
        if element.tag not in ("script", "style"):
            yield element.text or ""
        yield element.tail or ""


def key_of(receipt: Receipt) -> str:
    """Give the key of a receipt at its supplier. Raises InvalidInput for one that no supplier wrote."""
    if receipt.supplied is None:
        raise InvalidInput("the receipt is of no supplier", code="not_supplied")
    return receipt.supplied.key
