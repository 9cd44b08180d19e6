"""The day's consents: a citizen who is asked for data grants it, declines it, or lets the time pass.

What the gateway says is held against the hub's own record: how often the telephone rang, how often data was released,
and what it says. Each wish is made twice, and each consent is asked for in another sign-in of the same citizen as well.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gateway.demo.sign_ins import SignedIns
from gateway.demo.sign_ons import RETURN
from gateway.demo.stack import Control
from gateway.demo.world import AGENCIES

_WAIT_SECONDS = 30.0
_PERSON = "999199000001"
_ENDS = {"approve": "approved", "decline": "declined", "expire": "expired"}
_AGREED = {"fullName", "birthDate", "gender"}


@dataclass(slots=True)
class Consents:
    """What became of the wishes. `rung` and `released` are by the hub's own count."""

    asked: int = 0
    rung: int = 0
    joined: int = 0
    granted: int = 0
    refused: int = 0
    released: int = 0
    collected: int = 0
    as_held: int = 0
    foreign_refused: int = 0
    wrongly_shared: int = 0
    unexpected: list[str] = field(default_factory=list)


class _Portal:
    """The portal's calls."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self._session = session
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}

    async def call(self, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        async with self._session.post(f"{self._url}/v1/{path}", json=body, headers=self._headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def ended(self, path: str, reader: Mapping[str, Any]) -> str:
        """Wait for the end of a consent, and give it."""
        end = time.monotonic() + _WAIT_SECONDS
        while True:
            _, look = await self.call(f"{path}:look", reader)
            standing = str(look.get("standing"))
            if standing in _ENDS.values() or standing == "failed" or time.monotonic() > end:
                return standing
            await asyncio.sleep(0.2)


async def ask_for_consents(
    session: aiohttp.ClientSession, hub: Control, url: str, token: str, signed_in: SignedIns
) -> Consents:
    """Ask three times in one sign-in; each time the citizen decides otherwise, and the data follows the decision."""
    done, portal = Consents(), _Portal(session, url, token)
    _, other = await portal.call(f"identity/sign-ins/{signed_in.other_sign_in_id}:introspect", {})
    if not other.get("is_active"):
        done.unexpected.append("there is no other live sign-in to ask in")
    before = await hub.get("counters")
    for decision in _ENDS:
        await _ask(portal, hub, signed_in, decision, done)
    after = await hub.get("counters")
    done.rung = after["started"] - before["started"]
    done.released = after["released"] - before["released"]
    return done


async def _ask(portal: _Portal, hub: Control, signed_in: SignedIns, decision: str, done: Consents) -> None:
    wish = {
        "hub": "vneid",
        "sign_in_id": signed_in.sign_in_id,
        "agency_code": AGENCIES[0][0],
        "purpose": "Điền sẵn tờ khai (trình diễn)",
        "return_to": RETURN,
    }
    status, consent = await portal.call("consents", wish)
    if status != 201 or consent["standing"] not in ("initiated", "linked"):
        done.unexpected.append(f"consent: {status} {consent.get('standing')}")
        return
    done.asked += 1
    status, again = await portal.call("consents", wish)
    done.joined += (status, again.get("consent_id")) == (200, consent["consent_id"])
    newest = (await hub.get("transactions"))["transactions"][-1]
    await hub.post("decisions", {"transaction": newest["code"], "decision": decision, "person": _PERSON})
    reader, foreign = {"sign_in_id": signed_in.sign_in_id}, {"sign_in_id": signed_in.other_sign_in_id}
    path = f"consents/{consent['consent_id']}"
    ended = await portal.ended(path, reader)
    seen = [(await portal.call(f"{path}:{verb}", foreign))[0] for verb in ("look", "collect")]
    done.foreign_refused += seen == [404, 404]
    done.wrongly_shared += seen[1] == 200
    status, data = await portal.call(f"{path}:collect", reader)
    if ended != _ENDS[decision]:
        done.unexpected.append(f"consent {decision}: {ended}")
    if decision == "approve":
        held = (await hub.get("people"))["data"][_PERSON]
        done.granted += ended == _ENDS[decision]
        done.collected += status == 200
        done.as_held += status == 200 and data["facts"] == {name: held[name] for name in _AGREED}
    else:
        done.refused += ended == _ENDS[decision]
        done.wrongly_shared += status == 200
