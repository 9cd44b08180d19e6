"""Citizens file on the portal while the day goes on; the province hears of it by the feed, and answers.

The portal's own register says what was filed, and its own record what the province told it in return.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gateway.demo.stack import Control

KEY_HEADER = "X-Portal-Key"
_TYPES = "application.filed,application.changed,application.withdrawn,application.paid"


@dataclass(slots=True)
class Inbound:
    """What the province saw of the applications, and what it answered."""

    filed: list[dict[str, Any]] = field(default_factory=list)
    """The portal's register."""
    delivered: Counter[str] = field(default_factory=Counter)
    """How often each code came by the feed as newly filed."""
    mismatched: list[str] = field(default_factory=list)
    answered: dict[str, str] = field(default_factory=dict)
    """The status that the province gave, by code."""
    unexpected: list[str] = field(default_factory=list)

    @property
    def delivered_count(self) -> int:
        """Give how many of the filed applications came."""
        return sum(one["code"] in self.delivered for one in self.filed)

    @property
    def duplicated_count(self) -> int:
        """Give how many came more than once, or were never filed."""
        codes = {one["code"] for one in self.filed}
        return sum(count > 1 or code not in codes for code, count in self.delivered.items())


async def file_and_answer(
    session: aiohttp.ClientSession, control: Control, url: str, token: str, secret: str, count: int
) -> Inbound:
    """Let citizens file, pay, supplement and withdraw, each call repeated at times; then take everything up."""
    order = {"to": f"{url}/national/portal", "headers": {KEY_HEADER: secret}, "count": count, "repeat_share": 0.4}
    filed = (await control.post("applications", order))["applications"]
    inbound = Inbound(filed=filed)
    headers = {"Authorization": f"Bearer {token}"}
    # The feed from its beginning, a page at a time: what was missed is read again from any cursor.
    after = 0
    while True:
        path = f"{url}/v1/events?after={after}&types={_TYPES}&limit=200"
        async with session.get(path, headers=headers) as response:
            response.raise_for_status()
            page = await response.json()
        inbound.delivered.update(event["subject"] for event in page["events"] if event["type"] == "application.filed")
        if not page["events"]:
            break
        after = page["next_after"]
    for place, one in enumerate(filed):
        await _take_up(session, url, headers, one, place, inbound)
    return inbound


async def _take_up(
    session: aiohttp.ClientSession,
    url: str,
    headers: Mapping[str, str],
    one: Mapping[str, Any],
    place: int,
    inbound: Inbound,
) -> None:
    """Read an application, hold it against the register, and accept or refuse it unless it was withdrawn."""
    code = one["code"]
    async with session.get(f"{url}/v1/dossiers/{code}", headers=headers) as response:
        if response.status != 200:
            inbound.unexpected.append(f"dossier: {response.status}")
            return
        dossier = await response.json()
    expected = (
        one["applicant_name"],
        one["summary"],
        "withdrawn" if one["is_withdrawn"] else "registered",
        "national_platform" if one["is_paid"] else "none",
    )
    found = (dossier["applicant"]["name"], dossier["summary"], dossier["status"], dossier["online_payment"])
    if found != expected:
        inbound.mismatched.append(code)
    if one["is_withdrawn"]:
        return
    status = "refused" if place % 4 == 3 else "received"
    body = {
        "officer_name": "Cán bộ Một",
        "content": "Đã tiếp nhận" if status == "received" else "Thiếu giấy tờ",
        "status": status,
        "occurred_at": "2026-01-05T10:00:00+07:00",
    }
    keyed = {**headers, "Idempotency-Key": f"answer-{code}"}
    async with session.post(f"{url}/v1/dossiers/{code}/progress", json=body, headers=keyed) as response:
        if response.status not in (200, 201):
            inbound.unexpected.append(f"progress: {response.status}")
            return
    inbound.answered[code] = status


def answers_on_portal(inbound: Inbound, told: Mapping[str, Any]) -> int:
    """Give how many answers the portal's own record ends with (2 for received, 5 for refused; §6.3)."""
    wanted = {"received": "2", "refused": "5"}
    return sum(
        bool(told.get(code)) and told[code][-1]["TrangThai"] == wanted[status]
        for code, status in inbound.answered.items()
    )
