"""What the composition root gives the identity endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.engine.linking import Linking
from gateway.engine.sessions import Sessions
from gateway.engine.sign_ins import SignInDesk
from gateway.model.identity import Requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAddresses:
    """Where a client's citizens may be sent back to; whole addresses, compared exactly."""

    returns: frozenset[str]
    logout_returns: frozenset[str] = frozenset()
    links_accounts: bool = False
    """Whether the gateway looks for the client's own account of whoever signs in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityDesk:
    """Sign-ins, sessions, and who may use them. `public_base_url` is this gateway as browsers reach it."""

    sign_ins: SignInDesk
    sessions: Sessions
    linking: Linking
    public_base_url: str
    clients: Mapping[str, ClientAddresses]
    requirements: Mapping[str, Requirement] = field(default_factory=dict)
    """What a procedure needs, by its code."""

    @property
    def is_secure(self) -> bool:
        """Whether browsers come by https; else they are on the loopback address of a test."""
        return self.public_base_url.startswith("https://")
