"""Receivers of publications that do not pull: their settings, and the job that serves them."""

from collections.abc import Sequence

from pydantic import ValidationError

from adapters.monitoring.pushing import SnapshotPusher
from adapters.monitoring.settings import ReceiverSettings
from gateway.bootstrap.ground import Ground
from gateway.config import Settings, faults_of
from gateway.engine.pushing import Pusher
from gateway.engine.scheduler import Job
from gateway.errors import ConfigurationError, Fault
from gateway.ports.basics import Clock
from gateway.ports.portal import Finding
from gateway.store.pushes import PostgresPushes


def receiver_settings(settings: Settings) -> tuple[ReceiverSettings, ...]:
    """Read the sections of receivers. Raises ConfigurationError listing every fault."""
    publication = settings.monitoring.publication
    made: list[ReceiverSettings] = []
    faults: list[Fault] = []
    for place, section in enumerate(() if publication is None else publication.receivers):
        try:
            made.append(ReceiverSettings.model_validate(section))
        except ValidationError as error:
            faults += faults_of(error, f"monitoring.publication.receivers.{place}")
    names = [one.name for one in made]
    if len(set(names)) != len(names):
        faults.append(Fault("monitoring.publication.receivers", "must have names that differ"))
    if faults:
        raise ConfigurationError(faults)
    return tuple(made)


def make_pushing(ground: Ground, receivers: Sequence[ReceiverSettings]) -> list[Job]:
    """Give the jobs that push publications and tell how far receivers are; none without receivers."""
    publication = ground.settings.monitoring.publication
    if publication is None or not receivers:
        return []
    store = PostgresPushes(ground.pool)
    pushers = {one.name: _pusher(ground, one) for one in receivers}
    pusher = Pusher(pushers, store, clock=ground.clock, chance=ground.chance)

    async def measure() -> None:
        ground.telemetry.note_receivers(await store.standing(list(pushers)), ground.clock.now())

    return [Job("pushes", publication.push_seconds, pusher.run), Job("push_standing", 15.0, measure)]


async def check_receivers(receivers: Sequence[ReceiverSettings], *, clock: Clock) -> list[Finding]:
    """Have each receiver's adapter check itself."""
    findings: list[Finding] = []
    for settings in receivers:
        async with SnapshotPusher(settings, ssl_supplier=lambda: None, clock=clock) as pusher:
            findings += pusher.check()
    return findings


def _pusher(ground: Ground, settings: ReceiverSettings) -> SnapshotPusher:
    made = SnapshotPusher(
        settings,
        ssl_supplier=lambda: None,
        clock=ground.clock,
        observe=lambda call: ground.telemetry.note_exchange(call.system, call.operation, call.outcome.value),
    )
    ground.closers.append(made.aclose)
    return made
