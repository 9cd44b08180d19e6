"""The blind index of dossiers: whose they are, by keyed digests of the numbers that their parties state."""

from gateway.engine.proofs import number_digest
from gateway.model.dossier import Dossier
from gateway.model.party import Party
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


def party_digests(key_ring: KeyRing, dossier: Dossier) -> set[tuple[bytes, int]]:
    """Give the digest of every number that a party states, with the party's role."""
    return {
        (number_digest(key_ring, one.number), role.value)
        for role, party in parties_by_role(dossier)
        for one in party.identifiers
    }
