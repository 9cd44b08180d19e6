"""What the adapter of an identity provider offers, and who signs what the gateway asserts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from gateway.model.identity import IdentityFacts, LevelEvidence, TokenFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightSecrets:
    """The random values of one sign-in on its way: each used once, none ever logged."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the provider is asked for. `prompt` is "", "login" or "none"; a preference that the answer must prove."""

    acr_values: tuple[str, ...] = ()
    max_age_seconds: int | None = None
    prompt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A callback taken apart: exactly one of `code` and `error` is set. Nothing of it is believed yet."""

    state: str = field(repr=False)
    code: str = field(default="", repr=False)
    error: str = ""
    issuer: str | None = None
    envelope_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A validated sign-in. `id_token` is kept only where the provider's logout needs it."""

    facts: IdentityFacts = field(repr=False)
    evidence: LevelEvidence
    tokens: TokenFacts
    id_token: str = field(default="", repr=False)
    logout_uri: str = field(default="", repr=False)
    """Where VNeID's own session ends, when the provider told it and it leads to an allowed place. A secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutNotice:
    """A validated back-channel logout token: `session_id` or `subject` says which sign-ins have ended."""

    issuer: str
    token_id: str = field(repr=False)
    session_id: str = field(default="", repr=False)
    subject: str = field(default="", repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutForm:
    """Where a browser is sent to end the provider's session: by POST with these fields, so that no token stands in an
    address; by plain redirect when there are none of them secret."""

    url: str
    fields: tuple[tuple[str, str], ...] = field(repr=False)
    is_post: bool


class IdentityProvider(Protocol):
    """One provider under one registration. Every failure is SignInRefused or a RemoteError group."""

    @property
    def name(self) -> str: ...

    @property
    def issuer(self) -> str: ...

    @property
    def takes_form_post(self) -> bool:
        """Whether the provider calls back by a form instead of a query."""
        ...

    @property
    def asks_at_begin(self) -> bool:
        """Whether `begin` calls the provider (pushed authorization requests)."""
        ...

    @property
    def has_backchannel_logout(self) -> bool: ...

    async def begin(self, secrets: FlightSecrets, wanted: Wanted) -> str:
        """Give the address to send the browser to. Raises RemoteError when the provider must be asked and cannot be."""
        ...

    def read_return(self, raw: str) -> Returned:
        """Take a raw query or form apart. Raises SignInRefused for doubled or contradicting parameters."""
        ...

    def check_return(self, returned: Returned) -> None:
        """Raise SignInRefused for another issuer, or for an error that the provider told."""
        ...

    async def finish(self, returned: Returned, secrets: FlightSecrets, wanted: Wanted) -> SignedIn:
        """Redeem the code once and validate everything. Raises SignInRefused or RemoteError."""
        ...

    def logout(self, id_token: str, state: str) -> LogoutForm | None:
        """Give how the provider's session is ended; None when it has no such address."""
        ...

    async def read_logout_token(self, token: str) -> LogoutNotice:
        """Validate a back-channel logout token. Raises SignInRefused or RemoteError."""
        ...


class AssertionSigner(Protocol):
    """Signs what the gateway asserts, and publishes the keys by which that is verified."""

    def sign(self, claims: dict[str, Any]) -> str:
        """Give a compact JWS."""
        ...

    def public_keys(self) -> Sequence[dict[str, Any]]:
        """Give public keys as JWKs, the signing one first."""
        ...
