"""What a sign-in proves of a dossier that names it. No IO.

The mark "the account was verified by VNeID" counts in how provinces are judged, and systems are known to send it as a
constant (electronic identity notes §8.2). Where a dossier names its sign-in, the gateway derives the mark from the
evidence that it keeps, and a statement that the evidence does not bear out is refused.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta

from gateway.errors import Fault
from gateway.model.dossier import Dossier
from gateway.model.identity import AccountKind, IdentityFacts, SignInProof
from gateway.model.party import IdentifierType, Party

_EVIDENCE = "/sign_in_evidence_id"
_MARK = "/applicant/is_verified_by_national_identity"
_CLOCKS_DIFFER = timedelta(minutes=5)
_PROVEN = frozenset(
    {
        IdentifierType.PERSONAL_ID,
        IdentifierType.OLD_ID_CARD,
        IdentifierType.PASSPORT,
        IdentifierType.TAX_CODE,
        IdentifierType.OTHER,
    }
)


def numbers_of(facts: IdentityFacts) -> tuple[str, ...]:
    """Give the numbers that a sign-in vouches for, the account's own first.

    Those of the holder only: an enterprise's account may tell its representative's number, and a citizen's the code of
    a company; neither acts for the other.
    """
    numbers = (
        (facts.personal_id, facts.foreign_id, facts.old_card_number, facts.passport_number)
        if facts.account_kind is AccountKind.CITIZEN
        else (facts.org_code, facts.tax_code)
    )
    return tuple(dict.fromkeys(number for number in numbers if number))


def proven_numbers(party: Party) -> tuple[str, ...]:
    """Give the numbers of a party that a sign-in could vouch for."""
    return tuple(one.number for one in party.identifiers if one.type in _PROVEN)


def parties_of(dossier: Dossier) -> tuple[Party, ...]:
    """Give the parties, the applicant first."""
    return tuple(one for one in (dossier.applicant, dossier.submitter, dossier.delegate) if one is not None)


def prove(
    dossier: Dossier,
    proof: SignInProof | None,
    digests: Iterable[Collection[bytes]],
    *,
    technical_id: str,
    longest: timedelta,
) -> Dossier | Fault:
    """Give the dossier with what its sign-in proves, or what contradicts it.

    `digests` are the keyed digests of the numbers of each of `parties_of(dossier)`; `technical_id` is the portal's own
    id of the applicant, "" when none is known, and is taken only where the applicant signed in. `longest` is how long
    before its submission a sign-in may lie.
    """
    if proof is None or not proof.is_signed_in:
        return Fault(_EVIDENCE, "must be the evidence_id of a sign-in that succeeded here")
    ages = (dossier.submitted_at - proof.occurred_at, proof.occurred_at - dossier.submitted_at)
    if ages[0] > longest or ages[1] > _CLOCKS_DIFFER:
        return Fault(_EVIDENCE, f"must be of the {longest.total_seconds() / 3600:g} hours before submitted_at")
    signed_in = [any(digest in proof.number_digests for digest in numbers) for numbers in digests]
    if not any(signed_in):
        return Fault(_EVIDENCE, "must be the sign-in of the applicant, the submitter or the delegate")
    applicant = dossier.applicant
    if applicant.is_verified_by_national_identity and not proof.is_vneid:
        return Fault(_MARK, "must not be stated where VNeID did not authenticate the account")
    if signed_in[0] and technical_id:
        if applicant.technical_id not in ("", technical_id):
            return Fault("/applicant/technical_id", "must be the account that signed in")
        applicant = replace(applicant, technical_id=technical_id)
    return replace(dossier, applicant=replace(applicant, is_verified_by_national_identity=proof.is_vneid))


def unproven(dossier: Dossier) -> Fault | None:
    """Give what is wrong with a mark that no sign-in stands behind, where one must."""
    if dossier.sign_in_evidence_id is None and dossier.applicant.is_verified_by_national_identity:
        return Fault(_MARK, "must rest on a sign-in: name it in sign_in_evidence_id")
    return None
