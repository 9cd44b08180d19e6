"""The day's questions about citizens: officers verify and look up, in fair weather and in foul.

What the gateway answered is held against the database's own journal, request by request: a person reported as found who
was not there, or as absent who was there, is misreported. "Could not ask" never is.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gateway.demo.population import BARRED, UNLICENSED
from gateway.demo.stack import Control
from gateway.demo.world import AGENCIES

_OFFICERS = 8
_STRANGERS = 120
_TRIES = 6
_TRUTHS = {
    "found": ("found", "exists"),
    "partial": ("found",),
    "not_found": ("not found", "exists not"),
    "ambiguous": ("two matches",),
}
# Every kind of failure that the notes know, some of the time; the last two must never pass for an answer.
WEATHER: tuple[dict[str, Any], ...] = (
    {"kind": "drop_reply", "probability": 0.04},
    {"kind": "server_error", "probability": 0.04},
    {"kind": "rate_limited", "retry_after_seconds": 1, "probability": 0.02},
    {"kind": "slow_trickle", "delay_seconds": 0.05, "probability": 0.02},
    {"kind": "hostile_reply", "variant": "truncated_half", "probability": 0.03},
    {"kind": "hostile_reply", "variant": "text_unknown_element", "probability": 0.05},
    {"kind": "hostile_reply", "variant": "empty_soap_body", "probability": 0.05},
    {"kind": "hostile_reply", "variant": "entity_bomb", "probability": 0.02},
    {"kind": "hostile_reply", "variant": "other_person", "probability": 0.04},
)


@dataclass(slots=True)
class Questions:
    """What became of them."""

    asked: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    misreported: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    faults: int = 0
    people: list[Mapping[str, Any]] = field(default_factory=list)
    """Everybody who was asked about, as the database describes them."""


class _Office:
    """Asks, and holds every answer against the database's journal."""

    def __init__(self, session: aiohttp.ClientSession, control: Control, url: str, token: str) -> None:
        self._session = session
        self._control = control
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self.done = Questions()

    async def ask(self, verb: str, person: Mapping[str, Any], expected: str | None = None, **changes: Any) -> str:
        body = _question(person) | changes
        body = {name: value for name, value in body.items() if value is not None}
        async with self._session.post(f"{self._url}/v1/citizens:{verb}", json=body, headers=self._headers) as answer:
            status, content = answer.status, await answer.json(content_type=None)
        outcome = _outcome(status, content)
        self.done.asked += 1
        self.done.outcomes[outcome] += 1
        if expected is not None and outcome != expected:
            self.done.unexpected.append(f"{verb}: {outcome} instead of {expected} ({content.get('detail', '')})")
        if status == 200:
            await self._compare(outcome, content, body)
        return outcome

    async def _compare(self, outcome: str, content: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        request_id = content["source"]["request_id"]
        answers = (await self._control.get(f"answers?request_id={request_id}"))["answers"]
        truth = answers[0]["outcome"] if len(answers) == 1 else f"{len(answers)} answers"
        citizen = content.get("citizen") or {}
        shown = citizen.get("personal_number")
        is_right = truth in _TRUTHS.get(outcome, ()) and (shown is None or shown in answers[0]["numbers"])
        if not is_right or ("personal_number" in body and shown not in (None, body["personal_number"])):
            self.done.misreported.append(f"{outcome} where the database has: {truth}")


def _question(person: Mapping[str, Any]) -> dict[str, Any]:
    born = str(person["born"])
    return {
        "purpose": "dossier-intake",
        "officer_code": "canbo.a",
        "agency_code": AGENCIES[0][0],
        "dossier_code": f"{AGENCIES[0][0]}-260105-90001",
        "personal_number": person["number"],
        "full_name": person["full_name"],
        "birth_date": born if len(born) == 4 else f"{born[:4]}-{born[4:6]}-{born[6:]}",
    }


def _outcome(status: int, content: Mapping[str, Any]) -> str:
    if status == 200:
        return str(content["outcome"])
    problem = str(content.get("type", "")).rpartition(":")[2]
    if problem in ("purpose-refused", "population-refused", "quota-exceeded"):
        return "refused"
    return "unavailable" if status in (502, 503) else f"problem {problem}"


async def ask_about_citizens(session: aiohttp.ClientSession, control: Control, url: str, token: str) -> Questions:
    """Ask about named people with a known end, then about many in foul weather."""
    office = _Office(session, control, url, token)
    named = {one["name"]: one for one in (await control.get("people"))["people"]}
    await _known_ends(office, named)
    await control.post("faults", {"action": "replace", "faults": list(WEATHER)})
    strangers: list[dict[str, Any]] = (await control.get(f"people?from=0&limit={_STRANGERS}"))["people"]
    chance = random.Random(20260105)  # noqa: S311 - for the demonstration's course, not for secrets
    office.done.people = [*named.values(), *strangers]
    turns = [(one, chance.random() < 0.5, chance.random() < 0.2) for one in strangers]
    await asyncio.gather(*(_officer(office, place, turns[place::_OFFICERS]) for place in range(_OFFICERS)))
    office.done.faults = sum((await control.get("faults"))["injected"].values())
    await control.post("faults", {"action": "clear"})
    return office.done


async def _known_ends(office: _Office, named: Mapping[str, Mapping[str, Any]]) -> None:
    plain, twins = named["plain"], named["two_matches_1"]
    await office.ask("verify", plain, "found")
    await office.ask("verify", plain, "not_found", full_name="Người Không Có")
    for name in ("plain", "year_only", "apostrophe", "born_2000_or_later", "address_before_merger"):
        await office.ask("lookup", named[name], "found")
    await office.ask("lookup", named["empty_elements"], "partial")
    await office.ask("lookup", named["cancelled"], "not_found")
    await office.ask("lookup", twins, "ambiguous", personal_number=None, old_card_number=twins["card"])
    await office.ask("lookup", plain, "refused", officer_code=BARRED)
    await office.ask("lookup", plain, "refused", procedure_code=UNLICENSED)
    await office.ask("lookup", plain, "refused", fields=["religion"])
    await office.ask("lookup", plain, "refused", purpose="curiosity")


async def _officer(office: _Office, place: int, turns: Sequence[tuple[Mapping[str, Any], bool, bool]]) -> None:
    for person, is_look_up, is_mistaken in turns:
        changes = {"officer_code": f"canbo.{place}"} | ({"full_name": "Người Không Có"} if is_mistaken else {})
        for _ in range(_TRIES):
            if await office.ask("lookup" if is_look_up else "verify", person, **changes) != "unavailable":
                break
            await asyncio.sleep(0.5)
