"""Reads SOAP calls and the XML of receipts inside them, as the VNPT-like supplier does (payment notes §D.3). Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from lxml import etree

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
SERVICE = "http://tempuri.org/"
_DATE = re.compile(r"(0[1-9]|[12][0-9]|3[01])/(0[1-9]|1[0-2])/[0-9]{4}")
_AMOUNT = re.compile(r"[1-9][0-9]{0,14}")
_REQUIRED = ("CusCode", "CusName", "Total", "Amount", "AmountInWords", "ArisingDate", "PaymentMethod")


class XmlError(ValueError):
    """The call or the XML in it cannot be used; the message tells no values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One receipt that is asked for."""

    key: str
    dossier: str
    payer: str
    total_vnd: int
    is_paid: bool
    lines: tuple[tuple[str, int], ...]


def read_call(body: bytes) -> tuple[str, dict[str, str]]:
    """Give the operation and its parameters. Raises XmlError for what is no SOAP 1.1 call of the service."""
    root = _parsed(body)
    if root.tag != f"{{{ENVELOPE}}}Envelope":
        raise XmlError("Envelope: is not the root")
    inside = root.find(f"{{{ENVELOPE}}}Body")
    calls = [] if inside is None else [each for each in inside if isinstance(each.tag, str)]
    if len(calls) != 1 or not calls[0].tag.startswith(f"{{{SERVICE}}}"):
        raise XmlError("Body: must hold one call of the service")
    parameters = {etree.QName(each).localname: each.text or "" for each in calls[0] if isinstance(each.tag, str)}
    return etree.QName(calls[0]).localname, parameters


def write_reply(operation: str, result: str) -> bytes:
    """Write the reply to a call."""
    text = escape(result, quote=False)
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{ENVELOPE}"><soap:Body>'
        f'<{operation}Response xmlns="{SERVICE}"><{operation}Result>{text}</{operation}Result>'
        f"</{operation}Response></soap:Body></soap:Envelope>"
    ).encode()


def write_fault(text: str) -> bytes:
    """Write a fault for what is no call."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{ENVELOPE}"><soap:Body><soap:Fault>'
        f"<faultcode>soap:Client</faultcode><faultstring>{escape(text)}</faultstring></soap:Fault></soap:Body>"
        "</soap:Envelope>"
    ).encode()


def read_receipts(text: str) -> list[Asked]:
    """Read `<Invoices><Inv><key>…</key><Invoice>…` of ImportAndPublishInv. Raises XmlError."""
    root = _parsed(text.encode())
    found = root.findall("Inv")
    if root.tag != "Invoices" or not found:
        raise XmlError("Invoices: must hold at least one Inv")
    return [_read(each.findtext("key") or "", each.find("Invoice")) for each in found]


def read_adjustment(text: str) -> Asked:
    """Read `<AdjustInv><key>…</key>…` of AdjustInvoice. Raises XmlError."""
    root = _parsed(text.encode())
    if root.tag != "AdjustInv":
        raise XmlError("AdjustInv: is not the root")
    return _read(root.findtext("key") or "", root)


def _read(key: str, invoice: "etree._Element | None") -> Asked:
    if not key or len(key) > 100 or invoice is None:
        raise XmlError("key, Invoice: must be there")
    told = {str(each.tag): each.text or "" for each in invoice}
    for name in _REQUIRED:
        if not told.get(name, "").strip():
            raise XmlError(f"{name}: must not be empty")
    if _DATE.fullmatch(told["ArisingDate"]) is None:
        raise XmlError("ArisingDate: must be dd/MM/yyyy")
    total = _amount(told, "Total")
    if _amount(told, "Amount") != total:
        raise XmlError("Amount: is not the total, though there is no tax")
    lines = tuple(_line(each) for each in invoice.findall("Products/Product"))
    if not lines or sum(amount for _, amount in lines) != total:
        raise XmlError("Products: do not sum up to the total")
    return Asked(
        key=key,
        dossier=told.get("Extra1", ""),
        payer=told["CusName"],
        total_vnd=total,
        is_paid=told.get("PaymentStatus") == "1",
        lines=lines,
    )


def _line(product: "etree._Element") -> tuple[str, int]:
    told: Mapping[str, str] = {str(each.tag): each.text or "" for each in product}
    if not told.get("ProdName") or told.get("Extra2") not in ("0", "1"):
        raise XmlError("ProdName, Extra2: a name, and 0 for a fee or 1 for a charge")
    return told["ProdName"], _amount(told, "Amount" if "Amount" in told else "ProdPrice")


def _amount(told: Mapping[str, str], name: str) -> int:
    text = told.get(name, "")
    if _AMOUNT.fullmatch(text) is None:
        raise XmlError(f"{name}: must be plain digits above zero")
    return int(text)


def _parsed(body: bytes) -> "etree._Element":
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise XmlError("XML: is not well-formed") from None
    if root.getroottree().docinfo.doctype:
        raise XmlError("XML: must have no document type")
    return root
