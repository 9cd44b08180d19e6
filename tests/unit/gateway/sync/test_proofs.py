"""What a sign-in proves of the dossier that names it: every way in which it may not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.errors import Fault
from gateway.model.dossier import Dossier
from gateway.model.identity import AccountKind, IdentityFacts, SignInProof
from gateway.model.party import Identifier, IdentifierType, Party
from gateway.sync.proofs import numbers_of, parties_of, prove, proven_numbers, unproven
from tests.support.samples import APPLICANT_NAME, SUBMITTED_AT, make_dossier

EVIDENCE = UUID("018f0000-0000-7000-8000-000000000001")
LONGEST = timedelta(hours=8)
MINE, THEIRS = b"mine", b"theirs"
PROOF = SignInProof(
    evidence_id=EVIDENCE,
    is_signed_in=True,
    is_vneid=True,
    number_digests=frozenset({MINE}),
    occurred_at=SUBMITTED_AT - timedelta(minutes=20),
)
NAMED = make_dossier(sign_in_evidence_id=EVIDENCE)


def judged(
    dossier: Dossier = NAMED,
    proof: SignInProof | None = PROOF,
    digests: Any = ((MINE,),),
    technical_id: str = "",
) -> Dossier | Fault:
    return prove(dossier, proof, digests, technical_id=technical_id, longest=LONGEST)


def stating(**party: Any) -> Dossier:
    return replace(NAMED, applicant=replace(NAMED.applicant, **party))


def test_mark_is_derived() -> None:
    """The mark is what the evidence says, whatever the caller left out."""
    found = judged()

    assert isinstance(found, Dossier)
    assert found.applicant.is_verified_by_national_identity
    assert replace(NAMED, applicant=replace(NAMED.applicant, is_verified_by_national_identity=True)) == found


def test_technical_id_is_filled_for_the_applicant() -> None:
    """Whoever applies and signed in gets the portal's own id, unless it stands there already."""
    found = judged(technical_id="TECH-1")
    same = judged(stating(technical_id="TECH-1"), technical_id="TECH-1")

    assert isinstance(found, Dossier)
    assert "TECH-1" == found.applicant.technical_id
    assert found == same


def test_somebody_else_signed_in() -> None:
    """A submitter's sign-in verifies the account that filed it, and lends the applicant no id of its own."""
    dossier = replace(NAMED, submitter=Party(name="Trần Văn Thử"))
    found = judged(dossier, digests=((THEIRS,), (MINE,)), technical_id="TECH-1")

    assert isinstance(found, Dossier)
    assert found.applicant.is_verified_by_national_identity
    assert "" == found.applicant.technical_id
    assert parties_of(dossier) == (dossier.applicant, dossier.submitter)


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"proof": None}, "/sign_in_evidence_id", "succeeded"),
        ({"proof": replace(PROOF, is_signed_in=False)}, "/sign_in_evidence_id", "succeeded"),
        (
            {"proof": replace(PROOF, occurred_at=SUBMITTED_AT - LONGEST - timedelta(seconds=1))},
            "/sign_in_evidence_id",
            "8 hours",
        ),
        (
            {"proof": replace(PROOF, occurred_at=SUBMITTED_AT + timedelta(minutes=6))},
            "/sign_in_evidence_id",
            "8 hours",
        ),
        ({"digests": ((THEIRS,),)}, "/sign_in_evidence_id", "applicant"),
        ({"digests": ((),)}, "/sign_in_evidence_id", "applicant"),
        (
            {
                "dossier": stating(is_verified_by_national_identity=True),
                "proof": replace(PROOF, is_vneid=False),
            },
            "/applicant/is_verified_by_national_identity",
            "VNeID",
        ),
        (
            {"dossier": stating(technical_id="TECH-2"), "technical_id": "TECH-1"},
            "/applicant/technical_id",
            "signed in",
        ),
    ],
)
def test_contradictions_are_refused(changes: dict[str, Any], field: str, rule: str) -> None:
    """What the evidence does not bear out is refused, naming the field and the rule, and no number."""
    found = judged(**changes)

    assert isinstance(found, Fault)
    assert field == found.field
    assert rule in found.rule
    assert APPLICANT_NAME not in found.rule


@pytest.mark.parametrize("age", [LONGEST, timedelta(), timedelta(minutes=-5)])
def test_edges_of_time(age: timedelta) -> None:
    """A sign-in may lie as far back as a session lasts, and clocks may differ by five minutes."""
    assert isinstance(judged(proof=replace(PROOF, occurred_at=SUBMITTED_AT - age)), Dossier)


def test_an_old_account_marks_nothing() -> None:
    """An account that VNeID did not issue is a sign-in all the same; the mark stays off."""
    found = judged(proof=replace(PROOF, is_vneid=False))

    assert isinstance(found, Dossier)
    assert not found.applicant.is_verified_by_national_identity


def test_unproven_marks() -> None:
    """Where marks must rest on sign-ins, a mark alone is refused; no mark, or a named sign-in, is not."""
    marked = make_dossier(applicant=Party(name=APPLICANT_NAME, is_verified_by_national_identity=True))

    assert unproven(marked) is not None
    assert unproven(make_dossier()) is None
    assert unproven(replace(marked, sign_in_evidence_id=EVIDENCE)) is None


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        (AccountKind.CITIZEN, ("999199000001", "999000001", "N9990001")),
        (AccountKind.ENTERPRISE, ("9990000001", "9990000001-001")),
        (AccountKind.ORGANISATION, ("9990000001", "9990000001-001")),
    ],
)
def test_numbers(kind: AccountKind, numbers: tuple[str, ...]) -> None:
    """A sign-in vouches for the numbers of the account's holder, its own first, and for nobody else whom it names."""
    facts = IdentityFacts(
        issuer="https://idp.example",
        subject="s",
        account_kind=kind,
        personal_id="999199000001",
        old_card_number="999000001",
        passport_number="N9990001",
        org_code="9990000001",
        tax_code="9990000001-001",
    )

    assert numbers == numbers_of(facts)


def test_numbers_of_a_party() -> None:
    """Any number of a party may be the one that a sign-in vouches for."""
    party = Party(
        name="x",
        identifiers=(
            Identifier(type=IdentifierType.PASSPORT, number="N9990001"),
            Identifier(type=IdentifierType.TAX_CODE, number="9990000001"),
        ),
    )

    assert ("N9990001", "9990000001") == proven_numbers(party)
