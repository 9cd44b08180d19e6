"""The national monitoring system pulls the province's numbers, and people hold them against the dossiers.

It pulls what was published before the day, then the day's numbers are published, pulled again, verified, and counted a
second time: from the dossiers' own list, and by the gateway from scratch. The same publications are pushed to it as to
a receiver that does not pull; one of its answers is lost.
"""

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.demo.payments import Caller
from gateway.demo.stack import Child, Control, Files, free_port
from gateway.vault.assertions import create_signing_key, load_signer

SCOPES = ("monitoring:read", "monitoring:write", "monitoring:drilldown", "dossiers:read")
_PATH = "/monitoring/v1"
_PUSHES_SECONDS = 30.0
_MONTH = "period_type=month&period=2026-01"
_AGENCIES = [
    {"code": "H99", "level": "province"},
    {"code": "H99.01", "level": "province", "unit_group": "1"},
    {"code": "H99.02", "level": "province", "unit_group": "1"},
]
_TARGETS = """
version = "2026"

[[target]]
id = "P-01"
indicator = "U2"
scope = "province"
valid_from = 2026-01-01
checkpoint = "year_end"
value_percent = "50"
document = "Kế hoạch của tỉnh"
"""
_DAYS = """\
day,kind,agency,label,source,told_on
2026-03-18,agency_closed,H99.01,Mưa lũ,Quyết định của tỉnh,2026-03-17
2026-03-21,agency_open,,Tiếp nhận sáng thứ bảy,Kế hoạch của tỉnh,
"""


class MonitoringFiles:
    """Makes process and settings; keys and tokens are of this run."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._port = free_port()
        self._push_token = secrets.token_hex(16)
        self._key = files.folder / "publications.pem"
        self.token = secrets.token_hex(16)

    def settings(self) -> str:
        """Write the section [monitoring]: months from January 2026 on are published."""
        create_signing_key(self._key)
        days = self._files.folder / "days.csv"
        days.write_text(_DAYS, encoding="utf-8")
        token = self._files.folder / "push-token"
        token.touch(mode=0o600)
        token.write_text(self._push_token, encoding="utf-8")
        return f"""
[monitoring]
province = "H99"
interval_seconds = 2.0
pulls_per_minute = 6000

[monitoring.calendar]
file = {json.dumps(str(days))}

[monitoring.publication]
signing_key_files = [{json.dumps(str(self._key))}]
begins_on = 2026-01-02
period_types = ["month", "quarter"]
push_seconds = 1.0

[[monitoring.publication.receivers]]
name = "emc"
url = "http://127.0.0.1:{self._port}/push/v1/snapshots"
token = {{ file = {json.dumps(str(token))} }}
is_test = true
"""

    def child(self, url: str, token: str, samples: Sequence[str], units: Mapping[str, str]) -> Child:
        """Prepare the monitoring system's process. `samples` are numbers of persons that must be nowhere.

        `units` are those of each indicator: what is pushed comes without definitions.
        """
        profile = self._files.folder / "monitoring.json"
        profile.touch(mode=0o600)
        puller = {"province_url": url, "token": token, "personal_samples": list(samples)}
        pushed = {
            "push_token": self._push_token,
            "push_key_set": {"keys": list(load_signer([self._key]).public_keys())},
            "push_units": dict(units),
        }
        profile.write_text(json.dumps({"puller": puller, **pushed}), encoding="utf-8")
        arguments = [
            *(sys.executable, "-m", "adapters.monitoring.sandbox", "--profile", str(profile)),
            *("--port", str(self._port)),
            *("--control-port", "0", "--control-token", self.token),
        ]
        return Child("monitoring system", arguments, self._files.folder / "monitoring.log")


@dataclass(slots=True)
class Watched:
    """What became of it. `received` are counted by the gateway, `listed` from the list of dossiers."""

    pulls: int = 0
    snapshots: int = 0
    pushed: int = 0
    push_repeats: int = 0
    restatements: int = 0
    signature_failures: int = 0
    findings: list[str] = field(default_factory=list)
    received: int = 0
    listed: int = 0
    is_recomputed_equal: bool = False
    recomputed: int = 0
    unexpected: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, Any]:
        """Give the figures of the summary by name."""
        return {
            "monitoring.pulls": self.pulls,
            "monitoring.snapshots": self.snapshots,
            "monitoring.pushed": self.pushed,
            "monitoring.pushed_again": self.push_repeats,
            "monitoring.restatements": self.restatements,
            "monitoring.signature_failures": self.signature_failures,
            "monitoring.findings": len(self.findings),
            "monitoring.unexpected": len(self.unexpected),
            "indicators.received": self.received,
            "indicators.received_listed": self.listed,
            "indicators.recomputed": self.recomputed,
            "indicators.recomputed_equal": self.is_recomputed_equal,
        }


async def watch_numbers(caller: Caller, system: Control, files: Files) -> Watched:
    """Let the monitoring system pull, publish, pull again; count again in two other ways."""
    watched = Watched()
    await _put_registers(caller, watched)
    await _pull(system, watched)
    published = await _command(files, "publish")
    if not published["published"]:
        watched.unexpected.append("nothing was published after the day")
    await _pull(system, watched)
    await _wait_for_pushes(caller, system, watched)
    watched.restatements = await _restatements(caller)
    found = (await system.get("findings"))["findings"]
    watched.findings = [f"{one['kind']} {one['snapshot_id']}: {one['message']}" for one in found]
    watched.signature_failures = sum(one["kind"] == "signature_failed" for one in found)
    await _count_listed(caller, watched)
    checked = await _command(files, "check")
    watched.is_recomputed_equal, watched.recomputed = checked["is_equal"] is True, checked["dossiers_count"]
    return watched


async def _put_registers(caller: Caller, watched: Watched) -> None:
    for path, body in (
        (f"{_PATH}/registers/agencies", {"items": _AGENCIES}),
        (f"{_PATH}/targets", {"content": _TARGETS}),
    ):
        status, _ = await caller.call("PUT", path, body)
        if status != 200:
            watched.unexpected.append(f"PUT {path}: {status}")
    status, answer = await caller.call("PUT", f"{_PATH}/registers/agencies", {"items": [*_AGENCIES, *_AGENCIES]})
    if status != 422:
        watched.unexpected.append(f"a register that contradicts itself: {status} {answer}")


async def _pull(system: Control, watched: Watched) -> None:
    done = await system.post("pulls", {})
    watched.pulls += 1
    watched.snapshots += len(done["snapshot_ids"])
    if not done["is_complete"]:
        watched.unexpected.append(f"pull {watched.pulls} was not complete")


async def _wait_for_pushes(caller: Caller, system: Control, watched: Watched) -> None:
    until = time.monotonic() + _PUSHES_SECONDS
    while True:
        status, told = await caller.call("GET", f"{_PATH}/receivers")
        if status != 200:
            watched.unexpected.append(f"GET receivers: {status}")
            break
        (receiver,) = told["receivers"]
        if not receiver["waiting_count"]:
            break
        if time.monotonic() > until:
            watched.unexpected.append(f"{receiver['waiting_count']} publications were not taken: {receiver['reason']}")
            break
        await asyncio.sleep(0.5)
    pushes = await system.get("pushes")
    watched.pushed, watched.push_repeats = len(pushes["pushes"]), pushes["repeats"]


async def _count_listed(caller: Caller, watched: Watched) -> None:
    """Count January's dossiers by the list that clients read, whose columns no indicator is made of."""
    status, numbers = await caller.call("GET", f"{_PATH}/indicators?{_MONTH}&indicator=U2")
    if status != 200:
        watched.unexpected.append(f"GET indicators: {status}")
        return
    (told,) = numbers["observations"]
    removed = told["quality"]["duplicates_removed"] + told["quality"]["tests_removed"]
    watched.received = told["denominator"] + removed
    cursor = ""
    while True:
        status, page = await caller.call("GET", f"/v1/dossiers?limit=500{cursor}")
        if status != 200:
            watched.unexpected.append(f"GET dossiers: {status}")
            return
        for one in page["dossiers"]:
            watched.listed += (one.get("received_at") or "").startswith("2026-01")
        if not page.get("next_cursor"):
            return
        cursor = f"&cursor={page['next_cursor']}"


async def _restatements(caller: Caller) -> int:
    count, cursor = 0, ""
    while True:
        status, log = await caller.call("GET", f"{_PATH}/restatements?limit=1000{cursor}")
        if status != 200:
            return 0
        count += len(log["restatements"])
        if log["next_cursor"] is None:
            return count
        cursor = f"&cursor={log['next_cursor']}"


async def _command(files: Files, name: str) -> dict[str, Any]:
    arguments = [sys.executable, "-m", "gateway", "indicators", name, "--json"]
    child = Child(
        f"indicators {name}", arguments, files.folder / "indicators.log", {"GATEWAY_CONFIG": str(files.settings)}
    )
    facts = await child.start()
    await child.wait()
    return facts
