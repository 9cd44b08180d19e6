"""Where a provider points is no place to go: redirects and addresses in tokens are not followed (notes N25, N45)."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from gateway.demo.browser import Arrived, Page
from gateway.vault.keyring import FileKeyRing
from tests.support.elsewhere import Elsewhere, listening_elsewhere
from tests.support.sign_on import sign_on


async def came_by(place: Elsewhere) -> int:
    """Give how many connections were made before this one, which shows that the listener counts."""
    before = place.connections_count
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(place.url).port)
    assert b"" == await reader.read()
    writer.close()
    assert before + 1 == place.connections_count
    return before


def key_address(answer: str) -> str:
    """Give where the header of an ID token says that its keys are."""
    head = json.loads(answer)["id_token"].split(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(head + "==")).get("jku"))


@pytest.mark.parametrize("attack", ["token_redirect", "foreign_jku"])
async def test_n25_n45_nobody_goes_where_a_provider_points(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, attack: str
) -> None:
    """The answer names an address at which somebody listens, and no connection is made to it."""
    async with listening_elsewhere() as place:
        async with sign_on(pool, key_ring, tmp_path, profile={"elsewhere_url": place.url}) as setup:
            await setup.control("POST", "attacks", {"kind": attack})
            _, arrived = await setup.sign_in()
            journal = (await setup.control("GET", "journal"))["journal"]

        [told] = [one for one in journal if one["request"] == "POST /oauth2/token"]
        pointed_at = told["headers"]["Location"] if attack == "token_redirect" else key_address(told["answer"])
        assert pointed_at.startswith(place.url + "/")
        assert isinstance(arrived, Arrived)
        assert "error" in arrived.query
        assert 0 == await came_by(place)


@pytest.mark.parametrize("setting", ["token_url", "userinfo_url", "jwks_url", "par_url"])
@pytest.mark.parametrize("status", [302, 303, 307, 308])
async def test_n25_no_redirect_is_followed(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, setting: str, status: int
) -> None:
    """Whatever is asked of a provider and however it redirects: nobody else is told a code, a secret or a token."""
    asked: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        asked.append(request.method)
        return web.Response(status=status, headers={"Location": place.url + "/"})

    app = web.Application()
    app.router.add_route("*", "/it", redirect)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        changes: dict[str, Any] = {setting: f"http://127.0.0.1:{runner.addresses[0][1]}/it"}
        async with listening_elsewhere() as place:
            async with sign_on(pool, key_ring, tmp_path, **changes) as setup:
                _, arrived = await setup.sign_in()

            assert asked
            assert isinstance(arrived, Page if setting == "par_url" else Arrived)
            assert isinstance(arrived, Page) or "error" in arrived.query
            assert 0 == await came_by(place)
    finally:
        await runner.cleanup()
