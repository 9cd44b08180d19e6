"""Who may call as the national portal, and what takes the calls.

Whoever calls is let in by what the installation chose: a shared header, a client certificate, or, where the exchange
in front does it, nothing. No authentication of these calls is documented (portal wire notes §9 and §13 row 34).
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256

from aiohttp import web

from gateway.api.authentication import certificate_sha256
from gateway.engine.inbox import Inbox
from gateway.ports.inbound import InboundTranslator


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerRule:
    """Who may call. `secret` gives the present value of the header; a rule without either lets everybody in."""

    header_name: str = ""
    secret: Callable[[], bytes] | None = None
    certificates_sha256: frozenset[bytes] = frozenset()

    def admits(self, request: web.Request) -> bool:
        """Tell whether a request comes from the portal."""
        if self.secret is not None:
            given = request.headers.get(self.header_name, "").encode("utf-8", "surrogateescape")
            # Digests of one length: the time of the comparison tells nothing of the secret.
            return hmac.compare_digest(sha256(given).digest(), sha256(self.secret()).digest())
        if self.certificates_sha256:
            return certificate_sha256(request) in self.certificates_sha256
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalDesk:
    """What takes the portal's calls. `max_body_bytes` is larger than elsewhere: files come embedded."""

    inbox: Inbox
    translator: InboundTranslator
    caller_rule: CallerRule
    max_body_bytes: int
    fetch_file: Callable[[str], Awaitable[bytes]] | None = None
    """Fetches a file that the portal named by path; None when no portal is configured that gives it out."""
