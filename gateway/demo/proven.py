"""Dossiers that name the sign-in by which they were filed: what it proves reaches the portal, and a lie does not."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from gateway.demo.sign_ins import PROVEN, SignedIns
from gateway.demo.stack import Control
from gateway.demo.world import AGENCIES

_WAIT_SECONDS = 180.0
_RESTATED_SECONDS = 5.0
_SUMMARY = "Hồ sơ nộp sau khi đăng nhập bằng định danh điện tử"


@dataclass(slots=True)
class Proven:
    """Dossier codes with the technical id that each must have on the portal."""

    sent: dict[str, str] = field(default_factory=dict)
    on_portal: int = 0
    lies_refused: int = 0
    unexpected: list[str] = field(default_factory=list)


async def file_proven(
    session: aiohttp.ClientSession,
    control: Control,
    url: str,
    token: str,
    *,
    signed_in: SignedIns,
    procedure_code: str,
    now: datetime,
) -> Proven:
    """File one dossier for each sign-on's citizen, and one for somebody else with the same sign-in."""
    done = Proven()
    headers = {"Authorization": f"Bearer {token}"}

    async def put(code: str, evidence_id: str, name: str, number: str, summary: str = _SUMMARY) -> int:
        body = _dossier(procedure_code, evidence_id, name, number, now) | {"summary": summary}
        async with session.put(f"{url}/v1/dossiers/{code}", json=body, headers=headers) as response:
            return response.status

    for place, (provider, evidence_id) in enumerate(sorted(signed_in.evidence.items())):
        name, number = PROVEN[provider]
        code = f"{AGENCIES[0][0]}-{now:%y%m%d}-{90_000 + place}"
        technical_id = await _technical_id(session, url, headers, number) if provider == "vneid-sealed" else ""
        done.sent[code] = technical_id
        if (status := await put(code, evidence_id, name, number)) != 201:
            done.unexpected.append(f"{provider}: {status}")
        if await put(f"{code}9", evidence_id, "Trần Văn Khác", "999199000002") == 422:
            done.lies_refused += 1
    codes = dict(zip(sorted(signed_in.evidence), done.sent, strict=True))
    end = time.monotonic() + _WAIT_SECONDS
    restated_count = 0
    while (missing := await _arrived(control, done)) and time.monotonic() < end:
        restated_count += 1
        # The portal may have been away when its id was asked for. As soon as it is known, the next statement has it.
        for provider in (one for one, code in codes.items() if code in missing):
            name, number = PROVEN[provider]
            await put(codes[provider], signed_in.evidence[provider], name, number, f"{_SUMMARY} ({restated_count})")
    return done


async def _technical_id(session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], number: str) -> str:
    """Ask the portal, as the gateway has done since the sign-in."""
    async with session.post(f"{url}/v1/technical-ids:find", json={"number": number}, headers=headers) as response:
        response.raise_for_status()
        found: str = (await response.json())["technical_id"] or ""
        return found


def _dossier(procedure_code: str, evidence_id: str, name: str, number: str, now: datetime) -> dict[str, Any]:
    agency = {"code": AGENCIES[0][0], "name": AGENCIES[0][1]}
    return {
        "procedure_code": procedure_code,
        "receiving_agency": agency,
        "handling_agency": agency,
        "status": "received",
        "channel": "online",
        "applicant": {"name": name, "identifiers": [{"type": "personal_id", "number": number}]},
        "sign_in_evidence_id": evidence_id,
        "submitted_at": now.isoformat(),
        "received_at": now.isoformat(),
        "due_at": (now + timedelta(days=5)).isoformat(),
    }


async def _arrived(control: Control, done: Proven) -> set[str]:
    """Wait for a while until all are on the portal as they must be; give those that are not."""
    end = time.monotonic() + _RESTATED_SECONDS
    while True:
        missing = set()
        for code, technical_id in done.sent.items():
            found = (await control.get(f"dossiers?code={code}"))["dossiers"]
            record = found[0]["record"] if found else {}
            known = record.get("MaDoiTuong", "")
            is_right = known == technical_id if technical_id else bool(known)
            if not is_right or record.get("TaiKhoanDuocXacThucVoiVNeID") != "1":
                missing.add(code)
        done.on_portal = len(done.sent) - len(missing)
        if not missing or time.monotonic() > end:
            return missing
        await asyncio.sleep(0.3)
