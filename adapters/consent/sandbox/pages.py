"""What the citizen sees: a telephone with its requests, and the page behind a universal link. In Vietnamese, marked."""

from collections.abc import Iterable
from html import escape

from adapters.consent.sandbox.people import PEOPLE
from adapters.consent.sandbox.state import Standing, Transaction

MARK = "HỆ THỐNG MÔ PHỎNG – không phải ứng dụng VNeID"
_STANDINGS = {
    Standing.AGREED: "Đã đồng ý chia sẻ",
    Standing.FAILED: "Không thành công",
    Standing.PENDING: "Đang chờ công dân xác nhận",
    Standing.REFUSED: "Đã từ chối chia sẻ",
}


def phone_page(transactions: Iterable[Transaction]) -> str:
    """Give the telephone's list of requests, newest first."""
    items = "".join(
        f'<li><a href="/share/{escape(each.txn_id)}">{escape(_name(each))}</a>: {_STANDINGS[each.standing]}</li>'
        for each in reversed(list(transactions))
    )
    return _page("Yêu cầu chia sẻ dữ liệu", f"<ul>{items}</ul>" if items else "<p>Không có yêu cầu nào.</p>")


def consent_page(transaction: Transaction, expired_word: str) -> str:
    """Give the page on which the citizen decides, or how it was decided."""
    if transaction.standing is not Standing.PENDING:
        word = f" ({escape(expired_word)})" if transaction.is_expired else ""
        return _page("Chia sẻ dữ liệu", f"<p>{_STANDINGS[transaction.standing]}{word}.</p>")
    return _page(
        "Xác nhận chia sẻ dữ liệu",
        f"<p>Công dân: {escape(_name(transaction))}</p>"
        '<form method="post">'
        '<p><label><input type="checkbox" name="consent" required> Tôi đồng ý chia sẻ thông tin căn cước</label></p>'
        '<p><button name="decision" value="approve">Đồng ý</button> '
        '<button name="decision" value="decline" formnovalidate>Từ chối</button></p></form>',
    )


def end_page(text: str) -> str:
    """Give a page with one sentence."""
    return _page("Chia sẻ dữ liệu", f"<p>{escape(text)}</p>")


def _name(transaction: Transaction) -> str:
    person = PEOPLE.get(transaction.pid)
    return transaction.pid if person is None else str(person.data["fullName"])


def _page(title: str, content: str) -> str:
    return (
        '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8">'
        f"<title>{title} – mô phỏng</title></head><body><p><strong>{MARK}</strong></p><h1>{title}</h1>"
        f"{content}</body></html>"
    )
