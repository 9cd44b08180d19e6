"""What follows a sign-in: the assertion for its one-time code, looks at live sign-ins, and their end.

The assertion is for the client that began, and for nobody else: the result of a national authentication must not be
passed on, and is no factor of another authentication (Decree 69/2024/NĐ-CP Art. 19(4)). It names that client as its
audience, lives for two minutes, and is given once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from gateway.engine.flights import SignInContent, sign_in_context
from gateway.engine.linking import Linking, LinkOutcome
from gateway.engine.proofs import TECHNICAL_IDS_KEPT
from gateway.engine.sign_ins import SignInDesk
from gateway.errors import IntegrityFailed
from gateway.model.identity import AccountKind, EidCode, IdentityFacts, IdentityLevel, Requirement, SignInRefused
from gateway.ports.identity import AssertionSigner, LogoutForm
from gateway.ports.observing import SignInsEnded
from gateway.ports.sign_ins import StoredSignIn
from gateway.sync.assurance import lacks
from gateway.sync.linking import LinkDecision, LinkProof
from gateway.sync.sign_ins import EndReason, end_of, judge_redemption

_REFUSED_LINKS = {
    LinkDecision.LOCKED: EidCode.ACCOUNT_LOCKED,
    LinkDecision.QUARANTINED: EidCode.LINK_CONFLICT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """An assertion and what it is about."""

    sign_in: StoredSignIn
    assertion: str = field(repr=False)
    number: str = field(repr=False)
    """The personal number, where there is none the old card's, "" without either."""
    claims: tuple[str, ...]
    """Names of what it says of the person."""
    expires_at: datetime
    link: LinkOutcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A live sign-in, and what it lacks for what was asked; `sign_in` is None when there is none that lives."""

    sign_in: StoredSignIn | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInPerson:
    """Who stands behind a live sign-in; `personal_id` is "" for an account without one, `old_card_number` where the
    provider tells none. At an unknown `identity_level` nobody has proofed whose numbers they are."""

    personal_id: str = field(repr=False)
    old_card_number: str = field(default="", repr=False)
    identity_level: IdentityLevel
    evidence_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """What a browser does to end the provider's sessions. `ticket` opens the gateway's page for it; None when the
    provider offers no way."""

    ticket: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutPage:
    """What the page of a way out offers."""

    form: LogoutForm | None
    has_vneid: bool
    return_to: str | None


class Sessions:
    """Redeems codes, shows and ends sign-ins."""

    def __init__(self, desk: SignInDesk, signer: AssertionSigner, linking: Linking, *, issuer: str) -> None:
        self._desk = desk
        self._signer = signer
        self._linking = linking
        self._issuer = issuer

    def public_keys(self) -> list[Mapping[str, Any]]:
        """Give the keys by which assertions are verified."""
        return list(self._signer.public_keys())

    async def redeem(self, client_id: str, code: str, verifier: str, *, links: bool) -> Redeemed | None:
        """Give the assertion for a code; None when it cannot be redeemed. A misused code ends its sign-in.

        With `links` the account of the client that the person has is looked for as well. Raises SignInRefused when
        that account is locked or its link in quarantine, and StoreUnavailable: the code may be used up then.
        """
        desk, now = self._desk, self._desk.clock.now()
        code_digest = desk.digest("code", code)
        stored = await desk.store.use_code(code_digest, client_id, now)
        if stored is None:
            known = await desk.store.find_by_code(code_digest, client_id)
            if known is not None and known.ended_at is None:
                await self._end(known.sign_in_id, EndReason.CODE_REPLAYED)
            return None
        content = self._open(stored)
        reason = judge_redemption(
            expires_at=stored.code_expires_at, challenge=content.code_challenge, verifier=verifier, now=now
        )
        if reason is not None:
            await self._end(stored.sign_in_id, reason)
            return None
        link = await self._link(stored, content) if links else None
        expires_at = now + desk.lives.assertion
        claims = self._claims(stored, content, now, expires_at)
        if link is not None:
            claims["link"] = link.decision.value
            if link.account_ref is not None:
                claims["account_ref"] = link.account_ref
        return Redeemed(
            sign_in=stored,
            assertion=self._signer.sign(claims),
            number=content.facts.personal_id or content.facts.old_card_number,
            claims=tuple(personal_claims(content.facts)),
            expires_at=expires_at,
            link=link,
        )

    async def _link(self, stored: StoredSignIn, content: SignInContent) -> LinkOutcome:
        outcome = await self._linking.decide(stored, content.facts)
        refused = _REFUSED_LINKS.get(outcome.decision)
        if refused is not None:
            await self._end(stored.sign_in_id, EndReason.ACCOUNT)
            subject = self._desk.subject_digest(content.facts.issuer, content.facts.subject)
            await self._desk.note_refused_link(stored, subject, refused, outcome.decision.value)
            raise SignInRefused(refused, outcome.decision.value)
        return outcome

    async def person_of(self, client_id: str, sign_in_id: UUID) -> SignedInPerson | None:
        """Give who stands behind a live sign-in, for the gateway's own use; None when it does not live.

        Raises StoreUnavailable.
        """
        stored = (await self.look(client_id, sign_in_id, Requirement())).sign_in
        if stored is None:
            return None
        facts, level = self._open(stored).facts, stored.levels.identity
        # An enterprise's account may tell its representative's number, who has not signed in.
        if facts.account_kind is not AccountKind.CITIZEN:
            return SignedInPerson(personal_id="", identity_level=level, evidence_id=stored.evidence_id)
        return SignedInPerson(
            personal_id=facts.personal_id,
            old_card_number=facts.old_card_number,
            identity_level=level,
            evidence_id=stored.evidence_id,
        )

    async def add_link(
        self, client_id: str, sign_in_id: UUID, account_ref: str, proof: LinkProof, by: str
    ) -> LinkOutcome | None:
        """Link the person of a live sign-in; None when it does not live. Raises StoreUnavailable."""
        stored = (await self.look(client_id, sign_in_id, Requirement(), touches=False)).sign_in
        if stored is None:
            return None
        return await self._linking.add_link(stored, self._open(stored).facts, account_ref, proof, by)

    def _claims(self, stored: StoredSignIn, content: SignInContent, now: datetime, until: datetime) -> dict[str, Any]:
        levels, facts = stored.levels, content.facts
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": stored.client_id,
            "sub": self._desk.subject_digest(facts.issuer, facts.subject).hex(),
            "iat": int(now.timestamp()),
            "exp": int(until.timestamp()),
            "jti": str(self._desk.new_id()),
            "sign_in_id": str(stored.sign_in_id),
            "evidence_id": str(stored.evidence_id),
            "provider": stored.provider,
            "account_kind": stored.account_kind,
            "identity_level": levels.identity.value,
            "authentication_level": levels.authentication,
            "assurance": levels.assurance.name.lower(),
            "binding": levels.binding.value,
        }
        if stored.authenticated_at is not None:
            claims["auth_time"] = int(stored.authenticated_at.timestamp())
        if content.deep_link:
            claims["deep_link"] = content.deep_link
        return claims | personal_claims(facts)

    async def look(self, client_id: str, sign_in_id: UUID, wanted: Requirement, *, touches: bool = True) -> Look:
        """Give a sign-in that lives, and what it lacks. Looking counts as use, unless told otherwise."""
        desk, now = self._desk, self._desk.clock.now()
        stored = await desk.store.find(sign_in_id, client_id)
        if stored is None or stored.ended_at is not None or stored.code_used_at is None:
            return Look(sign_in=None)
        reason = end_of(seen_at=stored.seen_at, expires_at=stored.expires_at, now=now, lives=desk.lives)
        if reason is not None:
            await self._end(sign_in_id, reason)
            return Look(sign_in=None)
        missing = lacks(wanted, stored.levels, AccountKind(stored.account_kind), stored.authenticated_at, now)
        if touches:
            await desk.store.touch(sign_in_id, now)
        return Look(sign_in=stored, missing=missing)

    async def log_out(
        self, client_id: str, sign_in_id: UUID, *, return_to: str | None, state: str | None
    ) -> WayOut | None:
        """End a sign-in at once; give how the browser may end the provider's session. None: no such sign-in."""
        desk = self._desk
        stored = await desk.store.find(sign_in_id, client_id)
        if stored is None:
            return None
        if stored.ended_at is not None or stored.wrapped_key is None:
            return WayOut(ticket=None)
        content = self._open(stored)
        provider = desk.providers.get(stored.provider)
        form = None if provider is None else provider.adapter.logout(content.id_token, "")
        has_way = form is not None or bool(content.logout_uri)
        await self._end(sign_in_id, EndReason.LOGOUT, keeps_secrets=has_way)
        if not has_way:
            return WayOut(ticket=None)
        ticket = desk.new_secret()
        await desk.store.prepare_logout(sign_in_id, desk.digest("logout", ticket), return_to, state)
        return WayOut(ticket=ticket)

    async def logout_page(self, ticket: str) -> LogoutPage | None:
        """Give what the page of a way out offers; None for a ticket that is not known (any more)."""
        desk = self._desk
        stored = await desk.store.find_logout(desk.digest("logout", ticket))
        if stored is None or stored.wrapped_key is None:
            return None
        content, provider = self._open(stored), desk.providers.get(stored.provider)
        # The ticket is the state of the way back: known to this browser and the provider only, and used once.
        form = None if provider is None else provider.adapter.logout(content.id_token, ticket)
        return LogoutPage(form=form, has_vneid=bool(content.logout_uri), return_to=stored.logout_return)

    async def vneid_address(self, ticket: str) -> str | None:
        """Give where VNeID's own session ends. It holds a token of the provider's making, and is given to the browser
        that was given the ticket, once."""
        desk = self._desk
        stored = await desk.store.find_logout(desk.digest("logout", ticket))
        if stored is None or stored.wrapped_key is None:
            return None
        content = self._open(stored)
        if not content.logout_uri:
            return None
        key = desk.key_ring.open_record_key(stored.wrapped_key)
        rest = msgspec.msgpack.encode(msgspec.structs.replace(content, logout_uri=""))
        await desk.store.reseal(stored.sign_in_id, key.seal(rest, context=sign_in_context(stored.sign_in_id)))
        return content.logout_uri

    async def logged_out(self, provider: str, state: str) -> tuple[str, str] | None:
        """Take the browser back from the provider: give the client's address and state, None for a state that is not
        ours."""
        desk = self._desk
        stored = await desk.store.take_logout(desk.digest("logout", state))
        if stored is None or stored.provider != provider or stored.logout_return is None:
            return None
        return stored.logout_return, stored.logout_state or ""

    async def hear_logout(self, provider_name: str, token: str) -> bool:
        """Take a back-channel logout token: end what it names. False for one that must not be believed.

        Raises RemoteError when there are no keys to judge it by, and StoreUnavailable; it may then be sent again.
        """
        desk = self._desk
        provider = desk.providers.get(provider_name)
        if provider is None or not provider.adapter.has_backchannel_logout:
            return False
        try:
            notice = await provider.adapter.read_logout_token(token)
        except SignInRefused:
            return False
        ended = await desk.store.end_at_provider(
            provider_name,
            token_digest=desk.digest("logout token", notice.token_id),
            token_expires_at=notice.expires_at,
            session_digest=desk.digest("session", notice.session_id) if notice.session_id else None,
            subject_digest=desk.subject_digest(notice.issuer, notice.subject) if notice.subject else None,
            reason=EndReason.PROVIDER_LOGOUT.value,
            now=desk.clock.now(),
        )
        if ended:
            desk.observe(SignInsEnded(reason=EndReason.PROVIDER_LOGOUT.value, count=len(ended)))
        return ended is not None

    async def sweep(self) -> None:
        """End what time has ended, and forget what nobody needs any more."""
        desk, now = self._desk, self._desk.clock.now()
        ended = await desk.store.sweep(
            now=now,
            idle_before=now - desk.lives.idle,
            flights_before=now - desk.lives.login,
            technical_ids_before=now - TECHNICAL_IDS_KEPT,
        )
        for reason, count in ended.items():
            desk.observe(SignInsEnded(reason=reason, count=count))

    async def _end(self, sign_in_id: UUID, reason: EndReason, *, keeps_secrets: bool = False) -> None:
        desk = self._desk
        await desk.store.end(sign_in_id, reason.value, desk.clock.now(), keeps_secrets=keeps_secrets)
        desk.observe(SignInsEnded(reason=reason.value, count=1))

    def _open(self, stored: StoredSignIn) -> SignInContent:
        if stored.wrapped_key is None or stored.sealed is None:
            raise IntegrityFailed("a sign-in that lives has lost its content")
        key = self._desk.key_ring.open_record_key(stored.wrapped_key)
        plain = key.unseal(stored.sealed, context=sign_in_context(stored.sign_in_id))
        return msgspec.msgpack.decode(plain, type=SignInContent)


def personal_claims(facts: IdentityFacts) -> dict[str, Any]:
    """Give what an assertion says of the person, without what is not known."""
    claims: dict[str, Any] = {
        "full_name": facts.full_name,
        "personal_id": facts.personal_id,
        "foreign_id": facts.foreign_id,
        "old_card_number": facts.old_card_number,
        "passport_number": facts.passport_number,
        "tax_code": facts.tax_code,
        "org_code": facts.org_code,
        "technical_id": facts.technical_id,
        "email": facts.email,
        "phone": facts.phone,
    }
    known = {name: value for name, value in claims.items() if value}
    if facts.birth_date is not None:
        known["birth_date"] = facts.birth_date.value
        known["birth_date_precision"] = facts.birth_date.precision.value
    return known
