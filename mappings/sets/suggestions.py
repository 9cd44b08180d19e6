"""Proposals for missing rows: by the national part of a local procedure code, and by names that share words.

Proposed only, never applied: unaccented or partial agreement of names proves nothing (codes and units notes §0.7), and
the national part tells which procedure a local copy was made from, not whether it is still the same one (§3.2).
"""

import re
from collections.abc import Collection, Mapping, Sequence

from gateway.ports.mapping import CodeKind, Suggestion
from mappings.codes.text import similar

MAX_SUGGESTIONS = 5
_NATIONAL_PART = re.compile(r"[0-9]\.[0-9]{6}", re.ASCII)


def suggestions(
    kind: CodeKind, code: str, name: str, targets: Mapping[str, str], wrong: Collection[str] = ()
) -> Sequence[Suggestion]:
    """Propose targets (code to name) for a code, best first; `wrong` ones never."""
    proposed: dict[str, Suggestion] = {}
    if kind is CodeKind.PROCEDURE and (part := _NATIONAL_PART.match(code)) is not None and part.group() in targets:
        national = part.group()
        proposed[national] = Suggestion(code=national, name=targets[national], score=1.0, because="national_part")
    if name:
        for found in similar(name, targets.items()):
            entry = Suggestion(code=found.code, name=found.name, score=round(found.score, 4), because="name")
            proposed.setdefault(found.code, entry)
    return tuple(entry for entry in proposed.values() if entry.code not in wrong)[:MAX_SUGGESTIONS]
