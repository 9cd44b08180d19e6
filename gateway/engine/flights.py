"""What a sign-in carries from step to step: the portal's wish, what is sealed of it, and where browsers go."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from uuid import UUID

import msgspec

from gateway.model.identity import EidCode, IdentityFacts, Requirement
from gateway.ports.identity import IdentityProvider, Wanted
from gateway.ports.sign_ins import StoredFlight
from gateway.sync.assurance import LevelRules
from gateway.sync.sign_ins import Flight

ANEW = "login"
"""The prompt that has a citizen authenticate again."""


class FlightContent(msgspec.Struct, frozen=True, kw_only=True):
    """What only the gateway may know of a flight, sealed in the store."""

    nonce: str
    verifier: str
    return_to: str
    state: str
    code_challenge: str
    requirement: Requirement
    prompt: str = ""
    falls_back: bool = False
    deep_link: dict[str, str] = {}


class SignInContent(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed beside a sign-in until it is over."""

    facts: IdentityFacts
    acr: str
    amr: tuple[str, ...]
    code_challenge: str
    id_token: str
    logout_uri: str
    deep_link: dict[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredProvider:
    """A provider with the rules of this installation about it."""

    adapter: IdentityProvider
    level_rules: LevelRules
    leeway: timedelta
    """How far the provider's clock may differ from ours."""
    agreement_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A client's wish that somebody sign in. `return_to` has been checked against the client's own addresses."""

    client_id: str
    provider: str
    return_to: str
    state: str
    code_challenge: str
    requirement: Requirement
    prompt: str = ""
    falls_back: bool = False
    deep_link: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A flight that waits for its browser. `ticket` is shown once."""

    flight_id: UUID
    ticket: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Where the browser is sent, and the value of its cookie from now on."""

    url: str = field(repr=False)
    browser: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """What is known of the browser at the callback. `browser` is its cookie, "" without one."""

    browser: str = field(repr=False)
    address: str = field(repr=False)
    agent: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """How a callback ended for a browser that may be sent back: with a code, with a refusal, or on a new flight."""

    return_to: str
    state: str
    code: str = field(default="", repr=False)
    refused: EidCode | None = None
    next_ticket: str = field(default="", repr=False)


def asking(content: FlightContent, nonce: str, verifier: str) -> FlightContent:
    """Give the content of a second flight that asks the citizen."""
    return msgspec.structs.replace(content, nonce=nonce, verifier=verifier, prompt="", falls_back=False)


def sign_in_context(sign_in_id: UUID) -> bytes:
    """Give what binds a sealed sign-in to its place."""
    return b"sign-in " + sign_in_id.bytes


def flight_context(flight_id: UUID) -> bytes:
    """Give what binds a sealed flight to its place."""
    return b"sign-in flight " + flight_id.bytes


def judged(stored: StoredFlight | None) -> Flight | None:
    """Give what is judged of a flight."""
    if stored is None:
        return None
    return Flight(
        flight_id=stored.flight_id,
        client_id=stored.client_id,
        provider=stored.provider,
        created_at=stored.created_at,
        expires_at=stored.expires_at,
        started_at=stored.started_at,
        consumed_at=stored.consumed_at,
        browser_digest=stored.browser_digest,
    )


def wanted_of(content: FlightContent, login: timedelta) -> Wanted:
    """Give what the provider is asked for. `login` is how long a flight may take."""
    max_age_seconds = content.requirement.max_age_seconds
    if content.prompt == ANEW and max_age_seconds is None:
        # With it a provider must tell when it authenticated (OpenID Connect Core §3.1.2.1).
        max_age_seconds = int(login.total_seconds())
    return Wanted(
        acr_values=tuple(content.requirement.acr_values), max_age_seconds=max_age_seconds, prompt=content.prompt
    )


def address_prefix(address: str) -> str:
    """Give the network of a browser's address: /24, or /48 for IPv6; "" for what is no address."""
    try:
        known = ip_address(address)
    except ValueError:
        return ""
    known = getattr(known, "ipv4_mapped", None) or known
    length = 24 if known.version == 4 else 48
    place = known.max_prefixlen - length
    return f"{type(known)(int(known) >> place << place)}/{length}"
