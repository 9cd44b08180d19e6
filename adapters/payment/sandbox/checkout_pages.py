"""How the payment page looks: Vietnamese, marked as a simulation, without scripts."""

from html import escape
from typing import TYPE_CHECKING

from adapters.payment.sandbox.vietnam import local_text

if TYPE_CHECKING:
    from adapters.payment.sandbox.checkout import Checkout, Standing

MARK = "HỆ THỐNG MÔ PHỎNG – không trừ tiền thật"
_ENDED = {
    "paid": "Giao dịch này đã thanh toán. Không trừ tiền lần nữa.",
    "failed": "Giao dịch không thành công. Không có khoản tiền nào bị trừ.",
    "cancelled": "Giao dịch đã bị huỷ. Không có khoản tiền nào bị trừ.",
    "expired": "Giao dịch đã hết hạn thanh toán. Không có khoản tiền nào bị trừ.",
}
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;"
    "background:#fff}dt{font-weight:600}dd{margin:0 0 .5rem}fieldset{margin:1rem 0}button{font:inherit;"
    "padding:.5rem 1rem;margin:0 .5rem .5rem 0}.mark{background:#fff3cd;border:1px solid #8a6d00;padding:.5rem}"
)


def payment(provider_name: str, checkout: "Checkout") -> str:
    """Give the page on which the payer decides."""
    options = "".join(
        f'<label><input type="radio" name="bank" value="{escape(code)}"{" checked" if number == 0 else ""}> '
        f"{escape(name)}</label><br>"
        for number, (code, name) in enumerate(checkout.banks.items())
    )
    return _page(
        "Thanh toán trực tuyến",
        provider_name,
        _facts(checkout)
        + '<form method="post"><fieldset><legend>Chọn ngân hàng hoặc ví điện tử</legend>'
        + options
        + "</fieldset><p>"
        + '<button name="choice" value="pay">Thanh toán</button>'
        + '<button name="choice" value="fail">Thất bại</button>'
        + '<button name="choice" value="cancel">Huỷ</button>'
        + '<button name="choice" value="leave">Rời khỏi trang</button></p></form>',
    )


def ended(provider_name: str, checkout: "Checkout", standing: "Standing", address: str) -> str:
    """Give the page of a payment that is over."""
    link = f'<p><a href="{escape(address)}">Quay lại nơi yêu cầu thanh toán</a></p>' if address else ""
    return _page(
        "Kết quả thanh toán",
        provider_name,
        f'<p role="status"><strong>{_ENDED[standing.value]}</strong></p>{_facts(checkout)}{link}',
    )


def notice(provider_name: str, text: str) -> str:
    """Give a page with one sentence."""
    return _page("Thanh toán trực tuyến", provider_name, f'<p role="status">{escape(text)}</p>')


def amount_text(amount_vnd: int) -> str:
    """Write an amount as it is read in Viet Nam."""
    return f"{amount_vnd:,}".replace(",", ".") + " đồng"


def _facts(checkout: "Checkout") -> str:
    rows = (
        ("Mã tham chiếu", checkout.reference),
        ("Số tiền", amount_text(checkout.amount_vnd)),
        ("Nội dung", checkout.description),
        ("Hạn thanh toán", local_text(checkout.expires_at)),
    )
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows) + "</dl>"


def _page(title: str, provider_name: str, content: str) -> str:
    return (
        '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title} – {escape(provider_name)} (mô phỏng)</title><style>{_STYLE}</style></head><body>"
        f'<p class="mark"><strong>{MARK}</strong></p><main><h1>{title}</h1><p>{escape(provider_name)}</p>'
        f"{content}</main></body></html>"
    )
