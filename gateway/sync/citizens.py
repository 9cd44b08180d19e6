"""Who may ask for what of a citizen, what is handed out, and what an answer means. Pure.

A purpose is what the province has written down: its legal basis, the fields that it needs, and who may state it.
Nothing is released that the purpose does not name, however much the database sends; sensitive fields need a purpose
that says so in so many words. Source: population notes §10, §19.2; Law 91/2025/QH15 on the protection of personal data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    GatewayError,
    Rejected,
    RemoteError,
)
from gateway.model.citizen import (
    SENSITIVE_FIELDS,
    CitizenField,
    CitizenOutcome,
    CitizenRecord,
    CitizenReply,
    is_stated,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """A purpose as the province has written it down. Empty `clients` and `procedure_codes` mean: all of them."""

    code: str
    legal_basis: str
    fields: frozenset[CitizenField]
    allows_sensitive: bool = False
    needs_consent: bool = False
    """The law does not cover it by itself: the caller names the consent (Law 91/2025/QH15 Art. 9)."""
    clients: frozenset[str] = frozenset()
    procedure_codes: frozenset[str] = frozenset()
    may_verify: bool = True
    may_look_up: bool = True


class Denial(StrEnum):
    """Why we do not ask; a closed list, fit for labels and shown to the caller."""

    PURPOSE_UNKNOWN = "purpose_unknown"
    """Also for a purpose that is another client's."""
    PURPOSE_NOT_FOR_THIS = "purpose_not_for_this"
    """It allows verification only, or look-ups only."""
    PROCEDURE_NOT_COVERED = "procedure_not_covered"
    FIELD_NOT_COVERED = "field_not_covered"
    CONSENT_MISSING = "consent_missing"
    AGENCY_NOT_OWN = "agency_not_own"
    DOSSIER_NOT_OWN = "dossier_not_own"


class CitizenRefused(GatewayError):
    """A question that is not asked. Holds codes only."""

    code = "citizen_refused"

    def __init__(self, denial: Denial, fields: Sequence[str] = ()) -> None:
        super().__init__(f"not asked: {denial.value}", code=denial.value)
        self.denial = denial
        self.fields = tuple(fields)


class QuotaExceeded(GatewayError):
    """Somebody asked too often. `retry_after_seconds` is when the window has moved on."""

    code = "quota_exceeded"

    def __init__(self, quota: str, retry_after_seconds: float) -> None:
        super().__init__(f"the quota {quota} is used up", code="quota_exceeded")
        self.quota = quota
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a caller states of itself and of the reason."""

    client_id: str
    purpose: str
    procedure_code: str
    consent_ref: str
    is_look_up: bool
    fields: frozenset[CitizenField]
    """Wanted fields of a look-up; empty for all that the purpose covers."""


def judge_claim(purposes: Mapping[str, Purpose], claim: Claim) -> tuple[Purpose, frozenset[CitizenField]]:
    """Give the purpose and the fields that may be released under it. Raises CitizenRefused."""
    purpose = purposes.get(claim.purpose)
    if purpose is None or (purpose.clients and claim.client_id not in purpose.clients):
        raise CitizenRefused(Denial.PURPOSE_UNKNOWN)
    if not (purpose.may_look_up if claim.is_look_up else purpose.may_verify):
        raise CitizenRefused(Denial.PURPOSE_NOT_FOR_THIS)
    if purpose.procedure_codes and claim.procedure_code not in purpose.procedure_codes:
        raise CitizenRefused(Denial.PROCEDURE_NOT_COVERED)
    if purpose.needs_consent and not claim.consent_ref:
        raise CitizenRefused(Denial.CONSENT_MISSING)
    covered = purpose.fields if purpose.allows_sensitive else purpose.fields - SENSITIVE_FIELDS
    if not claim.is_look_up:
        return purpose, frozenset()
    beyond = claim.fields - covered
    if beyond:
        raise CitizenRefused(Denial.FIELD_NOT_COVERED, sorted(beyond))
    return purpose, claim.fields or covered


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How many questions in a moving window, counted by `by`: an officer of a client, or a client."""

    name: str
    window: timedelta
    most: int


def judge_quotas(quotas: Sequence[Quota], counts: Mapping[str, int]) -> None:
    """Refuse whoever has used a quota up. Raises QuotaExceeded for the longest of those that are."""
    used_up = [quota for quota in quotas if counts.get(quota.name, 0) > quota.most]
    if used_up:
        longest = max(used_up, key=lambda quota: quota.window)
        # The first questions of the window leave it bit by bit; a twelfth of it is a moment worth waiting for.
        raise QuotaExceeded(longest.name, max(longest.window.total_seconds() / 12, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """What a look-up came to. `record` holds the released fields only; None unless exactly one was found."""

    outcome: CitizenOutcome
    record: CitizenRecord | None
    missing: tuple[CitizenField, ...] = ()
    """Fields that were wanted and are not stated."""


def judge_reply(reply: CitizenReply, wanted: frozenset[CitizenField]) -> LookUp:
    """Tell what a reply means, and cut the record down to what may be released."""
    if not reply.records:
        return LookUp(outcome=CitizenOutcome.NOT_FOUND, record=None)
    if len(reply.records) > 1:
        return LookUp(outcome=CitizenOutcome.AMBIGUOUS, record=None)
    record = reply.records[0]
    missing = tuple(sorted(name for name in wanted if not is_stated(record, name)))
    outcome = CitizenOutcome.PARTIAL if missing else CitizenOutcome.FOUND
    return LookUp(outcome=outcome, record=released(record, wanted), missing=missing)


def released(record: CitizenRecord, wanted: frozenset[CitizenField]) -> CitizenRecord:
    """Give a record with the wanted fields only."""
    kept: dict[str, Any] = {name.value: getattr(record, name.value) for name in wanted}
    return CitizenRecord(**kept)


def outcome_of_error(error: GatewayError) -> CitizenOutcome:
    """Tell what a failure means to whoever asked: refused, or not asked. Never "not found"."""
    if isinstance(error, Rejected | CitizenRefused | QuotaExceeded):
        return CitizenOutcome.REFUSED
    return CitizenOutcome.UNAVAILABLE


def upstream_code_of(error: GatewayError) -> str:
    """Give the code to write down: the foreign one where there is one."""
    return error.remote_code or error.code if isinstance(error, Rejected) else error.code


def is_alarming(error: RemoteError) -> str | None:
    """Give the alert that a failure deserves; None for one that passes by itself or is the caller's own."""
    if isinstance(error, ContractBroken):
        return "citizen_another_person" if error.code == "another_person" else "citizen_reply_broken"
    if isinstance(error, CredentialsRefused):
        return "citizen_credentials_refused"
    return None
