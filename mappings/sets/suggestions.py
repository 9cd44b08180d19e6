"""Proposals for missing rows: by the national part of a local procedure code, and by names that share words.

Proposed only, never applied: unaccented or partial agreement of names proves nothing (codes and units notes §0.7), and
the national part tells which procedure a local copy was made from, not whether it is still the same one (§3.2).
"""

import re
from collections.abc import Collection, Mapping, Sequence

from gateway.ports.mapping import CodeKind, Suggestion
from mappings.codes.text import NameIndex

MAX_SUGGESTIONS = 5
_NATIONAL_PART = re.compile(r"[0-9]\.[0-9]{6}", re.ASCII)


def suggestions(
    kind: CodeKind, names: Mapping[str, str], targets: Mapping[str, str], wrong: Collection[tuple[str, str]] = ()
) -> Mapping[str, Sequence[Suggestion]]:
    """Propose targets (code to name) for codes with their names, which may be empty; best first.

    `wrong` are pairs that must not be proposed.
    """
    index = NameIndex(targets.items()) if any(names.values()) else None
    proposed: dict[str, Sequence[Suggestion]] = {}
    for code, name in names.items():
        found: dict[str, Suggestion] = {}
        part = _NATIONAL_PART.match(code) if kind is CodeKind.PROCEDURE else None
        if part is not None and part.group() in targets:
            national = part.group()
            found[national] = Suggestion(code=national, name=targets[national], score=1.0, because="national_part")
        for alike in index.similar(name) if index is not None and name else ():
            entry = Suggestion(code=alike.code, name=alike.name, score=round(alike.score, 4), because="name")
            found.setdefault(alike.code, entry)
        kept = (entry for target, entry in found.items() if (code, target) not in wrong)
        proposed[code] = tuple(kept)[:MAX_SUGGESTIONS]
    return proposed
