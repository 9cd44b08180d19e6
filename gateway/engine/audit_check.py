"""Verifying what is stored, or what was exported: seals and signatures here, the chain itself in gateway.sync."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.engine.audit_lines import is_sealed
from gateway.errors import IntegrityFailed, InvalidInput
from gateway.model.audit import ChainedLine, Checkpoint, CheckpointKind
from gateway.ports.audit import AuditStore, CheckpointVerifier
from gateway.ports.basics import KeyRing
from gateway.sync.audit import beginning, checkpoint_claims, seal_checkpoint
from gateway.sync.audit_records import read_checkpoint, read_head, read_line
from gateway.sync.audit_stretches import StretchVerifier
from gateway.sync.audit_verification import Finding, FindingKind, merged


@dataclass(slots=True, kw_only=True)
class Report:
    """What a verification found. `is_whole` when nothing is wrong."""

    lines_count: int = 0
    first: int = 0
    last: int = 0
    checkpoints_count: int = 0
    signatures_count: int = 0
    """Checkpoints whose public signature was verified."""
    unknown_keys: set[str] = field(default_factory=set)
    """Keys that checkpoints name and that are not at hand: their signatures were not looked at."""
    findings: Sequence[Finding] = ()

    @property
    def is_whole(self) -> bool:
        return not self.findings


class CheckpointJudge:
    """Tells genuine checkpoints from others, by the key ring, by public keys, or by both."""

    def __init__(self, key_ring: KeyRing | None, verifier: CheckpointVerifier | None, report: Report) -> None:
        self._key_ring = key_ring
        self._verifier = verifier
        self._report = report

    def genuine(self, checkpoints: Sequence[Checkpoint], chain_id: object) -> tuple[dict[int, bytes], list[Finding]]:
        """Give what genuine checkpoints know, by position, and what is wrong with the others."""
        anchors: dict[int, bytes] = {}
        findings: list[Finding] = []
        for checkpoint in checkpoints:
            place = checkpoint.head.position
            self._report.checkpoints_count += 1
            try:
                is_genuine = self._is_genuine(checkpoint)
            except (ValueError, OverflowError):
                # An instant beyond the calendar, say.
                is_genuine = False
            if not is_genuine:
                findings.append(Finding(FindingKind.CHECKPOINT_FORGED, place, place, "the gateway did not make it"))
            elif checkpoint.head.chain_id != chain_id:
                findings.append(Finding(FindingKind.OTHER_CHAIN, place, place, "a checkpoint of another chain"))
            elif anchors.setdefault(place, checkpoint.head.digest) != checkpoint.head.digest:
                findings.append(Finding(FindingKind.REWRITTEN, place, place, "two checkpoints know different digests"))
        return anchors, findings

    def _is_genuine(self, checkpoint: Checkpoint) -> bool:
        head, is_proven = checkpoint.head, False
        if self._key_ring is not None:
            if seal_checkpoint(head, checkpoint.at, self._key_ring.digest) != checkpoint.mac:
                return False
            is_proven = True
        if checkpoint.kind is CheckpointKind.KEY_RING:
            return is_proven or self._key_ring is None
        if self._verifier is None or not self._verifier.knows(checkpoint.key_id):
            self._report.unknown_keys.add(checkpoint.key_id)
            return is_proven or self._key_ring is None
        try:
            claims = self._verifier.read_checkpoint(checkpoint.signature, checkpoint.key_id)
        except IntegrityFailed:
            return False
        self._report.signatures_count += 1
        return claims == checkpoint_claims(head, checkpoint.at)


async def verify_stored(
    store: AuditStore,
    *,
    key_ring: KeyRing,
    verifier: CheckpointVerifier | None,
    since: Checkpoint | None = None,
    anchors: Sequence[Checkpoint] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Verify the chain in the database, all of it or what follows a checkpoint that was kept elsewhere.

    `anchors` are further such checkpoints. `progress` hears of positions done and the last one.
    Raises StoreUnavailable.
    """
    report = Report()
    judge = CheckpointJudge(key_ring, verifier, report)
    stored = await store.head()
    findings: list[Finding] = []
    given = [*anchors, *([since] if since is not None else [])]
    head = None if stored is None else stored.head
    if stored is not None and not is_sealed(stored, key_ring):
        place = stored.head.position
        findings.append(Finding(FindingKind.HEAD_FORGED, place, place, "the gateway did not write the chain's end"))
    chain_id = given[0].head.chain_id if given else None if head is None else head.chain_id
    if head is not None and head.chain_id != chain_id:
        findings.append(Finding(FindingKind.OTHER_CHAIN, 0, head.position, "the chain was begun anew"))
    start = beginning(chain_id) if chain_id is not None and since is None else None
    kept = await store.checkpoints(0 if since is None else since.head.position)
    known, wrong = judge.genuine([*kept, *given], chain_id)
    findings.extend(wrong)
    if since is not None:
        start = since.head
        if await store.digest_at(start.position) != start.digest:
            findings.append(
                Finding(FindingKind.REWRITTEN, start.position, start.position, "not the line that the checkpoint knows")
            )
    if start is None:
        # No end, no checkpoint: either nothing was ever written, or all of it is in doubt.
        async for page in store.chain(0):
            text = "lines of a chain without an end"
            findings.append(Finding(FindingKind.HEAD_MISSING, page[0].position, page[-1].position, text))
        report.findings = _in_order(findings)
        return report
    chain = StretchVerifier(start, head, known)
    report.first = start.position + 1
    await _walk(chain, store.chain(start.position), progress, 0 if head is None else head.position)
    # Lines may have come meanwhile, and the end with them; those in between are read now.
    later = await store.head()
    if later is not None and is_sealed(later, key_ring) and later.head.position > chain.read_to:
        await _walk(chain, store.chain(chain.read_to, until=later.head.position), progress, later.head.position)
    chain.head = None if later is None else later.head
    findings.extend(chain.finish())
    report.lines_count, report.last = chain.lines_count, chain.last_position
    report.findings = _in_order(findings)
    return report


async def _walk(
    chain: StretchVerifier,
    pages: AsyncIterator[Sequence[ChainedLine]],
    progress: Callable[[int, int], None],
    total: int,
) -> None:
    async for page in pages:
        chain.feed(page)
        progress(page[-1].position, max(total, page[-1].position))


def verify_exported(
    records: Iterable[Mapping[str, Any]], *, verifier: CheckpointVerifier | None, key_ring: KeyRing | None = None
) -> Report:
    """Verify what `gateway audit export` wrote, record by record, without a database.

    The stretch is proven as far as its last genuine checkpoint. Raises InvalidInput when it is no export.
    """
    report, findings = Report(), list[Finding]()
    judge = CheckpointJudge(key_ring, verifier, report)
    stream = iter(records)
    header = next(stream, None)
    if header is None or header.get("kind") != "header":
        raise InvalidInput("the file is no export of the audit: its first record must be the header")
    start = read_head(header["start"])
    if start.position == 0 and start != beginning(start.chain_id):
        findings.append(Finding(FindingKind.CHANGED, 0, 0, "not the beginning of the chain"))
    checkpoints = [read_checkpoint(record) for record in header["checkpoints"]]
    known, wrong = judge.genuine(checkpoints, start.chain_id)
    findings.extend(wrong)
    end = read_head(header["end"])
    chain = StretchVerifier(start, end, known)
    for record in stream:
        chain.feed([read_line(record)])
    findings.extend(chain.finish())
    if end.position not in known:
        findings.append(Finding(FindingKind.CUT_TAIL, end.position, end.position, "no checkpoint proves the end"))
    report.first, report.lines_count, report.last = start.position + 1, chain.lines_count, chain.last_position
    report.findings = _in_order(findings)
    return report


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    return merged(sorted(findings, key=lambda finding: (finding.first, finding.last, finding.kind)))
