"""Gateway processes as an operator would start them, and the portal's sandbox."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bench.children import Child
from bench.traffic import PROCEDURES_COUNT, SEED
from gateway.vault.keyring import create_key_ring

CONTROL_TOKEN = "bench"
CONTROL_HEADER = "X-Sandbox-Token"
USERNAME = "demo_province"
PASSWORD = "demo-secret"
DESTINATION = "VN:GOV:000.00.00.G22:vpcpdvcprovider"
UNIT = "H99"
NOWHERE = "http://127.0.0.1:9"
CLIENT_SCOPES = ("dossiers:read", "dossiers:write", "operations:read")


@dataclass(frozen=True, slots=True)
class Installation:
    """One gateway installation of the bench: its folder, its database, and where its portal is."""

    folder: Path
    dsn: str
    portal_url: str = NOWHERE
    certificates: Path | None = None
    """With certificates the API listens with TLS."""
    portal_certificates: Path | None = None
    more_settings: tuple[str, ...] = ()
    """Lines of further sections."""
    port: int = 0

    @property
    def environment(self) -> dict[str, str]:
        return {"GATEWAY_CONFIG": str(self.folder / "gateway.toml")}

    def write(self) -> None:
        """Write the settings; everything that is not said here is the default."""
        self.folder.mkdir(parents=True, exist_ok=True)
        create_key_ring(self.folder / "ring.toml")
        lines = [
            "[store]",
            f"dsn = {json.dumps(self.dsn)}",
            f"data_folder = {json.dumps(str(self.folder))}",
            "[keys]",
            f"ring_file = {json.dumps(str(self.folder / 'ring.toml'))}",
            "[api]",
            f"port = {self.port}",
        ]
        if self.certificates is not None:
            lines += [
                "[api.tls]",
                f"certificate = {json.dumps(str(self.certificates / 'server.pem'))}",
                f"key = {json.dumps(str(self.certificates / 'server.key'))}",
            ]
        lines += [
            "[portal]",
            f"base_url = {json.dumps(self.portal_url)}",
            f"unit_code = {json.dumps(UNIT)}",
            f"username = {json.dumps(USERNAME)}",
            f"password = {json.dumps(PASSWORD)}",
            f"destination_code = {json.dumps(DESTINATION)}",
        ]
        if self.portal_certificates is not None:
            lines += [
                "[portal_tls]",
                f"ca = {json.dumps(str(self.portal_certificates / 'ca.pem'))}",
                f"certificate = {json.dumps(str(self.portal_certificates / 'client.pem'))}",
                f"key = {json.dumps(str(self.portal_certificates / 'client.key'))}",
            ]
        lines += self.more_settings
        (self.folder / "gateway.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def serve(self, role: str, processes_count: int = 1) -> Child:
        """Prepare `gateway serve`; its first line has the address."""
        arguments = [sys.executable, "-m", "gateway", "serve", "--role", role, "--processes", str(processes_count)]
        return Child(f"gateway ({role})", arguments, self.folder / f"{role}.log", self.environment)

    async def add_client(self, scopes: tuple[str, ...] = CLIENT_SCOPES) -> str:
        """Register the caller as an operator would, and give its token."""
        arguments = [
            *(sys.executable, "-m", "gateway", "clients", "add", "bench", "--name", "Bench", "--json"),
            *(part for scope in scopes for part in ("--scope", scope)),
            *("--agency", UNIT),
        ]
        async with Child("clients add", arguments, self.folder / "clients.log", self.environment) as adding:
            token: str = (await adding.read())["token"]
            await adding.finish()
        return token


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox of the portal, and its own record of what it received."""

    url: str
    pid: int
    _control_url: str
    _session: aiohttp.ClientSession

    async def counters(self) -> dict[str, Any]:
        """Read its totals."""
        async with self._session.get(f"{self._control_url}/_sandbox/counters") as response:
            response.raise_for_status()
            answer: dict[str, Any] = await response.json(content_type=None)
        return answer

    async def reset(self) -> None:
        """Make it forget what it received."""
        async with self._session.post(f"{self._control_url}/_sandbox/reset", json={}) as response:
            response.raise_for_status()

    async def damage(self, order: dict[str, int]) -> list[dict[str, Any]]:
        """Damage its record; give what was done."""
        async with self._session.post(f"{self._control_url}/_sandbox/damage", json=order) as response:
            response.raise_for_status()
            damaged: list[dict[str, Any]] = (await response.json(content_type=None))["damage"]
        return damaged

    async def codes(self) -> set[str]:
        """Read the codes of all dossiers that it holds."""
        found: set[str] = set()
        after: int | None = 0
        while after is not None:
            url = f"{self._control_url}/_sandbox/dossiers?after={after}&limit=2000"
            async with self._session.get(url) as response:
                response.raise_for_status()
                page = await response.json(content_type=None)
            found.update(dossier["code"] for dossier in page["dossiers"])
            after = page["next_after"]
        return found


@asynccontextmanager
async def running_sandbox(folder: Path, certificates: Path | None = None) -> AsyncIterator[Sandbox]:
    """Run the sandbox in a process of its own; with certificates it speaks TLS and wants the client's."""
    arguments = [
        *(sys.executable, "-m", "adapters.portal.sandbox", "--procedures", str(PROCEDURES_COUNT)),
        *("--seed", str(SEED), "--control-port", "0", "--control-token", CONTROL_TOKEN),
    ]
    if certificates is not None:
        arguments += ["--tls-cert", str(certificates / "server.pem"), "--tls-key", str(certificates / "server.key")]
        arguments += ["--client-ca", str(certificates / "ca.pem")]
    async with (
        Child("sandbox", arguments, folder / "sandbox.log") as child,
        aiohttp.ClientSession(headers={CONTROL_HEADER: CONTROL_TOKEN}) as session,
    ):
        facts = await child.read()
        yield Sandbox(facts["url"], child.pid, facts["control_url"], session)
