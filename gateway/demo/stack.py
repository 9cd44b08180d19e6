"""The processes of the demonstration: the portal's sandbox and the gateway, each on its own, on loopback."""

import asyncio
import json
import os
import secrets
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from gateway.vault.keyring import create_key_ring

CONTROL_HEADER = "X-Sandbox-Token"
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Files:
    """Where things lie below the demonstration's folder."""

    folder: Path

    @property
    def certificates(self) -> Path:
        return self.folder / "certs"

    @property
    def settings(self) -> Path:
        return self.folder / "gateway.toml"

    @property
    def portal_secret(self) -> Path:
        return self.folder / "portal-secret"

    @property
    def password(self) -> Path:
        return self.folder / "portal-password"


class Child:
    """A child process whose first line of output is JSON with its addresses."""

    def __init__(
        self, name: str, arguments: Sequence[str], log: Path, environment: dict[str, str] | None = None
    ) -> None:
        self.name = name
        self._arguments = arguments
        self._log = log
        self._environment = {**os.environ, **(environment or {})}
        self._process: asyncio.subprocess.Process | None = None
        self.facts: dict[str, Any] = {}

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs or was never started."""
        return None if self._process is None else self._process.returncode

    async def start(self) -> dict[str, Any]:
        """Start it and wait for its line. Raises RuntimeError with the end of its log when it does not come up."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._arguments, stdout=asyncio.subprocess.PIPE, stderr=log, env=self._environment
            )
        assert self._process.stdout is not None
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), _START_SECONDS)
            self.facts = json.loads(line)
        except (TimeoutError, ValueError) as error:
            await self.kill()
            tail = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise RuntimeError(f"{self.name} did not start:\n{tail}") from error
        return self.facts

    async def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> int:
        """Ask it to end and wait; kill it when it does not. Gives its exit status."""
        process = self._process
        if process is None:
            return 0
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_SECONDS)
            except TimeoutError:
                await self.kill()
        return process.returncode or 0

    async def wait(self) -> int:
        assert self._process is not None
        return await self._process.wait()


class Control:
    """The sandbox's own record and its fault switches."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._headers = {CONTROL_HEADER: token}

    async def get(self, path: str) -> dict[str, Any]:
        async with self._session.get(f"{self._url}/_sandbox/{path}", headers=self._headers) as response:
            response.raise_for_status()
            answer: dict[str, Any] = await response.json(content_type=None)
            return answer

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        url = f"{self._url}/_sandbox/{path}"
        async with self._session.post(url, json=body, headers=self._headers) as response:
            response.raise_for_status()
            answer: dict[str, Any] = await response.json(content_type=None)
            return answer

    async def dossiers(self) -> dict[str, dict[str, Any]]:
        """Read everything that the portal holds, by dossier code."""
        held: dict[str, dict[str, Any]] = {}
        after: int | None = 0
        while after is not None:
            page = await self.get(f"dossiers?after={after}&limit=1000")
            held |= {dossier["code"]: dossier for dossier in page["dossiers"]}
            after = page["next_after"]
        return held


def write_settings(files: Files, *, dsn: str, portal_url: str, port: int, query_grace_seconds: float = 0.3) -> None:
    """Write the gateway's settings file for the demonstration: real TLS, impatient schedules."""
    create_key_ring(files.folder / "ring.toml")
    certificates = files.certificates
    text = f"""
[store]
dsn = {json.dumps(dsn)}
data_folder = {json.dumps(str(files.folder))}

[keys]
ring_file = {json.dumps(str(files.folder / "ring.toml"))}

[api]
port = {port}

[engine]
retry_first_delay_seconds = 0.3
retry_ceiling_seconds = 5.0
query_grace_seconds = {query_grace_seconds}
circuit_open_seconds = 0.5
circuit_open_ceiling_seconds = 3.0
lease_seconds = 30.0
procedures_interval_seconds = 600.0

[reconciliation]
interval_hours = 0
full_interval_hours = 0
calls_per_second = 500.0
list_from = 2026-01-01
concurrency = 8

[portal_inbound]
authentication = "shared_header"
secret_file = {json.dumps(str(files.portal_secret))}
default_agency_code = "H99.01"
default_agency_name = "Sở Thử nghiệm"
public_base_url = "http://127.0.0.1:{port}"

[portal]
base_url = {json.dumps(portal_url)}
unit_code = "H99"
username = "demo_province"
password_file = {json.dumps(str(files.password))}
destination_code = "VN:GOV:000.00.00.G22:vpcpdvcprovider"
has_dossier_listing = true

[portal.transport]
calls_per_second = 1000.0

[portal.timeouts]
login_seconds = 3.0
detail_seconds = 3.0
look_up_seconds = 3.0
push_seconds = 3.0

[portal_tls]
ca = {json.dumps(str(certificates / "ca.pem"))}
certificate = {json.dumps(str(certificates / "client.pem"))}
key = {json.dumps(str(certificates / "client.key"))}
"""
    files.settings.write_text(text, encoding="utf-8")


def write_portal_secret(files: Files) -> str:
    """Make the key by which the portal's calls are known in this run."""
    secret = secrets.token_urlsafe(24)
    files.portal_secret.touch(mode=0o600)
    files.portal_secret.write_text(secret, encoding="utf-8")
    return secret


def free_port() -> int:
    """Give a loopback port that was free a moment ago: the settings name the address under which files are read."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def write_password(files: Files) -> str:
    """Make the password of the portal account of this run."""
    password = secrets.token_urlsafe(24)
    files.password.touch(mode=0o600)
    files.password.write_text(password, encoding="utf-8")
    return password


def sandbox_child(files: Files, *, password: str, token: str, procedures_count: int) -> Child:
    """Prepare the portal's sandbox with TLS and client certificates wanted."""
    certificates = files.certificates
    profile = files.folder / "portal-profile.json"
    profile.touch(mode=0o600)
    # A little latency: without any, two calls for one dossier at the same moment could not be told from one another.
    settings = {"username": "demo_province", "password": password, "latency_seconds": 0.01, "is_listing_served": True}
    profile.write_text(json.dumps(settings), encoding="utf-8")
    arguments = [
        *(sys.executable, "-m", "adapters.portal.sandbox", "--profile", str(profile)),
        *("--tls-cert", str(certificates / "server.pem"), "--tls-key", str(certificates / "server.key")),
        *("--client-ca", str(certificates / "ca.pem"), "--control-port", "0", "--control-token", token),
        *("--procedures", str(procedures_count)),
    ]
    return Child("sandbox", arguments, files.folder / "sandbox.log")


def gateway_child(files: Files, *, role: str = "all") -> Child:
    """Prepare a gateway process."""
    arguments = [sys.executable, "-m", "gateway", "serve", "--role", role]
    environment = {"GATEWAY_CONFIG": str(files.settings)}
    return Child(f"gateway ({role})", arguments, files.folder / "gateway.log", environment)
