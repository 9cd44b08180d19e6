"""A province's own procedure codes: a set with rows left out holds what it must, and the whole set lets it go."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from gateway.demo.mappings import held, in_force, load_sets, write_example_set
from gateway.demo.stack import Control
from gateway.demo.world import AGENCIES

_WAIT_SECONDS = 60.0
_LEFT_OUT = 2
_DOSSIERS_PER_CODE = 2


@dataclass(slots=True)
class Held:
    """Codes that were left out, those that were named while they were waited for, and what arrived at the end."""

    left_out: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    sent: dict[str, str] = field(default_factory=dict)
    """National code that each dossier must have on the portal, by dossier code."""
    translated: int = 0
    unexpected: list[str] = field(default_factory=list)


async def hold_and_release(
    session: aiohttp.ClientSession,
    control: Control,
    url: str,
    token: str,
    *,
    procedures: list[dict[str, Any]],
    folder: Path,
    settings: Path,
) -> Held:
    """Load a set without two rows, send dossiers with local codes, read what is held, load the whole set, and wait."""
    national = [procedure["code"] for procedure in procedures][:5]
    pairs = {f"{code[:8]}.H99": code for code in national}
    done = Held(left_out=sorted(pairs)[:_LEFT_OUT])
    for version, unmapped in (("1.0.0", done.left_out), ("1.1.0", [])):
        write_example_set(folder, pairs, unmapped=unmapped, version=version)
        loaded = await load_sets(folder, settings)
        if loaded.status != 0 or not await in_force(session, url, token, loaded.facts["version"]):
            done.unexpected.append(f"set {version} is not in force")
            return done
        if version == "1.0.0":
            await _send(session, url, token, pairs, done)
            done.named = await _named(session, url, token, len(done.left_out))
    await _arrived(control, done)
    return done


async def _send(session: aiohttp.ClientSession, url: str, token: str, pairs: dict[str, str], done: Held) -> None:
    agency = {"code": AGENCIES[0][0], "name": AGENCIES[0][1]}
    for number, (local, code) in enumerate(sorted(pairs.items()) * _DOSSIERS_PER_CODE):
        dossier_code = f"{AGENCIES[0][0]}-260106-{80_000 + number}"
        body = {
            "procedure_code": local,
            "receiving_agency": agency,
            "handling_agency": agency,
            "status": "received",
            "channel": "in_person",
            "applicant": {"name": "Trần Văn Thử", "identifiers": [{"type": "personal_id", "number": "999199000002"}]},
            "summary": "Hồ sơ mang mã thủ tục của địa phương",
            "submitted_at": "2026-01-06T08:00:00+07:00",
            "received_at": "2026-01-06T08:00:00+07:00",
        }
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"local-{number}"}
        async with session.put(f"{url}/v1/dossiers/{dossier_code}", json=body, headers=headers) as response:
            if response.status != 201:
                done.unexpected.append(f"dossier: {response.status}")
        done.sent[dossier_code] = code


async def _named(session: aiohttp.ClientSession, url: str, token: str, count: int) -> list[str]:
    """Wait until as many codes are named as were left out, and a moment longer, in case there are more."""
    end = time.monotonic() + _WAIT_SECONDS
    while len(await held(session, url, token)) < count and time.monotonic() < end:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.3)
    await asyncio.sleep(1.0)
    return sorted(await held(session, url, token))


async def _arrived(control: Control, done: Held) -> None:
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        done.translated = 0
        for dossier_code, code in done.sent.items():
            found = (await control.get(f"dossiers?code={dossier_code}"))["dossiers"]
            done.translated += bool(found) and found[0]["record"]["MaTTHC"] == code
        if done.translated == len(done.sent) or time.monotonic() > end:
            return
        await asyncio.sleep(0.3)
