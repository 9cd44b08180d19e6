"""Which endpoints show personal data, under which action that is written down, and why the others leave no line."""

from collections.abc import Callable, Sequence

from gateway.api.accesses import WORDS
from gateway.api.app import ENDPOINTS
from gateway.api.looks import SHOWS, SHOWS_NONE
from gateway.model.audit import AuditAction

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def looks_document(header: str, table: Table) -> str:
    """Write docs/looks.md."""
    addresses = {one.operation_id: f"`{one.method} {one.path}`" for one in ENDPOINTS}
    shown = [(addresses[name], ", ".join(f"`{action.value}`" for action in done)) for name, done in SHOWS.items()]
    none = [(addresses[name], why) for name, why in SHOWS_NONE.items()]
    words = [(f"`{action.value}`", WORDS[action].vi, WORDS[action].en) for action in AuditAction]
    return (
        "\n\n".join(
            (
                header,
                "# Looks at personal data",
                "Every endpoint of the API is in one of the two tables (`gateway/api/looks.py`); a test refuses one "
                "that is in neither. A line is stored before anything is handed out. Where a national system is asked "
                "for data, one is stored before the question and one after the answer, whatever it was.",
                "## Endpoints that show personal data",
                table(("endpoint", "action"), shown),
                "## Endpoints that show none",
                table(("endpoint", "why"), none),
                "## Actions, as citizens read them",
                table(("action", "Vietnamese", "English"), words),
            )
        )
        + "\n"
    )
