"""Back-channel logout: tells registered clients that a session is over (OIDC Back-Channel Logout 1.0, notes §12)."""

import asyncio
from enum import StrEnum
from typing import Any

import aiohttp

from adapters.identity.sandbox.core import Core
from adapters.identity.sandbox.id_tokens import LOGOUT_EVENT, logout_token
from adapters.identity.sandbox.profile import Client
from adapters.identity.sandbox.signing import KeyRing, SigningKey
from adapters.identity.sandbox.state import Session

_LIFE_SECONDS = 120
_CALL_SECONDS = 5.0


class Forgery(StrEnum):
    """What is wrong with a logout token (N140)."""

    NONE = "none"
    WRONG_AUDIENCE = "wrong_audience"
    WRONG_ISSUER = "wrong_issuer"
    WITH_NONCE = "with_nonce"
    WITHOUT_EVENTS = "without_events"
    WITHOUT_SUBJECT = "without_subject"
    EXPIRED = "expired"
    OLD = "old"
    ALG_NONE = "alg_none"
    WRONG_KEY = "wrong_key"
    REPLAYED = "replayed"
    """The token of the last right call again."""
    SUBJECT_ONLY = "subject_only"
    """Right, and names the account and no session."""
    UNKNOWN_SESSION = "unknown_session"
    """Right, and about a session that nobody knows."""


class Backchannel:
    """Sends logout tokens and keeps how they were answered."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._session: aiohttp.ClientSession | None = None
        self._under_way: set[asyncio.Task[Any]] = set()
        self._last_token = ""

    def begin(self, session: Session) -> None:
        """Tell the clients of a session in the background."""
        task = asyncio.ensure_future(self._tell(session, Forgery.NONE))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def tell_all(self, person: str, forgery: Forgery) -> list[dict[str, Any]]:
        """Tell the clients about every session of a person ("": of everybody), with a forged token if so told."""
        answers: list[dict[str, Any]] = []
        for session in list(self._core.state.sessions.values()):
            if person in ("", session.person.key):
                answers.extend(await self._tell(session, forgery))
        return answers

    async def stop(self) -> None:
        """Finish what is under way."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _tell(self, session: Session, forgery: Forgery) -> list[dict[str, Any]]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_CALL_SECONDS))
        answers = []
        for client_id in sorted(session.clients):
            client = self._core.profile.client(client_id)
            if client is None or client.backchannel_logout_uri is None:
                continue
            token = self._token(client, session, forgery)
            answer: dict[str, Any] = {"client_id": client_id, "forgery": forgery.value, "http_status": None}
            try:
                form = {"logout_token": token}
                async with self._session.post(client.backchannel_logout_uri, data=form) as response:
                    answer["http_status"] = response.status
                    answer["cache_control"] = response.headers.get("Cache-Control", "")
            except (aiohttp.ClientError, TimeoutError):
                pass
            answers.append(answer)
        self._core.state.logout_answers.extend(answers)
        return answers

    def _token(self, client: Client, session: Session, forgery: Forgery) -> str:
        if forgery is Forgery.REPLAYED:
            return self._last_token
        state, now = self._core.state, int(self._core.state.now())
        claims: dict[str, Any] = {
            "iss": self._core.issuer,
            "aud": [client.client_id],
            "iat": now,
            "exp": now + _LIFE_SECONDS,
            "jti": state.random_text(),
            "sub": session.person.subject,
            "sid": session.session_id,
            "events": {LOGOUT_EVENT: {}},
        }
        changes: dict[Forgery, dict[str, Any]] = {
            Forgery.WRONG_AUDIENCE: {"aud": ["somebody-else"]},
            Forgery.WRONG_ISSUER: {"iss": "https://another.example"},
            Forgery.WITH_NONCE: {"nonce": "n"},
            Forgery.WITHOUT_EVENTS: {"events": None},
            Forgery.WITHOUT_SUBJECT: {"sub": None, "sid": None},
            Forgery.EXPIRED: {"iat": now - 300, "exp": now - 180},
            Forgery.OLD: {"iat": now - 3600, "exp": now + 60},
            Forgery.SUBJECT_ONLY: {"sid": None},
            Forgery.UNKNOWN_SESSION: {"sid": state.random_text(), "sub": "1b1c0de0-0000-4000-8000-00000000dead"},
        }
        claims = {name: value for name, value in (claims | changes.get(forgery, {})).items() if value is not None}
        ring = state.ring
        if forgery is Forgery.WRONG_KEY:
            ring = KeyRing(lambda: SigningKey(SigningKey.make().private, state.ring.signing.kid))
        token = logout_token(ring, claims, algorithm="none" if forgery is Forgery.ALG_NONE else "RS256")
        if forgery is Forgery.NONE:
            self._last_token = token
        return token
