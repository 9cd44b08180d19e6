"""What a puller does that it should not, and what a province must do about it: stay in order, and say no properly."""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import quote

import aiohttp

from adapters.monitoring.sandbox.findings import Finding, FindingKind
from adapters.monitoring.sandbox.habits import Habit
from adapters.monitoring.sandbox.province import Query, Reply

if TYPE_CHECKING:
    from adapters.monitoring.sandbox.puller import Puller

_NO_TOKEN = "nobody-issued-this"  # noqa: S105 - of a simulation
_NO_SNAPSHOT = "H00-2000M13-v0"
_UNKNOWN: tuple[tuple[str, Query, frozenset[int]], ...] = (
    ("/indicators", (("period_type", "month"), ("period", "2026-13")), frozenset({400, 404, 422})),
    ("/indicators", (("period_type", "quarter"), ("period", "2026-Q5")), frozenset({400, 404, 422})),
    ("/indicators", (("period_type", "fortnight"), ("period", "2026-08")), frozenset({400, 404, 422})),
    (f"/snapshots/{quote(_NO_SNAPSHOT)}", (), frozenset({404})),
    (f"/snapshots/{quote(_NO_SNAPSHOT)}/data.json", (), frozenset({404})),
)
_HAMMERED = "/snapshots"


async def exercise(puller: "Puller") -> None:
    """Do what the puller's habits are, and tell what the province did wrong about it."""
    for habit in Habit:
        work = _EXERCISES.get(habit)
        if work is not None and habit in puller.settings.habits:
            for finding in await work(puller):
                puller.take_over([finding])


async def _with_a_wrong_token(puller: "Puller") -> list[Finding]:
    found = []
    for path in ("/definitions", "/snapshots"):
        reply = await _sent(puller, path, token=_NO_TOKEN)
        if reply is None:
            found.append(_unanswered(path))
        elif reply.status == 401:
            puller.province.judge_refusal(path, reply)
        elif reply.status not in (429, 503):
            found.append(_wrong(FindingKind.ACCESS_WRONG, f"{path}: an unknown token is answered with {reply.status}"))
    return found


async def _for_what_there_is_not(puller: "Puller") -> list[Finding]:
    found = []
    for path, query, allowed in _UNKNOWN:
        reply = await _sent(puller, path, query)
        if reply is None:
            found.append(_unanswered(path))
        elif reply.status in allowed:
            puller.province.judge_refusal(path, reply)
        elif reply.status not in (429, 503):
            asked = "&".join("=".join(pair) for pair in query)
            message = f"{path}?{asked}: what there is not is answered with {reply.status}"
            found.append(_wrong(FindingKind.CONTRACT_BROKEN, message))
    return found


async def _hammering(puller: "Puller") -> list[Finding]:
    count = puller.settings.hammer_calls
    replies = await asyncio.gather(*(_sent(puller, _HAMMERED, (("limit", "1"),)) for _ in range(count)))
    for reply in replies:
        if reply is not None and reply.status in (429, 503):
            puller.province.wished_wait(_HAMMERED, reply)
            puller.province.judge_refusal(_HAMMERED, reply)
    if any(reply is None or reply.status not in (200, 429, 503) for reply in replies):
        return [_wrong(FindingKind.CONTRACT_BROKEN, f"{_HAMMERED}: many calls at once are not all answered or put off")]
    return []


async def _breaking_off(puller: "Puller") -> list[Finding]:
    newest = puller.store.last
    path = "/definitions" if newest is None else f"/snapshots/{newest.head.id}/data.json"
    try:
        await puller.province.break_off(path)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return [_unanswered(path)]
    return []


async def _twice_at_once(puller: "Puller") -> list[Finding]:
    """Pull everything twice at the same time, into two new stores."""
    pair = [puller.alike(puller.settings.changed(habits=[])) for _ in range(2)]
    await asyncio.gather(*(each.pull() for each in pair))
    held = [{one.entry.position: one.entry.digest for one in each.store.snapshots.values()} for each in pair]
    found = [finding for each in pair for finding in each.findings]
    if any(held[0][position] != held[1][position] for position in held[0].keys() & held[1].keys()):
        found.append(_wrong(FindingKind.CHAIN_BROKEN, "two pulls at once got different publications"))
    return found


_EXERCISES = {
    Habit.TWICE_AT_ONCE: _twice_at_once,
    Habit.BREAKS_OFF: _breaking_off,
    Habit.UNKNOWN_PERIODS: _for_what_there_is_not,
    Habit.WRONG_TOKEN: _with_a_wrong_token,
    Habit.HAMMERS: _hammering,
}


async def _sent(puller: "Puller", path: str, query: Query = (), *, token: str | None = None) -> Reply | None:
    """Call once; None when there was no whole answer."""
    try:
        return await puller.province.send(path, query, token=token)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None


def _unanswered(path: str) -> Finding:
    return _wrong(FindingKind.UNAVAILABLE, f"{path}: was not answered")


def _wrong(kind: FindingKind, message: str) -> Finding:
    return Finding(kind, None, message)
