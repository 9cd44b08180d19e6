"""The payer's voucher as a PDF that any viewer opens: one page, a standard font, text without diacritics."""

import unicodedata

from adapters.payment.sandbox.platform_orders import Order
from adapters.payment.sandbox.vietnam import local_text


def bill_pdf(order: Order) -> bytes:
    """Give the voucher of a paid order. The payer is not named on it."""
    payment = order.payments[0]
    lines = (
        "BIEN LAI THANH TOAN (MO PHONG)",
        f"Ma tham chieu: {order.reference}",
        f"Ma giao dich: {payment.transaction}",
        f"Ma ho so: {order.dossier}",
        f"So tien: {order.amount_vnd} VND",
        f"Ngan hang: {payment.bank}",
        f"Thoi gian: {local_text(payment.at)}",
        f"Noi dung: {order.description}",
    )
    text = "".join(f"({_escaped(line)}) Tj T*\n" for line in lines)
    content = f"BT /F1 12 Tf 16 TL 60 780 Td\n{text}ET".encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    return _assembled(objects)


def _assembled(objects: tuple[bytes, ...]) -> bytes:
    document = b"%PDF-1.4\n"
    places: list[int] = []
    for number, content in enumerate(objects, 1):
        places.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n" % (count, table, count)
    return document + end + b"startxref\n%d\n%%%%EOF\n" % len(document)


def _escaped(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D")).encode("ascii", "ignore").decode()
    return plain.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
