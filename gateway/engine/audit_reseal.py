"""Going on behind a wrong end of the audit chain, once an operator has decided that.

Nothing of what stands there is taken away or made to look right. A new stretch begins behind the last line and the last
genuine checkpoint; its first line says who went on, why, and what a verification had found. The line gets a checkpoint
in the same transaction, so that later verifications can tell it from one that somebody else put there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.engine.audit_check import CheckpointJudge, Report, verify_stored
from gateway.engine.audit_lines import end_fault, find_end_fault, make_checkpoint, make_line
from gateway.errors import InvalidInput
from gateway.model.audit import Access, AuditAction, AuditLine, AuditStage, Checkpoint, Outcome
from gateway.ports.audit import AuditStore, CheckpointSigner, CheckpointVerifier, StoredHead
from gateway.ports.basics import Clock, KeyRing
from gateway.sync.audit import beginning, encode_line, extend, link, seal_head, stretch_beginning

_MAX_FOUND = 100
_LAST_PLACE = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """What was done: why lines could not be written, what was found, and the checkpoint of the line that says so."""

    fault: str
    found: Report
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who goes on, and why, in words for the record."""

    officer: str
    because: str


class Resealer:
    """Goes on behind a wrong end."""

    def __init__(
        self,
        store: AuditStore,
        *,
        key_ring: KeyRing,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        version: str,
        signer: CheckpointSigner | None = None,
        verifier: CheckpointVerifier | None = None,
    ) -> None:
        self._store = store
        self._key_ring = key_ring
        self._clock = clock
        self._random_bytes = random_bytes
        self._version = version
        self._signer = signer
        self._verifier = verifier

    async def reseal(self, decision: Decision, anchors: Sequence[Checkpoint] = ()) -> Resealed:
        """Go on. `anchors` are checkpoints that were kept elsewhere.

        Raises InvalidInput when lines can be written as it is, or for a reason that a line must not hold, and
        StoreUnavailable: then nothing was changed.
        """
        self._refuse_sound(await find_end_fault(self._store, self._key_ring))
        found = await verify_stored(self._store, key_ring=self._key_ring, verifier=self._verifier, anchors=anchors)
        stored_checkpoints = await self._store.checkpoints(0)
        kept, occupied = [*stored_checkpoints, *anchors], {one.head.position for one in stored_checkpoints}
        async with self._store.appending() as appending:
            end = await appending.end()
            fault = self._refuse_sound(end_fault(end, self._key_ring))
            chain_id, proven = await self._known(end.head, kept)
            place = max(end.last_position, proven)
            # Where somebody left a checkpoint that the gateway did not make, none of the gateway's own finds room.
            while place + 1 in occupied:
                place += 1
            if place >= _LAST_PLACE:
                raise InvalidInput(f"a line stands at {place}, behind which there is no room", code="no_room")
            line = self._line(decision, fault, found)
            [chained], head = extend(stretch_beginning(chain_id, place), [(line, encode_line(line))])
            stored = StoredHead(head=head, mac=seal_head(head, self._key_ring.digest))
            checkpoint = make_checkpoint(head, line.at, self._key_ring, self._signer)
            await appending.reseal(chained, stored, checkpoint)
        return Resealed(fault=fault, found=found, checkpoint=checkpoint)

    def _refuse_sound(self, fault: str) -> str:
        if not fault:
            raise InvalidInput("lines can be written behind the end as it is; nothing is resealed", code="end_is_sound")
        return fault

    async def _known(self, stored: StoredHead | None, kept: Sequence[Checkpoint]) -> tuple[UUID, int]:
        """Give the chain's id, and the last position of which a genuine checkpoint tells.

        Without any checkpoint the id is believed of a head only if the first line follows from it. A chain whose id is
        lost gets a new one, and its old lines are named as lines of no known beginning.
        """
        for chain_id in dict.fromkeys(one.head.chain_id for one in reversed(kept)):
            genuine, _ = CheckpointJudge(self._key_ring, self._verifier, Report()).genuine(kept, chain_id)
            if genuine:
                return chain_id, max(genuine)
        if stored is not None and await self._is_id_of_lines(stored.head.chain_id):
            return stored.head.chain_id, 0
        return UUID(bytes=self._random_bytes(16), version=4), 0

    async def _is_id_of_lines(self, chain_id: UUID) -> bool:
        async for page in self._store.chain(0, until=1):
            first = page[0]
            return link(beginning(chain_id).digest, 1, encode_line(first.line)) == first.digest
        return False

    def _line(self, decision: Decision, fault: str, found: Report) -> AuditLine:
        access = Access(
            action=AuditAction.AUDIT_RESEALED, client_id="cli", officer=decision.officer, purpose=decision.because
        )
        named = tuple(f"{one.kind.value}.{one.first}-{one.last}" for one in found.findings[:_MAX_FOUND])
        line_id = UUID(bytes=self._random_bytes(16), version=4)
        return make_line(
            access,
            Outcome(outcome="resealed", fields_released=named, upstream_code=fault),
            line_id=line_id,
            correlation_id=line_id,
            stage=AuditStage.ANSWERED,
            latency_ms=None,
            at=self._clock.now(),
            version=self._version,
            key_ring=self._key_ring,
        )
