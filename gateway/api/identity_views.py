"""What clients state and are shown of sign-ins, on the wire."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from gateway.engine.linking import LinkOutcome
from gateway.model.identity import AccountKind, Assurance, IdentityLevel, Requirement
from gateway.model.party import CLOSED
from gateway.model.vocabulary import ProcedureCode
from gateway.ports.sign_ins import StoredSignIn
from gateway.sync.linking import LinkDecision

Challenge = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$"),
    Field(description="S256 challenge (RFC 7636) of a verifier that stays in the citizen's session with the portal."),
]
Verifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~-]{43,128}$")]
Opaque = Annotated[str, StringConstraints(pattern=r"^[!-~]{0,512}$")]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=500)]
LinkCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]+(\.[0-9A-Z]+)*$", max_length=50)]
Level = Annotated[int, Field(ge=0, le=4)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementModel:
    """What a sign-in must at least be. What is left out is not asked for."""

    __pydantic_config__ = CLOSED

    identity_level: Annotated[IdentityLevel, Field(description="Level of the account; organisations have none.")] = (
        IdentityLevel.UNKNOWN
    )
    authentication_level: Annotated[Level, Field(description="Level of this authentication, by Decree 69 Art. 20.")] = 0
    assurance: Annotated[str, StringConstraints(pattern="^(none|low|substantial|high)$")] = "none"
    max_age_seconds: Annotated[int, Field(ge=10, le=86_400)] | None = None
    account_kinds: Annotated[tuple[AccountKind, ...], Field(min_length=1, max_length=3)] = tuple(AccountKind)

    def requirement(self) -> Requirement:
        return Requirement(
            identity_level=self.identity_level,
            authentication_level=self.authentication_level,
            assurance=Assurance[self.assurance.upper()],
            max_age_seconds=self.max_age_seconds,
            account_kinds=self.account_kinds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepLink:
    """What a link from the national portal said. A hint, never proof; given back with the assertion (§2.4)."""

    __pydantic_config__ = CLOSED

    procedure_code: LinkCode | None = None
    local_procedure_code: LinkCode | None = None
    agency_code: LinkCode | None = None
    service_code: LinkCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginOrder:
    """A wish that a citizen sign in."""

    __pydantic_config__ = CLOSED

    provider: Annotated[str, StringConstraints(max_length=50), Field(description="See /v1/identity/providers.")]
    return_to: Annotated[Address, Field(description="One of the client's registered addresses, exactly.")]
    state: Annotated[Opaque, Field(description="Given back at `return_to`; compare it with the session.")] = ""
    code_challenge: Challenge
    procedure_code: Annotated[
        ProcedureCode | None, Field(description="Adds what this procedure needs, when the gateway has a row for it.")
    ] = None
    requirement: RequirementModel = RequirementModel()
    is_silent: Annotated[bool, Field(description="Ask nothing, if the provider knows the citizen already.")] = False
    falls_back: Annotated[bool, Field(description="When silence fails, ask after all, once.")] = True
    is_anew: Annotated[
        bool,
        Field(description="Have the citizen authenticate again; refused where the provider does not tell when it did."),
    ] = False
    deep_link: DeepLink | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A sign-in that waits for the citizen's browser. Send it to `start_url` within the time; it works once."""

    login_id: UUID
    start_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionOrder:
    """The one-time code that came back with the browser, and the verifier of the login's challenge."""

    __pydantic_config__ = CLOSED

    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
    code_verifier: Verifier


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A sign-in without anything of the person."""

    sign_in_id: UUID
    provider: str
    account_kind: AccountKind
    identity_level: IdentityLevel
    authentication_level: int
    assurance: str
    binding: str
    authenticated_at: Annotated[datetime | None, Field(description="Null where the provider does not tell.")]
    created_at: datetime
    expires_at: datetime
    evidence_id: UUID


def shown_sign_in(stored: StoredSignIn) -> SignIn:
    """Give how a sign-in stands, without the person."""
    return SignIn(
        sign_in_id=stored.sign_in_id,
        provider=stored.provider,
        account_kind=AccountKind(stored.account_kind),
        identity_level=stored.levels.identity,
        authentication_level=stored.levels.authentication,
        assurance=stored.levels.assurance.name.lower(),
        binding=stored.levels.binding.value,
        authenticated_at=stored.authenticated_at,
        created_at=stored.created_at,
        expires_at=stored.expires_at,
        evidence_id=stored.evidence_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAnswer:
    """Which of the client's accounts it is, or what must be done before it is one.

    `signed_in` and `linked` name the account. `create`: make one and link it. `proof_required`: have the citizen sign
    in to the named account as well, then link. `officer_required`: several accounts fit.
    """

    decision: LinkDecision
    account_ref: str | None = None
    link_id: UUID | None = None


def shown_link(outcome: LinkOutcome) -> LinkAnswer:
    """Give an outcome as clients see it."""
    return LinkAnswer(decision=outcome.decision, account_ref=outcome.account_ref, link_id=outcome.link_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionAnswer:
    """The assertion: a JWS for this client alone, given once. Verify it with /v1/identity/keys."""

    assertion: str
    expires_at: datetime
    sign_in: SignIn
    link: Annotated[LinkAnswer | None, Field(description="Only for clients that have accounts linked.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntrospectionOrder:
    """What a sign-in is wanted for."""

    __pydantic_config__ = CLOSED

    procedure_code: ProcedureCode | None = None
    requirement: RequirementModel = RequirementModel()
    counts_as_use: Annotated[bool, Field(description="Whether this look keeps the sign-in from going idle.")] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspection:
    """Whether a sign-in lives, and what it lacks for what was asked."""

    is_active: bool
    sign_in: SignIn | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutOrder:
    """The end of a sign-in."""

    __pydantic_config__ = CLOSED

    sign_in_id: UUID
    return_to: Annotated[Address | None, Field(description="One of the client's addresses for after a logout.")] = None
    state: Opaque = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutAnswer:
    """The sign-in has ended. Send the browser to `logout_url`, when there is one, to end the provider's session too."""

    logout_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A way to sign in."""

    name: str
    is_available: Annotated[bool, Field(description="Whether this process last found it able to answer.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    """The ways to sign in."""

    providers: tuple[Provider, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """Public keys as JWKs (RFC 7517); the first one signs."""

    keys: tuple[dict[str, Any], ...]
