"""Who signed in with a national identity, how well that is known, and every way in which a sign-in can be refused.

Two levels are kept apart, since the law keeps them apart: the level of the *account* tells how well the person was
proofed when it was opened (Decree 69/2024/NĐ-CP Arts. 7, 9, 10), the level of the *authentication* how strong this one
sign-in was (Art. 20). Neither follows from the other (electronic identity notes §4.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from uuid import UUID

from gateway.errors import GatewayError


class AccountKind(StrEnum):
    """Whose account it is."""

    CITIZEN = "citizen"
    ENTERPRISE = "enterprise"
    ORGANISATION = "organisation"


class IdentityLevel(StrEnum):
    """How well the account's holder was proofed. Accounts of agencies and organisations have no level (Art. 7)."""

    UNKNOWN = "0"
    LEVEL_1 = "1"
    LEVEL_2 = "2"
    ORGANISATION = "org"


class Binding(StrEnum):
    """What ties the answer of the provider to the browser that began, strongest first."""

    NONCE_PKCE = "nonce+pkce"
    NONCE = "nonce"
    """PKCE was sent, perhaps, but the provider is not known to enforce it."""
    PKCE = "pkce"
    STATE_ONLY = "state_only"


class Assurance(IntEnum):
    """The gateway's own level, by which procedures are opened; made of the two levels and the binding by a table."""

    NONE = 0
    LOW = 1
    SUBSTANTIAL = 2
    HIGH = 3


class Precision(StrEnum):
    """How much of a date is known; year-only birthdays exist in the population."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class EidCode(StrEnum):
    """Outward codes of refused sign-ins (electronic identity notes §11.2): stable, without any text of a provider."""

    STATE_INVALID = "EID_STATE_INVALID"
    TRANSACTION_EXPIRED = "EID_TRANSACTION_EXPIRED"
    TRANSACTION_REPLAYED = "EID_TRANSACTION_REPLAYED"
    BROWSER_MISMATCH = "EID_BROWSER_MISMATCH"
    ISSUER_MISMATCH = "EID_ISSUER_MISMATCH"
    CANCELLED = "EID_CANCELLED"
    """The citizen pressed cancel: nobody's fault."""
    LOGIN_REQUIRED = "EID_LOGIN_REQUIRED"
    """A silent sign-in was wanted and the provider knows no session."""
    PROVIDER_ERROR = "EID_PROVIDER_ERROR"
    PROVIDER_UNAVAILABLE = "EID_PROVIDER_UNAVAILABLE"
    TOKEN_INVALID = "EID_TOKEN_INVALID"  # noqa: S105
    NONCE_MISMATCH = "EID_NONCE_MISMATCH"
    SUBJECT_MISMATCH = "EID_SUBJECT_MISMATCH"
    ENVELOPE_INVALID = "EID_ENVELOPE_INVALID"
    CLAIMS_INVALID = "EID_CLAIMS_INVALID"
    LEVEL_UNKNOWN = "EID_LEVEL_UNKNOWN"
    LEVEL_TOO_LOW = "EID_LEVEL_TOO_LOW"
    ACCOUNT_NOT_LEGAL = "EID_ACCOUNT_NOT_LEGAL"
    ACCOUNT_KIND = "EID_ACCOUNT_KIND"
    """Another kind of account was asked for, or the kind is not known."""
    LINK_CONFLICT = "EID_LINK_CONFLICT"
    LINK_PROOF_REQUIRED = "EID_LINK_PROOF_REQUIRED"
    ACCOUNT_LOCKED = "EID_ACCOUNT_LOCKED"
    CONFIGURATION = "EID_CONFIGURATION"


class SignInRefused(GatewayError):
    """A sign-in that must not go on. `reason` is a word of ours for operators; neither holds anything of a person."""

    code = "sign_in_refused"

    def __init__(self, eid: EidCode, reason: str) -> None:
        super().__init__(f"{eid.value}: {reason}", code=eid.value)
        self.eid = eid
        self.reason = reason


class ReturnRefused(SignInRefused):
    """A callback that contradicts itself. `state` is the one that it holds, "" when it holds none or several."""

    def __init__(self, reason: str, state: str) -> None:
        super().__init__(EidCode.STATE_INVALID, reason)
        self.state = state


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date as far as it is known: `value` is YYYY, YYYY-MM or YYYY-MM-DD."""

    value: str
    precision: Precision


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityFacts:
    """What a provider said of the account's holder, in one form for all providers. Personal data throughout.

    `subject` is the issuer's own name for the account and the only key; numbers are text, since leading zeros count.
    """

    issuer: str
    subject: str = field(repr=False)
    account_kind: AccountKind
    full_name: str = field(default="", repr=False)
    birth_date: PartialDate | None = field(default=None, repr=False)
    personal_id: str = field(default="", repr=False)
    old_card_number: str = field(default="", repr=False)
    passport_number: str = field(default="", repr=False)
    foreign_id: str = field(default="", repr=False)
    tax_code: str = field(default="", repr=False)
    org_code: str = field(default="", repr=False)
    technical_id: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    upstream_idp: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelEvidence:
    """What a validated sign-in showed. `level_value` is the text of the level claim, None when it was not there."""

    account_kind: AccountKind
    upstream_idp: str
    level_value: str | None
    acr: str
    amr: Sequence[str]
    binding: Binding
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLevels:
    """How much a sign-in is worth. `level_source` names the claim that the identity level was read from, or "rule"."""

    identity: IdentityLevel
    authentication: int
    level_source: str
    assurance: Assurance
    binding: Binding


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """What is kept of the provider's tokens: never a token. Digests are SHA-256."""

    id_token_sha256: bytes = b""
    access_token_sha256: bytes = b""
    key_id: str = ""
    session_id: str = field(default="", repr=False)
    acr: str = ""
    amr: tuple[str, ...] = ()
    authenticated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What a sign-in must at least be for something: levels, age in seconds, and whose account it may be."""

    identity_level: IdentityLevel = IdentityLevel.UNKNOWN
    authentication_level: int = 0
    assurance: Assurance = Assurance.NONE
    max_age_seconds: int | None = None
    account_kinds: Sequence[AccountKind] = tuple(AccountKind)
    acr_values: Sequence[str] = ()
    """What the provider is asked for, in its own words; proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInProof:
    """The evidence of a sign-in, as far as a dossier may rest on it."""

    evidence_id: UUID
    is_signed_in: bool
    is_vneid: bool
    number_digests: frozenset[bytes]
    occurred_at: datetime
