"""Share consents: registrations and desk of one process."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from pydantic import ValidationError

from adapters.consent import ConsentAdapter, ConsentSettings
from adapters.consent import build as build_hub
from gateway.api.consent_desk import ConsentService
from gateway.api.identity_desk import IdentityDesk
from gateway.bootstrap.ground import Ground
from gateway.config import Settings, faults_of
from gateway.engine.consent_records import ConsentRecords
from gateway.engine.consent_seals import ConsentSeals
from gateway.engine.consent_work import ConsentWork
from gateway.engine.consents import ConfiguredHub, ConsentDesk
from gateway.engine.scheduler import Job
from gateway.errors import ConfigurationError, Fault
from gateway.store.consents import PostgresConsents
from gateway.sync.consent_events import ConsentLives

_POLL_SECONDS = 10.0
"""Of nobody: without a hub nothing is asked."""


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
) -> tuple[ConsentService | None, list[Job]]:
    """Give the service (None when no hub is configured) and what is done again and again.

    Consents that were given before their hub was taken out of the settings end, and are erased, all the same.
    """
    consents = ground.settings.consents
    lives = ConsentLives()
    if consents is not None:
        lives = ConsentLives(
            decision=timedelta(seconds=consents.decision_seconds),
            held=timedelta(minutes=consents.held_minutes),
            delivered=timedelta(minutes=consents.delivered_minutes),
        )
    records = ConsentRecords(
        PostgresConsents(ground.pool),
        seals=ConsentSeals(ground.key_ring),
        clock=ground.clock,
        observer=ground.telemetry,
        lives=lives,
        poll_seconds=_POLL_SECONDS if consents is None else consents.poll_seconds,
    )
    work = ConsentWork({hub.name: hub for hub in hubs}, records)
    jobs = [Job("consents", 1.0, work.tend_rest)]
    jobs += [Job(f"consents_{name}", 1.0, partial(work.tend, name)) for name in work.hub_names]
    if not hubs or identity is None:
        return None, jobs
    desk = ConsentDesk(
        {hub.name: ConfiguredHub(hub, hub.settings.agreement_id) for hub in hubs},
        records,
        identity.sessions,
        new_id=identity.sign_ins.new_id,
    )
    largest = max(hub.settings.webhook.max_body_bytes for hub in hubs)
    return ConsentService(desk=desk, max_webhook_bytes=largest), jobs
