"""Who may call: client headers, tokens, signed requests (§7.2, §7.5). Every refusal is a status of two digits."""

import hmac
from collections.abc import Mapping
from random import Random

from adapters.consent.sandbox.profile import HubProfile
from adapters.sandboxing import SandboxClock

TOKEN_MARK = "SIMTOKEN-"  # noqa: S105 - marks every token as simulated
_MAX_NONCES = 100_000


class Admission:
    """Knows the tokens it gave and the nonces it saw."""

    def __init__(self, random: Random, clock: SandboxClock) -> None:
        self._random = random
        self._clock = clock
        self._access: dict[str, float] = {}
        self._refresh: dict[str, float] = {}
        self._nonces: dict[str, None] = {}

    def problem(self, profile: HubProfile, headers: Mapping[str, str], body: bytes) -> str | None:
        """Give the status that refuses a business call; None when it is admitted."""
        if profile.is_client_checked and not self._knows_client(profile, headers):
            return "00"
        if profile.is_token_checked and not self._knows_token(headers.get("Authorization", "")):
            return "00"
        if profile.is_hmac_checked:
            refused = self.signature_problem(profile, headers, body)
            if refused is not None:
                return refused
        request_time = headers.get("request_time", "")
        is_stamped = len(request_time) == 14 and request_time.isdigit() and bool(headers.get("request_id"))
        return None if is_stamped else "02"

    def signature_problem(self, profile: HubProfile, headers: Mapping[str, str], body: bytes) -> str | None:
        """Give the status that refuses the signature of a request; None when it holds."""
        names = ("X-Partner-Code", "X-Timestamp", "X-Nonce", "X-Signature")
        partner, timestamp, nonce, signature = (headers.get(name, "") for name in names)
        if not (partner and timestamp and nonce and signature):
            return "20"
        if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > 11:
            return "22"
        age = self._clock.now().timestamp() - int(timestamp)
        if abs(age) > profile.hmac_skew_seconds:
            return "23" if age > 0 else "22"
        if partner != profile.partner_code:
            return "25"
        signed = b":".join((partner.encode(), timestamp.encode(), nonce.encode(), body))
        expected = hmac.new(profile.hmac_key.encode(), signed, "sha256").hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            return "26"
        if nonce in self._nonces:
            return "24"
        if len(self._nonces) >= _MAX_NONCES:
            self._nonces.clear()
        self._nonces[nonce] = None
        return None

    def log_in(self, profile: HubProfile, username: object, password: object) -> dict[str, object] | None:
        """Give fresh tokens; None for other credentials."""
        if (username, password) != (profile.username, profile.password):
            return None
        return self._new_tokens(profile)

    def refresh(self, profile: HubProfile, token: object) -> dict[str, object] | None:
        """Give fresh tokens for a refresh token, which is used up; None when it is not known or has ended."""
        ends_at = self._refresh.pop(token, None) if isinstance(token, str) else None
        if ends_at is None or ends_at <= self._clock.monotonic():
            return None
        return self._new_tokens(profile)

    def end_tokens(self) -> int:
        """End every access token; give how many there were."""
        count = len(self._access)
        self._access.clear()
        return count

    def forget(self) -> None:
        """Forget tokens and nonces."""
        self._access.clear()
        self._refresh.clear()
        self._nonces.clear()

    def _new_tokens(self, profile: HubProfile) -> dict[str, object]:
        now = self._clock.monotonic()
        access, refresh = (f"{TOKEN_MARK}{self._random.getrandbits(128):032x}" for _ in range(2))
        self._access[access] = now + profile.token_seconds
        self._refresh[refresh] = now + profile.refresh_seconds
        return {
            "accessToken": access,
            "refreshToken": refresh,
            "expireInSeconds": int(profile.token_seconds),
            "refreshTokenExpireInSeconds": int(profile.refresh_seconds),
            "message": "Thành công",
        }

    def _knows_client(self, profile: HubProfile, headers: Mapping[str, str]) -> bool:
        given = headers.get("client-id", ""), headers.get("client-secret", "")
        return given == (profile.client_id, profile.client_secret)

    def _knows_token(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        return scheme.lower() == "bearer" and self._access.get(token, 0.0) > self._clock.monotonic()
