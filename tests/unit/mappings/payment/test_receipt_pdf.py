"""The fee receipt as PDF: what the law demands stands in it, in Vietnamese letters."""

from dataclasses import replace

import pytest

from gateway.sync.receipts import cancel
from mappings.payment.receipt_pages import TEXT_WIDTH, load_fonts, printable, wrapped
from mappings.payment.receipt_pdf import CANCELLED, MAX_LINES_COUNT, UNSIGNED, receipt_pdf, split_items
from tests.support.pdf_text import pdf_lines, pdf_text
from tests.support.receipts import CHARGE, LEVY, NOW, receipt

LETTERS = "aàáảãạ ăằắẳẵặ âầấẩẫậ đ eèéẻẽẹ êềếểễệ iìíỉĩị oòóỏõọ ôồốổỗộ ơờớởỡợ uùúủũụ ưừứửữự yỳýỷỹỵ"


def test_the_receipt_shows_what_the_law_demands() -> None:
    """Type, symbols, number, collector and tax code, payer, items, figures and words, day, currency, signature."""
    text = pdf_text(receipt_pdf(receipt(100_000, 50_000), verify_at="https://tra-cuu.example/bl"))
    for expected in (
        "BIÊN LAI THU PHÍ",
        "Mẫu số: 01BLP – Ký hiệu: AB-26E",
        "Số: 0000001",
        "Sở Tư pháp",
        "Mã số thuế: 0100000000",
        "Người nộp:  Nguyễn Thị Thử",
        "Khoản 1",
        "100.000",
        "150.000",
        "Một trăm năm mươi nghìn đồng",
        "Ngày 04 tháng 03 năm 2026",
        "VND (đồng Việt Nam)",
        "Đã ký số bởi: Sở Tư pháp",
        "Thời điểm ký: 10:00:00 04/03/2026",
        "000G-40R4-0M30-E209",
        "https://tra-cuu.example/bl",
    ):
        assert expected in text
    assert UNSIGNED not in text
    assert CANCELLED not in text


def test_charges_and_levies_have_receipts_of_their_own_name() -> None:
    """Phí and lệ phí are two things."""
    assert "BIÊN LAI THU LỆ PHÍ" in pdf_text(receipt_pdf(receipt(kind=LEVY)))
    assert "LỆ PHÍ" not in pdf_text(receipt_pdf(receipt(kind=CHARGE)))


def test_it_is_no_payment_voucher_and_says_so() -> None:
    """The voucher is the provider's."""
    text = pdf_text(receipt_pdf(receipt()))
    assert text.count("chứng từ nộp tiền") == 1
    assert "Biên lai này không phải là chứng từ nộp tiền" in text


def test_an_unsigned_one_says_on_every_page_that_it_does_not_count() -> None:
    """So that a preview is never taken for the receipt."""
    pages = pdf_lines(receipt_pdf(receipt(*range(1, 40), is_signed=False)))
    assert len(pages) > 1
    assert all(UNSIGNED in page for page in pages)
    assert "Chưa có chữ ký số của tổ chức thu: bản này không có giá trị." in pages[0]


def test_a_cancelled_one_says_so_on_every_page_without_the_reason() -> None:
    """The reason may name people."""
    cancelled = cancel(receipt(*range(1, 40)), reason="Sai tên NGUYEN VAN A", cancelled_by="officer-1", now=NOW)
    pages = pdf_lines(receipt_pdf(cancelled))
    assert all(CANCELLED in page for page in pages)
    assert "Biên lai đã hủy ngày 04/03/2026" in pages[0]
    assert "NGUYEN VAN A" not in str(pages)


def test_more_items_than_lines_go_to_an_annex() -> None:
    """It refers to the receipt's number and day, and shows every item once."""
    full, over = receipt(*range(1, MAX_LINES_COUNT + 1)), receipt(*range(1, 62))
    assert split_items(full.draft.items) == (full.draft.items, ())
    assert split_items(over.draft.items) == ((), over.draft.items)
    assert "BẢNG KÊ" not in pdf_text(receipt_pdf(full))
    first, *annex = pdf_lines(receipt_pdf(over))
    assert "Theo bảng kê kèm theo (61 khoản)" in first
    assert "Khoản 1" not in first
    assert len(annex) == 2
    assert "Kèm theo biên lai ký hiệu AB-26E, số 0000001, ngày 04 tháng 03 năm 2026" in annex[0]
    lines = [line for page in annex for line in page]
    assert all(lines.count(f"Khoản {number}") == 1 for number in range(1, 62))
    # The head of the table and the receipt's name stand on each page.
    assert all("Nội dung thu" in page for page in annex)
    assert all(any("Số 0000001" in line for line in page) for page in annex)
    assert lines.count("1.891") == 1


def test_one_receipt_gives_one_file() -> None:
    """Bytes depend on the content alone, and on every part of it."""
    one = receipt(100_000)
    assert receipt_pdf(one) == receipt_pdf(one)
    other = replace(one, draft=replace(one.draft, payer=replace(one.draft.payer, address="3 Đường Mẫu")))
    assert receipt_pdf(one) != receipt_pdf(other)


def test_the_file_names_its_language_and_no_person_in_its_properties() -> None:
    """Properties are read by search engines and shown in lists."""
    raw = receipt_pdf(receipt())
    assert raw.startswith(b"%PDF-")
    assert b"/Lang (vi-VN)" in raw
    properties = raw[raw.index(b"/Author") : raw.index(b"/Trapped")]
    written = ("Nguyễn".encode("utf-16-be"), b"999099000001", "Thử".encode("utf-16-be"))
    assert not [part for part in written if part in properties]


def test_every_vietnamese_letter_is_in_the_fonts() -> None:
    """Small and capital, composed or not."""
    one = receipt()
    for text in (LETTERS, LETTERS.upper()):
        named = replace(one, draft=replace(one.draft, payer=replace(one.draft.payer, full_name=text)))
        assert text in pdf_text(receipt_pdf(named))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nguye\u0302\u0303n", "Nguyễn"),
        ("a\n\tb\u0000c", "a b c"),
        ("a\u202eb", "a b"),
        ("  a   b ", "a b"),
        ("(a) \\ b", "(a) \\ b"),
    ],
)
def test_text_is_drawn_as_one_line_of_composed_letters(text: str, expected: str) -> None:
    """Nothing in it moves what stands around it."""
    assert expected == printable(text)
    one = receipt()
    named = replace(one, draft=replace(one.draft, procedure_name=text + "!"))
    assert f"{expected}!".replace(" !", "!") in pdf_text(receipt_pdf(named)).replace(" !", "!")


def test_long_text_wraps_and_loses_nothing() -> None:
    """At blanks, and within a word that is wider than the page."""
    load_fonts()
    text = "ba bốn " * 60 + "N" * 200
    lines = wrapped(text, "LienThongSans", 10, TEXT_WIDTH)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert len(lines) > 3
    assert wrapped("", "LienThongSans", 10, TEXT_WIDTH) == [""]
    one = receipt()
    named = replace(one, draft=replace(one.draft, payer=replace(one.draft.payer, full_name="Ô" * 500)))
    assert pdf_text(receipt_pdf(named)).count("Ô") >= 500
