"""Settings of one identity provider. No official specification is public, so everything on the wire is set here.

The defaults of a profile are what public clients show (electronic identity notes §2, §6) or the assumption to build on
(§21). Whatever is unknown or missing stops the start.
"""

import re
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator, model_validator

from adapters.identity.tokens import TokenRules
from adapters.transport.addresses import address_faults
from adapters.transport.secrets import Secret
from gateway.model.identity import AccountKind, Binding, IdentityLevel
from mappings.identity import DEFAULT_KEPT, P1_NAMES, P3_NAMES, ClaimNames, ClaimRules

Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=500)]
Word = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
Seconds = Annotated[float, Field(gt=0, le=300)]
VIETNAM_2024_06_30_END = datetime.fromisoformat("2024-06-30T23:59:59+07:00")
VIETNAM_2025_06_30_END = datetime.fromisoformat("2025-06-30T23:59:59+07:00")


class Profile(StrEnum):
    """The wire profile (electronic identity notes §1.2)."""

    DVCQG = "dvcqg"
    """P1: sign-on of the national portal (VNConnect)."""
    VNEID_FLAT = "vneid_flat"
    """P2: VNeID itself, flat claims."""
    VNEID_SEALED = "vneid_sealed"
    """P3: VNeID itself, sealed answers; no ID token and no nonce."""


class ClientAuthentication(StrEnum):
    """How the client proves itself at the token endpoint."""

    BASIC = "client_secret_basic"
    POST = "client_secret_post"


class LogoutMethod(StrEnum):
    """How a browser carries the ID token that ends the provider's session."""

    POST = "post"
    """In a form: it stands in no address."""
    REDIRECT = "redirect"
    """As a query, for providers that take no form. The ID token then stands in an address for a moment."""
    REDIRECT_WITHOUT_TOKEN = "redirect_without_token"  # noqa: S105
    """As a query with `client_id` only."""


class _Closed(BaseModel):
    # What was written is not repeated in the message of a fault: it may be a secret in the wrong place.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class LevelSettings(_Closed):
    """How levels are read (electronic identity notes §4.3). No value set of `acr`, `amr` or any level claim is
    documented: what is not listed counts as the lowest."""

    level_claim: str | None = None
    """None: IAL with vneid_flat, accountLevel with vneid_sealed, none with dvcqg."""
    level_values: dict[str, IdentityLevel] = Field(
        default_factory=lambda: {"1": IdentityLevel.LEVEL_1, "2": IdentityLevel.LEVEL_2}
    )
    acr_levels: dict[str, Annotated[int, Field(ge=0, le=4)]] = Field(default_factory=dict)
    amr_levels: dict[str, Annotated[int, Field(ge=0, le=4)]] = Field(default_factory=dict)
    accepted_acr: frozenset[Word] = frozenset()
    """When set, an ID token with another `acr` or none is refused."""
    upstream_vneid: frozenset[Word] = frozenset({"BCA"})
    """Values of loginIdp that mean VNeID (dvcqg only)."""
    takes_missing_upstream: bool = False
    takes_old_accounts: bool = False
    """Whether accounts that VNeID did not issue are taken after the days below. A province decides it in writing."""
    individuals_until: datetime = VIETNAM_2024_06_30_END
    organisations_until: datetime = VIETNAM_2025_06_30_END
    max_authentication: dict[Binding, Annotated[int, Field(ge=0, le=4)]] = Field(default_factory=dict)
    """Ceilings of the authentication level for weak bindings."""


class ClaimSettings(_Closed):
    """Names and kinds of claims, and which of them the agreement covers."""

    names: dict[str, str] = Field(default_factory=dict)
    """Canonical name to the wire's name, over the profile's defaults."""
    kinds: dict[str, AccountKind] = Field(
        default_factory=lambda: {
            "1": AccountKind.CITIZEN,
            "2": AccountKind.ENTERPRISE,
            "3": AccountKind.ORGANISATION,
        }
    )
    kept: frozenset[str] = DEFAULT_KEPT

    @field_validator("names")
    @classmethod
    def _are_claims(cls, names: dict[str, str]) -> dict[str, str]:
        unknown = names.keys() - ClaimNames.__dataclass_fields__.keys()
        if unknown:
            raise ValueError("unknown claims: " + ", ".join(sorted(unknown)))
        return names

    @field_validator("kept")
    @classmethod
    def _can_be_kept(cls, kept: frozenset[str]) -> frozenset[str]:
        unknown = kept - DEFAULT_KEPT - {"email", "phone"}
        if unknown:
            raise ValueError("unknown claims: " + ", ".join(sorted(unknown)))
        return kept


class EnvelopeSettings(_Closed):
    """Sealed answers (vneid_sealed). Each part may come plain only where it is allowed to."""

    algorithm: Annotated[str, Field(pattern="^rsa15-aes-ecb-v1$")] = "rsa15-aes-ecb-v1"
    private_key_files: Annotated[tuple[Path, ...], Field(min_length=1, max_length=2)]
    """PEM files, the newest first; two while the registered key is being changed."""
    takes_plain_code: bool = False
    takes_plain_tokens: bool = False
    takes_plain_userinfo: bool = False


class LogoutSettings(_Closed):
    """How sessions end at the provider."""

    end_session_url: Url | None = None
    return_url: Url | None = None
    """Registered with the provider; this gateway's /callbacks/identity/{name}/logged-out."""
    method: LogoutMethod = LogoutMethod.POST
    takes_backchannel: bool = False
    vneid_prefixes: tuple[Url, ...] = ()
    """Where `logoutUri` may lead, compared by its beginning, so with a path; anything else is forgotten."""


class ProviderSettings(_Closed):
    """Everything about one registration with one provider."""

    name: Name
    """Part of the callback address: /callbacks/identity/{name}."""
    profile: Profile
    issuer: Word
    """The exact `iss`; never derived from the host. With vneid_sealed, the name under which subjects are kept."""
    authorize_url: Url
    token_url: Url
    userinfo_url: Url
    jwks_url: Url | None = None
    jwks_file: Path | None = None
    """A pinned key set, where the provider publishes none."""
    discovery_url: Url | None = None
    """Compared at `gateway check`, never followed by itself."""
    par_url: Url | None = None
    client_id: Word
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    client_authentication: ClientAuthentication = ClientAuthentication.POST
    redirect_uri: Url
    scope: Annotated[str, StringConstraints(pattern=r"^openid( [!-~]+)*$", max_length=200)] = "openid"
    acr_values: tuple[Word, ...] = ()
    """Sent when a sign-in asks for none of its own; public clients of dvcqg send LoA1."""
    uses_form_post: bool = False
    sends_pkce: bool = True
    echoes_nonce: bool = True
    """Off for a provider that is known not to return the nonce: sign-ins are then bound less strongly."""
    enforces_pkce: bool = False
    """Whether a probe with a wrong verifier was refused; else PKCE counts for nothing."""
    requires_issuer_parameter: bool = False
    algorithms: Annotated[frozenset[Annotated[str, Field(pattern="^(RS256|PS256|ES256)$")]], Field(min_length=1)] = (
        frozenset({"RS256"})
    )
    leeway_seconds: Annotated[float, Field(ge=0, le=60)] = 30.0
    trusted_audiences: frozenset[Word] = frozenset()
    posts_userinfo: bool = False
    levels: LevelSettings = LevelSettings()
    claims: ClaimSettings = ClaimSettings()
    envelope: EnvelopeSettings | None = None
    logout: LogoutSettings = LogoutSettings()
    agreement_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """The written agreement with the provider (Decree 69/2024/NĐ-CP Art. 18)."""
    purpose: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    connect_seconds: Seconds = 3.0
    total_seconds: Seconds = 10.0
    ca_file: Path | None = None
    is_test: bool = False
    """Allows plain HTTP to the loopback address, for sandboxes."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        faults = [*self._address_faults(), *self._profile_faults()]
        if (self.client_secret is None) == (self.client_secret_file is None):
            faults.append("one of client_secret and client_secret_file must be set")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _address_faults(self) -> list[str]:
        addresses: dict[str, str | None] = {
            name: getattr(self, name)
            for name in (
                "authorize_url",
                "token_url",
                "userinfo_url",
                "jwks_url",
                "discovery_url",
                "par_url",
                "redirect_uri",
            )
        }
        addresses["logout.end_session_url"] = self.logout.end_session_url
        addresses["logout.return_url"] = self.logout.return_url
        addresses |= {f"logout.vneid_prefixes.{place}": one for place, one in enumerate(self.logout.vneid_prefixes)}
        # Without a path https://vneid.example would let https://vneid.example.thief.example through.
        return address_faults(addresses.items(), is_test=self.is_test, allows_query=True) + [
            f"logout.vneid_prefixes.{place} must have a path, at least /"
            for place, prefix in enumerate(self.logout.vneid_prefixes)
            if not re.match(r"https?://[^/?#]*/", prefix)
        ]

    def _profile_faults(self) -> list[str]:
        if self.profile is Profile.VNEID_SEALED:
            return [] if self.envelope is not None else ["envelope must be set with vneid_sealed"]
        faults = [] if self.envelope is None else ["envelope is for vneid_sealed only"]
        if (self.jwks_url is None) == (self.jwks_file is None):
            faults.append("one of jwks_url and jwks_file must be set")
        return faults

    @property
    def has_id_token(self) -> bool:
        return self.profile is not Profile.VNEID_SEALED

    @property
    def token_rules(self) -> TokenRules:
        return TokenRules(
            issuer=self.issuer,
            client_id=self.client_id,
            algorithms=self.algorithms,
            leeway_seconds=self.leeway_seconds,
            trusted_audiences=self.trusted_audiences,
            accepted_acr=self.levels.accepted_acr,
        )

    @property
    def level_claim(self) -> str:
        if self.levels.level_claim is not None:
            return self.levels.level_claim
        return {Profile.VNEID_FLAT: "IAL", Profile.VNEID_SEALED: "accountLevel"}.get(self.profile, "")

    @property
    def claim_rules(self) -> ClaimRules:
        defaults = P3_NAMES if self.profile is Profile.VNEID_SEALED else P1_NAMES
        names: dict[str, Any] = {name: getattr(defaults, name) for name in ClaimNames.__dataclass_fields__}
        return ClaimRules(
            names=ClaimNames(**(names | self.claims.names)),
            kinds=self.claims.kinds,
            level_claim=self.level_claim,
            kept=self.claims.kept,
        )

    def read_secret(self) -> str:
        """Give the client's secret. Raises OSError when its file cannot be read, ValueError when it is empty or no
        text."""
        return Secret(value=self.client_secret, file=self.client_secret_file).read()
