"""What the sign-on remembers: who is signed on in which browser, requests under way, codes, tokens."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from adapters.identity.sandbox.attacks import Attack, AttackBoard
from adapters.identity.sandbox.people import PEOPLE, Person
from adapters.identity.sandbox.signing import KeyRing
from adapters.sandboxing import SandboxClock

_JOURNAL_LENGTH = 500


class ShiftedClock:
    """The sandbox's own time: the machine's (or a test's), ahead by what it was told."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self.ahead_seconds = 0.0

    def seconds(self) -> float:
        """Give seconds since 1970."""
        return self._clock.now().timestamp() + self.ahead_seconds


@dataclass(slots=True)
class Session:
    """Somebody who is signed on in one browser."""

    person: Person
    authenticated_at: float
    session_id: str
    clients: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """What a client asked for, checked."""

    client_id: str
    redirect_uri: str
    state: str | None
    nonce: str = ""
    challenge: str = ""
    acr_values: tuple[str, ...] = ()
    max_age: int | None = None
    prompt: str = ""
    scope: str = "openid"


@dataclass(slots=True)
class Grant:
    """An authorization code and what may be had for it."""

    request: AuthorizationRequest
    person: Person
    session: Session
    acr: str
    issued_at: float
    attack: Attack | None
    encrypt_key: str = ""
    is_used: bool = False
    access_token: str = ""
    tries_count: int = 0


@dataclass(slots=True)
class AccessToken:
    """A token for userinfo."""

    grant: Grant
    expires_at: float
    mark: str


class SignOnState:
    """Everything that a reset forgets, and the keys, which it keeps."""

    def __init__(self, clock: SandboxClock, random_text: Callable[[], str], ring: KeyRing) -> None:
        self.clock = ShiftedClock(clock)
        self.random_text = random_text
        self.ring = ring
        self.attacks = AttackBoard()
        self.people: dict[str, Person] = {person.key: person for person in PEOPLE}
        self.journal: deque[dict[str, Any]] = deque(maxlen=_JOURNAL_LENGTH)
        self.clear()

    def clear(self) -> None:
        """Forget sessions, codes, tokens, orders, counts; the clock is right again."""
        self.sessions: dict[str, Session] = {}
        self.waiting: dict[str, AuthorizationRequest] = {}
        self.pushed: dict[str, tuple[dict[str, str], float]] = {}
        self.grants: dict[str, Grant] = {}
        self.tokens: dict[str, AccessToken] = {}
        self.refresh_tokens: dict[str, str] = {}
        self.ordered: deque[str] = deque()
        self.counts: Counter[str] = Counter()
        self.signed_on: Counter[str] = Counter()
        self.logout_answers: list[dict[str, Any]] = []
        self.journal.clear()
        self.attacks.clear()
        self.ring.extra = []
        self.clock.ahead_seconds = 0.0

    def random_guid(self) -> str:
        return str(UUID(bytes=sha256(self.random_text().encode()).digest()[:16], version=4))

    def now(self) -> float:
        return self.clock.seconds()
