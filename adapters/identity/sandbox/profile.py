"""Settings of the simulated sign-on: what is not documented of the real one is a setting here (notes §18)."""

from enum import StrEnum
from typing import Any

import msgspec


class ProfileError(ValueError):
    """The settings cannot be used. The message names the setting and is safe to show."""


class Mode(StrEnum):
    """Which wire is spoken (§1.2)."""

    P1 = "p1"
    """The national portal's sign-on: WSO2 paths, ID token, flat Vietnamese claims."""
    P2 = "p2"
    """VNeID directly, flat claims."""
    P3 = "p3"
    """VNeID directly, everything sealed; no ID token, no nonce."""


class AccountTypeForm(StrEnum):
    """How the kind of an account is written: clients declare both (§3.1)."""

    TEXT = "text"
    NUMBER = "number"


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A registered client. Addresses are compared sign for sign."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    public_key: str = ""
    """PEM; what is sealed for the client is sealed to it (p3)."""


class IdentityProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One way in which the sign-on may behave."""

    mode: Mode = Mode.P1
    issuer: str = ""
    """Empty: made from the sandbox's own address as the real one's seem to be made (§2.2, §6.1)."""
    clients: tuple[Client, ...] = ()

    code_seconds: float = 0.0
    """0: 300 for p1 and p2, 5 for p3 (§10)."""
    access_token_seconds: int = 0
    """0: 3600 for p1, 1800 for VNeID (§10)."""
    id_token_seconds: int = 3600
    session_seconds: float = 36_000.0

    sends_issuer: bool = False
    """Whether the callback carries `iss` (RFC 9207); published when it does."""
    echoes_nonce: bool = True
    verifies_pkce: bool = True
    requires_pkce: bool = False
    honours_prompt: bool = True
    honours_max_age: bool = True
    acr: str = ""
    """The `acr` of every ID token; empty: the first one that was asked for, and none when none was."""
    supported_acr: tuple[str, ...] = ("LoA1", "LoA2")
    amr: tuple[str, ...] = ()
    offers_par: bool = False
    elsewhere_url: str = "https://elsewhere.example"
    """Where attacks send clients that follow what they are told: a test has somebody listen there."""

    account_type: AccountTypeForm | None = None
    """None: text for p1, a number for the others (§3.1)."""
    login_idp: str = "BCA"
    """What p1 says of the provider behind it; empty leaves it out."""
    extra_claims: dict[str, Any] = {}
    omitted_claims: tuple[str, ...] = ()
    renamed_claims: dict[str, str] = {}

    seals_code: bool = True
    seals_token: bool = True
    seals_userinfo: bool = True
    """What p3 seals (§6.2)."""
    escapes_plus: bool = False
    """p3: whether the plus signs of the callback's base64 are escaped; the real one's may not be."""
    admits_caller: bool = True
    """p3: off, the caller's address is not on the list and token calls are answered 401."""

    @property
    def effective_code_seconds(self) -> float:
        return self.code_seconds or (5.0 if self.mode is Mode.P3 else 300.0)

    @property
    def effective_token_seconds(self) -> int:
        return self.access_token_seconds or (3600 if self.mode is Mode.P1 else 1800)

    @property
    def is_account_type_text(self) -> bool:
        if self.account_type is not None:
            return self.account_type is AccountTypeForm.TEXT
        return self.mode is Mode.P1

    def client(self, client_id: str) -> Client | None:
        return next((client for client in self.clients if client.client_id == client_id), None)


def parse_profile(settings: dict[str, Any]) -> IdentityProfile:
    """Read settings. Raises ProfileError."""
    try:
        profile = msgspec.convert(settings, IdentityProfile)
    except msgspec.ValidationError as error:
        raise ProfileError(str(error)) from None
    names = [client.client_id for client in profile.clients]
    if len(set(names)) != len(names):
        raise ProfileError("clients: must have ids that differ")
    if profile.mode is Mode.P3 and not all(client.public_key for client in profile.clients):
        raise ProfileError("clients: each needs a public_key with p3")
    return profile
