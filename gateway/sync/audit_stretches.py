"""Verifying a chain that an operator once went on with behind a wrong end: stretch after stretch.

A stretch begins with a line that says so, and rests on nothing before it. That the gateway wrote that line, and not
somebody who rules the database, is told by a genuine checkpoint at its place: only the key ring makes those. It stands
right behind the last line that was there, or that a checkpoint told of: what is missing before it was taken away later.
"""

from collections.abc import Iterable, Mapping

from gateway.model.audit import ChainedLine, ChainHead
from gateway.sync.audit import begins_stretch, stretch_beginning
from gateway.sync.audit_verification import ChainVerifier, Finding, FindingKind, encoded_of


class StretchVerifier:
    """Reads a chain once, in order. Feed it all lines behind `start`, set `head`, then `finish`."""

    def __init__(self, start: ChainHead, head: ChainHead | None, anchors: Mapping[int, bytes]) -> None:
        self.head = head
        self._chain_id = start.chain_id
        self._anchors = anchors
        self._chain = ChainVerifier(start, head, anchors)
        self._findings: list[Finding] = []
        self._lines_count = 0

    def feed(self, lines: Iterable[ChainedLine]) -> None:
        """Take the next lines, in the order of their positions."""
        for line in lines:
            if self._anchors.get(line.position) == line.digest:
                encoded = encoded_of(line)
                if encoded is not None and begins_stretch(line, encoded, self._chain_id):
                    self._begin(line)
            self._chain.feed([line])

    def finish(self) -> list[Finding]:
        """Judge the end, and give everything that is wrong."""
        self._chain.head = self.head
        return [*self._findings, *self._chain.finish()]

    @property
    def lines_count(self) -> int:
        """How many lines were judged."""
        return self._lines_count + self._chain.lines_count

    @property
    def read_to(self) -> int:
        """The stored position of the last line that was fed."""
        return self._chain.read_to

    @property
    def last_position(self) -> int:
        """The position of the last line seen, as it was counted when it was written."""
        return self._chain.last_position

    def _begin(self, line: ChainedLine) -> None:
        """Close the stretch so far: how it ended nobody knows, beyond what its checkpoints tell."""
        place, before = line.position, self._chain
        before.anchors = {at: digest for at, digest in self._anchors.items() if at < place}
        before.head = None
        ends = before.finish()
        self._findings += [one for one in ends if one.kind is not FindingKind.HEAD_MISSING]
        told = max(before.read_to, *before.anchors, 0)
        if told < place - 1:
            text = "no such lines; an operator went on behind them"
            self._findings.append(Finding(FindingKind.MISSING, told + 1, place - 1, text))
        self._lines_count += before.lines_count
        proven = max((at for at in before.anchors if at <= before.last_position), default=0)
        after = line.line.upstream_code
        text = f"an operator went on after {after}; no checkpoint proves what is between {proven} and here"
        self._findings.append(Finding(FindingKind.RESEALED, place, place, text))
        later = {at: digest for at, digest in self._anchors.items() if at >= place}
        self._chain = ChainVerifier(stretch_beginning(self._chain_id, place - 1), self.head, later)
