"""Verifying the audit chain: lines against the one before, checkpoints and the head; naming what is wrong.

The lines come in the order of their stored positions. A line that does not follow is not simply "wrong": the verifier
looks for the explanation that fits, one hash at a time.

| what was done | how it shows | finding |
|---|---|---|
| a column of a line changed | the line does not follow, the next one does | changed |
| the digest changed too | the line follows, the next one does not | changed (of the two) |
| all digests to the end made anew | the head, or a checkpoint, knows another digest | rewritten, between two places |
| lines deleted | positions missing | missing |
| lines deleted, the rest renumbered | the next ones follow at a position further on | missing |
| a line put in, the rest renumbered | the rest follows at a position further back | inserted |
| lines exchanged | one follows in the place of another | reordered |
| the end cut off | the head, or a checkpoint, knows of more | cut tail |
| an older head put back | lines stand behind it | beyond head |
| a head or checkpoint made by somebody else | its seal or signature does not hold | forged |
| the end was wrong, and an operator went on | a line that says so, with a checkpoint of its own | resealed |
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.model.audit import LINE_FORMAT, ChainedLine, ChainHead
from gateway.sync.audit import encode_line, link

_MAX_SUSPECTS = 300
_SHIFTS = 3


class FindingKind(StrEnum):
    """What is wrong."""

    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    REORDERED = "reordered"
    REWRITTEN = "rewritten"
    CUT_TAIL = "cut_tail"
    BEYOND_HEAD = "beyond_head"
    HEAD_FORGED = "head_forged"
    HEAD_MISSING = "head_missing"
    CHECKPOINT_FORGED = "checkpoint_forged"
    OTHER_CHAIN = "other_chain"
    RESEALED = "resealed"
    """The end was wrong here once, and an operator went on behind it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, at the positions `first` to `last`; `detail` is for a person and holds no values."""

    kind: FindingKind
    first: int
    last: int
    detail: str

    def __str__(self) -> str:
        place = f"line {self.first}" if self.first == self.last else f"lines {self.first}-{self.last}"
        return f"{self.kind.value} at {place}: {self.detail}"


@dataclass(slots=True)
class _Suspect:
    """A line that does not follow. `before` is the digest before its place, where that is beyond doubt."""

    line: ChainedLine
    encoded: bytes | None
    computed: bytes | None
    before: bytes | None


@dataclass(slots=True)
class _Gap:
    first: int
    last: int
    before: bytes | None


@dataclass(slots=True)
class ChainVerifier:
    """Reads a chain once, in order, in bounded memory. Feed it all lines behind `start`, then `finish`.

    `anchors` are digests at positions as checkpoints tell them, those that were found genuine only.
    """

    start: ChainHead
    head: ChainHead | None
    anchors: Mapping[int, bytes] = field(default_factory=dict)
    lines_count: int = 0
    _findings: list[Finding] = field(default_factory=list)
    _suspects: dict[int, _Suspect] = field(default_factory=dict)
    _gaps: list[_Gap] = field(default_factory=list)
    _unanchored: list[tuple[int, int, bytes]] = field(default_factory=list)
    _loose: list[_Suspect] = field(default_factory=list)
    _unnamed_count: int = 0
    _held: ChainedLine | None = None
    _position: int = 0
    _shift: int = 0
    _stored: bytes = b""
    _computed: bytes | None = None
    _trusted: tuple[int, bytes] | None = None
    _is_linked: bool = True
    _anchored: int = 0

    def __post_init__(self) -> None:
        self._position = self._anchored = self.start.position
        self._stored = self.start.digest
        self._trusted = (self.start.position, self.start.digest)
        known = self.anchors.get(self.start.position)
        if known is not None and known != self.start.digest:
            self._note(FindingKind.REWRITTEN, self.start.position, self.start.position, "a checkpoint knows another")

    def feed(self, lines: Iterable[ChainedLine]) -> None:
        """Take the next lines, in the order of their positions."""
        for line in lines:
            # One line is held back: whether a line is judged well often shows in the next.
            if self._held is not None:
                self._judge(self._held, line)
            self._held = line

    def finish(self) -> list[Finding]:
        """Judge the end, and give everything that is wrong in the order of positions."""
        if self._held is not None:
            self._judge(self._held, None)
            self._held = None
        resolved = self._explain_places()
        for first, place, known in self._unanchored:
            if resolved.get(place) != known:
                text = "a checkpoint knows another digest: digests were made anew"
                self._note(FindingKind.REWRITTEN, first, place, text)
        self._judge_end(resolved)
        gone, changed = "no such lines; the next cannot be checked", "it does not follow from the line before it"
        named = [
            *self._findings,
            *(Finding(FindingKind.MISSING, gap.first, gap.last, gone) for gap in self._gaps),
            *(Finding(FindingKind.CHANGED, place, place, changed) for place in self._suspects),
        ]
        if self._unnamed_count:
            place, text = self._position, f"{self._unnamed_count} further lines do not follow either"
            named.append(Finding(FindingKind.CHANGED, place, place, text))
        return sorted(named, key=lambda finding: (finding.first, finding.last, finding.kind))

    @property
    def read_to(self) -> int:
        """The stored position of the last line that was fed."""
        return self._position if self._held is None else self._held.position

    @property
    def last_position(self) -> int:
        """The position of the last line seen, as it was counted when it was written."""
        return self._position + self._shift

    def _note(self, kind: FindingKind, first: int, last: int, detail: str) -> None:
        self._findings.append(Finding(kind, first, last, detail))

    def _judge(self, line: ChainedLine, following: ChainedLine | None) -> None:
        self.lines_count += 1
        if line.position > self._position + 1:
            before = self._trusted[1] if self._trusted is not None and self._trusted[0] == self._position else None
            self._gaps.append(_Gap(self._position + 1, line.position - 1, before))
            self._is_linked = False
        encoded = encoded_of(line)
        is_good = encoded is not None and self._follows(line, encoded, following)
        computed = None
        if not self._is_linked:
            # Nothing can be said of it: the digest before it is gone.
            self._is_linked, is_good = True, encoded is not None
            if len(self._loose) < _MAX_SUSPECTS:
                self._loose.append(_Suspect(line, encoded, None, None))
        elif not is_good:
            computed = None if encoded is None else link(self._stored, line.position + self._shift, encoded)
            self._suspect(line, encoded, computed)
        self._position, self._stored, self._computed = line.position, line.digest, computed
        self._trusted = (line.position, line.digest) if is_good else self._trusted
        self._hold_against_anchors(line)

    def _follows(self, line: ChainedLine, encoded: bytes, following: ChainedLine | None) -> bool:
        place = line.position + self._shift
        if link(self._stored, place, encoded) == line.digest:
            return True
        if not self._is_linked:
            return False
        if self._computed is not None and link(self._computed, place, encoded) == line.digest:
            # The line before is in doubt for its stored digest only.
            return True
        return self._is_shifted(line, encoded, following)

    def _is_shifted(self, line: ChainedLine, encoded: bytes, following: ChainedLine | None) -> bool:
        """Tell whether the line follows at another position, and note which lines were put in or cut out."""
        assert self._trusted is not None
        for shift in range(self._shift - _SHIFTS, self._shift + _SHIFTS + 1):
            if shift == self._shift or not self._is_confirmed(line, following, shift):
                continue
            place = line.position + shift
            if shift < self._shift and link(self._trusted[1], place, encoded) == line.digest:
                first, last = self._trusted[0] + 1, line.position - 1
                for suspect in range(first, last + 1):
                    self._suspects.pop(suspect, None)
                self._note(FindingKind.INSERTED, first, last, "put in, and all that follows renumbered")
            elif shift > self._shift and link(self._stored, place, encoded) == line.digest:
                self._suspects.pop(line.position - 1, None)
                first, last = line.position - 1 + self._shift, line.position - 2 + shift
                self._note(FindingKind.MISSING, first, last, "cut out, and all that follows renumbered")
            else:
                continue
            self._shift = shift
            return True
        return False

    def _is_confirmed(self, line: ChainedLine, following: ChainedLine | None, shift: int) -> bool:
        if following is None:
            head = self.head
            return head is not None and (line.position + shift, line.digest) == (head.position, head.digest)
        encoded = encoded_of(following)
        return encoded is not None and link(line.digest, following.position + shift, encoded) == following.digest

    def _suspect(self, line: ChainedLine, encoded: bytes | None, computed: bytes | None) -> None:
        if len(self._suspects) >= _MAX_SUSPECTS:
            self._unnamed_count += 1
            return
        is_beyond_doubt = self._trusted is not None and self._trusted[0] == line.position - 1
        self._suspects[line.position] = _Suspect(line, encoded, computed, self._stored if is_beyond_doubt else None)

    def _hold_against_anchors(self, line: ChainedLine) -> None:
        place = line.position + self._shift
        known = self.anchors.get(place)
        if known is None:
            return
        if known not in (line.digest, self._computed):
            self._unanchored.append((self._anchored + 1, place, known))
        self._anchored = place

    def _judge_end(self, resolved: Mapping[int, bytes]) -> None:
        last, head = self.last_position, self.head
        told = max(self.anchors, default=0)
        if head is None:
            self._note(FindingKind.HEAD_MISSING, last, last, "the chain's end is not known")
        elif head.position > last:
            self._note(FindingKind.CUT_TAIL, last + 1, head.position, "the head knows of more lines")
        elif head.position < last:
            self._note(FindingKind.BEYOND_HEAD, head.position + 1, last, "behind the head: put in, or an older head")
        elif head.digest not in (self._stored, self._computed, resolved.get(self._position)):
            text = "the head knows another digest: digests were made anew"
            self._note(FindingKind.REWRITTEN, min(self._anchored + 1, last), last, text)
        if told > max(last, 0 if head is None else head.position):
            self._note(FindingKind.CUT_TAIL, last + 1, told, "a checkpoint knows of more lines")

    def _explain_places(self) -> dict[int, bytes]:
        """Find exchanged lines, one that follows in the place of another; give the digests of places explained."""
        resolved: dict[int, bytes] = {}
        gaps = {gap.first: gap for gap in self._gaps}
        for place in sorted({*self._suspects, *gaps}):
            suspect, gap = self._suspects.get(place), gaps.get(place)
            before = resolved.get(place - 1) or (suspect.before if suspect is not None else gap and gap.before)
            if not before:
                continue
            if suspect is not None and suspect.encoded is not None:
                own = suspect.line.digest
                if link(before, place, suspect.encoded) == own:
                    # Only its neighbour was out of place.
                    del self._suspects[place]
                    resolved[place] = own
                    continue
            for other in [*self._suspects.values(), *self._loose]:
                if other.encoded is None or other.line.position == place:
                    continue
                digest = link(before, place, other.encoded)
                if digest == other.line.digest or (suspect is not None and digest == suspect.line.digest):
                    text = f"its own content stands at {other.line.position}"
                    self._note(FindingKind.REORDERED, place, place, text)
                    resolved[place] = digest
                    break
        for place in resolved:
            self._suspects.pop(place, None)
            self._gaps = [gap for gap in self._gaps if (gap.first, gap.last) != (place, place)]
        return resolved


def encoded_of(line: ChainedLine) -> bytes | None:
    """Write a line for its digest; None for one that this program cannot have written."""
    if line.format != LINE_FORMAT:
        return None
    try:
        return encode_line(line.line)
    except (ValueError, OverflowError, AttributeError):
        return None


def merged(findings: Sequence[Finding]) -> list[Finding]:
    """Put findings of one kind and text that stand side by side into one."""
    together: list[Finding] = []
    for finding in findings:
        last = together[-1] if together else None
        if last is None or (last.kind, last.detail) != (finding.kind, finding.detail) or finding.first > last.last + 1:
            together.append(finding)
        else:
            together[-1] = Finding(last.kind, last.first, max(last.last, finding.last), last.detail)
    return together
