"""The blind index of dossiers: whose they are, by keyed digests of the numbers that their parties state."""

from gateway.engine.proofs import number_digest
from gateway.model.dossier import Dossier
from gateway.model.party import IdentifierType, Party
from gateway.ports.basics import KeyRing
from gateway.ports.subjects import PartyRole


def parties_by_role(dossier: Dossier) -> list[tuple[PartyRole, Party]]:
    """Give the parties that a dossier has, each with its role."""
    parties = (
        (PartyRole.APPLICANT, dossier.applicant),
        (PartyRole.SUBMITTER, dossier.submitter),
        (PartyRole.DELEGATE, dossier.delegate),
    )
    return [(role, party) for role, party in parties if party is not None]


_OF_CITIZENS = (IdentifierType.PERSONAL_ID, IdentifierType.OLD_ID_CARD)


def applicant_digest(key_ring: KeyRing, dossier: Dossier) -> bytes | None:
    """Give the digest under which looks at a dossier are written down; None for an applicant without a citizen's
    number."""
    number = next((one.number for one in dossier.applicant.identifiers if one.type in _OF_CITIZENS), None)
    return None if number is None else number_digest(key_ring, number)


def party_digests(key_ring: KeyRing, dossier: Dossier) -> set[tuple[bytes, int]]:
    """Give the digest of every number that a party states, with the party's role."""
    return {
        (number_digest(key_ring, one.number), role.value)
        for role, party in parties_by_role(dossier)
        for one in party.identifiers
    }
