"""The parts of a process that keep the portal's lists."""

from datetime import timedelta

from gateway.bootstrap.ground import Ground
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
