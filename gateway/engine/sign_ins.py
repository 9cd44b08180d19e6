"""Sign-ins with a national identity: from the portal's wish to a one-time code for its assertion.

The browser passes three times: at the beginning, when it is given a cookie and sent to the provider; at the callback;
and back to the portal. Between them everything is in the store, so any process may serve any step. The flight is
consumed before the provider is asked anything; a process that dies afterwards leaves a flight that ends nowhere, and
the citizen begins again. Claims and tokens stay in the gateway: what travels with the browser is random and used once.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from uuid import UUID

import msgspec

from gateway.engine.flights import (
    ANEW,
    Begun,
    ConfiguredProvider,
    Departure,
    FlightContent,
    Landing,
    Order,
    SignInContent,
    Visitor,
    address_prefix,
    asking,
    flight_context,
    judged,
    sign_in_context,
    wanted_of,
)
from gateway.engine.proofs import note_of, number_digests
from gateway.engine.provider_circuits import ProviderCircuits
from gateway.model.identity import EidCode, ReturnRefused, SignInLevels, SignInRefused
from gateway.ports.basics import Clock, KeyRing
from gateway.ports.identity import FlightSecrets, Returned, SignedIn, Wanted
from gateway.ports.observing import AlertRaised, Observer, SignInBegun, SignInConcluded
from gateway.ports.sign_ins import Evidence, NewSignIn, SignInStore, StoredFlight, StoredSignIn
from gateway.sync.assurance import assess, is_from_vneid, lacks
from gateway.sync.sign_ins import Lives, is_anew, judge_return, judge_start

_RANDOM_BYTES = 32
_REFUSALS_KEPT = 5
"""Callbacks that a flight refuses leave so many lines of evidence; further ones are counted and logged."""
SIGNED_IN = "signed_in"
_ALERTS = {
    EidCode.CONFIGURATION: "identity_configuration",
    EidCode.ENVELOPE_INVALID: "identity_envelope",
}


class SignInDesk:
    """Begins sign-ins and takes callbacks."""

    def __init__(
        self,
        providers: Mapping[str, ConfiguredProvider],
        store: SignInStore,
        *,
        key_ring: KeyRing,
        clock: Clock,
        circuits: ProviderCircuits,
        random_bytes: Callable[[int], bytes],
        observer: Observer,
        lives: Lives,
        looks_up_technical_ids: bool,
    ) -> None:
        self.providers = providers
        self.store = store
        self.key_ring = key_ring
        self.clock = clock
        self.random_bytes = random_bytes
        self.observe = observer
        self.lives = lives
        self._circuits = circuits
        self._looks_up = looks_up_technical_ids

    def is_available(self, provider: str) -> bool:
        """Tell whether a provider may be asked now, as this process knows it."""
        return self._circuits.is_available(provider)

    def new_secret(self) -> str:
        """Give 256 random bits as text."""
        return base64.urlsafe_b64encode(self.random_bytes(_RANDOM_BYTES)).decode().rstrip("=")

    def new_id(self) -> UUID:
        return UUID(bytes=self.random_bytes(16), version=4)

    def digest(self, kind: str, text: str) -> bytes:
        """Give the keyed digest under which something secret is kept and found."""
        return self.key_ring.digest(f"identity {kind}\0{text}".encode("utf-8", "replace"))

    def subject_digest(self, issuer: str, subject: str) -> bytes:
        return self.digest("subject of issuer", f"{issuer}\0{subject}")

    async def begin(self, order: Order) -> Begun:
        """Note the wish; nothing is sent anywhere yet. Raises StoreUnavailable."""
        content = FlightContent(
            nonce=self.new_secret(),
            verifier=self.new_secret(),
            return_to=order.return_to,
            state=order.state,
            code_challenge=order.code_challenge,
            requirement=order.requirement,
            prompt=order.prompt,
            falls_back=order.falls_back,
            deep_link=dict(order.deep_link),
        )
        return await self._begin(order.client_id, order.provider, content)

    async def _begin(self, client_id: str, provider: str, content: FlightContent) -> Begun:
        now, ticket, flight_id = self.clock.now(), self.new_secret(), self.new_id()
        key = self.key_ring.new_record_key()
        flight = StoredFlight(
            flight_id=flight_id,
            client_id=client_id,
            provider=provider,
            created_at=now,
            expires_at=now + self.lives.login,
            started_at=None,
            consumed_at=None,
            browser_digest=None,
            wrapped_key=key.wrapped,
            sealed=key.seal(msgspec.msgpack.encode(content), context=flight_context(flight_id)),
        )
        await self.store.add_flight(flight, self.digest("ticket", ticket))
        return Begun(flight_id=flight_id, ticket=ticket, expires_at=flight.expires_at)

    async def start(self, ticket: str, browser: str) -> Departure:
        """Send a browser to the provider. `browser` is its cookie if it has one of ours: several tabs share it.

        Raises SignInRefused or StoreUnavailable.
        """
        started, now, ticket_digest = self.clock.monotonic(), self.clock.now(), self.digest("ticket", ticket)
        state, browser = self.new_secret(), browser or self.new_secret()
        marks = (self.digest("state", state), self.digest("browser", browser))
        # Nobody types a password for a provider that could not be asked afterwards.
        ready = [
            name for name, one in self.providers.items() if not one.adapter.asks_at_begin and self.is_available(name)
        ]
        stored = await self.store.start(ticket_digest, ready, *marks, now)
        if stored is not None:
            url = await self._provider(stored.provider).adapter.begin(*self._departing(stored, state))
        else:
            found = await self.store.find_by_ticket(ticket_digest)
            judge_start(judged(found), now)
            assert found is not None, "the judge refuses what is not there"
            try:
                url = await self._pushed(found, state)
            except SignInRefused as refusal:
                self._warn(found.provider, refusal)
                self._tell(found.provider, refusal.eid.value, refusal.reason, "none", started)
                raise
            stored = await self.store.start(ticket_digest, [found.provider], *marks, now)
            if stored is None:
                raise SignInRefused(EidCode.TRANSACTION_REPLAYED, "ticket_used")
        self.observe(SignInBegun(provider=stored.provider))
        return Departure(url=url, browser=browser)

    async def _pushed(self, found: StoredFlight, state: str) -> str:
        """Give the address at a provider that is asked before the browser leaves (PAR)."""
        provider = self._provider(found.provider)
        if not provider.adapter.asks_at_begin:
            raise SignInRefused(EidCode.PROVIDER_UNAVAILABLE, "circuit_open")
        secrets, wanted = self._departing(found, state)
        return await self._circuits.ask(found.provider, lambda: provider.adapter.begin(secrets, wanted))

    def _departing(self, stored: StoredFlight, state: str) -> tuple[FlightSecrets, Wanted]:
        content = self._open_flight(stored)
        return FlightSecrets(state=state, nonce=content.nonce, verifier=content.verifier), wanted_of(
            content, self.lives.login
        )

    async def land(self, provider_name: str, raw: str, visitor: Visitor) -> Landing:
        """Take a callback: validate everything, store the sign-in or the refusal, and say where the browser goes.

        Raises SignInRefused when the browser is not known to be the one that began: it is then shown a page of ours
        and sent nowhere. Raises StoreUnavailable; the citizen may begin again.
        """
        started = self.clock.monotonic()
        provider = self._provider(provider_name)
        state = ""
        try:
            returned = provider.adapter.read_return(raw)
            state = returned.state
            stored = await self._consume(provider_name, state, visitor)
        except SignInRefused as refusal:
            state = refusal.state if isinstance(refusal, ReturnRefused) else state
            found = await self.store.find_by_state(self.digest("state", state)) if state else None
            if found is not None and not await self.store.count_refusal(found.flight_id, _REFUSALS_KEPT):
                found = None  # Whoever has an address may call it for ever; the first few times tell enough.
            # The flight goes on, or had ended before, and what it ended with stays.
            await self._conclude_refused(provider_name, found, visitor, refusal, started, ends_flight=False)
            raise
        content = self._open_flight(stored)
        try:
            return await self._sign_in(provider_name, provider, stored, content, returned, visitor, started)
        except SignInRefused as refusal:
            await self._conclude_refused(provider_name, stored, visitor, refusal, started, ends_flight=True)
            return await self._landing_refused(stored, content, refusal.eid)

    async def _consume(self, provider: str, state: str, visitor: Visitor) -> StoredFlight:
        """Use up the flight of a callback. Raises SignInRefused."""
        now, state_digest = self.clock.now(), self.digest("state", state)
        browser = self.digest("browser", visitor.browser) if visitor.browser else None
        if browser is not None:
            consumed = await self.store.consume(state_digest, provider, browser, now)
            if consumed is not None:
                return consumed
        judge_return(judged(await self.store.find_by_state(state_digest)), provider, browser, now)
        raise SignInRefused(EidCode.TRANSACTION_REPLAYED, "state_used")  # Somebody was faster, a moment ago.

    async def _sign_in(
        self,
        name: str,
        provider: ConfiguredProvider,
        stored: StoredFlight,
        content: FlightContent,
        returned: Returned,
        visitor: Visitor,
        started: float,
    ) -> Landing:
        provider.adapter.check_return(returned)
        secrets = FlightSecrets(state=returned.state, nonce=content.nonce, verifier=content.verifier)
        signed = await self._circuits.ask(
            name, lambda: provider.adapter.finish(returned, secrets, wanted_of(content, self.lives.login))
        )
        levels, is_unknown = assess(provider.level_rules, signed.evidence)
        if is_unknown:
            self.observe(AlertRaised(system=f"identity.{name}", name="identity_level_unknown", dossier_code=""))
        # The clocks may differ by what the token's own rules allow.
        now, authenticated_at = self.clock.now() - provider.leeway, signed.tokens.authenticated_at
        missing = lacks(content.requirement, levels, signed.facts.account_kind, authenticated_at, now)
        if missing:
            eid = EidCode.ACCOUNT_KIND if "account_kind" in missing else EidCode.LEVEL_TOO_LOW
            raise SignInRefused(eid, "lacks_" + missing[0])
        if content.prompt == ANEW and not is_anew(authenticated_at, stored.started_at, provider.leeway):
            raise SignInRefused(EidCode.LEVEL_TOO_LOW, "not_anew")
        code = self.new_secret()
        evidence = self._evidence(name, stored, visitor, SIGNED_IN, "", signed=signed, levels=levels)
        await self.store.conclude(evidence, self._new_sign_in(name, stored, content, signed, levels, code))
        self._tell(name, SIGNED_IN, "", str(int(levels.assurance)), started)
        return Landing(return_to=content.return_to, state=content.state, code=code)

    def _new_sign_in(
        self,
        name: str,
        stored: StoredFlight,
        content: FlightContent,
        signed: SignedIn,
        levels: SignInLevels,
        code: str,
    ) -> NewSignIn:
        now, sign_in_id = self.clock.now(), self.new_id()
        kept = SignInContent(
            facts=signed.facts,
            acr=signed.tokens.acr,
            amr=signed.tokens.amr,
            code_challenge=content.code_challenge,
            id_token=signed.id_token,
            logout_uri=signed.logout_uri,
            deep_link=content.deep_link,
        )
        key = self.key_ring.new_record_key()
        session_id = signed.tokens.session_id
        return NewSignIn(
            sign_in_id=sign_in_id,
            client_id=stored.client_id,
            provider=name,
            subject_digest=self.subject_digest(signed.facts.issuer, signed.facts.subject),
            session_digest=self.digest("session", session_id) if session_id else None,
            account_kind=signed.facts.account_kind.value,
            levels=levels,
            authenticated_at=signed.tokens.authenticated_at,
            code_digest=self.digest("code", code),
            code_expires_at=now + self.lives.code,
            wrapped_key=key.wrapped,
            sealed=key.seal(msgspec.msgpack.encode(kept), context=sign_in_context(sign_in_id)),
            expires_at=now + self.lives.absolute,
            technical_id=note_of(self.key_ring, signed.facts, looks_up=self._looks_up),
        )

    async def _landing_refused(self, stored: StoredFlight, content: FlightContent, eid: EidCode) -> Landing:
        next_ticket = ""
        if eid is EidCode.LOGIN_REQUIRED and content.prompt == "none" and content.falls_back:
            # Silently was not possible; once more, and now the citizen is asked.
            again = asking(content, self.new_secret(), self.new_secret())
            next_ticket = (await self._begin(stored.client_id, stored.provider, again)).ticket
        return Landing(return_to=content.return_to, state=content.state, refused=eid, next_ticket=next_ticket)

    async def _conclude_refused(
        self,
        name: str,
        stored: StoredFlight | None,
        visitor: Visitor,
        refusal: SignInRefused,
        started: float,
        *,
        ends_flight: bool,
    ) -> None:
        self._warn(name, refusal)
        self._tell(name, refusal.eid.value, refusal.reason, "none", started)
        if stored is None:
            return  # Anybody can call with an invented state; that is counted and logged, and fills no table.
        evidence = self._evidence(name, stored, visitor, refusal.eid.value, refusal.reason)
        if not ends_flight:
            evidence = replace(evidence, flight_id=None)
        await self.store.conclude(evidence, None)

    async def note_refused_link(self, stored: StoredSignIn, subject_digest: bytes, eid: EidCode, reason: str) -> None:
        """Keep evidence of a validated sign-in that its local account refuses."""
        provider = self.providers[stored.provider]
        await self.store.conclude(
            Evidence(
                evidence_id=self.new_id(),
                flight_id=None,
                client_id=stored.client_id,
                provider=stored.provider,
                issuer=provider.adapter.issuer,
                agreement_id=provider.agreement_id,
                outcome=eid.value,
                reason=reason,
                subject_digest=subject_digest,
                account_kind=stored.account_kind,
                levels=stored.levels,
                occurred_at=self.clock.now(),
            ),
            None,
        )

    def _evidence(
        self,
        name: str,
        stored: StoredFlight | None,
        visitor: Visitor,
        outcome: str,
        reason: str,
        *,
        signed: SignedIn | None = None,
        levels: SignInLevels | None = None,
    ) -> Evidence:
        provider = self.providers[name]
        facts = None if signed is None else signed.facts
        return Evidence(
            evidence_id=self.new_id(),
            flight_id=None if stored is None else stored.flight_id,
            client_id=None if stored is None else stored.client_id,
            provider=name,
            issuer=provider.adapter.issuer,
            agreement_id=provider.agreement_id,
            outcome=outcome,
            reason=reason,
            subject_digest=None if facts is None else self.subject_digest(facts.issuer, facts.subject),
            account_kind=None if facts is None else facts.account_kind.value,
            upstream_idp="" if facts is None else facts.upstream_idp,
            is_vneid=signed is not None and is_from_vneid(provider.level_rules, signed.evidence),
            number_digests=() if facts is None else number_digests(self.key_ring, facts),
            levels=levels,
            tokens=None if signed is None else signed.tokens,
            address_prefix=address_prefix(visitor.address),
            agent_digest=self.digest("agent", visitor.agent) if visitor.agent else None,
            occurred_at=self.clock.now(),
        )

    def _warn(self, name: str, refusal: SignInRefused) -> None:
        alert = _ALERTS.get(refusal.eid)
        if alert is not None:
            self.observe(AlertRaised(system=f"identity.{name}", name=alert, dossier_code=""))

    def _tell(self, name: str, outcome: str, reason: str, assurance: str, started: float) -> None:
        self.observe(
            SignInConcluded(
                provider=name,
                outcome=outcome,
                reason=reason,
                assurance=assurance,
                duration_seconds=self.clock.monotonic() - started,
            )
        )

    def _provider(self, name: str) -> ConfiguredProvider:
        provider = self.providers.get(name)
        if provider is None:
            raise SignInRefused(EidCode.STATE_INVALID, "no_such_provider")
        return provider

    def _open_flight(self, stored: StoredFlight) -> FlightContent:
        key = self.key_ring.open_record_key(stored.wrapped_key)
        plain = key.unseal(stored.sealed, context=flight_context(stored.flight_id))
        return msgspec.msgpack.decode(plain, type=FlightContent)
