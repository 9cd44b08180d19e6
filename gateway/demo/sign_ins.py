"""The day's sign-ins: every kind of person through every wire, step-up, logout, and every attack that is known.

A browser and the portal's side of the API are all that is used here; what the sign-ons themselves say decides what was
an attack and what a right gateway makes of it.
"""

import asyncio
import base64
import secrets
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp

from gateway.demo.browser import Arrived, Browser, Page, new_browser
from gateway.demo.sign_ons import LOGOUT_RETURN, RETURN, SignOn
from gateway.demo.stack import Control

_HIGH = {"authentication_level": 3, "max_age_seconds": 120}
_NUMBERED = ("citizen-2", "citizen-1", "minor", "year-only", "same-mail-1", "same-mail-2")
"""People whom every wire can describe."""
PROVEN = {
    "dvcqg": ("Nguyễn Thị Thử", "999199000001"),
    "vneid": ("Nguyễn Thị Thử", "999199000001"),
    # Signs in through this wire alone, which tells no technical id: it is looked up at the portal.
    "vneid-sealed": ("Bùi Văn Chung", "999092000012"),
}
"""Who files a dossier after a sign-in: name and number, by provider."""
_ALONE = "same-mail-2"
_WEATHER = ({"kind": "drop_reply"}, {"kind": "server_error"}, {"kind": "malformed_json"}, {"kind": "html_page"})


@dataclass(slots=True)
class SignedIns:
    """What became of the day's sign-ins."""

    sign_ins_count: int = 0
    cancelled_count: int = 0
    step_ups_count: int = 0
    logouts_count: int = 0
    unavailable_count: int = 0
    refused_attacks: list[str] = field(default_factory=list)
    wrongly_accepted: list[str] = field(default_factory=list)
    injected_count: int = 0
    harmless_count: int = 0
    unexpected: list[str] = field(default_factory=list)
    evidence: dict[str, str] = field(default_factory=dict)
    """The evidence of one citizen's sign-in, by provider."""
    sign_in_id: str = ""
    """A sign-in of that citizen that lives on."""
    other_sign_in_id: str = ""
    """Another one of the same citizen, at another provider."""


class _Portal:
    """The portal's side, at one provider."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, token: str, sign_on: SignOn, trust: ssl.SSLContext
    ) -> None:
        self._session = session
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self.trust = trust
        self.sign_on = sign_on
        self.control = Control(session, sign_on.control_url, sign_on.token)

    async def call(self, path: str, body: Mapping[str, Any]) -> tuple[int, Any, Mapping[str, str]]:
        async with self._session.post(f"{self._url}/v1/identity/{path}", json=body, headers=self._headers) as answer:
            return answer.status, await answer.json(content_type=None), answer.headers.copy()

    async def sign_in(self, person: str, **wishes: Any) -> tuple[str, dict[str, Any]]:
        """Sign in with a new browser; give "signed_in" with what the assertion's answer says, or the refusal."""
        async with new_browser((RETURN, LOGOUT_RETURN), self.trust) as browser:
            return await self.sign_in_with(browser, person, **wishes)

    async def sign_in_with(self, browser: Browser, person: str, **wishes: Any) -> tuple[str, dict[str, Any]]:
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(8)
        challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
        wish = {"provider": self.sign_on.name, "return_to": RETURN, "state": state, "code_challenge": challenge}
        status, begun, _ = await self.call("logins", wish | wishes)
        if status != 201:
            return f"login {status}", {}
        shown = await browser.open(begun["start_url"])
        if isinstance(shown, Page) and shown.forms and "ticket" in shown.forms[0][1]:
            fields = {"person": person, "action": "sign_in"} if person else {"action": "cancel"}
            shown = await browser.submit(shown, **fields)
        if isinstance(shown, Page):
            return f"page {shown.status}", {}
        return await self._redeem(shown, state, verifier)

    async def _redeem(self, arrived: Arrived, state: str, verifier: str) -> tuple[str, dict[str, Any]]:
        told = arrived.query
        if told.get("state") != state:
            return "another state", {}
        if "error" in told:
            return told["error"], {}
        status, answer, _ = await self.call("assertions", {"code": told["code"], "code_verifier": verifier})
        return ("signed_in", answer) if status == 200 else (f"assertion {status}", {})


async def sign_in_all_day(
    session: aiohttp.ClientSession, url: str, token: str, sign_ons: Sequence[SignOn], ca: Path
) -> SignedIns:
    """Sign in through every sign-on, one beside the other."""
    trust = ssl.create_default_context(cafile=str(ca))
    done = SignedIns()
    portals = [_Portal(session, url, token, sign_on, trust) for sign_on in sign_ons]
    await asyncio.gather(*(_live(portal, done) for portal in portals))
    return done


async def _live(portal: _Portal, done: SignedIns) -> None:
    for person in await _people(portal):
        await _expect(portal, done, person, "signed_in")
    await _expect(portal, done, "", "EID_CANCELLED")
    if portal.sign_on.mode != "p3":  # Its sealed answers say nothing of how somebody was authenticated.
        await _step_up(portal, done)
        await _leave(portal, done)
    await _in_bad_weather(portal, done)
    await _attacks(portal, done)


async def _people(portal: _Portal) -> list[str]:
    if portal.sign_on.mode == "p3":
        return list(_NUMBERED)
    people = (await portal.control.get("people"))["people"]
    return [person["key"] for person in people if not person["is_locked"] and person["key"] != _ALONE]


async def _expect(portal: _Portal, done: SignedIns, person: str, expected: str) -> None:
    outcome, answer = await portal.sign_in(person)
    if outcome != expected:
        done.unexpected.append(f"{portal.sign_on.name} {person or 'cancel'}: {outcome}")
        return
    if not person:
        done.cancelled_count += 1
        return
    done.sign_ins_count += 1
    if person == (_ALONE if portal.sign_on.mode == "p3" else "citizen-2"):
        done.evidence[portal.sign_on.name] = answer["sign_in"]["evidence_id"]
        if portal.sign_on.mode == "p2":
            done.sign_in_id = answer["sign_in"]["sign_in_id"]
        elif portal.sign_on.mode == "p1":
            done.other_sign_in_id = answer["sign_in"]["sign_in_id"]


async def _step_up(portal: _Portal, done: SignedIns) -> None:
    """A procedure wants more than the sign-in is: the answer says so, and a new sign-in is enough."""
    outcome, answer = await portal.sign_in("citizen-1")
    done.sign_ins_count += outcome == "signed_in"
    path = f"sign-ins/{answer.get('sign_in', {}).get('sign_in_id', '')}:require"
    status, _, headers = await portal.call(path, {"requirement": _HIGH})
    asked = "insufficient_user_authentication" in headers.get("WWW-Authenticate", "")
    outcome, answer = await portal.sign_in("citizen-2", requirement=_HIGH, is_anew=True)
    enough, _, _ = await portal.call(
        f"sign-ins/{answer.get('sign_in', {}).get('sign_in_id', '')}:require", {"requirement": _HIGH}
    )
    if (status, asked, outcome, enough) == (401, True, "signed_in", 200):
        done.sign_ins_count += 1
        done.step_ups_count += 1
    else:
        done.unexpected.append(f"{portal.sign_on.name} step-up: {status} {outcome} {enough}")


async def _leave(portal: _Portal, done: SignedIns) -> None:
    """Sign in, sign out here and over there, and see that both sessions are over."""
    async with new_browser((RETURN, LOGOUT_RETURN), portal.trust) as browser:
        outcome, answer = await portal.sign_in_with(browser, "citizen-2")
        if outcome != "signed_in":
            done.unexpected.append(f"{portal.sign_on.name} before the logout: {outcome}")
            return
        done.sign_ins_count += 1
        sign_in_id = answer["sign_in"]["sign_in_id"]
        _, out, _ = await portal.call("logouts", {"sign_in_id": sign_in_id, "return_to": LOGOUT_RETURN})
        shown = await browser.open(out["logout_url"])
        back = await browser.submit(shown)
        _, look, _ = await portal.call(f"sign-ins/{sign_in_id}:introspect", {})
    if isinstance(back, Arrived) and look["is_active"] is False:
        done.logouts_count += 1
    else:
        done.unexpected.append(f"{portal.sign_on.name} logout")


async def _in_bad_weather(portal: _Portal, done: SignedIns) -> None:
    """Whatever the provider's failing answers are, the citizen is told to come again, and can."""
    for fault in _WEATHER:
        await portal.control.post(
            "faults", {"action": "replace", "faults": [{**fault, "operation": "token", "calls": 1}]}
        )
        outcome, _ = await portal.sign_in("citizen-1")
        if outcome in ("EID_PROVIDER_UNAVAILABLE", "EID_PROVIDER_ERROR"):
            done.unavailable_count += 1
        else:
            done.unexpected.append(f"{portal.sign_on.name} {fault['kind']}: {outcome}")
        await portal.control.post("faults", {"action": "clear"})
        await _expect(portal, done, "citizen-1", "signed_in")


async def _attacks(portal: _Portal, done: SignedIns) -> None:
    for kind in (await portal.control.get("attacks/kinds"))["kinds"]:
        if kind["needs"]:
            continue  # No attack on a gateway that was not told to expect what it takes away.
        name = f"{portal.sign_on.name} {kind['kind']}"
        await portal.control.post("attacks", {"kind": kind["kind"]})
        outcome, _ = await portal.sign_in("citizen-2")
        struck = (await portal.control.get("attacks"))["struck"].get(kind["kind"], 0)
        if struck != 1:
            done.unexpected.append(f"{name}: struck {struck} times")
        if kind["must_be_refused"]:
            done.injected_count += struck
            (done.wrongly_accepted if outcome == "signed_in" else done.refused_attacks).append(name)
        elif outcome == "signed_in":
            done.sign_ins_count += 1
            done.harmless_count += 1
        else:
            done.unexpected.append(f"{name}: {outcome}")
        # An honest sign-in after each: nothing is left of the attack, and the provider is known to be well.
        await _expect(portal, done, "citizen-1", "signed_in")
