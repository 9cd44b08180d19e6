"""Which dossiers are judged beside each other, and what of one concerns the others. Pure.

Kin are the dossiers of one applicant under one procedure, of one account, with the same files, or with the same result.
Only the nearest of each kind are looked at, so that no dossier has more to be judged beside than can be looked at.
"""

from bisect import bisect
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from gateway.indicators.findings import Finding
from gateway.monitoring.cutting import latest_at
from gateway.monitoring.records import DossierRecord


class Kin(StrEnum):
    """What dossiers have in common."""

    APPLICANT = "applicant"
    """The applicant and the procedure: copies, and a second try after an end near the due date (DQ-01, DQ-10)."""
    ACCOUNT = "account"
    """Whoever submitted them: for many applicants, or many at once (DQ-02, DQ-15)."""
    CONTENT = "content"
    """All files (DQ-15)."""
    RESULT = "result"
    """The file of the result (DQ-13)."""


class Group(NamedTuple):
    """Dossiers that have a key in common, under one procedure ("": any)."""

    kin: Kin
    key: str
    procedure_code: str = ""


NEAR: Mapping[Kin, int] = {Kin.APPLICANT: 10, Kin.ACCOUNT: 20, Kin.CONTENT: 3, Kin.RESULT: 2}
"""So many dossiers of a group are looked at before a dossier, and behind it. The same from either side: who stands
beside whom changes only where a dossier comes or goes."""


_BY_SIGN: Mapping[str, Kin] = {
    "account_of_many": Kin.ACCOUNT,
    "burst": Kin.ACCOUNT,
    "identical_content": Kin.CONTENT,
    "same_as_another": Kin.RESULT,
}
"""Signs of rules that look at single dossiers too."""


def groups_of(record: DossierRecord) -> list[Group]:
    """Say beside which others a dossier stands; none for one that was forgotten."""
    found = [
        Group(Kin.APPLICANT, record.applicant_key, record.procedure_code),
        Group(Kin.ACCOUNT, record.account_key),
        Group(Kin.CONTENT, record.content_key, record.procedure_code),
        Group(Kin.RESULT, record.result_key),
    ]
    return [one for one in found if one.key]


def forgotten(record: DossierRecord, findings: Sequence[Finding]) -> DossierRecord:
    """Give the record without what leads to its applicant; what was found by it beside others is kept."""
    kin = [one.kin for one in groups_of(record)]
    if not kin:
        return record
    return replace(settled(record, findings, kin), applicant_key="", account_key="", content_key="", result_key="")


def settled(record: DossierRecord, findings: Sequence[Finding], kin: Container[Kin]) -> DossierRecord:
    """Give the record with what was found beside dossiers of this kin, one of which is being forgotten.

    What was found beside others is found again, or no more.
    """
    kept = [one for one in findings if one in record.kept_findings or _found_beside(one) in kin]
    return replace(record, kept_findings=tuple(kept))


def _found_beside(finding: Finding) -> Kin | None:
    if finding.rule in ("DQ-01", "DQ-10"):
        return Kin.APPLICANT
    return _BY_SIGN.get(finding.sign)


def concerns(kin: Kin, record: DossierRecord) -> object:
    """Give what of a record the others of a group are judged by, at whatever instant: they are judged again when it is
    another."""
    if kin is Kin.APPLICANT:
        return record
    key = {Kin.ACCOUNT: record.account_key, Kin.CONTENT: record.content_key, Kin.RESULT: record.result_key}[kin]
    filed = record.submitted_at, min(record.received_at or record.submitted_at, record.submitted_at)
    result = (record.resulted_at, record.finished_at) if kin is Kin.RESULT else ()
    return key, record.applicant_key, *filed, *result


def seen_by(record: DossierRecord, kin: Container[Kin]) -> DossierRecord:
    """Give of another dossier what it has in common with one: the rest is no reason to judge that one again."""
    if Kin.APPLICANT in kin:
        return record
    return replace(
        record,
        procedure_code="",
        account_key=record.account_key if Kin.ACCOUNT in kin else "",
        content_key=record.content_key if Kin.CONTENT in kin else "",
        result_key=record.result_key if Kin.RESULT in kin else "",
    )


def concerned_since(kin: Kin, record: DossierRecord) -> datetime:
    """Give the last instant at which something happened to a dossier that concerns the others of a group."""
    if kin is Kin.APPLICANT:
        return latest_at(record)
    return (record.resulted_at if kin is Kin.RESULT else None) or record.submitted_at


def nearest(dossier_id: int, ids: Sequence[int], count: int) -> list[int]:
    """Give the dossiers accepted right before and right behind one, of ids in their order."""
    at = bisect(ids, dossier_id)
    before = [one for one in ids[max(0, at - count - 1) : at] if one != dossier_id]
    return [*before[-count:], *ids[at : at + count]]
