"""Tables and progress for people at a terminal. Of tables nothing is cut off: codes are there to be copied."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

_WIDTH_OF_FILES = 200
_SAID_EVERY_SECONDS = 2.0


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


@contextmanager
def telling(*, is_quiet: bool) -> Iterator["Telling"]:
    """Show how far it is: a bar on a terminal, elsewhere a plain line every few seconds."""
    console = Console(stderr=True)
    bar = Progress(
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()),
        console=console,
        disable=is_quiet or not console.is_terminal,
    )
    with bar:
        yield Telling(bar, console, is_plain=not is_quiet and not console.is_terminal)


class Telling:
    """Hears what is under way, how much of it is done, and how much there is (0: not known)."""

    def __init__(self, bar: Progress, console: Console, *, is_plain: bool) -> None:
        from gateway.clocks import SystemClock

        self._bar = bar
        self._console = console
        self._is_plain = is_plain
        self._clock = SystemClock()
        self._said = self._clock.monotonic()
        self._task = bar.add_task("beginning", total=None)

    def __call__(self, what: str, done: int, total: int) -> None:
        self._bar.update(self._task, description=what, completed=done, total=total or None)
        now = self._clock.monotonic()
        if self._is_plain and now - self._said >= _SAID_EVERY_SECONDS:
            self._said = now
            said = f"{what}: {done}" if done else what
            self._console.print(f"{said} of {total}" if total else said, markup=False, highlight=False)
