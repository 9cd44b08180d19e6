"""Linking of signed-in identities to the accounts of a client. What is kept of a person here are keyed digests only."""

from dataclasses import dataclass
from unicodedata import normalize
from uuid import UUID

from gateway.engine.sign_ins import SignInDesk
from gateway.errors import Fault, InvalidInput
from gateway.model.identity import AccountKind, IdentityFacts, PartialDate
from gateway.ports.accounts import AccountRow, AccountStore, LinkRow, LinkTransaction, NewAccount, NewLink
from gateway.ports.observing import AlertRaised
from gateway.ports.sign_ins import StoredSignIn
from gateway.sync.linking import (
    AccountOrigin,
    AccountState,
    Judgement,
    KnownLink,
    LinkDecision,
    LinkProof,
    LinkState,
    LocalAccount,
    Person,
    judge_link,
    may_link,
)

_AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedAccount:
    """What a client says of one of its accounts. Numbers, name and birthday are turned into digests at once."""

    account_ref: str
    kind: AccountKind | None
    origin: AccountOrigin
    state: AccountState
    number: str = ""
    full_name: str = ""
    birth_date: PartialDate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOutcome:
    """What was decided, about which account, under which link."""

    decision: LinkDecision
    account_ref: str | None = None
    link_id: UUID | None = None


class Linking:
    """Decides and keeps links."""

    def __init__(self, desk: SignInDesk, store: AccountStore) -> None:
        self._desk = desk
        self._store = store

    async def decide(self, stored: StoredSignIn, facts: IdentityFacts) -> LinkOutcome:
        """Decide for a sign-in that was just redeemed; an automatic link and a quarantine are stored at once.

        Raises StoreUnavailable.
        """
        person, subject = self._person(stored, facts), self._desk.subject_digest(facts.issuer, facts.subject)
        async with self._store.transaction(stored.client_id, person.number_digest or subject) as transaction:
            link, judgement = await _judge(transaction, person, subject)
            link_id = None if link is None else link.link_id
            now = self._desk.clock.now()
            if judgement.decision is LinkDecision.LINKED:
                assert judgement.account is not None, "an account is what it is linked to"
                link_id = await self._add(
                    transaction, stored, subject, person, judgement.account.account_ref, _AUTOMATIC, "gateway"
                )
            elif judgement.decision is LinkDecision.QUARANTINED and link is not None and link.state == LinkState.ACTIVE:
                await transaction.set_state(link.link_id, LinkState.QUARANTINED.value, now)
                self._alert(stored.provider, "identity_link_quarantined")
            elif judgement.decision is LinkDecision.SIGNED_IN and link is not None:
                # What was not known of the person yet is known from now on.
                await transaction.set_marks(
                    link.link_id,
                    person.number_digest or link.number_digest,
                    person.technical_digest or link.technical_digest,
                )
        account = judgement.account
        return LinkOutcome(
            decision=judgement.decision,
            account_ref=None if account is None or judgement.decision is LinkDecision.LOCKED else account.account_ref,
            link_id=link_id,
        )

    async def put_account(self, client_id: str, stated: StatedAccount) -> bool:
        """Store what a client says of an account; True when it is new."""
        account = NewAccount(
            account_ref=stated.account_ref,
            kind=stated.kind,
            origin=stated.origin.value,
            state=stated.state.value,
            number_digest=self._number(stated.number) if stated.number else None,
            name_digest=self._name(stated.full_name),
            birth_digest=self._birth(stated.birth_date),
        )
        async with self._store.transaction(client_id, account.number_digest) as transaction:
            _, is_new = await transaction.put_account(account, self._desk.clock.now())
        return is_new

    async def add_link(
        self, stored: StoredSignIn, facts: IdentityFacts, account_ref: str, proof: LinkProof, by: str
    ) -> LinkOutcome:
        """Link with what stands behind it; the outcome is SIGNED_IN when the link is there (now), else what is due.

        Raises InvalidInput for an account that is not known.
        """
        person, subject = self._person(stored, facts), self._desk.subject_digest(facts.issuer, facts.subject)
        async with self._store.transaction(stored.client_id, person.number_digest or subject) as transaction:
            link, judgement = await _judge(transaction, person, subject)
            if link is not None and judgement.decision is LinkDecision.SIGNED_IN:
                # Repeated, or somebody was faster.
                return LinkOutcome(
                    decision=judgement.decision, account_ref=link.account.account_ref, link_id=link.link_id
                )
            living = await transaction.living_levels(account_ref)
            if not may_link(judgement, account_ref, proof, levels=[*living, person.identity_level] if living else ()):
                refused = judgement.account
                return LinkOutcome(
                    decision=judgement.decision, account_ref=None if refused is None else refused.account_ref
                )
            account = await transaction.account(account_ref)
            if account is None and proof is LinkProof.CREATED:
                if not await transaction.make_account(self._new_account(account_ref, person), self._desk.clock.now()):
                    # Somebody stated it a moment ago, as whatever account it is.
                    return LinkOutcome(decision=LinkDecision.PROOF_REQUIRED, account_ref=account_ref)
            elif account is None:
                fault = Fault("/account_ref", "must be an account that was stated, or a new one with proof `created`")
                raise InvalidInput("the account is not known", [fault])
            elif account.kind is not person.account_kind or account.state != AccountState.ACTIVE:
                return LinkOutcome(decision=LinkDecision.LOCKED)
            elif proof is LinkProof.CREATED and judgement.decision is not LinkDecision.LINKED:
                # A name that is taken is no new account.
                return LinkOutcome(decision=LinkDecision.PROOF_REQUIRED, account_ref=account_ref)
            link_id = await self._add(transaction, stored, subject, person, account_ref, proof.value, by)
        return LinkOutcome(decision=LinkDecision.SIGNED_IN, account_ref=account_ref, link_id=link_id)

    async def end_link(self, client_id: str, link_id: UUID, *, reason: str, by: str) -> bool | None:
        """Undo a link; it stays as a record. False when it had ended, None when there is no such link."""
        return await self._move(client_id, link_id, LinkState.ENDED, reason=reason, by=by)

    async def release_link(self, client_id: str, link_id: UUID, *, by: str) -> bool | None:
        """End a quarantine: an officer has seen that it is the same person, by what the next sign-in says."""
        return await self._move(client_id, link_id, LinkState.ACTIVE, reason=None, by=by)

    async def _move(
        self, client_id: str, link_id: UUID, state: LinkState, *, reason: str | None, by: str
    ) -> bool | None:
        async with self._store.transaction(client_id, None) as transaction:
            link = await transaction.link(link_id)
            if link is None:
                return None
            if link.state in (LinkState.ENDED, state):
                return False
            ended_by = by if state is LinkState.ENDED else None
            await transaction.set_state(link_id, state.value, self._desk.clock.now(), reason=reason, by=ended_by)
        return True

    async def links_of(self, client_id: str, account_ref: str) -> list[LinkRow] | None:
        """Give all links of an account, ended ones too; None for an account that is not known."""
        async with self._store.transaction(client_id, None) as transaction:
            if await transaction.account(account_ref) is None:
                return None
            return list(await transaction.links_of(account_ref))

    async def _add(
        self,
        transaction: LinkTransaction,
        stored: StoredSignIn,
        subject: bytes,
        person: Person,
        account_ref: str,
        source: str,
        by: str,
    ) -> UUID:
        account = await transaction.account(account_ref)
        assert account is not None, "it was found or made in this transaction"
        link_id = self._desk.new_id()
        await transaction.add_link(
            NewLink(
                link_id=link_id,
                account_id=account.account_id,
                provider=stored.provider,
                subject_digest=subject,
                number_digest=person.number_digest,
                technical_digest=person.technical_digest,
                source=source,
                evidence_id=stored.evidence_id,
                created_by=by,
            ),
            self._desk.clock.now(),
        )
        return link_id

    def _new_account(self, account_ref: str, person: Person) -> NewAccount:
        return NewAccount(
            account_ref=account_ref,
            kind=person.account_kind,
            origin=AccountOrigin.NATIONAL.value,
            state=AccountState.ACTIVE.value,
            number_digest=person.number_digest,
            name_digest=person.name_digest,
            birth_digest=person.birth_digest,
        )

    def _person(self, stored: StoredSignIn, facts: IdentityFacts) -> Person:
        if facts.account_kind is AccountKind.CITIZEN:
            number = facts.personal_id or facts.foreign_id or facts.old_card_number
        else:
            number = facts.org_code or facts.tax_code
        return Person(
            account_kind=facts.account_kind,
            identity_level=stored.levels.identity,
            number_digest=self._number(number) if number else None,
            name_digest=self._name(facts.full_name),
            birth_digest=self._birth(facts.birth_date),
            technical_digest=self._desk.digest("technical id", facts.technical_id) if facts.technical_id else None,
        )

    def _number(self, number: str) -> bytes:
        return self._desk.digest("number", number.replace("-", ""))

    def _name(self, name: str) -> bytes | None:
        folded = " ".join(normalize("NFC", name).casefold().split())
        return self._desk.digest("name", folded) if folded else None

    def _birth(self, birth: PartialDate | None) -> bytes | None:
        return None if birth is None else self._desk.digest("birth", birth.value)

    def _alert(self, provider: str, name: str) -> None:
        self._desk.observe(AlertRaised(system=f"identity.{provider}", name=name, dossier_code=""))


async def _judge(transaction: LinkTransaction, person: Person, subject: bytes) -> tuple[LinkRow | None, Judgement]:
    link = await transaction.link_of(subject)
    rows = [] if person.number_digest is None else await transaction.accounts_with(person.number_digest)
    known = None
    if link is not None:
        known = KnownLink(
            account=_local(link.account),
            state=LinkState(link.state),
            number_digest=link.number_digest,
            technical_digest=link.technical_digest,
        )
    return link, judge_link(person, known, [_local(row) for row in rows])


def _local(row: AccountRow) -> LocalAccount:
    return LocalAccount(
        account_ref=row.account_ref,
        kind=row.kind,
        origin=AccountOrigin(row.origin),
        state=AccountState(row.state),
        name_digest=row.name_digest,
        birth_digest=row.birth_digest,
    )
