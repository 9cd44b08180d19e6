"""Share consents: registrations and desk of one process."""

from collections.abc import Sequence
from datetime import timedelta

from pydantic import ValidationError

from adapters.consent import ConsentAdapter, ConsentSettings
from adapters.consent import build as build_hub
from gateway.api.consent_desk import ConsentService
from gateway.api.identity_desk import IdentityDesk
from gateway.bootstrap.ground import Ground
from gateway.config import Settings, faults_of
from gateway.engine.consents import ConfiguredHub, ConsentDesk
from gateway.engine.scheduler import Job
from gateway.errors import ConfigurationError, Fault
from gateway.store.consents import PostgresConsents
from gateway.sync.consent_events import ConsentLives


def consent_settings(settings: Settings) -> tuple[ConsentSettings, ...]:
    """Read the registrations' own sections. Raises ConfigurationError listing every fault."""
    consents = settings.consents
    if consents is None:
        return ()
    made: list[ConsentSettings] = []
    faults: list[Fault] = []
    if settings.identity is None:
        faults.append(Fault("consents", "needs the section [identity]: only who is signed in is asked"))
    for place, section in enumerate(consents.registrations):
        try:
            made.append(ConsentSettings.model_validate(section))
        except ValidationError as error:
            faults.extend(faults_of(error, f"consents.registrations.{place}"))
    names = [one.name for one in made]
    if len(set(names)) != len(names):
        faults.append(Fault("consents.registrations", "must have names that differ"))
    if faults:
        raise ConfigurationError(faults)
    return tuple(made)


def make_hubs(ground: Ground, registrations: Sequence[ConsentSettings]) -> list[ConsentAdapter]:
    """Make the adapters."""
    made = [
        build_hub(
            one,
            ssl_supplier=lambda: None,
            clock=ground.clock,
            chance=ground.chance,
            observe=lambda call: ground.telemetry.note_exchange(call.system, call.operation, call.outcome.value),
        )
        for one in registrations
    ]
    ground.closers.extend(adapter.aclose for adapter in made)
    return made


def make_consents(
    ground: Ground, identity: IdentityDesk | None, hubs: Sequence[ConsentAdapter]
) -> tuple[ConsentService, Job] | None:
    """Give the service and what it does again and again; None when no hub is configured."""
    consents = ground.settings.consents
    if consents is None or identity is None:
        return None
    desk = ConsentDesk(
        {hub.name: ConfiguredHub(hub, hub.settings.agreement_id, hub.settings.purpose) for hub in hubs},
        PostgresConsents(ground.pool),
        identity.sessions,
        key_ring=ground.key_ring,
        clock=ground.clock,
        new_id=identity.sign_ins.new_id,
        observer=ground.telemetry,
        lives=ConsentLives(
            decision=timedelta(seconds=consents.decision_seconds),
            held=timedelta(minutes=consents.held_minutes),
            delivered=timedelta(minutes=consents.delivered_minutes),
        ),
        poll_seconds=consents.poll_seconds,
    )
    largest = max(hub.settings.webhook.max_body_bytes for hub in hubs)
    return ConsentService(desk=desk, max_webhook_bytes=largest), Job("consents", 1.0, desk.work)
