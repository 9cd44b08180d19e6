"""One provider behind the port: begins sign-ins, redeems codes, validates everything, ends sessions."""

import base64
import contextlib
import hmac
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Self, TypeVar

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from adapters.identity import protocol
from adapters.identity.envelope import sealed_parts, unseal_code, unseal_object
from adapters.identity.keys import KeyMemory, KeyPolicy
from adapters.identity.settings import ProviderSettings
from adapters.identity.tokens import IdToken, PublicKeys, UnknownKey, read_key_set, verify_id_token, verify_logout_token
from adapters.transport import (
    CallOutcome,
    HttpAnswer,
    HttpRequest,
    HttpTransport,
    Observer,
    ReadRetry,
    TransportSettings,
)
from adapters.transport.http import SslSupplier
from gateway.errors import ConfigurationError, ContractBroken, Fault
from gateway.model.identity import Binding, EidCode, LevelEvidence, SignInRefused, TokenFacts
from gateway.ports.basics import Chance, Clock
from gateway.ports.identity import FlightSecrets, LogoutForm, LogoutNotice, Returned, SignedIn, Wanted
from mappings.identity import ReadClaims, read_claims

ResultT = TypeVar("ResultT")
SubjectDigest = Callable[[bytes], bytes]


class IdentityAdapter:
    """Implements IdentityProvider. `subject_digest` is a keyed digest: it names accounts where the provider has no
    name for them but the personal number (§9.2)."""

    def __init__(
        self,
        settings: ProviderSettings,
        *,
        ssl_supplier: SslSupplier,
        clock: Clock,
        chance: Chance,
        subject_digest: SubjectDigest,
        observe: Observer | None = None,
        key_policy: KeyPolicy | None = None,
    ) -> None:
        self.settings = settings
        self._token_rules, self._claim_rules = settings.token_rules, settings.claim_rules
        self._clock = clock
        self._subject_digest = subject_digest
        transport = TransportSettings(
            connect_seconds=settings.connect_seconds,
            silence_seconds=settings.total_seconds,
            max_answer_bytes=protocol.MAX_ANSWER_BYTES,
            calls_per_second=None,
            read_attempts=2,
        )
        self._transport = HttpTransport(transport, ssl_supplier=ssl_supplier, clock=clock, observe=observe)
        self._retry = ReadRetry(transport, chance=chance)
        self._own_keys = _load_private_keys(settings)
        self._pinned = _load_pinned(settings.jwks_file, settings.name)
        self.keys = KeyMemory(self._fetch_keys, clock=clock, policy=key_policy or KeyPolicy())
        self.second_key_count = 0
        """How often the older of two envelope keys was the one that opened something."""
        self.clock_offset_seconds: float | None = None
        """How far the provider's clock was ahead of ours at its last answer, to the second."""

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def issuer(self) -> str:
        return self.settings.issuer

    @property
    def takes_form_post(self) -> bool:
        return self.settings.uses_form_post

    @property
    def asks_at_begin(self) -> bool:
        return self.settings.par_url is not None

    @property
    def has_backchannel_logout(self) -> bool:
        return self.settings.logout.takes_backchannel

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def begin(self, secrets: FlightSecrets, wanted: Wanted) -> str:
        settings = self.settings
        fields = protocol.authorization_fields(settings, secrets, wanted)
        if settings.par_url is None:
            return protocol.with_query(settings.authorize_url, fields)
        document = await self._form(protocol.par_request(settings, fields, secret=self._secret()), "par")
        reference = document.get("request_uri")
        if not isinstance(reference, str) or not 0 < len(reference) <= 500:
            raise self._broken("par", "no_request_uri")
        pushed = {"client_id": settings.client_id, "request_uri": reference}
        return protocol.with_query(settings.authorize_url, pushed)

    def read_return(self, raw: str) -> Returned:
        return protocol.read_return(raw)

    def check_return(self, returned: Returned) -> None:
        protocol.check_return(self.settings, returned)

    async def finish(self, returned: Returned, secrets: FlightSecrets, wanted: Wanted) -> SignedIn:
        code = self._plain_code(returned)
        request = protocol.token_request(self.settings, code, returned.envelope_key, secrets, secret=self._secret())
        tokens = protocol.tokens_of(self.settings, await self._token_document(request))
        id_token = await self._verify(tokens, secrets, wanted) if self.settings.has_id_token else None
        document = await self._userinfo(tokens.access_token)
        return self._signed_in(document, tokens, id_token)

    def logout(self, id_token: str, state: str) -> LogoutForm | None:
        return protocol.logout_form(self.settings, id_token, state)

    async def read_logout_token(self, token: str) -> LogoutNotice:
        rules, now = self._token_rules, self._clock.now()
        return await self._with_keys(lambda keys: verify_logout_token(token, keys, rules, now=now))

    async def read_document(
        self, request: HttpRequest, read: Callable[[HttpAnswer], tuple[dict[str, Any], CallOutcome]]
    ) -> dict[str, Any]:
        """Ask something outside of a sign-in, for checks. Raises RemoteError."""
        return await self._exchange(request, read)

    async def read_keys(self) -> PublicKeys:
        """Ask for the provider's keys now, for checks. Raises RemoteError."""
        return await self._fetch_keys()

    def _secret(self) -> str:
        try:
            return self.settings.read_secret()
        except (OSError, ValueError):
            raise SignInRefused(EidCode.CONFIGURATION, "client_secret_unreadable") from None

    def _plain_code(self, returned: Returned) -> str:
        envelope = self.settings.envelope
        if envelope is None:
            return returned.code
        if returned.envelope_key:
            return unseal_code(returned.code, returned.envelope_key, self._own_keys)
        if not envelope.takes_plain_code:
            raise SignInRefused(EidCode.ENVELOPE_INVALID, "envelope")
        return returned.code

    async def _token_document(self, request: HttpRequest) -> dict[str, Any]:
        document = await self._form(request, "token")
        envelope = self.settings.envelope
        return self._opened(document, allows_plain=envelope is None or envelope.takes_plain_tokens)

    async def _userinfo(self, access_token: str) -> dict[str, Any]:
        request = protocol.userinfo_request(self.settings, access_token)

        async def ask() -> dict[str, Any]:
            return await self._exchange(request, lambda answer: protocol.read_userinfo(self.settings, answer))

        document = await self._retry.run(ask)
        envelope = self.settings.envelope
        document = self._opened(document, allows_plain=envelope is None or envelope.takes_plain_userinfo)
        if "error" in document:
            raise SignInRefused(EidCode.PROVIDER_ERROR, "error_in_answer")
        return document

    def _opened(self, document: dict[str, Any], *, allows_plain: bool) -> dict[str, Any]:
        """Open a sealed document; a plain one passes only where it may, since anybody can leave the sealing out."""
        if self.settings.envelope is None:
            return document
        parts = sealed_parts(document)
        if parts is None:
            if not allows_plain:
                raise SignInRefused(EidCode.ENVELOPE_INVALID, "envelope")
            return document
        opened, place = unseal_object(*parts, self._own_keys)
        self.second_key_count += place
        return opened

    async def _verify(self, tokens: protocol.TokenAnswer, secrets: FlightSecrets, wanted: Wanted) -> IdToken:
        rules, now = self._token_rules, self._clock.now()
        return await self._with_keys(
            lambda keys: verify_id_token(
                tokens.id_token,
                keys,
                rules,
                now=now,
                nonce=secrets.nonce,
                is_nonce_optional=not self.settings.echoes_nonce,
                access_token=tokens.access_token,
                max_age_seconds=wanted.max_age_seconds,
            )
        )

    async def _with_keys(self, verify: Callable[[PublicKeys], ResultT]) -> ResultT:
        if self._pinned is not None and self.settings.jwks_url is None:
            keys: PublicKeys | None = self._pinned
        else:
            keys = await self.keys.current()
        assert keys is not None, "there are keys, or an error was raised"
        try:
            return verify(keys)
        except UnknownKey:
            fresh = None if self.settings.jwks_url is None else await self.keys.after_unknown(keys)
        if fresh is not None:
            try:
                return verify(fresh)
            except UnknownKey:
                pass
        raise SignInRefused(EidCode.TOKEN_INVALID, "key_not_known")

    def _signed_in(self, document: dict[str, Any], tokens: protocol.TokenAnswer, id_token: IdToken | None) -> SignedIn:
        settings = self.settings
        subject = self._subject(document, id_token)
        claims = read_claims(document, self._claim_rules, issuer=settings.issuer, subject=subject)
        facts = id_token.tokens if id_token is not None else TokenFacts()
        if id_token is None:
            facts = TokenFacts(access_token_sha256=sha256(tokens.access_token.encode()).digest())
        evidence = LevelEvidence(
            account_kind=claims.facts.account_kind,
            upstream_idp=claims.upstream_idp,
            level_value=claims.level_value,
            acr=facts.acr,
            amr=facts.amr,
            binding=self._binding(id_token),
            at=self._clock.now(),
        )
        return SignedIn(
            facts=claims.facts,
            evidence=evidence,
            tokens=facts,
            id_token=tokens.id_token if settings.logout.end_session_url is not None else "",
            logout_uri=self._allowed_logout(claims),
        )

    def _subject(self, document: dict[str, Any], id_token: IdToken | None) -> str:
        if id_token is not None:
            given = document.get("sub")
            if not isinstance(given, str) or not hmac.compare_digest(
                given.encode("utf-8", "replace"), id_token.subject.encode()
            ):
                raise SignInRefused(EidCode.SUBJECT_MISMATCH, "userinfo_subject")
            return id_token.subject
        number = document.get(self._claim_rules.names.personal_id)
        if not isinstance(number, str) or not number:
            raise SignInRefused(EidCode.CLAIMS_INVALID, "personal_id_missing")
        # A lone surrogate is text to JSON and cannot be encoded; the claims refuse it a moment later.
        named = number.encode("utf-8", "replace")
        digest = self._subject_digest(b"identity subject\0" + self.settings.issuer.encode() + b"\0" + named)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _binding(self, id_token: IdToken | None) -> Binding:
        has_pkce = self.settings.sends_pkce and self.settings.enforces_pkce
        if id_token is not None and id_token.has_nonce:
            return Binding.NONCE_PKCE if has_pkce else Binding.NONCE
        return Binding.PKCE if has_pkce else Binding.STATE_ONLY

    def _allowed_logout(self, claims: ReadClaims) -> str:
        prefixes = self.settings.logout.vneid_prefixes
        return claims.logout_uri if any(claims.logout_uri.startswith(prefix) for prefix in prefixes) else ""

    async def _form(self, request: HttpRequest, operation: str) -> dict[str, Any]:
        return await self._exchange(request, lambda answer: protocol.read_json(self.settings, operation, answer))

    async def _exchange(
        self, request: HttpRequest, read: Callable[[HttpAnswer], tuple[dict[str, Any], CallOutcome]]
    ) -> dict[str, Any]:
        refused: list[SignInRefused] = []

        def note(answer: HttpAnswer) -> tuple[dict[str, Any], CallOutcome]:
            self._note_date(answer.date)
            try:
                return read(answer)
            except SignInRefused as refusal:
                # An answer like any other to the exchange, whose outcome would else count as unknown.
                refused.append(refusal)
                return {}, CallOutcome.REFUSED

        document = await self._transport.exchange(request, note)
        if refused:
            raise refused[0]
        return document

    def _note_date(self, date: str) -> None:
        with contextlib.suppress(ValueError, TypeError):
            stated = parsedate_to_datetime(date)
            self.clock_offset_seconds = round((stated - self._clock.now()).total_seconds(), 1)

    async def _fetch_keys(self) -> PublicKeys:
        def read(answer: HttpAnswer) -> tuple[PublicKeys, CallOutcome]:
            try:
                keys = read_key_set(answer.body)
            except ValueError as error:
                raise self._broken("jwks", "keys_unreadable") from error
            if not keys.keys:
                # Nobody could sign in any more; the last good ones serve on for their time.
                raise self._broken("jwks", "no_usable_key")
            return keys, CallOutcome.OK

        return await self._transport.exchange(protocol.keys_request(self.settings), read)

    def _broken(self, operation: str, code: str) -> ContractBroken:
        return ContractBroken(
            f"identity.{self.name} {operation}: {code.replace('_', ' ')}",
            system=f"identity.{self.name}",
            operation=operation,
            effect_possible=False,
            code=code,
        )


def _load_private_keys(settings: ProviderSettings) -> Sequence[RSAPrivateKey]:
    if settings.envelope is None:
        return ()
    keys, faults = [], []
    for place, path in enumerate(settings.envelope.private_key_files):
        setting = f"identity.providers.{settings.name}.envelope.private_key_files.{place}"
        try:
            key = load_pem_private_key(path.read_bytes(), None)
        except (OSError, ValueError, TypeError):
            faults.append(Fault(setting, "must be a readable PEM file of an RSA key"))
            continue
        if not isinstance(key, RSAPrivateKey) or key.key_size < 2048:
            faults.append(Fault(setting, "must be an RSA key of at least 2048 bits"))
        else:
            keys.append(key)
    if faults:
        raise ConfigurationError(faults)
    return keys


def _load_pinned(path: Path | None, name: str) -> PublicKeys | None:
    if path is None:
        return None
    try:
        keys = read_key_set(path.read_bytes())
    except (OSError, ValueError):
        keys = PublicKeys((), 0)
    if not keys.keys:
        raise ConfigurationError([Fault(f"identity.providers.{name}.jwks_file", "must be a JWKS with a usable key")])
    return keys


def build(settings: ProviderSettings, **parts: Any) -> IdentityAdapter:
    """Make the adapter of one provider. Raises ConfigurationError when its key files cannot be used."""
    return IdentityAdapter(settings, **parts)
