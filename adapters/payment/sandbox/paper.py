"""Papers that simulated systems hand out: a PDF of one page that any viewer opens, text without diacritics."""

import unicodedata
from collections.abc import Sequence

FOREIGN_BILL = "https://bienlai.nguoi-khac.example/bien-lai.pdf"
"""Where nobody should look for a paper (F25)."""


def pdf_of(lines: Sequence[str]) -> bytes:
    """Give a page with these lines, at most 45."""
    text = "".join(f"({_escaped(line)}) Tj T*\n" for line in lines[:45])
    content = f"BT /F1 12 Tf 16 TL 60 780 Td\n{text}ET".encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    document = b"%PDF-1.4\n"
    places: list[int] = []
    for number, each in enumerate(objects, 1):
        places.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n" % count
    return (
        document
        + head
        + table
        + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (
            count,
            len(document),
        )
    )


def plain(text: str) -> str:
    """Take the diacritics off."""
    spelled = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return spelled.encode("ascii", "ignore").decode()


def _escaped(text: str) -> str:
    return plain(text).replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
