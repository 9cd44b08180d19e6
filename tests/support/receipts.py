"""Receipts of fictitious people, for tests."""

from datetime import UTC, date, datetime

from gateway.model.dossier import FeeKind
from gateway.model.payment import PaymentItem, RequestState
from gateway.model.receipt import (
    Collector,
    PaymentMeans,
    Receipt,
    ReceiptNumber,
    ReceiptPayer,
    ReceiptSeries,
    Signature,
)
from gateway.sync.receipts import PaidRequest, due_receipts, issue, sign

SERIES = ReceiptSeries(unit_code="000.00.25.H01", form_symbol="01BLP", receipt_symbol="AB-26E", year=2026)
NOW = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)
TODAY = date(2026, 3, 4)
RANDOM = bytes(range(10))
SIGNATURE = Signature(signer_name="Sở Tư pháp", signed_at=NOW, value=b"signed")
CHARGE, LEVY = FeeKind.CHARGE, FeeKind.LEVY


def request(*items: tuple[FeeKind, int], state: RequestState = RequestState.PAID) -> PaidRequest:
    """Give a paid request, by default of one charge and one levy."""
    return PaidRequest(
        request_id="req-1",
        request_code="YC0001",
        state=state,
        items=tuple(
            PaymentItem(name=f"Khoản {number}", kind=kind, amount_vnd=amount)
            for number, (kind, amount) in enumerate(items or ((CHARGE, 100_000), (LEVY, 50_000)), 1)
        ),
        collector=Collector(name="Sở Tư pháp", tax_code="0100000000", address="1 Phố Mẫu", agency_code="000.00.25.H01"),
        payer=ReceiptPayer(full_name="Nguyễn Thị Thử", address="2 Đường Mẫu", number="999099000001"),
        dossier_code="H01.25-260304-0001",
        procedure_name="Cấp phiếu lý lịch tư pháp",
        means=PaymentMeans.TRANSFER,
        payment_reference="REF001",
    )


def receipt(
    *amounts: int, kind: FeeKind = CHARGE, last: ReceiptNumber | None = None, is_signed: bool = True
) -> Receipt:
    """Give an issued receipt of one kind."""
    (draft,) = due_receipts(request(*((kind, amount) for amount in amounts or (150_000,))), [])
    issued = issue(draft, last, SERIES, NOW, RANDOM)
    return sign(issued, SIGNATURE) if is_signed else issued
