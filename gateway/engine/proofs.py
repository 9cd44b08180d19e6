"""Dossiers that name a sign-in, and the portal's own ids of those who signed in."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from gateway.errors import Fault, IntegrityFailed, RemoteError
from gateway.model.dossier import Dossier
from gateway.model.identity import IdentityFacts
from gateway.ports.basics import Clock, KeyRing
from gateway.ports.proofs import KeptTechnicalId, ProofStore
from gateway.ports.sign_ins import TechnicalIdNote
from gateway.sync.proofs import numbers_of, parties_of, prove, proven_numbers, unproven

_PER_TURN = 20
_FIRST_WAIT = timedelta(seconds=15)
_LONGEST_WAIT = timedelta(hours=6)
_MAX_ATTEMPTS = 12
TECHNICAL_IDS_KEPT = timedelta(days=400)
"""After the last sign-in of whoever has them."""


class _Content(msgspec.Struct, frozen=True, kw_only=True):
    technical_id: str = ""
    number: str = ""


def number_digest(key_ring: KeyRing, number: str) -> bytes:
    """Give the keyed digest by which numbers of people and organisations are compared."""
    # Tax codes of branches are written with a dash and without.
    return key_ring.digest(b"party number\0" + number.replace("-", "").encode())


def number_digests(key_ring: KeyRing, facts: IdentityFacts) -> tuple[bytes, ...]:
    """Give the digests of what a sign-in vouches for."""
    return tuple(number_digest(key_ring, number) for number in numbers_of(facts))


def note_of(key_ring: KeyRing, facts: IdentityFacts, *, looks_up: bool) -> TechnicalIdNote | None:
    """Give what a sign-in tells of a technical id; None for an account without any number, or when nothing is told and
    nobody looks it up."""
    numbers = numbers_of(facts)
    if not numbers or not (facts.technical_id or looks_up):
        return None
    digest = number_digest(key_ring, numbers[0])
    key = key_ring.new_record_key()
    is_known = bool(facts.technical_id)
    content = _Content(technical_id=facts.technical_id) if is_known else _Content(number=numbers[0])
    return TechnicalIdNote(
        number_digest=digest,
        wrapped_key=key.wrapped,
        sealed=key.seal(msgspec.msgpack.encode(content), context=_context(digest)),
        is_known=is_known,
    )


class Proofs:
    """Derives what sign-ins prove of dossiers that are stated."""

    def __init__(self, store: ProofStore, *, key_ring: KeyRing, longest: timedelta, is_needed: bool) -> None:
        self._store = store
        self._key_ring = key_ring
        self._longest = longest
        self._is_needed = is_needed

    async def apply(self, dossiers: Sequence[Dossier]) -> list[Dossier | Fault]:
        """Give each dossier with what its sign-in proves, or what is wrong with it. Raises StoreUnavailable.

        Asks the store only when a dossier names a sign-in.
        """
        named = [one.sign_in_evidence_id for one in dossiers if one.sign_in_evidence_id is not None]
        if not named:
            return [self._unnamed(one) for one in dossiers]
        proofs = await self._store.find_proofs(named)
        digests = [[self._digests(proven_numbers(party)) for party in parties_of(one)] for one in dossiers]
        known = await self._store.known_technical_ids([digest for parties in digests for digest in parties[0]])
        judged: list[Dossier | Fault] = []
        for dossier, parties in zip(dossiers, digests, strict=True):
            if dossier.sign_in_evidence_id is None:
                judged.append(self._unnamed(dossier))
                continue
            kept = next((known[digest] for digest in parties[0] if digest in known), None)
            judged.append(
                prove(
                    dossier,
                    proofs.get(dossier.sign_in_evidence_id),
                    parties,
                    technical_id="" if kept is None else self._technical_id(kept),
                    longest=self._longest,
                )
            )
        return judged

    def _technical_id(self, kept: KeptTechnicalId) -> str:
        try:
            return open_kept(self._key_ring, kept).technical_id
        except IntegrityFailed:
            return ""  # It is not known any more; a dossier needs none.

    def _unnamed(self, dossier: Dossier) -> Dossier | Fault:
        return (unproven(dossier) if self._is_needed else None) or dossier

    def _digests(self, numbers: Sequence[str]) -> tuple[bytes, ...]:
        return tuple(number_digest(self._key_ring, number) for number in numbers)


class TechnicalIdReader:
    """Asks the portal for the technical ids of those who signed in without telling theirs (TraCuuTechID)."""

    def __init__(
        self,
        store: ProofStore,
        find: Callable[[str], Awaitable[str | None]],
        *,
        key_ring: KeyRing,
        clock: Clock,
        is_open: Callable[[], Awaitable[bool]],
    ) -> None:
        self._store = store
        self._find = find
        self._key_ring = key_ring
        self._clock = clock
        self._is_open = is_open

    async def work(self) -> None:
        """Ask for what is due, a few at a time. Raises StoreUnavailable, and RemoteError when the portal fails."""
        now = self._clock.now()
        due = await self._store.due_technical_ids(now, _PER_TURN)
        if not due or not await self._is_open():
            return
        for kept in due:
            try:
                number = open_kept(self._key_ring, kept).number
            except IntegrityFailed:
                await self._store.settle_technical_id(kept, is_known=False, now=now, due_at=None)
                continue
            try:
                found = await self._find(number)
            except RemoteError:
                await self._store.settle_technical_id(kept, is_known=False, now=now, due_at=self._again(kept, now))
                raise
            await self._settle(kept, found or "", now)

    async def _settle(self, kept: KeptTechnicalId, found: str, now: datetime) -> None:
        if found:
            key = self._key_ring.new_record_key()
            sealed = key.seal(
                msgspec.msgpack.encode(_Content(technical_id=found)), context=_context(kept.number_digest)
            )
            kept = KeptTechnicalId(number_digest=kept.number_digest, wrapped_key=key.wrapped, sealed=sealed)
        await self._store.settle_technical_id(kept, is_known=bool(found), now=now, due_at=None)

    def _again(self, kept: KeptTechnicalId, now: datetime) -> datetime | None:
        if kept.attempts_count + 1 >= _MAX_ATTEMPTS:
            return None
        return now + min(_FIRST_WAIT * (1 << kept.attempts_count), _LONGEST_WAIT)


def open_kept(key_ring: KeyRing, kept: KeptTechnicalId) -> _Content:
    """Open what is kept. Raises IntegrityFailed."""
    key = key_ring.open_record_key(kept.wrapped_key)
    return msgspec.msgpack.decode(key.unseal(kept.sealed, context=_context(kept.number_digest)), type=_Content)


def _context(digest: bytes) -> bytes:
    return b"technical id " + digest
