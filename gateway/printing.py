"""Tables for people at a terminal, of which nothing is cut off: codes and numbers are there to be copied."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDTH_OF_FILES = 200


def show_table(headings: Iterable[str], rows: Iterable[Iterable[object]], *, title: str | None = None) -> None:
    """Print a table; long values are folded. Into a file or a pipe it is wide, since nobody knows of a width there."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH_OF_FILES)
    table = Table(title=title)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        # Text, so that brackets in somebody's note are no markup.
        table.add_row(*(Text(str(value)) for value in row))
    console.print(table, highlight=False)
