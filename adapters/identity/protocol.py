"""Requests to a provider and the reading of its answers. Pure: no IO, no clock, no chance.

What comes back through the browser is taken from the raw text: the sealed profile's `code` and `encrypt_key` are
standard base64 with `+` unescaped, which an ordinary query parser turns into spaces (electronic identity notes §5.3).
"""

import base64
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes, urlencode, urlsplit

from adapters.identity.documents import read_object
from adapters.identity.settings import ClientAuthentication, LogoutMethod, Profile, ProviderSettings
from adapters.transport.messages import CallOutcome, HttpAnswer, HttpRequest
from gateway.errors import ContractBroken, CredentialsRefused
from gateway.model.identity import EidCode, ReturnRefused, SignInRefused
from gateway.ports.identity import FlightSecrets, LogoutForm, Returned, Wanted

MAX_RETURN_CHARACTERS = 16 * 1024
MAX_ANSWER_BYTES = 256 * 1024
_KNOWN = ("state", "code", "error", "iss", "encrypt_key")
_RAW = frozenset({"code", "encrypt_key"})
_MAX_EXPIRES = 31 * 86_400
_CALLBACK_ERRORS = {
    "access_denied": EidCode.CANCELLED,
    "login_required": EidCode.LOGIN_REQUIRED,
    "consent_required": EidCode.LOGIN_REQUIRED,
    "interaction_required": EidCode.LOGIN_REQUIRED,
    "account_selection_required": EidCode.LOGIN_REQUIRED,
    "unmet_authentication_requirements": EidCode.LEVEL_TOO_LOW,
    "server_error": EidCode.PROVIDER_UNAVAILABLE,
    "temporarily_unavailable": EidCode.PROVIDER_UNAVAILABLE,
    "invalid_request": EidCode.CONFIGURATION,
    "unauthorized_client": EidCode.CONFIGURATION,
    "unsupported_response_type": EidCode.CONFIGURATION,
    "invalid_scope": EidCode.CONFIGURATION,
    "invalid_callback": EidCode.CONFIGURATION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """Tokens as they came. The ID token is "" where there was none; a refresh token is not even read."""

    access_token: str = field(repr=False)
    id_token: str = field(default="", repr=False)


def code_challenge(verifier: str) -> str:
    """Give the S256 challenge (RFC 7636)."""
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def authorization_fields(settings: ProviderSettings, secrets: FlightSecrets, wanted: Wanted) -> dict[str, str]:
    """Give the parameters of an authorization request (OIDC Core §3.1.2.1)."""
    fields = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": settings.redirect_uri,
        "scope": settings.scope,
        "state": secrets.state,
    }
    if settings.uses_form_post:
        fields["response_mode"] = "form_post"
    acr_values = wanted.acr_values or settings.acr_values
    if acr_values:
        fields["acr_values"] = " ".join(acr_values)
    if settings.has_id_token:
        fields["nonce"] = secrets.nonce
    if settings.sends_pkce:
        fields["code_challenge"] = code_challenge(secrets.verifier)
        fields["code_challenge_method"] = "S256"
    if wanted.prompt:
        fields["prompt"] = wanted.prompt
    if wanted.max_age_seconds is not None:
        fields["max_age"] = str(wanted.max_age_seconds)
    return fields


def with_query(url: str, fields: dict[str, str]) -> str:
    """Give an address with parameters added, percent-encoded."""
    joint = "&" if urlsplit(url).query else "?"
    return url + joint + urlencode(fields, quote_via=quote)


def read_return(raw: str) -> Returned:
    """Take a raw query or form apart. Raises ReturnRefused for what is doubled, contradicting, too large or no text."""
    if len(raw) > MAX_RETURN_CHARACTERS:
        raise ReturnRefused("return_too_large", "")
    found: dict[str, list[str]] = {}
    for pair in raw.split("&"):
        name, _, value = pair.partition("=")
        name = unquote(name.replace("+", " "))
        if name in _KNOWN:
            found.setdefault(name, []).append(value)
    states = [_text("state", value) for value in found.get("state", ())]
    state = states[0] or "" if len(states) == 1 else ""
    if any(len(values) > 1 for values in found.values()):
        raise ReturnRefused("doubled_parameter", state)
    values = {name: _text(name, given[0]) for name, given in found.items()}
    if None in values.values():
        raise ReturnRefused("return_not_text", state)
    if bool(values.get("code")) == bool(values.get("error")):
        raise ReturnRefused("code_and_error" if values.get("code") else "neither_code_nor_error", state)
    if not state:
        raise ReturnRefused("no_state", "")
    return Returned(
        state=state,
        code=values.get("code") or "",
        error=values.get("error") or "",
        issuer=values.get("iss"),
        envelope_key=values.get("encrypt_key") or "",
    )


def _text(name: str, value: str) -> str | None:
    """Decode a value; None when it is no text."""
    try:
        # A plus sign stays one: base64 has it, and none of the others has a space.
        return unquote_to_bytes(value if name in _RAW else value.replace("+", " ")).decode("utf-8")
    except UnicodeError:  # Also bytes that the server could not decode and carried as lone surrogates.
        return None


def check_return(settings: ProviderSettings, returned: Returned) -> None:
    """Raise SignInRefused for another issuer (RFC 9207), or for an error that the provider told."""
    if returned.issuer is None and settings.requires_issuer_parameter:
        raise SignInRefused(EidCode.ISSUER_MISMATCH, "no_issuer_parameter")
    if returned.issuer is not None and returned.issuer != settings.issuer:
        raise SignInRefused(EidCode.ISSUER_MISMATCH, "issuer_parameter")
    if returned.error:
        eid = _CALLBACK_ERRORS.get(returned.error, EidCode.PROVIDER_ERROR)
        raise SignInRefused(eid, returned.error if returned.error in _CALLBACK_ERRORS else "unknown_error")
    if returned.envelope_key and settings.profile is not Profile.VNEID_SEALED:
        raise SignInRefused(EidCode.ENVELOPE_INVALID, "envelope_not_expected")


def _form_request(
    settings: ProviderSettings, operation: str, url: str, fields: dict[str, str], *, secret: str
) -> HttpRequest:
    headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")]
    if settings.client_authentication is ClientAuthentication.BASIC:
        # Both parts are form-encoded first (RFC 6749 section 2.3.1).
        pair = f"{quote(settings.client_id, safe='')}:{quote(secret, safe='')}"
        headers.append(("Authorization", "Basic " + base64.b64encode(pair.encode()).decode()))
    else:
        fields = {**fields, "client_id": settings.client_id, "client_secret": secret}
    return HttpRequest(
        system=f"identity.{settings.name}",
        operation=operation,
        method="POST",
        url=url,
        is_write=True,
        total_seconds=settings.total_seconds,
        headers=tuple(headers),
        body=urlencode(fields, quote_via=quote).encode(),
        read_statuses=frozenset({400, 401}),
    )


def token_request(
    settings: ProviderSettings, code: str, envelope_key: str, secrets: FlightSecrets, *, secret: str
) -> HttpRequest:
    """Make the exchange of a code. It is a write: no answer means that nobody knows, and it is never repeated."""
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": settings.redirect_uri,
    }
    if settings.sends_pkce:
        fields["code_verifier"] = secrets.verifier
    if envelope_key:
        fields["encrypt_key"] = envelope_key
    return _form_request(settings, "token", settings.token_url, fields, secret=secret)


def par_request(settings: ProviderSettings, fields: dict[str, str], *, secret: str) -> HttpRequest:
    """Make a pushed authorization request (RFC 9126)."""
    assert settings.par_url is not None, "only called where it is set"
    return _form_request(settings, "par", settings.par_url, fields, secret=secret)


def userinfo_request(settings: ProviderSettings, access_token: str) -> HttpRequest:
    """Make the question who signed in."""
    headers = [("Authorization", f"Bearer {access_token}"), ("Accept", "application/json")]
    if settings.posts_userinfo:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    return HttpRequest(
        system=f"identity.{settings.name}",
        operation="userinfo",
        method="POST" if settings.posts_userinfo else "GET",
        url=settings.userinfo_url,
        is_write=False,
        total_seconds=settings.total_seconds,
        headers=tuple(headers),
        body=b"" if settings.posts_userinfo else None,
        read_statuses=frozenset({401, 403}),
    )


def keys_request(settings: ProviderSettings) -> HttpRequest:
    """Make the question for the provider's public keys."""
    assert settings.jwks_url is not None, "only called where it is set"
    return HttpRequest(
        system=f"identity.{settings.name}",
        operation="jwks",
        method="GET",
        url=settings.jwks_url,
        is_write=False,
        total_seconds=settings.total_seconds,
        headers=(("Accept", "application/json"),),
    )


def _broken(settings: ProviderSettings, operation: str, code: str, *, is_write: bool) -> ContractBroken:
    return ContractBroken(
        f"identity.{settings.name} {operation}: {code.replace('_', ' ')}",
        system=f"identity.{settings.name}",
        operation=operation,
        effect_possible=is_write,
        code=code,
    )


def _json_document(settings: ProviderSettings, operation: str, answer: HttpAnswer, *, is_write: bool) -> dict[str, Any]:
    if answer.content_type != "application/json":
        raise _broken(settings, operation, "not_json_type", is_write=is_write)
    try:
        return read_object(answer.body)
    except ValueError:
        raise _broken(settings, operation, "not_a_json_object", is_write=is_write) from None


def read_json(settings: ProviderSettings, operation: str, answer: HttpAnswer) -> tuple[dict[str, Any], CallOutcome]:
    """Read a JSON answer of a form request. Raises CredentialsRefused, SignInRefused or ContractBroken."""
    if answer.status == 401:
        raise CredentialsRefused(
            f"identity.{settings.name} {operation}: the client is not accepted; check its secret and address",
            system=f"identity.{settings.name}",
            operation=operation,
            code="client_refused",
        )
    document = _json_document(settings, operation, answer, is_write=True)
    if answer.status == 400:
        known = document.get("error")
        if known == "invalid_client":
            return read_json(settings, operation, HttpAnswer(status=401, content_type="", body=b""))
        # invalid_grant means: code used, expired, of another address or verifier.
        reason = known if known in ("invalid_grant", "invalid_request", "invalid_scope") else "request_refused"
        raise SignInRefused(EidCode.PROVIDER_ERROR, reason)
    return document, CallOutcome.OK


def read_userinfo(settings: ProviderSettings, answer: HttpAnswer) -> tuple[dict[str, Any], CallOutcome]:
    """Read who signed in. Raises SignInRefused when the access token is not accepted, or ContractBroken."""
    if answer.status in (401, 403):
        raise SignInRefused(EidCode.PROVIDER_ERROR, "userinfo_refused")
    return _json_document(settings, "userinfo", answer, is_write=False), CallOutcome.OK


def tokens_of(settings: ProviderSettings, document: dict[str, Any]) -> TokenAnswer:
    """Give the tokens of a token answer. Raises SignInRefused."""
    if "error" in document:
        # A sealed answer may hold an error although its status says success.
        raise SignInRefused(EidCode.PROVIDER_ERROR, "error_in_answer")
    access_token, id_token = document.get("access_token"), document.get("id_token")
    if str(document.get("token_type", "")).lower() != "bearer":
        raise SignInRefused(EidCode.TOKEN_INVALID, "token_type")
    if not isinstance(access_token, str) or not _is_token(access_token):
        raise SignInRefused(EidCode.TOKEN_INVALID, "no_access_token")
    if not _is_lifetime(document.get("expires_in")):
        raise SignInRefused(EidCode.TOKEN_INVALID, "expires_in")
    if not settings.has_id_token:
        return TokenAnswer(access_token=access_token)
    if not isinstance(id_token, str) or not id_token:
        raise SignInRefused(EidCode.TOKEN_INVALID, "no_id_token")
    return TokenAnswer(access_token=access_token, id_token=id_token)


def _is_token(text: str) -> bool:
    # It stands behind `Bearer ` in a header.
    return 0 < len(text) <= 16 * 1024 and text.isascii() and text.isprintable() and " " not in text


def _is_lifetime(value: Any) -> bool:
    """Tell whether a life in seconds can be one; some providers write it as text, and it may be left out."""
    if value is None:
        return True
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 9:
        value = int(value)
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MAX_EXPIRES


def logout_form(settings: ProviderSettings, id_token: str, state: str) -> LogoutForm | None:
    """Give how a browser ends the provider's session (OIDC RP-Initiated Logout 1.0)."""
    url = settings.logout.end_session_url
    if url is None:
        return None
    fields = [("client_id", settings.client_id)]
    if settings.logout.return_url is not None:
        fields += [("post_logout_redirect_uri", settings.logout.return_url), ("state", state)]
    if id_token and settings.logout.method is not LogoutMethod.REDIRECT_WITHOUT_TOKEN:
        fields.append(("id_token_hint", id_token))
    is_post = settings.logout.method is LogoutMethod.POST
    return LogoutForm(url=url if is_post else with_query(url, dict(fields)), fields=tuple(fields), is_post=is_post)
