"""The portal's record is damaged as years of life would; the gateway compares, and the record is read again."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gateway.demo.stack import Control

_WAIT_SECONDS = 120.0
DAMAGE: Mapping[str, int] = {
    "lose": 6,
    "corrupt": 6,
    "revert": 4,
    "mispay": 3,
    "scramble": 3,
    "invent": 3,
    "duplicate": 3,
}
_EXPECTED = {
    "lost": ("missing_there", "repaired"),
    "corrupted": ("stale_there", "repaired"),
    "reverted": ("stale_there", "repaired"),
    "mispaid": ("conflict", "parked"),
    "scrambled": ("unmapped", "parked"),
    "invented": ("missing_here", "parked"),
    "duplicated": ("duplicated", "parked"),
}


@dataclass(slots=True)
class Reconciled:
    """What was damaged, what the gateway made of it, and what the portal's record shows afterwards."""

    seeded: list[dict[str, Any]] = field(default_factory=list)
    findings: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Kind and state of each finding, by code."""
    repaired: int = 0
    """Damaged records that read as before once the gateway called them repaired."""
    run: dict[str, Any] = field(default_factory=dict)

    @property
    def classified(self) -> int:
        return sum(self.findings.get(one["code"], ("", ""))[0] == _EXPECTED[one["kind"]][0] for one in self.seeded)

    @property
    def missed(self) -> list[str]:
        """What was damaged and not told as what it is, or not mended, with what was told instead."""
        told = {one["code"]: self.findings.get(one["code"], ("nothing", "")) for one in self.seeded}
        return [
            f"{one['code']}: {one['kind']}, told as {' '.join(told[one['code']])}"
            for one in self.seeded
            if told[one["code"]] != _EXPECTED[one["kind"]]
        ]

    @property
    def repairable(self) -> int:
        return sum(_EXPECTED[one["kind"]][1] == "repaired" for one in self.seeded)

    @property
    def unexpected(self) -> int:
        """Findings about records that nobody damaged."""
        return len(set(self.findings) - {one["code"] for one in self.seeded})


async def damage_and_reconcile(session: aiohttp.ClientSession, control: Control, url: str, token: str) -> Reconciled:
    """Damage the record, run a full comparison to its end, and look at the record again."""
    before = await control.dossiers()
    done = Reconciled(seeded=(await control.post("damage", dict(DAMAGE)))["damage"])
    headers = {"Authorization": f"Bearer {token}"}
    async with session.post(f"{url}/v1/reconciliations", json={"mode": "full"}, headers=headers) as response:
        response.raise_for_status()
        run_id = (await response.json())["run_id"]
    end = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < end:
        async with session.get(f"{url}/v1/reconciliations/{run_id}", headers=headers) as response:
            response.raise_for_status()
            done.run = await response.json()
        if done.run["state"] == "finished":
            break
        await asyncio.sleep(0.3)
    async with session.get(f"{url}/v1/findings?run_id={run_id}&limit=500", headers=headers) as response:
        response.raise_for_status()
        for finding in (await response.json())["findings"]:
            done.findings[finding["dossier_code"]] = (finding["kind"], finding["state"])
    after = await control.dossiers()
    done.repaired = sum(
        done.findings.get(one["code"]) == _EXPECTED[one["kind"]]
        and one["code"] in after
        and _content(after[one["code"]]) == _content(before[one["code"]])
        for one in done.seeded
        if _EXPECTED[one["kind"]][1] == "repaired"
    )
    return done


def _content(held: Mapping[str, Any]) -> tuple[Any, Any, list[Any]]:
    steps = [(step["ThoiDiemXuLy"], step["TrangThai"], step["NoiDungXuLy"]) for step in held["steps"]]
    return held["record"], held["status"], steps
