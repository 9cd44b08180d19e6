"""The day's consents: a citizen who is asked for data grants it, declines it, or lets the time pass."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gateway.demo.sign_ons import RETURN
from gateway.demo.stack import Control
from gateway.demo.world import AGENCIES

_WAIT_SECONDS = 30.0
_PERSON = "999199000001"
_ENDS = {"approve": "approved", "decline": "declined", "expire": "expired"}


@dataclass(slots=True)
class Consents:
    """What became of the wishes."""

    asked: int = 0
    granted: int = 0
    refused: int = 0
    collected: int = 0
    wrongly_shared: int = 0
    unexpected: list[str] = field(default_factory=list)


async def ask_for_consents(
    session: aiohttp.ClientSession, hub: Control, url: str, token: str, sign_in_id: str
) -> Consents:
    """Ask three times in one sign-in; each time the citizen decides otherwise, and the data follows the decision."""
    done = Consents()
    headers = {"Authorization": f"Bearer {token}"}

    async def call(path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        async with session.post(f"{url}/v1/consents{path}", json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    for decision, wanted in _ENDS.items():
        wish = {
            "hub": "vneid",
            "sign_in_id": sign_in_id,
            "agency_code": AGENCIES[0][0],
            "purpose": "Điền sẵn tờ khai (trình diễn)",
            "return_to": RETURN,
        }
        status, consent = await call("", wish)
        if status != 201 or consent["standing"] not in ("initiated", "linked"):
            done.unexpected.append(f"consent: {status} {consent.get('standing')}")
            continue
        done.asked += 1
        newest = (await hub.get("transactions"))["transactions"][-1]
        await hub.post("decisions", {"transaction": newest["code"], "decision": decision, "person": _PERSON})
        reader, path = {"sign_in_id": sign_in_id}, f"/{consent['consent_id']}"
        ended = await _ended(call, path, reader)
        status, data = await call(f"{path}:collect", reader)
        if ended != wanted:
            done.unexpected.append(f"consent {decision}: {ended}")
        if decision == "approve":
            done.granted += ended == wanted
            done.collected += status == 200 and bool(data["facts"])
        else:
            done.refused += ended == wanted
            done.wrongly_shared += status == 200
    return done


async def _ended(call: Any, path: str, reader: Mapping[str, Any]) -> str:
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        _, look = await call(f"{path}:look", reader)
        standing = str(look.get("standing"))
        if standing in _ENDS.values() or standing == "failed" or time.monotonic() > end:
            return standing
        await asyncio.sleep(0.2)
