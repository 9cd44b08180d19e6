"""Which local account a national identity belongs to: the table of the electronic identity notes §9.3. Decisions only.

A link is keyed by issuer and subject. The personal number finds candidates and never decides alone: a number alone was
typed by somebody, once. E-mail, phone and name are no keys at all. Accounts of staff are never linked by a citizen's
sign-in. All that is compared here are keyed digests; nothing is said of whom they belong to.

| link | local accounts with the number or tax code | what follows |
|---|---|---|
| active, account active | | signed in; another number or technical id than the link's: quarantine |
| active, account locked or closed | | refused |
| quarantined | | refused until an officer decides |
| none | one, of national origin, same name and birthday, sign-in of level 2 | linked |
| none | one, otherwise | proof: the citizen signs in to it as well |
| none | several | an officer |
| none | none | a new account |
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.model.identity import AccountKind, IdentityLevel


class AccountOrigin(StrEnum):
    """Where a local account came from."""

    NATIONAL = "national"
    """Made from a validated sign-in."""
    SELF_REGISTERED = "self_registered"
    IMPORTED = "imported"
    """Of an older account service, or of a dossier from the national portal: no sign-in stands behind it."""


class AccountState(StrEnum):
    """Whether a local account may be used."""

    ACTIVE = "active"
    LOCKED = "locked"
    CLOSED = "closed"


class LinkState(StrEnum):
    """How a link stands."""

    ACTIVE = "active"
    QUARANTINED = "quarantined"
    ENDED = "ended"


class LinkDecision(StrEnum):
    """What follows for a validated sign-in."""

    SIGNED_IN = "signed_in"
    LINKED = "linked"
    PROOF_REQUIRED = "proof_required"
    OFFICER_REQUIRED = "officer_required"
    CREATE = "create"
    LOCKED = "locked"
    QUARANTINED = "quarantined"


class LinkProof(StrEnum):
    """What stands behind a link that somebody asks for."""

    CREATED = "created"
    """The account was made for this sign-in."""
    SIGNED_IN_LOCALLY = "signed_in_locally"
    """The citizen signed in to the account freshly, in the same browser session."""
    OFFICER = "officer"


_ANSWERS = {
    LinkDecision.CREATE: frozenset({LinkProof.CREATED, LinkProof.OFFICER}),
    LinkDecision.PROOF_REQUIRED: frozenset({LinkProof.SIGNED_IN_LOCALLY, LinkProof.OFFICER}),
    LinkDecision.OFFICER_REQUIRED: frozenset({LinkProof.OFFICER}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAccount:
    """A local account as far as linking needs it; digests are keyed, None where nothing is known."""

    account_ref: str
    kind: AccountKind | None
    """None for an account of staff."""
    origin: AccountOrigin
    state: AccountState
    name_digest: bytes | None = None
    birth_digest: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLink:
    """The link of the signed-in subject, with its account."""

    account: LocalAccount
    state: LinkState
    number_digest: bytes | None
    technical_digest: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who signed in, as digests. `number_digest` is of the personal number, or of an organisation's tax or own code."""

    account_kind: AccountKind
    identity_level: IdentityLevel
    number_digest: bytes | None
    name_digest: bytes | None
    birth_digest: bytes | None
    technical_digest: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The decision, and the account that it is about."""

    decision: LinkDecision
    account: LocalAccount | None = None


def judge_link(person: Person, link: KnownLink | None, candidates: Sequence[LocalAccount]) -> Judgement:
    """Decide. `candidates` are the local accounts with the person's number, of the same client."""
    if link is not None:
        return _judge_known(person, link)
    usable = [account for account in candidates if account.kind is person.account_kind]
    if not usable:
        return Judgement(decision=LinkDecision.CREATE)
    if len(usable) > 1:
        return Judgement(decision=LinkDecision.OFFICER_REQUIRED)
    [account] = usable
    if account.state is not AccountState.ACTIVE:
        return Judgement(decision=LinkDecision.LOCKED, account=account)
    decision = LinkDecision.LINKED if _is_same(person, account) else LinkDecision.PROOF_REQUIRED
    return Judgement(decision=decision, account=account)


def _judge_known(person: Person, link: KnownLink) -> Judgement:
    if link.state is LinkState.QUARANTINED:
        return Judgement(decision=LinkDecision.QUARANTINED, account=link.account)
    # An account that has become one of staff, or of another kind, is nobody's by a citizen's sign-in.
    if link.account.state is not AccountState.ACTIVE or link.account.kind is not person.account_kind:
        return Judgement(decision=LinkDecision.LOCKED, account=link.account)
    # A number that changed under the same subject was corrected upstream, or the subject is another person's now;
    # another technical id is as suspicious. What the provider leaves out this time says nothing.
    pairs = ((link.number_digest, person.number_digest), (link.technical_digest, person.technical_digest))
    if any(before is not None and now not in (None, before) for before, now in pairs):
        return Judgement(decision=LinkDecision.QUARANTINED, account=link.account)
    return Judgement(decision=LinkDecision.SIGNED_IN, account=link.account)


def _is_same(person: Person, account: LocalAccount) -> bool:
    """Tell whether an account is that of the very person. An organisation has no birthday and no level; it is never
    linked by its code alone, since anybody can know it."""
    return (
        account.origin is AccountOrigin.NATIONAL
        and person.account_kind is AccountKind.CITIZEN
        and person.identity_level is IdentityLevel.LEVEL_2
        and person.name_digest is not None
        and person.birth_digest is not None
        and account.name_digest == person.name_digest
        and account.birth_digest == person.birth_digest
    )


def may_link(
    judgement: Judgement, account_ref: str, proof: LinkProof, *, levels: Collection[IdentityLevel] = ()
) -> bool:
    """Tell whether what stands behind a wished link answers what was decided.

    `levels` are those of the sign-in and of the account's living links, when it has any: a further identity is joined
    by the citizen alone only where all of them are known (§9.3).
    """
    if judgement.decision is LinkDecision.LINKED and judgement.account is not None:
        # It would be linked by itself; whoever asks for it asks for no more.
        return judgement.account.account_ref == account_ref
    if proof is not LinkProof.OFFICER and IdentityLevel.UNKNOWN in levels:
        return False
    if proof not in _ANSWERS.get(judgement.decision, frozenset()):
        return False
    return judgement.account is None or judgement.account.account_ref == account_ref or proof is LinkProof.OFFICER
