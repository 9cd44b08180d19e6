"""What an entry counts is held against what changed."""

from typing import Any

import pytest

from adapters.monitoring.sandbox.findings import FindingKind
from adapters.monitoring.sandbox.heads import read_head
from adapters.monitoring.sandbox.restatements import faults_of_changes, read_restatement
from adapters.monitoring.sandbox.rows import read_observation
from tests.support.monitoring_documents import entry, head, number


def kinds(code: str, old: tuple[int, int] | None, new: tuple[int, int] | None, **counted: Any) -> list[FindingKind]:
    """Judge one entry between two versions."""
    before, after = head(1, "preliminary"), head(2, "revised")
    pair = [None if counts is None else number(code, *counts) for counts in (old, new)]
    told = read_restatement(entry(before, after, pair[0], pair[1], **counted))
    figures = [{} if one is None else {told.key: read_observation(one, "it")} for one in pair]
    judged = faults_of_changes(
        (read_head(before, "it"), figures[0]), (read_head(after, "it"), figures[1]), {told.place: told}
    )
    return [kind for kind, _ in judged]


@pytest.mark.parametrize(
    ("is_right", "code", "old", "new", "added", "removed", "turned"),
    [
        (True, "U2", (7, 12), (7, 13), 1, 0, 0),
        (True, "U2", (7, 12), (8, 13), 2, 1, 0),
        (True, "U2", (7, 12), (9, 12), 0, 0, 2),
        (True, "U2", (7, 12), (7, 12), 1, 1, 2),
        (True, "U2", None, (1, 2), 2, 0, 0),
        (True, "U2", (1, 2), None, 0, 2, 0),
        (False, "U2", (7, 12), (9, 13), 1, 0, 0),
        (False, "U2", (7, 12), (9, 12), 0, 0, 1),
        (False, "U2", (7, 12), (7, 13), 0, 1, 0),
        (False, "T2_late", (2, 12), (2, 13), 0, 0, 0),
        (True, "S1", (5, 6), (5, 9), 0, 0, 0),
    ],
)
def test_deltas_add_up_where_dossiers_are_counted(
    is_right: bool,
    code: str,
    old: tuple[int, int] | None,
    new: tuple[int, int] | None,
    added: int,
    removed: int,
    turned: int,
) -> None:
    """Denominators grow by what came less what went; numerators by no more than all that is counted."""
    found = kinds(code, old, new, dossiers_added=added, dossiers_removed=removed, dossiers_changed=turned)
    assert ([] if is_right else [FindingKind.RESTATEMENT_WRONG]) == found
