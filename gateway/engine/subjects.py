"""Access and erasure for one person, found by the digests of the numbers that the person states."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from gateway.engine.acceptor import revision_context
from gateway.engine.consent_seals import ConsentContent
from gateway.engine.flights import SignInContent, sign_in_context
from gateway.engine.parties import parties_by_role, party_digests
from gateway.engine.proofs import number_digest, open_kept
from gateway.engine.sessions import personal_claims
from gateway.errors import Fault, IntegrityFailed, InvalidInput
from gateway.model.audit import Access, AuditAction, Outcome
from gateway.model.dossier import Dossier, ProgressStep
from gateway.model.party import Party, PartyKind
from gateway.ports.audit import Audit
from gateway.ports.basics import Clock, KeyRing
from gateway.ports.proofs import KeptTechnicalId
from gateway.ports.subjects import HeldDossier, HeldRevision, Holdings, Row, SubjectDigests, SubjectStore
from gateway.sync.subjects import NOT_SEARCHED, RULES, Treatment, why_kept

EXPORT_FORMAT = 1
_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z./-]{4,29}")
_MAX_NUMBERS = 20
_PAGE = 200
_WITHHELD = {"withheld": "another person"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """On whose behalf and why: `because` names the request, for the record."""

    officer: str
    because: str


@dataclass(slots=True)
class Erasure:
    """What an erasure did, or would do. `kept` gives the reason by dossier code."""

    erased: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)


def read_numbers(text: str) -> tuple[str, ...]:
    """Read a person's numbers, one in each line. Raises InvalidInput; no number is repeated."""
    numbers = tuple(dict.fromkeys(line.replace(" ", "") for line in text.splitlines() if line.strip()))
    faults = [
        Fault(f"line {place}", "must be a number of a register", "text")
        for place, number in enumerate(numbers, start=1)
        if not _NUMBER.fullmatch(number)
    ]
    if not numbers or len(numbers) > _MAX_NUMBERS or faults:
        raise InvalidInput(f"between 1 and {_MAX_NUMBERS} numbers are needed, one in each line", faults)
    return numbers


def subject_digests(key_ring: KeyRing, numbers: Sequence[str]) -> SubjectDigests:
    """Give every digest under which a person with these numbers may be kept."""
    return SubjectDigests(
        party=tuple(number_digest(key_ring, number) for number in numbers),
        account=tuple(key_ring.digest(b"identity number\0" + number.replace("-", "").encode()) for number in numbers),
        consent=tuple(key_ring.digest(b"consent subject\0" + number.encode()) for number in numbers),
    )


def counts_of(holdings: Holdings) -> dict[str, int]:
    """Give how many of each kind are held."""
    return {
        "dossiers": len(holdings.dossiers),
        "sign_ins": len(holdings.sign_ins),
        "sign_in_evidence": len(holdings.evidence),
        "local_accounts": len(holdings.accounts),
        "account_links": len(holdings.links),
        "share_consents": len(holdings.consents),
        "technical_ids": len(holdings.technical_ids),
        "audit_lines": len(holdings.audit),
    }


class Subjects:
    """Answers a person's requests. Everything is written down before anything is opened."""

    def __init__(self, store: SubjectStore, *, key_ring: KeyRing, audit: Audit, clock: Clock) -> None:
        self._store = store
        self._key_ring = key_ring
        self._audit = audit
        self._clock = clock

    async def find(self, numbers: Sequence[str], requester: Requester) -> Holdings:
        """Find without opening. Raises StoreUnavailable."""
        digests = subject_digests(self._key_ring, numbers)
        await self._note(AuditAction.SUBJECT_FIND, digests, requester, "found")
        return await self._store.find(digests)

    async def export(self, numbers: Sequence[str], requester: Requester) -> dict[str, Any]:
        """Open all that is held about the person, as one JSON document.

        Parties who are other citizens are withheld. Raises StoreUnavailable, and IntegrityFailed for what
        does not open.
        """
        digests = subject_digests(self._key_ring, numbers)
        await self._note(AuditAction.SUBJECT_EXPORT, digests, requester, "exported", "all")
        holdings = await self._store.find(digests)
        dossiers = [await self._exported(dossier, numbers) for dossier in holdings.dossiers]
        held = {
            "dossiers": dossiers,
            "sign_ins": [self._sign_in(row) for row in holdings.sign_ins],
            "sign_in_evidence": [_plain(row.values) for row in holdings.evidence],
            "local_accounts": [_plain(row.values) for row in holdings.accounts],
            "account_links": [_plain(row.values) for row in holdings.links],
            "share_consents": [self._consent(row) for row in holdings.consents],
            "technical_ids": [self._technical_id(row) for row in holdings.technical_ids],
            "audit_lines": [_plain(row.values) for row in holdings.audit],
        }
        return {
            "format": EXPORT_FORMAT,
            "exported_at": self._clock.now().isoformat(),
            "numbers": list(numbers),
            "held": held,
            "not_searched": _not_searched(holdings),
            "kept_because": {table: rule.reason for table, rule in RULES.items() if rule.treatment is Treatment.KEPT},
        }

    async def plan_erasure(self, numbers: Sequence[str], requester: Requester) -> tuple[Holdings, Erasure]:
        """Say what erasure would do; changes nothing but the record of looks."""
        holdings = await self.find(numbers, requester)
        plan = Erasure(rows=_to_erase(holdings))
        for dossier in holdings.dossiers:
            reason = _why_kept(dossier)
            if reason:
                plan.kept[dossier.code] = reason
            else:
                plan.erased.append(dossier.code)
        return holdings, plan

    async def erase(
        self, numbers: Sequence[str], requester: Requester, tell: Callable[[int, int], None] = lambda *_: None
    ) -> Erasure:
        """Erase what may be erased. Broken off, it goes on when it is called again.

        Raises StoreUnavailable. A dossier that does not open any more is erased as well: nothing of it is lost by that.
        """
        digests = subject_digests(self._key_ring, numbers)
        await self._note(AuditAction.SUBJECT_ERASE, digests, requester, "asked")
        holdings = await self._store.find(digests)
        done, now = Erasure(), self._clock.now()
        for place, dossier in enumerate(holdings.dossiers, start=1):
            reason = _why_kept(dossier)
            if not reason and await self._erase_dossier(dossier, digests.party, now):
                done.erased.append(dossier.code)
            else:
                done.kept[dossier.code] = reason or "changed_meanwhile"
            tell(place, len(holdings.dossiers))
        evidence_ids = [row.values["evidence_id"] for row in holdings.evidence]
        done.rows = await self._store.erase_person(digests, evidence_ids, now)
        await self._note(AuditAction.SUBJECT_ERASE, digests, requester, "kept_in_part" if done.kept else "erased")
        return done

    async def _erase_dossier(self, dossier: HeldDossier, known: Sequence[bytes], now: datetime) -> bool:
        digests = self._digests_of(dossier.wrapped_key, await self._store.revisions(dossier.dossier_id))
        return await self._store.erase_dossier(dossier.dossier_id, [*known, *digests], now)

    def _digests_of(self, wrapped_key: bytes, revisions: Sequence[HeldRevision]) -> set[bytes]:
        return {digest for digest, _ in self._lines_of(wrapped_key, revisions)}

    def _lines_of(self, wrapped_key: bytes, revisions: Sequence[HeldRevision]) -> set[tuple[bytes, int]]:
        try:
            key = self._key_ring.open_record_key(wrapped_key)
            return {
                line
                for one in revisions
                if one.kind == "replacement"
                for line in party_digests(self._key_ring, _document(key, one))
            }
        except IntegrityFailed:
            return set()

    async def retire(self, before: datetime, limit: int) -> int:
        """Erase dossiers that ended before an instant, by the installation's rule; give how many."""
        erased_count = 0
        for dossier in await self._store.ended_dossiers(before, limit):
            erased_count += await self._erase_dossier(dossier, (), self._clock.now())
        if erased_count:
            access = Access(action=AuditAction.DOSSIERS_RETIRED, client_id="gateway", purpose="retention")
            await self._audit.note(access, Outcome(outcome="erased", upstream_code=str(erased_count)))
        return erased_count

    async def index(self, tell: Callable[[int], None], *, is_anew: bool = False) -> tuple[int, list[int]]:
        """Go through the dossiers that the index lacks (or through all); give how many, and those that did not open.

        Broken off, it goes on where it was.
        """
        count, broken, after = 0, list[int](), 0 if is_anew else None
        while page := await self._store.unindexed(_PAGE, after=after):
            lines: list[tuple[bytes, int, int]] = []
            for one in page:
                found = self._lines_of(one.wrapped_key, one.revisions)
                if not found and one.revisions and not self._opens(one.wrapped_key):
                    broken.append(one.dossier_id)
                lines.extend((digest, one.dossier_id, role) for digest, role in found)
            through = page[-1].dossier_id
            await self._store.index(lines, through)
            after = through if is_anew else None
            count += len(page)
            tell(count)
        return count, broken

    def _opens(self, wrapped_key: bytes) -> bool:
        try:
            self._key_ring.open_record_key(wrapped_key)
        except IntegrityFailed:
            return False
        return True

    async def _exported(self, dossier: HeldDossier, numbers: Sequence[str]) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "code": dossier.code,
            "roles": [role.name.lower() for role in dossier.roles],
            "procedure_code": dossier.procedure_code,
            "handling_agency_code": dossier.handling_agency_code,
            "status": dossier.status,
            "accepted_at": dossier.accepted_at.isoformat(),
            "erased_at": None if dossier.erased_at is None else dossier.erased_at.isoformat(),
            "revisions": [],
            "messages": [
                {"system": one.system, "kind": one.kind, "received_at": one.received_at.isoformat()}
                for one in await self._store.messages(dossier.code)
            ],
        }
        if dossier.erased_at is None:
            key = self._key_ring.open_record_key(dossier.wrapped_key)
            for one in await self._store.revisions(dossier.dossier_id):
                if one.kind == "replacement":
                    content = _withheld(_document(key, one), {number.replace("-", "") for number in numbers})
                else:
                    content = msgspec.to_builtins(_opened(key, one, ProgressStep))
                line = {"revision": one.revision, "kind": one.kind, "accepted_at": one.accepted_at.isoformat()}
                facts["revisions"].append({**line, "content": content})
        return facts

    def _sign_in(self, row: Row) -> dict[str, Any]:
        facts = _plain(row.values)
        content = self._content(row, sign_in_context(row.values["sign_in_id"]), SignInContent)
        return facts if content is None else {**facts, "claims": personal_claims(content.facts)}

    def _consent(self, row: Row) -> dict[str, Any]:
        facts = _plain(row.values)
        content = self._content(row, b"share consent " + row.values["transaction_id"].bytes, ConsentContent)
        return facts if content is None else {**facts, "released": content.facts}

    def _technical_id(self, row: Row) -> dict[str, Any]:
        assert row.wrapped_key is not None
        assert row.sealed is not None
        kept = KeptTechnicalId(
            number_digest=row.values["number_digest"], wrapped_key=row.wrapped_key, sealed=row.sealed
        )
        return {**_plain(row.values), "technical_id": open_kept(self._key_ring, kept).technical_id}

    def _content(self, row: Row, context: bytes, kind: type[Any]) -> Any:
        if row.wrapped_key is None or row.sealed is None:
            return None
        plain = self._key_ring.open_record_key(row.wrapped_key).unseal(row.sealed, context=context)
        return msgspec.msgpack.decode(plain, type=kind)

    async def _note(
        self, action: AuditAction, digests: SubjectDigests, requester: Requester, outcome: str, *released: str
    ) -> None:
        for digest in digests.party:
            access = Access(
                action=action,
                client_id="cli",
                officer=requester.officer,
                purpose=requester.because,
                legal_basis="91/2025/QH15",
                subject_digest=digest,
            )
            await self._audit.note(access, Outcome(outcome=outcome, fields_released=released))


def _document(key: Any, one: HeldRevision) -> Dossier:
    dossier: Dossier = _opened(key, one, Dossier)
    return dossier


def _opened(key: Any, one: HeldRevision, kind: type[Any]) -> Any:
    plain = key.unseal(one.sealed, context=revision_context(one.dossier_id, one.revision))
    return msgspec.json.decode(plain, type=kind)


def _withheld(dossier: Dossier, numbers: set[str]) -> dict[str, Any]:
    """Give a document without its parties who are other citizens."""
    content: dict[str, Any] = msgspec.to_builtins(dossier)
    for role, party in parties_by_role(dossier):
        if party.kind is PartyKind.CITIZEN and not _is_one_of(party, numbers):
            content[role.name.lower()] = _WITHHELD
    return content


def _is_one_of(party: Party, numbers: set[str]) -> bool:
    return any(one.number.replace("-", "") in numbers for one in party.identifiers)


def _why_kept(dossier: HeldDossier) -> str:
    if dossier.erased_at is not None:
        return "erased_before"
    return why_kept(dossier.status, has_open_deliveries=dossier.has_open_deliveries)


def _to_erase(holdings: Holdings) -> dict[str, int]:
    open_states = ("created", "initiated", "linked")
    return {
        "sign_ins": sum(row.sealed is not None for row in holdings.sign_ins),
        "share_consents": sum(
            row.sealed is not None and row.values["state"] not in open_states and row.values["data"] != "wanted"
            for row in holdings.consents
        ),
        "technical_ids": len(holdings.technical_ids),
    }


def _not_searched(holdings: Holdings) -> list[str]:
    missing = list(NOT_SEARCHED)
    if holdings.unindexed_count:
        missing.insert(0, f"{holdings.unindexed_count} dossiers from before the index: run `gateway subjects index`")
    return missing


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, bytes):
            return value.hex()
        if isinstance(value, UUID):
            return str(value)
        if isinstance(value, datetime):
            return value.isoformat()
        return value

    return {name: plain(value) for name, value in values.items()}
