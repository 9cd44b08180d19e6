"""The payer's voucher of the Payment Platform, as a PDF."""

from adapters.payment.sandbox.paper import pdf_of
from adapters.payment.sandbox.platform_orders import Order
from adapters.payment.sandbox.vietnam import local_text


def bill_pdf(order: Order) -> bytes:
    """Give the voucher of a paid order. The payer is not named on it."""
    payment = order.payments[0]
    return pdf_of(
        (
            "BIEN LAI THANH TOAN (MO PHONG)",
            f"Ma tham chieu: {order.reference}",
            f"Ma giao dich: {payment.transaction}",
            f"Ma ho so: {order.dossier}",
            f"So tien: {order.amount_vnd} VND",
            f"Ngan hang: {payment.bank}",
            f"Thoi gian: {local_text(payment.at)}",
            f"Noi dung: {order.description}",
        )
    )
