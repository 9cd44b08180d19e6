"""The parts of a process that keep the portal's lists."""

from datetime import timedelta

from gateway.bootstrap.ground import PORTAL, Ground
from gateway.bootstrap.working import make_opening
from gateway.engine.catalogues import ListPolicy, lists_of, read_decisions, read_lists
from gateway.engine.scheduler import Job
from gateway.ports.portal_services import CatalogueReader, ServiceReader
from gateway.store.catalogues import PostgresCatalogues
from gateway.sync.listings import ShortListPolicy
from gateway.sync.procedure_reading import ReadingPolicy


def short_list_policy(ground: Ground) -> ShortListPolicy:
    lists = ground.settings.catalogues
    return ShortListPolicy(
        min_kept_share=lists.min_kept_share,
        repeats_count=lists.repeats_count,
        repeat_apart=timedelta(seconds=lists.repeat_apart_seconds),
    )


def reading_policy(ground: Ground) -> ReadingPolicy:
    reread_after = timedelta(days=ground.settings.catalogues.procedures_reread_days)
    return ReadingPolicy(short_list=short_list_policy(ground), reread_after=reread_after)


def make_lists(ground: Ground, catalogues: CatalogueReader, services: ServiceReader) -> tuple[Job, Job]:
    """Give what reads the portal's catalogues, online services and publication decisions."""
    settings = ground.settings.catalogues
    store = PostgresCatalogues(ground.pool, PORTAL)
    lists = lists_of(catalogues, services, settings.names)
    policy = ListPolicy(interval=timedelta(seconds=settings.interval_seconds), short_list=short_list_policy(ground))

    is_open = make_opening(ground)

    async def read() -> None:
        if not await is_open():
            return
        await read_lists(PORTAL, lists, store, clock=ground.clock, observer=ground.telemetry, policy=policy)

    async def ask() -> None:
        if not await is_open():
            return
        recheck_after = timedelta(days=settings.decisions_recheck_days)
        await read_decisions(services, store, clock=ground.clock, recheck_after=recheck_after)

    # Often, since somebody may have asked for a reading; when nothing is due it costs a few queries.
    return Job("catalogues", 5.0, read), Job("decisions", 300.0, ask)
