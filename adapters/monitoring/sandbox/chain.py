"""Whether publications follow each other as they must: the chain of manifests, versions of a period. Pure.

Whoever holds the newest manifest can tell whether an earlier publication was changed, removed, added or moved, since
each names the digest of the one before. Sources: monitoring notes §4.2, §4.3, §4.5.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from adapters.monitoring.sandbox.figures import Fault
from adapters.monitoring.sandbox.findings import FindingKind
from adapters.monitoring.sandbox.heads import Entry, Head, Manifest
from adapters.monitoring.sandbox.periods import bounds_fault

_FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "preliminary": ("revised", "final"),
    "revised": ("revised", "final"),
    "final": ("restated",),
    "restated": ("restated",),
}
"""Which status may come after which; a period's first is preliminary."""


def faults_of_place(entry: Entry, last_position: int, known: Mapping[str, Entry]) -> Iterator[Fault]:
    """Tell what is wrong with the place of a publication in a list that goes on after `last_position`.

    `known` is everything pulled before, by id.
    """
    kind = FindingKind.CHAIN_BROKEN
    held = known.get(entry.head.id)
    if held is not None:
        yield kind, f"{entry.head.id} was position {held.position} and is position {entry.position}"
    elif entry.position <= last_position:
        yield kind, f"position {entry.position} is given to another publication than before"
    elif entry.position > last_position + 1:
        yield kind, f"position {entry.position} comes after {last_position}: publications are missing between them"


def faults_of_history(known: Sequence[Entry], listed: Sequence[Entry]) -> Iterator[tuple[str, Fault]]:
    """Hold the whole list against what was pulled earlier: nothing may have changed, gone, moved or come between.

    Both in the order in which they were got; what is listed past the newest known position is not looked at. Gives
    the id of the publication with each fault.
    """
    kind = FindingKind.CHAIN_BROKEN
    newest = max((entry.position for entry in known), default=0)
    earlier = [entry for entry in listed if entry.position <= newest]
    places = {entry.head.id: entry for entry in earlier}
    known_ids = {entry.head.id for entry in known}
    for entry in known:
        now = places.get(entry.head.id)
        if now is None:
            yield entry.head.id, (kind, "was pulled earlier and is listed no more")
        elif now.position != entry.position:
            yield entry.head.id, (kind, f"was position {entry.position} and is position {now.position}")
        elif now.digest != entry.digest or now.raw_head != entry.raw_head:
            yield entry.head.id, (kind, "is not what it was when it was pulled")
    for entry in earlier:
        if entry.head.id not in known_ids:
            yield entry.head.id, (kind, f"came to position {entry.position} after later ones had been pulled")
    positions = [entry.position for entry in listed]
    if positions != sorted(set(positions)):
        misplaced = next(b for a, b in pairwise(listed) if b.position <= a.position)
        yield misplaced.head.id, (kind, "is not listed in the order of positions")


def faults_of_link(entry: Entry, manifest: Manifest, digest: str, previous_digest: str | None) -> Iterator[Fault]:
    """Tell whether a manifest is the one that the list names, and follows the one before; None: that is not known."""
    kind = FindingKind.CHAIN_BROKEN
    if digest != entry.digest:
        yield kind, "the manifest is not the one that the list names"
    elif manifest.position != entry.position:
        yield kind, f"the manifest says position {manifest.position}, the list {entry.position}"
    if previous_digest not in (None, manifest.previous_digest):
        yield kind, "the manifest does not follow the one before it"


def faults_of_period(head: Head) -> Iterator[Fault]:
    """Tell whether a publication's bounds are those of its period, and its figures of a time after it."""
    try:
        fault = bounds_fault(head.period_type, head.calendar, head.start, head.end)
    except (ValueError, OverflowError):
        fault = "there is no such period"
    if fault is not None:
        yield FindingKind.BOUNDS_WRONG, fault
    elif head.period_type not in ("ytd", "custom") and head.as_of < head.end:
        yield FindingKind.BOUNDS_WRONG, "the figures are of a time before the end of their period"


def predecessor(head: Head, versions: Sequence[Head]) -> Head | None:
    """Give the version that a publication says it supersedes, if it is of the same period."""
    return next((held for held in versions if held.id == head.supersedes), None)


def faults_of_version(head: Head, versions: Sequence[Head]) -> Iterator[Fault]:
    """Tell whether a version comes in its turn. `versions` are those of the same period, oldest first."""
    kind = FindingKind.VERSION_ORDER_WRONG
    same_view = [held for held in versions if held.state_at == head.state_at]
    if head.supersedes is None:
        if same_view:
            yield kind, f"supersedes nothing though {same_view[-1].id} is there"
        elif head.version != 1:
            yield kind, f"is version {head.version} and supersedes nothing"
        elif head.status != "preliminary":
            yield kind, f"is the first of its period and {head.status}"
        return
    before = predecessor(head, versions)
    if before is None:
        yield kind, f"supersedes {head.supersedes}, which is no version of its period"
        return
    later = [held for held in versions if held.supersedes == before.id]
    if later:
        yield kind, f"supersedes {before.id}, as {later[0].id} does"
    elif head.version != before.version + 1:
        yield kind, f"is version {head.version} after version {before.version}"
    elif head.status not in _FOLLOWS.get(before.status, ()):
        yield kind, f"is {head.status} after {before.status}"
    elif head.as_of < before.as_of:
        yield kind, f"is of a time before {before.id}"
