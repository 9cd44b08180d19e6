"""The decision table of linking, row by row (electronic identity notes §9.3)."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.model.identity import AccountKind, IdentityLevel
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

PERSON = Person(
    account_kind=AccountKind.CITIZEN,
    identity_level=IdentityLevel.LEVEL_2,
    number_digest=b"number",
    name_digest=b"name",
    birth_digest=b"birth",
    technical_digest=b"tech",
)
ACCOUNT = LocalAccount(
    account_ref="acc-1",
    kind=AccountKind.CITIZEN,
    origin=AccountOrigin.NATIONAL,
    state=AccountState.ACTIVE,
    name_digest=b"name",
    birth_digest=b"birth",
)
LINK = KnownLink(account=ACCOUNT, state=LinkState.ACTIVE, number_digest=b"number", technical_digest=b"tech")


@pytest.mark.parametrize(
    ("link", "person", "decision"),
    [
        (LINK, PERSON, LinkDecision.SIGNED_IN),
        (replace(LINK, number_digest=None), PERSON, LinkDecision.SIGNED_IN),
        (LINK, replace(PERSON, technical_digest=None), LinkDecision.SIGNED_IN),
        (LINK, replace(PERSON, name_digest=b"married"), LinkDecision.SIGNED_IN),
        (LINK, replace(PERSON, number_digest=b"other"), LinkDecision.QUARANTINED),
        (LINK, replace(PERSON, number_digest=None), LinkDecision.SIGNED_IN),
        (LINK, replace(PERSON, technical_digest=b"other"), LinkDecision.QUARANTINED),
        (replace(LINK, state=LinkState.QUARANTINED), PERSON, LinkDecision.QUARANTINED),
        (replace(LINK, account=replace(ACCOUNT, state=AccountState.LOCKED)), PERSON, LinkDecision.LOCKED),
        (replace(LINK, account=replace(ACCOUNT, state=AccountState.CLOSED)), PERSON, LinkDecision.LOCKED),
        (replace(LINK, account=replace(ACCOUNT, kind=None)), PERSON, LinkDecision.LOCKED),
        (replace(LINK, account=replace(ACCOUNT, kind=AccountKind.ENTERPRISE)), PERSON, LinkDecision.LOCKED),
    ],
)
def test_with_a_link(link: KnownLink, person: Person, decision: LinkDecision) -> None:
    """Who is linked is signed in, unless account, link or person are not what they were."""
    assert decision is judge_link(person, link, [ACCOUNT]).decision


@pytest.mark.parametrize(
    ("accounts", "changes", "decision"),
    [
        ([], {}, LinkDecision.CREATE),
        ([ACCOUNT], {}, LinkDecision.LINKED),
        ([ACCOUNT, replace(ACCOUNT, account_ref="acc-2")], {}, LinkDecision.OFFICER_REQUIRED),
        ([replace(ACCOUNT, kind=None)], {}, LinkDecision.CREATE),
        ([replace(ACCOUNT, kind=AccountKind.ENTERPRISE)], {}, LinkDecision.CREATE),
        ([replace(ACCOUNT, state=AccountState.LOCKED)], {}, LinkDecision.LOCKED),
        ([replace(ACCOUNT, origin=AccountOrigin.SELF_REGISTERED)], {}, LinkDecision.PROOF_REQUIRED),
        ([replace(ACCOUNT, origin=AccountOrigin.IMPORTED)], {}, LinkDecision.PROOF_REQUIRED),
        ([ACCOUNT], {"identity_level": IdentityLevel.LEVEL_1}, LinkDecision.PROOF_REQUIRED),
        ([ACCOUNT], {"name_digest": b"other"}, LinkDecision.PROOF_REQUIRED),
        ([ACCOUNT], {"birth_digest": None}, LinkDecision.PROOF_REQUIRED),
        ([replace(ACCOUNT, name_digest=None)], {"name_digest": None}, LinkDecision.PROOF_REQUIRED),
        (
            [replace(ACCOUNT, kind=AccountKind.ENTERPRISE)],
            {"account_kind": AccountKind.ENTERPRISE, "identity_level": IdentityLevel.ORGANISATION},
            LinkDecision.PROOF_REQUIRED,
        ),
    ],
)
def test_without_a_link(accounts: list[LocalAccount], changes: dict[str, Any], decision: LinkDecision) -> None:
    """A number finds an account and never opens it alone."""
    assert decision is judge_link(replace(PERSON, **changes), None, accounts).decision


@pytest.mark.parametrize("decision", LinkDecision)
@pytest.mark.parametrize("proof", LinkProof)
def test_what_stands_behind_a_link(decision: LinkDecision, proof: LinkProof) -> None:
    """A wish is granted where its proof is what was asked for, and for the account that was meant."""
    enough = {
        LinkDecision.CREATE: {LinkProof.CREATED, LinkProof.OFFICER},
        LinkDecision.PROOF_REQUIRED: {LinkProof.SIGNED_IN_LOCALLY, LinkProof.OFFICER},
        LinkDecision.OFFICER_REQUIRED: {LinkProof.OFFICER},
        LinkDecision.LINKED: set(LinkProof),
    }
    judgement = Judgement(decision=decision, account=ACCOUNT)
    is_officers = proof is LinkProof.OFFICER and decision in enough and decision is not LinkDecision.LINKED

    assert (proof in enough.get(decision, set())) == may_link(judgement, "acc-1", proof)
    assert is_officers == may_link(judgement, "acc-2", proof)


@pytest.mark.parametrize(
    ("levels", "proof", "may"),
    [
        ([], LinkProof.SIGNED_IN_LOCALLY, True),
        ([IdentityLevel.LEVEL_1, IdentityLevel.LEVEL_2], LinkProof.SIGNED_IN_LOCALLY, True),
        ([IdentityLevel.LEVEL_1, IdentityLevel.UNKNOWN], LinkProof.SIGNED_IN_LOCALLY, False),
        ([IdentityLevel.UNKNOWN, IdentityLevel.LEVEL_2], LinkProof.SIGNED_IN_LOCALLY, False),
        ([IdentityLevel.UNKNOWN, IdentityLevel.LEVEL_2], LinkProof.OFFICER, True),
    ],
)
def test_further_identity_needs_known_levels(levels: list[IdentityLevel], proof: LinkProof, may: bool) -> None:
    """A second identity joins an account by the citizen alone only where both are known to be somebody's (§9.3)."""
    judgement = Judgement(decision=LinkDecision.PROOF_REQUIRED, account=ACCOUNT)

    assert may == may_link(judgement, "acc-1", proof, levels=levels)
