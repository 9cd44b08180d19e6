"""Pages of Vietnamese text in PDF: lines that wrap, pages that follow when one is full, one table. Pure.

Bytes depend on the content alone, so that one receipt gives one file. Fonts are shipped and embedded, since the fonts
that every reader has lack Vietnamese letters. The pages carry their language and text, but no structure tags: that is
what the library cannot write.
"""

import io
from functools import cache
from importlib import resources
from unicodedata import category, normalize

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

REGULAR, BOLD = "LienThongSans", "LienThongSans-Bold"
_FILES = {REGULAR: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf"}
_WIDTH, _HEIGHT = A4
_MARGIN = 56.0
TEXT_WIDTH = _WIDTH - 2 * _MARGIN
_LEADING = 1.45
_GREY, _RED, _BLACK = (0.35, 0.35, 0.35), (0.7, 0.0, 0.0), (0.0, 0.0, 0.0)


@cache
def load_fonts() -> None:
    """Read the shipped fonts, once."""
    for name, file in _FILES.items():
        raw = (resources.files("mappings.payment.fonts") / file).read_bytes()
        pdfmetrics.registerFont(TTFont(name, io.BytesIO(raw)))


def printable(text: str) -> str:
    """Give a text as one line that can be drawn: composed letters, no controls, no reordering marks."""
    composed = normalize("NFC", text)
    return " ".join("".join(" " if category(one)[0] in "CZ" else one for one in composed).split())


def wrapped(text: str, font: str, size: float, width: float) -> list[str]:
    """Break a text into lines of at most a width; a word that is wider is broken within. Never without a line."""
    lines = [""]
    for word in printable(text).split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if pdfmetrics.stringWidth(longer, font, size) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and pdfmetrics.stringWidth(lines[-1] + letter, font, size) > width:
                lines.append("")
            lines[-1] += letter
    return lines


class Pages:
    """Writes from top to bottom; a new page begins when something finds no room."""

    def __init__(self, *, title: str, author: str, subject: str, header: str) -> None:
        load_fonts()
        self._bytes = io.BytesIO()
        self._canvas = Canvas(self._bytes, pagesize=A4, invariant=1, pageCompression=1, lang="vi-VN")
        self._canvas.setTitle(printable(title))
        self._canvas.setAuthor(printable(author))
        self._canvas.setSubject(printable(subject))
        self._header = header
        self._page_count = 1
        self._mark = ""
        self._y = _HEIGHT - _MARGIN

    def mark_pages(self, mark: str) -> None:
        """Write a mark across this page and all that follow."""
        self._mark = mark
        self._draw_mark()

    def new_page(self) -> None:
        """Begin a page, with the header that says what it belongs to."""
        self._finish_page()
        self._canvas.showPage()
        self._page_count += 1
        self._y = _HEIGHT - _MARGIN
        self._draw_mark()
        self.text(self._header, size=8, is_grey=True)

    def skip(self, height: float) -> None:
        """Leave some room."""
        self._y -= height

    def need(self, height: float) -> bool:
        """Begin a page unless this one has so much room; tell whether one was begun."""
        if self._y - height >= _MARGIN + 14:
            return False
        self.new_page()
        return True

    def text(
        self,
        text: str,
        *,
        size: float = 10,
        is_bold: bool = False,
        is_centred: bool = False,
        is_grey: bool = False,
        is_warning: bool = False,
    ) -> None:
        """Write a text over as many lines as it takes."""
        font = BOLD if is_bold else REGULAR
        for line in wrapped(text, font, size, TEXT_WIDTH):
            self.need(size * _LEADING)
            self._y -= size * _LEADING
            self._canvas.setFont(font, size)
            self._canvas.setFillColorRGB(*(_RED if is_warning else _GREY if is_grey else _BLACK))
            if is_centred:
                self._canvas.drawCentredString(_WIDTH / 2, self._y, line)
            else:
                self._canvas.drawString(_MARGIN, self._y, line)

    def labelled(self, label: str, value: str) -> None:
        """Write "label: value" with the label in bold letters."""
        size, start = 10.0, pdfmetrics.stringWidth(f"{label}: ", BOLD, 10)
        lines = wrapped(value, REGULAR, size, TEXT_WIDTH - start)
        for number, line in enumerate(lines):
            self.need(size * _LEADING)
            self._y -= size * _LEADING
            self._canvas.setFillColorRGB(*_BLACK)
            if number == 0:
                self._canvas.setFont(BOLD, size)
                self._canvas.drawString(_MARGIN, self._y, f"{label}: ")
            self._canvas.setFont(REGULAR, size)
            self._canvas.drawString(_MARGIN + start, self._y, line)

    def table(self, head: tuple[str, str, str], rows: list[tuple[str, str, str]], *, is_total_last: bool) -> None:
        """Write a table of number, text and amount. The head stands again on every page."""
        self._table_row(head, is_bold=True)
        for number, row in enumerate(rows):
            is_total = is_total_last and number == len(rows) - 1
            height = len(wrapped(row[1], REGULAR, 9.5, TEXT_WIDTH - 160)) * 9.5 * _LEADING + 6
            # No row is taller than a page: the model bounds the names of items.
            if self.need(height):
                self._table_row(head, is_bold=True)
            self._table_row(row, is_bold=is_total)

    def _table_row(self, cells: tuple[str, str, str], *, is_bold: bool) -> None:
        font, size = (BOLD if is_bold else REGULAR), 9.5
        lines = wrapped(cells[1], font, size, TEXT_WIDTH - 160)
        height = len(lines) * size * _LEADING + 6
        top, left, right = self._y, _MARGIN, _MARGIN + TEXT_WIDTH
        self._canvas.setStrokeColorRGB(*_GREY)
        self._canvas.setFillColorRGB(*_BLACK)
        self._canvas.setLineWidth(0.5)
        self._canvas.rect(left, top - height, TEXT_WIDTH, height)
        for x in (left + 36, right - 116):
            self._canvas.line(x, top, x, top - height)
        self._canvas.setFont(font, size)
        for number, line in enumerate(lines):
            y = top - (number + 1) * size * _LEADING
            if number == 0:
                self._canvas.drawCentredString(left + 18, y, printable(cells[0]))
                self._canvas.drawRightString(right - 6, y, printable(cells[2]))
            self._canvas.drawString(left + 42, y, line)
        self._y = top - height

    def finish(self) -> bytes:
        """End the last page and give the file."""
        self._finish_page()
        self._canvas.showPage()
        self._canvas.save()
        return self._bytes.getvalue()

    def _finish_page(self) -> None:
        self._canvas.setFont(REGULAR, 8)
        self._canvas.setFillColorRGB(*_GREY)
        self._canvas.drawCentredString(_WIDTH / 2, _MARGIN / 2, f"Trang {self._page_count}")

    def _draw_mark(self) -> None:
        if not self._mark:
            return
        self._canvas.saveState()
        self._canvas.setFont(BOLD, 54)
        self._canvas.setFillColorRGB(0.93, 0.78, 0.78)
        self._canvas.translate(_WIDTH / 2, _HEIGHT / 2)
        self._canvas.rotate(40)
        self._canvas.drawCentredString(0, 0, self._mark)
        self._canvas.restoreState()
