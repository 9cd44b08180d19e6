"""A sign-in from its beginning to its end: who may go on, and when it is over. Decisions only.

::

    begun --browser comes with the ticket--> started --callback--> consumed --validated--> signed in --> ended
                                                                            \\-> refused

A flight (a sign-in on its way) is started once and consumed once; it is consumed before the provider is asked anything,
so that a callback that is played again loses (electronic identity notes §5.2, §5.3). A sign-in ends by logout, by the
provider's word, by idleness, by its age, or because its code was misused; it never begins again.
"""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from gateway.model.identity import EidCode, SignInRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A sign-in on its way. `browser_digest` is of the cookie of the browser that started it."""

    flight_id: UUID
    client_id: str
    provider: str
    created_at: datetime
    expires_at: datetime
    started_at: datetime | None = None
    consumed_at: datetime | None = None
    browser_digest: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """How long things last."""

    login: timedelta = timedelta(minutes=10)
    code: timedelta = timedelta(seconds=60)
    assertion: timedelta = timedelta(seconds=120)
    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=8)


class EndReason(StrEnum):
    """Why a sign-in is over."""

    LOGOUT = "logout"
    PROVIDER_LOGOUT = "provider_logout"
    IDLE = "idle"
    AGE = "age"
    CODE_EXPIRED = "code_expired"
    CODE_REPLAYED = "code_replayed"
    WRONG_VERIFIER = "wrong_verifier"
    ERASED = "erased"
    """The person asked for erasure."""
    ACCOUNT = "account"
    """Its local account is locked, or its link in quarantine."""


def judge_start(flight: Flight | None, now: datetime) -> Flight:
    """Give the flight that may start. Raises SignInRefused."""
    if flight is None:
        raise SignInRefused(EidCode.STATE_INVALID, "no_such_ticket")
    if flight.expires_at <= now:
        raise SignInRefused(EidCode.TRANSACTION_EXPIRED, "ticket_expired")
    if flight.started_at is not None:
        raise SignInRefused(EidCode.TRANSACTION_REPLAYED, "ticket_used")
    return flight


def judge_return(flight: Flight | None, provider: str, browser_digest: bytes | None, now: datetime) -> Flight:
    """Give the flight whose callback may be used. `flight` was found by its state. Raises SignInRefused.

    A callback to another provider's address is answered like an unknown one: it tells nobody that the state exists.
    """
    if flight is None or flight.provider != provider:
        raise SignInRefused(EidCode.STATE_INVALID, "no_such_state")
    if flight.browser_digest is None or browser_digest is None:
        raise SignInRefused(EidCode.BROWSER_MISMATCH, "no_browser_cookie")
    if not hmac.compare_digest(flight.browser_digest, browser_digest):
        raise SignInRefused(EidCode.BROWSER_MISMATCH, "another_browser")
    if flight.expires_at <= now:
        raise SignInRefused(EidCode.TRANSACTION_EXPIRED, "state_expired")
    if flight.consumed_at is not None:
        raise SignInRefused(EidCode.TRANSACTION_REPLAYED, "state_used")
    return flight


def judge_redemption(*, expires_at: datetime, challenge: str, verifier: str, now: datetime) -> EndReason | None:
    """Tell why a code that was used up just now is not redeemed all the same; None when it is.

    Whoever holds a code without its verifier stole it.
    """
    if expires_at <= now:
        return EndReason.CODE_EXPIRED
    if not hmac.compare_digest(challenge_of(verifier), challenge):
        return EndReason.WRONG_VERIFIER
    return None


def is_anew(authenticated_at: datetime | None, started_at: datetime | None, leeway: timedelta) -> bool:
    """Tell whether the citizen was authenticated in this very flight. What the provider does not tell is not so."""
    return authenticated_at is not None and started_at is not None and authenticated_at >= started_at - leeway


def challenge_of(verifier: str) -> str:
    """Give the S256 challenge of a verifier (RFC 7636)."""
    return base64.urlsafe_b64encode(sha256(verifier.encode("utf-8", "replace")).digest()).decode().rstrip("=")


def end_of(*, seen_at: datetime, expires_at: datetime, now: datetime, lives: Lives) -> EndReason | None:
    """Tell whether time has ended a sign-in."""
    if now >= expires_at:
        return EndReason.AGE
    return EndReason.IDLE if now - seen_at >= lives.idle else None
