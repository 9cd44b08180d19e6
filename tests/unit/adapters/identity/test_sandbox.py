"""The simulated sign-on by itself: its process, its page, its provider's manners (electronic identity notes §18)."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import jwt
import pytest

from adapters.identity.sandbox import IdentitySandbox, ProfileError, parse_profile, serve
from adapters.identity.sandbox.__main__ import main
from tests.support.sign_on import provider_keys

CLIENT = {"client_id": "gw", "client_secret": "s", "redirect_uris": ["http://127.0.0.1:9/cb"]}
REQUEST = {
    "response_type": "code",
    "client_id": "gw",
    "redirect_uri": "http://127.0.0.1:9/cb",
    "scope": "openid",
    "state": "st",
    "nonce": "no",
}


def make(**profile: Any) -> IdentitySandbox:
    return IdentitySandbox(parse_profile({"clients": [CLIENT], **profile}), ring=provider_keys())


async def authorize(session: aiohttp.ClientSession, url: str, **changes: str) -> str:
    query = urlencode(REQUEST | changes)
    async with session.get(f"{url}/oauth2/authorize?{query}", allow_redirects=False) as answer:
        return answer.headers.get("Location", await answer.text())


def told(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


async def exchange(session: aiohttp.ClientSession, url: str, code: str, **changes: str) -> tuple[int, dict[str, Any]]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REQUEST["redirect_uri"],
        "client_id": "gw",
        "client_secret": "s",
        **changes,
    }
    async with session.post(f"{url}/oauth2/token", data=form) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_manners_of_a_provider() -> None:
    """Codes work once, for their client, address and time; a code that comes twice takes its token with it."""
    sandbox = make()
    async with await serve(sandbox) as running, aiohttp.ClientSession() as session:
        sandbox.state.ordered.extend(["citizen-2"] * 3)
        code = told(await authorize(session, running.url))["code"]
        status, tokens = await exchange(session, running.url, code)
        again, _ = await exchange(session, running.url, code)
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        async with session.get(f"{running.url}/oauth2/userinfo", headers=bearer) as answer:
            after = answer.status
        other = told(await authorize(session, running.url, prompt="login"))["code"]
        elsewhere, _ = await exchange(session, running.url, other, redirect_uri="http://127.0.0.1:9/other")
        stranger, _ = await exchange(session, running.url, other, client_secret="x")
        sandbox.state.clock.ahead_seconds = 301
        late, _ = await exchange(session, running.url, other)
        async with session.get(f"{running.url}/oauth2/jwks") as answer:
            keys = jwt.PyJWKSet.from_dict(await answer.json())
    claims = jwt.decode(tokens["id_token"], keys.keys[0], algorithms=["RS256"], audience="gw")

    assert (200, 400, 401) == (status, again, after)
    assert (400, 401, 400) == (elsewhere, stranger, late)
    assert ("no", sandbox.core.issuer) == (claims["nonce"], claims["iss"])
    assert jwt.get_unverified_header(tokens["id_token"])["kid"].endswith("_RS256")


async def test_addresses_that_are_not_registered_are_never_followed() -> None:
    """The browser stays with the provider, on its page of errors."""
    sandbox = make()
    async with await serve(sandbox) as running, aiohttp.ClientSession() as session:
        for changes in ({"redirect_uri": "http://127.0.0.1:9/cb/"}, {"client_id": "x"}):
            assert "/authenticationendpoint/oauth2_error.do" in await authorize(session, running.url, **changes)
        refused = told(await authorize(session, running.url, scope="profile"))
        silent = told(await authorize(session, running.url, prompt="none"))

    assert {"error": "invalid_scope", "state": "st"} == {name: refused[name] for name in ("error", "state")}
    assert "login_required" == silent["error"]


async def test_page() -> None:
    """The page says that it is simulated, names everybody, and holds no script."""
    sandbox = make()
    async with await serve(sandbox) as running, aiohttp.ClientSession() as session:
        page = await authorize(session, running.url)

    assert "SIMULATED" in page
    assert all(person.key in page for person in sandbox.state.people.values())
    assert "<script" not in page


async def test_sealed_profile_wants_forms_and_admission() -> None:
    """A token call in JSON is answered 415, one from an address that is not listed 401."""
    profile = {"mode": "p3", "clients": [{**CLIENT, "public_key": "-----BEGIN"}], "admits_caller": False}
    sandbox = make(**profile)
    path = "/auth/realms/citizen/protocol/openid-connect/token"
    async with await serve(sandbox) as running, aiohttp.ClientSession() as session:
        async with session.post(running.url + path, json={}) as answer:
            as_json = answer.status
        async with session.post(running.url + path, data={}) as answer:
            as_form = answer.status

    assert (415, 401) == (as_json, as_form)


@pytest.mark.parametrize(
    "settings",
    [
        {"mode": "p9"},
        {"unknown": 1},
        {"mode": "p3", "clients": [CLIENT]},
        {"clients": [CLIENT, CLIENT]},
        {"clients": [{**CLIENT, "extra": 1}]},
    ],
)
def test_profiles_that_cannot_be_used(settings: dict[str, Any]) -> None:
    """What is misspelt or missing in a profile stops the start."""
    with pytest.raises(ProfileError):
        parse_profile(settings)


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the command line cannot be obeyed in is told, with status 2."""
    profile = tmp_path / "p.json"
    profile.write_text(json.dumps({"clients": [CLIENT]}), encoding="utf-8")

    assert 2 == main(["--profile", str(tmp_path / "none.json")])
    assert 2 == main(["--profile", str(profile), "--host", "0.0.0.0"])
    assert 2 == main(["--profile", str(profile), "--tls-cert", "x.pem"])
    assert "--allow-other-hosts" in capsys.readouterr().err


async def test_process(tmp_path: Path) -> None:
    """As a process it says where it is, guards its control API, and stops when told."""
    profile = tmp_path / "p.json"
    profile.write_text(json.dumps({"clients": [CLIENT]}), encoding="utf-8")
    command = (
        "-m",
        "adapters.identity.sandbox",
        "--profile",
        str(profile),
        "--control-port",
        "0",
        "--control-token",
        "t",
    )
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        facts = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
        url = f"{facts['control_url']}/_sandbox/attacks"
        async with aiohttp.ClientSession() as session:
            async with session.post(url, json={"kind": "alg_none"}) as answer:
                unguarded = answer.status
            async with session.post(url, json={"kind": "no such"}, headers={"X-Sandbox-Token": "t"}) as answer:
                unknown = answer.status
    finally:
        process.terminate()
        status = await asyncio.wait_for(process.wait(), 10)

    assert (401, 400, 0) == (unguarded, unknown, status)
