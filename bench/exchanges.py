"""The rival of the sign-in, a process of its own: exchanges codes and asks who it is, with a bare aiohttp client."""

import asyncio
import json
import sys
from typing import Any

import aiohttp
import uvloop


async def exchange_all(order: dict[str, Any], go: asyncio.Future[Any]) -> int:
    """Exchange every code; give how many accounts were told."""
    codes = iter(order["codes"])
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def one(code: str) -> bool:
            form = {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": order["callback"],
                "client_id": order["client_id"],
                "client_secret": order["client_secret"],
            }
            async with session.post(order["token_url"], data=form) as answer:
                token = (await answer.json())["access_token"]
            bearer = {"Authorization": f"Bearer {token}"}
            async with session.get(order["userinfo_url"], headers=bearer) as answer:
                return "sub" in await answer.json()

        async def worker() -> int:
            return sum([await one(code) for code in codes])

        await go
        return sum(await asyncio.gather(*(worker() for _ in range(order["concurrency"]))))


async def main() -> None:
    """Read the order, wait for the word, work, tell."""
    loop = asyncio.get_running_loop()
    order = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    sys.stdout.write(json.dumps({"ready": True}) + "\n")
    sys.stdout.flush()
    go = loop.run_in_executor(None, sys.stdin.readline)
    done = await exchange_all(order, go)
    sys.stdout.write(json.dumps({"done": done}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
