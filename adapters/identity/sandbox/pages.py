"""The pages a person sees. Each says that it is simulated; none holds a script."""

from collections.abc import Iterable
from html import escape

from adapters.identity.sandbox.people import Person

_KINDS = {1: "Công dân", 2: "Doanh nghiệp", 3: "Tổ chức"}


def page(title: str, content: str) -> bytes:
    """Give a whole page."""
    return (
        '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title></head>'
        "<body><p><strong>MÔ PHỎNG / SIMULATED</strong></p>"
        f"<main><h1>{escape(title)}</h1>{content}</main></body></html>"
    ).encode()


def sign_in_page(action: str, ticket: str, people: Iterable[Person], *, broker: str) -> bytes:
    """Give the page on which an account is chosen."""
    choices = "".join(
        f'<p><label><input type="radio" name="person" value="{escape(person.key)}" required> '
        f"{escape(person.name[:80])} ({escape(_KINDS[person.kind])}"
        + (f", {escape(person.note)}" if person.note else "")
        + ")</label></p>"
        for person in people
    )
    content = (
        (f"<p>Đăng nhập qua {escape(broker)}</p>" if broker else "")
        + f'<form method="post" action="{escape(action)}">'
        + f'<input type="hidden" name="ticket" value="{escape(ticket)}">'
        + choices
        + '<p><button name="action" value="sign_in">Đăng nhập</button> '
        + '<button name="action" value="cancel" formnovalidate>Huỷ</button></p></form>'
    )
    return page("Đăng nhập tài khoản định danh điện tử", content)


def locked_page(action: str, ticket: str) -> bytes:
    """Tell that the account is locked; the way back is to cancel."""
    content = (
        "<p>Tài khoản đã bị khoá.</p>"
        f'<form method="post" action="{escape(action)}">'
        f'<input type="hidden" name="ticket" value="{escape(ticket)}">'
        '<button name="action" value="cancel">Huỷ</button></form>'
    )
    return page("Không thể đăng nhập", content)


def message_page(title: str, message: str) -> bytes:
    """Give a page with one sentence."""
    return page(title, f"<p>{escape(message)}</p>")
