"""The fee receipt as PDF, with what Decree 123/2020 art. 32(2) demands (payment notes §D.2). Pure.

The layout follows the content of form no. 06 of Circular 32/2025/TT-BTC, whose picture was not at hand. More items than
lines go to an annex that refers to the receipt's number and date. A receipt that is not signed, or is cancelled, says
so on every page. It is no payment voucher and names itself as none.
"""

from gateway.model.receipt import PaymentMeans, Receipt, ReceiptItem, ReceiptState
from gateway.model.vocabulary import VIETNAM
from mappings.payment.receipt_pages import Pages, printable
from mappings.payment.words import amount_in_words

MAX_LINES_COUNT = 8
"""Lines for items on the receipt itself."""
_HEAD = ("STT", "Nội dung thu", "Số tiền (VND)")
_MEANS = {PaymentMeans.TRANSFER: "Chuyển khoản / thanh toán trực tuyến", PaymentMeans.CASH: "Tiền mặt"}
UNSIGNED = "BẢN CHƯA KÝ SỐ"
CANCELLED = "ĐÃ HỦY"


def split_items(items: tuple[ReceiptItem, ...]) -> tuple[tuple[ReceiptItem, ...], tuple[ReceiptItem, ...]]:
    """Give what stands on the receipt and what stands in the annex: all in one of the two."""
    return ((), items) if len(items) > MAX_LINES_COUNT else (items, ())


def receipt_pdf(receipt: Receipt, *, verify_at: str = "") -> bytes:
    """Write a receipt; the same bytes for the same receipt. `verify_at` is the address where its code is looked up."""
    draft, number = receipt.draft, receipt.number
    day = _day(receipt)
    pages = Pages(
        title=f"{draft.type_name} {number.series.receipt_symbol} {number.text}",
        author=draft.collector.name,
        subject=f"Hồ sơ {draft.dossier_code}",
        header=f"{draft.type_name} – Ký hiệu {number.series.receipt_symbol} – Số {number.text} – {day}",
    )
    if receipt.state is ReceiptState.CANCELLED:
        pages.mark_pages(CANCELLED)
    elif receipt.signature is None:
        pages.mark_pages(UNSIGNED)
    _heading(pages, receipt, day)
    _parties(pages, receipt)
    _amounts(pages, receipt)
    _signature(pages, receipt, day)
    _verification(pages, receipt, verify_at)
    _annex(pages, receipt, day)
    return pages.finish()


def _heading(pages: Pages, receipt: Receipt, day: str) -> None:
    draft, series = receipt.draft, receipt.number.series
    pages.text(draft.collector.name, is_bold=True)
    pages.text(f"Mã số thuế: {draft.collector.tax_code or 'chưa có'}")
    pages.text(f"Địa chỉ: {draft.collector.address}")
    pages.skip(8)
    pages.text(draft.type_name, size=16, is_bold=True, is_centred=True)
    pages.text("(Biên lai điện tử)", size=9, is_centred=True, is_grey=True)
    pages.text(f"Mẫu số: {series.form_symbol} – Ký hiệu: {series.receipt_symbol}", is_centred=True)
    pages.text(f"Số: {receipt.number.text}", size=12, is_bold=True, is_centred=True)
    pages.text(day, is_centred=True)
    if receipt.cancellation is not None:
        cancelled_on = receipt.cancellation.cancelled_at.astimezone(VIETNAM)
        pages.text(f"Biên lai đã hủy ngày {cancelled_on:%d/%m/%Y}", is_bold=True, is_centred=True, is_warning=True)
    if draft.replaces:
        pages.text("Thay thế biên lai đã hủy của cùng khoản thu", size=9, is_centred=True)
    pages.skip(8)


def _parties(pages: Pages, receipt: Receipt) -> None:
    draft = receipt.draft
    pages.labelled("Người nộp", draft.payer.full_name)
    if draft.payer.number:
        pages.labelled("Mã số thuế / số định danh", draft.payer.number)
    if draft.payer.address:
        pages.labelled("Địa chỉ", draft.payer.address)
    pages.labelled("Mã hồ sơ", draft.dossier_code)
    pages.labelled("Thủ tục hành chính", draft.procedure_name)
    pages.labelled("Hình thức nộp", _MEANS[draft.means])
    pages.labelled("Mã tham chiếu thanh toán", draft.payment_reference)
    pages.skip(8)


def _amounts(pages: Pages, receipt: Receipt) -> None:
    draft = receipt.draft
    here, annexed = split_items(draft.items)
    rows = _rows(here)
    if annexed:
        rows = [("1", f"Theo bảng kê kèm theo ({len(annexed)} khoản)", grouped(draft.amount_vnd))]
    pages.table(_HEAD, [*rows, ("", "Tổng cộng", grouped(draft.amount_vnd))], is_total_last=True)
    pages.skip(6)
    pages.labelled("Số tiền bằng chữ", amount_in_words(draft.amount_vnd))
    pages.labelled("Đồng tiền", "VND (đồng Việt Nam)")


def _signature(pages: Pages, receipt: Receipt, day: str) -> None:
    pages.skip(12)
    pages.need(80)
    pages.text(day, is_centred=True)
    pages.text("TỔ CHỨC THU", is_bold=True, is_centred=True)
    if receipt.signature is None:
        pages.text("Chưa có chữ ký số của tổ chức thu: bản này không có giá trị.", is_centred=True, is_warning=True)
        return
    signed_at = receipt.signature.signed_at.astimezone(VIETNAM)
    pages.text(f"Đã ký số bởi: {receipt.signature.signer_name}", is_centred=True)
    pages.text(f"Thời điểm ký: {signed_at:%H:%M:%S %d/%m/%Y}", size=9, is_centred=True)


def _verification(pages: Pages, receipt: Receipt, verify_at: str) -> None:
    pages.skip(12)
    pages.labelled("Mã tra cứu", receipt.verification_code)
    if verify_at:
        pages.text(f"Tra cứu tại: {verify_at}", size=9)
    pages.text(
        "Biên lai này không phải là chứng từ nộp tiền của ngân hàng hoặc nền tảng thanh toán.", size=8, is_grey=True
    )


def _annex(pages: Pages, receipt: Receipt, day: str) -> None:
    _, annexed = split_items(receipt.draft.items)
    if not annexed:
        return
    pages.new_page()
    number = receipt.number
    pages.skip(8)
    pages.text("BẢNG KÊ CÁC KHOẢN THU", size=14, is_bold=True, is_centred=True)
    pages.text(
        f"Kèm theo biên lai ký hiệu {number.series.receipt_symbol}, số {number.text}, {_lowered(day)}", is_centred=True
    )
    pages.skip(8)
    total = ("", "Tổng cộng", grouped(receipt.draft.amount_vnd))
    pages.table(_HEAD, [*_rows(annexed), total], is_total_last=True)
    pages.skip(6)
    pages.labelled("Số tiền bằng chữ", amount_in_words(receipt.draft.amount_vnd))


def _rows(items: tuple[ReceiptItem, ...]) -> list[tuple[str, str, str]]:
    return [
        (str(number), printable(item.name) + (f" ({item.code})" if item.code else ""), grouped(item.amount_vnd))
        for number, item in enumerate(items, 1)
    ]


def _day(receipt: Receipt) -> str:
    given_on = receipt.number.given_on
    return f"Ngày {given_on.day:02d} tháng {given_on.month:02d} năm {given_on.year}"


def _lowered(text: str) -> str:
    return text[0].lower() + text[1:]


def grouped(amount_vnd: int) -> str:
    """Write an amount with dots between thousands."""
    return f"{amount_vnd:,}".replace(",", ".")
