"""Which dossiers are judged beside each other: one applicant's of one procedure, accepted near each other. Pure."""

from bisect import bisect
from collections.abc import Sequence

from gateway.monitoring.records import DossierRecord

NEAR = 10
"""So many dossiers of one applicant and procedure are looked at before a dossier, and behind it. The same from either
side: who stands beside whom changes only where a dossier comes or goes."""


def group_of(record: DossierRecord) -> tuple[str, str]:
    """Say beside which others a dossier stands."""
    return record.applicant_key, record.procedure_code


def nearest(dossier_id: int, ids: Sequence[int]) -> list[int]:
    """Give the dossiers accepted right before and right behind one, of ids in their order."""
    at = bisect(ids, dossier_id)
    before = [one for one in ids[max(0, at - NEAR - 1) : at] if one != dossier_id]
    return [*before[-NEAR:], *ids[at : at + NEAR]]
