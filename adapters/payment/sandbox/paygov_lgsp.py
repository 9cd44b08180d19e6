"""The province's LGSP before PayGov (payment notes §B.2): gives tokens, looks at both headers of calls."""

from collections.abc import Callable, Mapping
from typing import Any

from adapters.payment.sandbox.calls import Call, say
from adapters.payment.sandbox.paygov_profile import PaygovPartner, PaygovProfile
from adapters.payment.sandbox.paygov_wire import FAILED, read_base64
from adapters.payment.sandbox.world import World
from adapters.sandboxing import Answer

HEADER = "lgspaccesstoken"
"""Holds a JSON object with AccessKey, SecretKey, AppName, PartnerCode, in base64."""


class Lgsp:
    """Knows the tokens that it gave."""

    def __init__(self, world: World, profile: Callable[[], PaygovProfile]) -> None:
        self._world = world
        self._profile = profile
        self._ends: dict[str, tuple[str, float]] = {}

    def give_token(self, call: Call) -> Answer:
        """Give a token for credentials in the header or in the body; the notes tell the path alone."""
        partner = self._known(call.fields) or self._known(_of_header(call))
        if partner is None:
            call.note = "the credentials are wrong"
            return say({"error_code": FAILED, "error_message": "Unauthorized"}, 401)
        seconds = self._profile().token_seconds
        token = f"SIMLGSP-{self._world.draws.getrandbits(128):032x}"
        self._ends[token] = partner.code, self._world.clock.monotonic() + seconds
        return say({"access_token": token, "token_type": "Bearer", "expires_in": int(seconds)})

    def admits(self, call: Call) -> bool:
        """Tell whether a call has a token that still holds, and the credentials of the same partner beside it."""
        scheme, _, token = call.headers.get("Authorization", "").partition(" ")
        code, ends_at = self._ends.get(token, ("", 0.0))
        partner = self.partner_of(call)
        is_held = scheme.lower() == "bearer" and ends_at > self._world.clock.monotonic()
        return is_held and partner is not None and partner.code == code

    def partner_of(self, call: Call) -> PaygovPartner | None:
        """Give the partner whose credentials the header holds."""
        return self._known(_of_header(call))

    def tokens(self) -> list[str]:
        """Give the tokens that were given."""
        return list(self._ends)

    def end_tokens(self) -> int:
        """End every token; give how many there were."""
        count = len(self._ends)
        self._ends.clear()
        return count

    def _known(self, given: Mapping[str, Any]) -> PaygovPartner | None:
        partner = self._profile().partner(given.get("PartnerCode"))
        if partner is None or given.get("AppName") != partner.app_name:
            return None
        keys = given.get("AccessKey"), given.get("SecretKey")
        return partner if keys == (partner.access_key, partner.secret_key) else None


def _of_header(call: Call) -> dict[str, Any]:
    held = read_base64(call.headers.get(HEADER, ""))
    return held if isinstance(held, dict) else {}
