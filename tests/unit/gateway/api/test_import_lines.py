"""Cutting a stream into lines."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.api.imports import LineSplitter


def split(pieces: list[bytes], max_line_bytes: int) -> list[tuple[int, bytes | None]]:
    splitter = LineSplitter(max_line_bytes)
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    return [*lines, *splitter.finish()]


@given(st.lists(st.text("ab\n ", max_size=9).map(str.encode), max_size=12))
def test_lines_do_not_depend_on_how_they_arrive(pieces: list[bytes]) -> None:
    """However a stream is cut into pieces, its lines are the same, and none is kept beyond its limit."""
    whole = b"".join(pieces)
    expected = [
        (number, line if len(line) <= 4 else None)
        for number, line in enumerate(whole.split(b"\n"), 1)
        if len(line) > 4 or line.strip()
    ]

    assert expected == split(pieces, 4)
    assert expected == split([bytes([byte]) for byte in whole], 4)
