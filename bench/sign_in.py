"""Sign-ins of citizens: the gateway's CPU time for one, beside that of a bare client that makes the same calls.

A browser and the portal's side are played here, the provider by its sandbox; only the gateway's own process is counted.
The bare client exchanges a code and asks who it is, as every sign-in must, and verifies, seals and keeps nothing.
"""

import asyncio
import base64
import contextlib
import json
import secrets
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

from bench.children import Child, ChildFailed, CpuMeter, spent
from bench.database import TEMPLATE, fetch_value
from bench.plan import Bench, MeasureRound
from bench.results import Aim, Contender, Measurement, Round, spread
from bench.serving import CONTROL_HEADER, CONTROL_TOKEN, Installation
from gateway.demo.stack import free_port
from gateway.vault.assertions import create_signing_key

GATEWAY = "gateway sign-in"
BARE = "bare exchange"
CLIENT_ID = "bench-portal"
SECRET = "bench-secret"
RETURN = "http://127.0.0.1:9/signed-in"
CONCURRENCY = 8
_LIMIT_SECONDS = 300.0
_PERSON = "citizen-2"


@dataclass(frozen=True, slots=True)
class Provider:
    """The running sandbox."""

    url: str
    control_url: str
    issuer: str
    callback: str

    async def order(self, session: aiohttp.ClientSession, count: int) -> None:
        """Have the next authorizations answered at once, as one person."""
        body = {"person": _PERSON, "calls": count}
        headers = {CONTROL_HEADER: CONTROL_TOKEN}
        async with session.post(f"{self.control_url}/_sandbox/sign-ins", json=body, headers=headers) as answer:
            answer.raise_for_status()


async def measure_sign_in(bench: Bench) -> Measurement:
    """Measure both in turn."""
    port = free_port()
    callback = f"http://127.0.0.1:{port}/callbacks/identity/bench"
    async with running_provider(bench.folder, callback) as provider:
        contenders: dict[str, MeasureRound] = {
            GATEWAY: _gateway(bench, provider, port),
            BARE: _bare(bench, provider),
        }
        rounds = await bench.interleave(bench.plan.side_rounds, contenders)
    measured = {name: Contender(name=name, unit="sign-in", rounds=done) for name, done in rounds.items()}
    pairs = zip(measured[GATEWAY].rounds, measured[BARE].rounds, strict=True)
    beyond = [(ours.cpu_microseconds()["gateway"] - bare.cpu_microseconds()["client"]) / 1000 for ours, bare in pairs]
    whole = [ours.cpu_microseconds()["gateway"] / 1000 for ours in measured[GATEWAY].rounds]
    return Measurement(
        name="sign_in",
        contenders=list(measured.values()),
        aims=[
            Aim(
                name="CPU of a sign-in beyond the provider's calls",
                value=spread(beyond),
                bound=3.0,
                is_upper_bound=True,
                unit="ms",
            )
        ],
        remarks=[
            f"the whole sign-in costs the gateway {min(whole):.2f} to {max(whole):.2f} ms of CPU time: four requests "
            "answered, two calls made, an ID token verified, everything sealed and stored, an assertion signed",
        ],
    )


@contextlib.asynccontextmanager
async def running_provider(folder: Path, callback: str) -> AsyncIterator[Provider]:
    """Run the sandbox of the national sign-on."""
    profile = folder / "sign-on.json"
    client = {"client_id": CLIENT_ID, "client_secret": SECRET, "redirect_uris": [callback]}
    profile.write_text(json.dumps({"mode": "p1", "clients": [client]}), encoding="utf-8")
    arguments = [
        *(sys.executable, "-m", "adapters.identity.sandbox", "--profile", str(profile)),
        *("--control-port", "0", "--control-token", CONTROL_TOKEN),
    ]
    async with Child("sign-on", arguments, folder / "sign-on.log") as child:
        facts = await child.read()
        yield Provider(facts["url"], facts["control_url"], facts["issuer"], callback)


def _settings(provider: Provider, port: int, signing_key: Path) -> tuple[str, ...]:
    url = provider.url
    create_signing_key(signing_key)
    return (
        "[identity]",
        f"public_base_url = {json.dumps(f'http://127.0.0.1:{port}')}",
        f"signing_key_files = [{json.dumps(str(signing_key))}]",
        "[identity.clients.bench]",
        f"returns = [{json.dumps(RETURN)}]",
        "[[identity.providers]]",
        'name = "bench"',
        'profile = "dvcqg"',
        f"issuer = {json.dumps(provider.issuer)}",
        f"authorize_url = {json.dumps(url + '/oauth2/authorize')}",
        f"token_url = {json.dumps(url + '/oauth2/token')}",
        f"userinfo_url = {json.dumps(url + '/oauth2/userinfo')}",
        f"jwks_url = {json.dumps(url + '/oauth2/jwks')}",
        f"client_id = {json.dumps(CLIENT_ID)}",
        f"client_secret = {json.dumps(SECRET)}",
        f"redirect_uri = {json.dumps(provider.callback)}",
        'agreement_id = "BENCH"',
        'purpose = "Measuring"',
        "is_test = true",
    )


def _gateway(bench: Bench, provider: Provider, port: int) -> MeasureRound:
    async def measure(number: int) -> Round:
        count, folder = bench.plan.sign_in_count, bench.folder / f"sign-in-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        async with bench.server.fresh("bench_sign_in", TEMPLATE) as dsn:
            settings = _settings(provider, port, folder / "assertions.pem")
            installation = Installation(folder, dsn, port=port, more_settings=settings)
            installation.write()
            async with installation.serve("api") as api:
                url = (await api.read())["url"]
                token = await installation.add_client(("identity:sign-in",))
                done = await _sign_in_all(provider, url, token, count // 10)  # Warm: keys read, pools open.
                meter = CpuMeter({"gateway": api.pid, "postgres": bench.server.pid})
                before, started = meter.read(), time.perf_counter()
                done = await _sign_in_all(provider, url, token, count)
                seconds, after = time.perf_counter() - started, meter.read()
            stored = await fetch_value(dsn, "SELECT count(*) FROM sign_ins WHERE code_used_at IS NOT NULL")
        return Round(
            operations_count=count,
            seconds=seconds,
            sent_count=count + count // 10,
            stored_count=stored if done == count else 0,
            cpu_seconds=spent(before, after),
        )

    return measure


async def _sign_in_all(provider: Provider, url: str, token: str, count: int) -> int:
    """Sign in `count` times, some beside each other; give how many assertions were given."""
    headers = {"Authorization": f"Bearer {token}"}
    numbers = iter(range(count))
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        await provider.order(session, count)

        async def clerk() -> int:
            done = 0
            for _ in numbers:
                done += await _sign_in(session, url, headers)
            return done

        async with asyncio.timeout(_LIMIT_SECONDS):
            return sum(await asyncio.gather(*(clerk() for _ in range(CONCURRENCY))))


async def _sign_in(session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> bool:
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
    wish = {"provider": "bench", "return_to": RETURN, "state": "s", "code_challenge": challenge}
    async with session.post(f"{url}/v1/identity/logins", json=wish, headers=headers) as answer:
        start_url = (await answer.json())["start_url"]
    async with session.get(start_url, allow_redirects=False) as answer:
        cookie = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
        authorize = answer.headers["Location"]
    async with session.get(authorize, allow_redirects=False) as answer:
        callback = answer.headers["Location"]
    async with session.get(callback, headers=cookie, allow_redirects=False) as answer:
        told = parse_qs(urlsplit(answer.headers["Location"]).query)
    order = {"code": told["code"][0], "code_verifier": verifier}
    async with session.post(f"{url}/v1/identity/assertions", json=order, headers=headers) as answer:
        return answer.status == 200


def _bare(bench: Bench, provider: Provider) -> MeasureRound:
    async def measure(number: int) -> Round:
        count = bench.plan.sign_in_count
        codes = await _codes(provider, count)
        arguments = [sys.executable, "-m", "bench.exchanges"]
        async with Child("exchanges", arguments, bench.folder / f"exchanges-{number}.log") as client:
            facts = {
                "token_url": f"{provider.url}/oauth2/token",
                "userinfo_url": f"{provider.url}/oauth2/userinfo",
                "callback": provider.callback,
                "client_id": CLIENT_ID,
                "client_secret": SECRET,
                "concurrency": CONCURRENCY,
                "codes": codes,
            }
            await client.say(facts)
            await client.read(_LIMIT_SECONDS)
            meter = CpuMeter({"client": client.pid})
            before, started = meter.read(), time.perf_counter()
            await client.say({"go": True})
            done: dict[str, Any] = await client.read(_LIMIT_SECONDS)
            seconds, after = time.perf_counter() - started, meter.read()
            await client.finish()
        return Round(
            operations_count=count,
            seconds=seconds,
            sent_count=count,
            stored_count=done["done"],
            cpu_seconds=spent(before, after),
        )

    return measure


async def _codes(provider: Provider, count: int) -> list[str]:
    query = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": provider.callback,
        "scope": "openid",
        "state": "s",
    }
    codes = []
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        await provider.order(session, count)
        for _ in range(count):
            url = f"{provider.url}/oauth2/authorize?{urlencode(query)}"
            async with session.get(url, allow_redirects=False) as answer:
                told = parse_qs(urlsplit(answer.headers["Location"]).query)
            if "code" not in told:
                raise ChildFailed("the sign-on gives no code")
            codes.append(told["code"][0])
    return codes
