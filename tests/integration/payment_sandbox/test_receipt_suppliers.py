"""The simulated suppliers of electronic receipts: payment notes §D.3."""

import base64
import json
from typing import Any
from xml.sax.saxutils import escape

import aiohttp
import pytest
from lxml import etree

from tests.integration.payment_sandbox.other_helpers import DOSSIER, Stage, stage
from tests.integration.payment_sandbox.platform_helpers import Got

SERVICE = {"username": "dichvu", "password": "sandbox-service-password"}
ADMIN = {"Account": "quantri", "ACpass": "sandbox-admin-password"}
USER = {"userName": "dichvu", "userPass": "sandbox-service-password"}
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
PDF = b"%PDF-"


def invoice(total: int = 150_000, /, **changes: str) -> str:
    fields = {
        "CusCode": DOSSIER,
        "Extra1": DOSSIER,
        "ArisingDate": "15/01/2025",
        "CusName": "Nguyễn Văn A & con",
        "CusTaxCode": "",
        "Total": str(total),
        "VATRate": "0",
        "VATAmount": "0",
        "Amount": str(total),
        "AmountInWords": "Một trăm năm mươi nghìn đồng",
        "PaymentMethod": "CK",
        "PaymentStatus": "1",
        **changes,
    }
    product = (
        "<Product><Code>1.000001</Code><ProdName>Phí thẩm định</ProdName><ProdUnit>Lần</ProdUnit>"
        f"<ProdQuantity>1</ProdQuantity><ProdPrice>{total}</ProdPrice><Amount>{total}</Amount><Extra2>0</Extra2></Product>"
    )
    told = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    return f"{told}<Products>{product}</Products>"


def import_xml(key: str, **changes: str) -> str:
    return f"<Invoices><Inv><key>{key}</key><Invoice>{invoice(**changes)}</Invoice></Inv></Invoices>"


def envelope(operation: str, parameters: dict[str, str]) -> bytes:
    told = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parameters.items())
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}"><s:Body>'
        f'<{operation} xmlns="http://tempuri.org/">{told}</{operation}></s:Body></s:Envelope>'
    ).encode()


async def soap(at: Stage, service: str, operation: str, **parameters: str) -> str:
    got = await at.post(f"/receipts/vnpt/{service}.asmx", envelope(operation, parameters))
    assert (200, "text/xml") == (got.status, got.content_type), got.body
    return "".join(etree.fromstring(got.body).itertext())


async def publish(at: Stage, key: str = "phi-YC1", xml: str = "", **changes: str) -> str:
    values = {"xmlInvData": xml or import_xml(key), "pattern": "01BLP0-001", "serial": "AA-25E", "convert": "0"}
    return await soap(at, "PublishService", "ImportAndPublishInv", **{**ADMIN, **SERVICE, **values, **changes})


async def view(at: Stage, key: str = "phi-YC1") -> str:
    return await soap(at, "PortalService", "getInvViewFkey", fkey=key, **USER)


async def test_vnpt_numbers_receipts() -> None:
    """Receipts of a book are numbered from 1 without gaps, each book for itself, anew in the next year."""
    async with stage() as at:
        assert "OK:01BLP0-001;AA-25E-phi-YC1_1" == await publish(at)
        assert "OK:01BLP0-001;AA-25E-phi-YC2_2" == await publish(at, "phi-YC2")
        other = {"pattern": "01BLP0-002", "serial": "AB-25E"}
        assert "OK:01BLP0-002;AB-25E-lephi-YC1_1" == await publish(at, "lephi-YC1", **other)
        await at.advance(365 * 86_400)
        assert "OK:01BLP0-001;AA-25E-phi-YC3_1" == await publish(at, "phi-YC3")


async def test_vnpt_shows_a_receipt() -> None:
    """The page names the receipt and its payer, with every sign escaped."""
    async with stage() as at:
        await publish(at)
        page = await view(at)
        assert "số: 0000001" in page
        assert "Nguyễn Văn A &amp; con" in page
        assert "ERR:6" == await view(at, "phi-KHAC")


async def test_vnpt_takes_a_key_once() -> None:
    """A key of before is answered with ERR:13, and nothing is written."""
    async with stage() as at:
        await publish(at)
        assert "ERR:13" == await publish(at)
        assert 1 == len((await at.control("GET", "state"))["providers"]["receipts"]["vnpt"])


async def test_f30_a_receipt_is_there_though_the_answer_says_duplicate() -> None:
    """ERR:13 comes for a first call; the receipt is there and can be fetched."""
    async with stage() as at:
        at.arm("F30_duplicate_key", calls=1)
        assert "ERR:13" == await publish(at)
        assert "0000001" in await view(at)
        assert "OK:01BLP0-001;AA-25E-phi-YC2_2" == await publish(at, "phi-YC2")


@pytest.mark.parametrize(
    ("changes", "xml", "answer"),
    [
        ({"password": "x"}, "", "ERR:1"),
        ({"username": "khac"}, "", "ERR:1"),
        ({"ACpass": "x"}, "", "ERR:1"),
        ({}, "<Invoices>", "ERR:3"),
        ({}, "<Invoices></Invoices>", "ERR:3"),
        ({}, import_xml("K", Total="0", Amount="0"), "ERR:3"),
        ({}, import_xml("K", Total="150.000"), "ERR:3"),
        ({}, import_xml("K", Amount="1"), "ERR:3"),
        ({}, import_xml("K", AmountInWords=""), "ERR:3"),
        ({}, import_xml("K", ArisingDate="2025-01-15"), "ERR:3"),
        ({}, import_xml(""), "ERR:3"),
        ({}, '<!DOCTYPE x [<!ENTITY e "x">]>' + import_xml("K"), "ERR:3"),
        ({"convert": "1"}, "", "ERR:5"),
        ({"serial": "AB-25E"}, "", "ERR:20"),
    ],
)
async def test_vnpt_refuses(changes: dict[str, str], xml: str, answer: str) -> None:
    """What is wrong in one thing is answered with that thing's number, and nothing is written."""
    async with stage() as at:
        assert answer == await publish(at, xml=xml, **changes)
        assert [] == (await at.control("GET", "state"))["providers"]["receipts"]["vnpt"]


async def test_vnpt_does_not_know_the_company() -> None:
    """A unit that is switched off is answered with ERR:7."""
    async with stage(lambda _: {"receipts": {"vnpt": [{"is_company_known": False}]}}) as at:
        assert "ERR:7" == await publish(at)


@pytest.mark.parametrize("number", ["1", "3", "5", "6", "7", "13", "20"])
async def test_vnpt_answers_any_error(number: str) -> None:
    """Every number of §D.3 can be chosen for one operation; nothing is done."""
    async with stage() as at:
        at.arm("D3_error", variant=number, operation="ImportAndPublishInv", calls=1)
        assert f"ERR:{number}" == await publish(at)
        assert "ERR:6" == await view(at)


async def test_vnpt_cancels_what_is_not_paid_any_more() -> None:
    """A paid receipt is cancelled only after its payment was taken back, and only once."""
    async with stage() as at:
        await publish(at)
        assert "ERR:5" == await soap(at, "BusinessService", "cancelInv", fkey="phi-YC1", **ADMIN, **USER)
        assert "OK:phi-YC1" == await soap(at, "BusinessService", "UnConfirmPaymentFkey", lstFkey="phi-YC1", **USER)
        assert "OK:" == await soap(at, "BusinessService", "cancelInv", fkey="phi-YC1", **ADMIN, **USER)
        assert "ERR:5" == await soap(at, "BusinessService", "cancelInv", fkey="phi-YC1", **ADMIN, **USER)
        assert "đã huỷ" in await view(at)


async def test_vnpt_adjusts() -> None:
    """An adjustment is a receipt of its own with the next number; the first one is marked."""
    async with stage() as at:
        await publish(at)
        xml = f"<AdjustInv><key>phi-YC1-dc</key>{invoice(100_000)}</AdjustInv>"
        account = {**ADMIN, "username": "dichvu", "pass": "sandbox-service-password"}
        made = await soap(at, "BusinessService", "AdjustInvoice", xmlInvData=xml, fkey="phi-YC1", **account)
        assert "OK:01BLP0-001;AA-25E-phi-YC1-dc_2" == made
        again = await soap(at, "BusinessService", "AdjustInvoice", xmlInvData=xml, fkey="phi-YC1", **account)
        assert "ERR:13" == again
        assert "đã bị điều chỉnh" in await view(at)
        state = (await at.control("GET", "state"))["providers"]["receipts"]["vnpt"]
        assert ["", "phi-YC1"] == [each["adjusts"] for each in state]


async def test_vnpt_faults_are_for_what_is_no_call() -> None:
    """Broken XML, and an operation at the wrong address, get a SOAP fault."""
    async with stage() as at:
        broken = await at.post("/receipts/vnpt/PublishService.asmx", b"<a>")
        astray = await at.post("/receipts/vnpt/PortalService.asmx", envelope("cancelInv", {}))
        assert [500, 500] == [broken.status, astray.status]
        assert b"<soap:Fault>" in broken.body


async def test_what_is_kept_holds_no_password() -> None:
    """Exchanges are kept with passwords and tokens blacked out."""
    async with stage() as at:
        await publish(at)
        token = await log_in(at)
        kept = json.dumps(await at.control("GET", "exchanges"))
        assert not any(secret in kept for secret in ("sandbox-", token))
        assert "***" in kept
        assert {"ImportAndPublishInv", "login"} == {
            each.operation for each in at.sandbox.world.ledger.exchanges(provider="receipts")
        }


@pytest.mark.parametrize(("name", "values"), [("F14", {"variant": "reset"}), ("F15", {"variant": "502_html"})])
async def test_vnpt_answers_are_lost_or_broken(name: str, values: dict[str, str]) -> None:
    """The receipt is written though its answer never comes, or is a page; the next try is told of a duplicate."""
    async with stage() as at:
        at.arm(name, operation="ImportAndPublishInv", calls=1, **values)
        with pytest.raises((aiohttp.ClientError, AssertionError)):
            await publish(at)
        assert "ERR:13" == await publish(at)


# Viettel.


async def log_in(at: Stage, password: str = "sandbox-viettel-password") -> str:
    got = await at.post("/receipts/viettel/auth/login", {"username": "9990000001", "password": password})
    return str(got.json.get("access_token", ""))


def create_document(key: str = "phi-YC1-000000", **changes: Any) -> dict[str, Any]:
    return {
        "generalInvoiceInfo": {
            "templateCode": "01BLP",
            "invoiceSeries": "BL25E",
            "currencyCode": "VND",
            "transactionUuid": key,
        },
        "buyerInfo": {"buyerName": "NGUYEN VAN A", "buyerCode": DOSSIER},
        "payments": [{"paymentMethod": "7"}],
        "itemInfo": [{"itemName": "Phí thẩm định", "itemTotalAmountWithoutTax": 150_000, "taxPercentage": -2}],
        **changes,
    }


async def viettel(at: Stage, path: str, document: Any, token: str = "") -> Got:
    bearer = token or await log_in(at)
    return await at.post(f"/receipts/viettel/InvoiceAPI/{path}", document, Authorization=f"Bearer {bearer}")


CREATE = "InvoiceWS/createInvoice/9990000001"


async def test_viettel_from_login_to_pdf() -> None:
    """A receipt is issued under a token, can be found by its key, and is shown as a PDF."""
    async with stage() as at:
        made = (await viettel(at, CREATE, create_document())).json
        result = made["result"]
        assert (None, "BL25E0000001") == (made["errorCode"], result["invoiceNo"])
        assert result["reservationCode"]
        assert result["codeOfTax"]
        asked = {"supplierTaxCode": "9990000001", "transactionUuid": "phi-YC1-000000"}
        found = (await viettel(at, "InvoiceWS/searchInvoiceByTransactionUuid", asked)).json
        assert [result] == found["result"]
        wanted = {"supplierTaxCode": "9990000001", "invoiceNo": "BL25E0000001", "fileType": "PDF"}
        paper = (await viettel(at, "InvoiceUtilsWS/getInvoiceRepresentationFile", wanted)).json
        assert base64.b64decode(paper["fileToBytes"]).startswith(PDF)


async def test_viettel_wants_a_token() -> None:
    """Wrong credentials give no token; a token ends."""
    async with stage() as at:
        assert "" == await log_in(at, "x")
        token = await log_in(at)
        await at.advance(3_601)
        assert 401 == (await viettel(at, CREATE, create_document(), token)).status
        assert 401 == (await at.post(f"/receipts/viettel/InvoiceAPI/{CREATE}", create_document())).status


async def test_viettel_takes_a_key_once() -> None:
    """A key of before is refused; with F30 also at the first time, though the receipt was written."""
    async with stage() as at:
        at.arm("F30_duplicate_key", calls=1)
        first = await viettel(at, CREATE, create_document())
        second = await viettel(at, CREATE, create_document())
        assert ["INVOICE_DUPLICATED"] * 2 == [first.json["errorCode"], second.json["errorCode"]]
        assert 1 == len((await at.control("GET", "state"))["providers"]["receipts"]["viettel"])


async def test_viettel_cancels() -> None:
    """A receipt is cancelled with its form, issue date and a reason, once."""
    async with stage() as at:
        result = (await viettel(at, CREATE, create_document())).json["result"]
        asked = {
            "supplierTaxCode": "9990000001",
            "templateCode": "01BLP",
            "invoiceNo": result["invoiceNo"],
            "strIssueDate": str(result["issueDate"]),
            "additionalReferenceDesc": "Hoan phi",
        }
        path = "InvoiceWS/cancelTransactionInvoice"
        assert 400 == (await viettel(at, path, {**asked, "strIssueDate": "20250115"})).status
        assert 400 == (await viettel(at, path, {**asked, "additionalReferenceDesc": ""})).status
        assert 200 == (await viettel(at, path, asked)).status
        assert 400 == (await viettel(at, path, asked)).status


@pytest.mark.parametrize(
    "changes",
    [
        {"generalInvoiceInfo": {}},
        {"buyerInfo": {"buyerName": ""}},
        {"payments": []},
        {"payments": [{"paymentMethod": "1"}]},
        {"itemInfo": []},
        {"itemInfo": ["x"]},
        {"itemInfo": [{"itemName": "Phí", "itemTotalAmountWithoutTax": 0, "taxPercentage": -2}]},
        {"itemInfo": [{"itemName": "Phí", "itemTotalAmountWithoutTax": 1.5, "taxPercentage": -2}]},
        {"itemInfo": [{"itemName": "Phí", "itemTotalAmountWithoutTax": 1000, "taxPercentage": 10}]},
    ],
)
async def test_viettel_refuses(changes: dict[str, Any]) -> None:
    """What is wrong in one thing is refused, and nothing is written."""
    async with stage() as at:
        got = await viettel(at, CREATE, create_document(**changes))
        assert (400, "BAD_REQUEST") == (got.status, got.json["errorCode"])
        assert [] == (await at.control("GET", "state"))["providers"]["receipts"]["viettel"]


async def test_viettel_refuses_another_tax_code() -> None:
    """The tax code in the path must be that of the account."""
    async with stage() as at:
        got = await viettel(at, "InvoiceWS/createInvoice/9990000002", create_document())
        assert 400 == got.status


async def test_nobody_pays_at_a_supplier() -> None:
    """Deciding and telling again find nothing here."""
    async with stage() as at:
        url = f"{at.running.control_url}/_sandbox/decide"
        async with at.client.post(url, json={"provider": "receipts", "reference": "X", "choice": "pay"}) as answer:
            assert 404 == answer.status
        url = f"{at.running.control_url}/_sandbox/confirm"
        async with at.client.post(url, json={"provider": "receipts", "reference": "X"}) as answer:
            assert 404 == answer.status
