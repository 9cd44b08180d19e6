"""Contexts that follow the rotation of their files without a restart.

Files are looked at in an interval. A change is read and checked as a whole *before* anything is switched; if any of
it is wrong, the last good state stays in use and the report says why. Content is compared by digest on every look:
modification times are kept by copying tools and are too coarse to be trusted, and the files are small.

- A server hands out `context` once. It passes every new handshake to the context of the moment, so a rotation also
  takes away trust that was withdrawn, and session tickets made under the old trust; connections that are open stay.
- A client asks `current()` for every request or connection (see `http_client` for aiohttp).

Every process looks for itself; nothing is shared between processes.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NoReturn, Self

from certs.contexts import ClientTls, LoadedTls, ServerTls, load_client, load_server
from certs.expiry import CertificateFacts, describe, fingerprint
from certs.material import take_snapshot
from certs.policy import Policy
from gateway.errors import ConfigurationError, Fault
from gateway.ports.basics import Clock


class ReloadResult(StrEnum):
    """What one look at the files came to."""

    UNCHANGED = "unchanged"
    RELOADED = "reloaded"
    REFUSED = "refused"
    """The files changed to something unusable; the last good state stays in use."""
    RESTORED = "restored"
    """The files were unusable and are again what is in use."""


@dataclass(frozen=True, slots=True)
class ReloadReport:
    """One look at the files. `is_news` is False when the look before came to the same with the same faults.

    `fingerprint_sha256` is of the certificate in use, empty for a client without one.
    """

    setting: str
    result: ReloadResult
    at: datetime
    faults: tuple[Fault, ...]
    fingerprint_sha256: str
    is_news: bool


@dataclass(frozen=True, slots=True)
class ReloadStatus:
    """What is in use now. `faults` is empty unless the files on disk are refused; instants are aware UTC.

    `certificate` is None for a client without one; `trust` is empty when the machine's trust store decides.
    """

    setting: str
    loaded_at: datetime
    checked_at: datetime
    reload_count: int
    refused_count: int
    faults: tuple[Fault, ...]
    certificate: CertificateFacts | None
    trust: tuple[CertificateFacts, ...]


class _Reloading:
    """The last good state of some files, and the decision to replace it. Safe to use from several threads."""

    def __init__(
        self, setting: str, paths: tuple[Path, ...], load: Callable[[datetime], LoadedTls], policy: Policy, clock: Clock
    ) -> None:
        self._setting = setting
        self._paths = paths
        self._load = load
        self._policy = policy
        self._clock = clock
        self._lock = threading.Lock()
        now = clock.now()
        self._active = load(now)
        self._loaded_at = now
        self._checked_at = now
        self._faults: tuple[Fault, ...] = ()
        self._reload_count = 0
        self._refused_count = 0

    def current(self) -> ssl.SSLContext:
        """Give the context in use now. The object changes with every reload; do not keep it for longer than a call."""
        return self._active.context

    def refresh(self) -> ReloadReport:
        """Look at the files once and switch when they changed and are all good. Reads files; never raises for them."""
        with self._lock:
            now = self._clock.now()
            self._checked_at = now
            faults_before = self._faults
            result = self._look(now)
            is_news = result is not ReloadResult.UNCHANGED and (
                result is not ReloadResult.REFUSED or self._faults != faults_before
            )
            certificate = self._active.certificate
            active = fingerprint(certificate) if certificate is not None else ""
            return ReloadReport(self._setting, result, now, self._faults, active, is_news)

    def status(self) -> ReloadStatus:
        """Tell what is in use, with days left counted from now, and why newer files are refused, if they are."""
        with self._lock:
            now = self._clock.now()
            active = self._active
            return ReloadStatus(
                setting=self._setting,
                loaded_at=self._loaded_at,
                checked_at=self._checked_at,
                reload_count=self._reload_count,
                refused_count=self._refused_count,
                faults=self._faults,
                certificate=describe(active.certificate, now, self._policy) if active.certificate else None,
                trust=tuple(describe(certificate, now, self._policy) for certificate in active.trust),
            )

    async def watch(
        self,
        *,
        interval_seconds: float,
        sleep: Callable[[float], Awaitable[None]],
        report: Callable[[ReloadReport], None],
    ) -> NoReturn:
        """Look at the files in an interval until cancelled, and report news only.

        Files are read on a thread, so that a slow disk does not hold the loop. `report` is called on the loop.
        """
        while True:
            await sleep(interval_seconds)
            seen = await asyncio.to_thread(self.refresh)
            if seen.is_news:
                report(seen)

    def _look(self, now: datetime) -> ReloadResult:
        if take_snapshot(self._paths).digest() == self._active.digest:
            was_refused = bool(self._faults)
            self._faults = ()
            return ReloadResult.RESTORED if was_refused else ReloadResult.UNCHANGED
        # Refused files are checked again on every look even when they did not change: a certificate that was not
        # yet valid becomes valid by waiting.
        try:
            loaded = self._load(now)
        except ConfigurationError as error:
            self._faults = error.faults
            self._refused_count += 1
            return ReloadResult.REFUSED
        self._active = loaded
        self._loaded_at = now
        self._faults = ()
        self._reload_count += 1
        return ReloadResult.RELOADED


class ReloadingServerContext(_Reloading):
    """A listening side whose certificate and trust follow their files.

    Raises ConfigurationError when made from files that are not usable: a start has no last good state.
    """

    def __init__(self, tls: ServerTls, policy: Policy, clock: Clock) -> None:
        super().__init__(tls.setting, tls.paths(), lambda now: load_server(tls, policy, now), policy, clock)
        self._live = LiveServerContext(self.current)

    @property
    def context(self) -> ssl.SSLContext:
        """The context to listen with, for the whole life of the listener (asyncio, uvloop and aiohttp take it)."""
        return self._live


class ReloadingClientContext(_Reloading):
    """A calling side whose certificate and trust follow their files; `current()` is for one call.

    Raises ConfigurationError when made from files that are not usable: a start has no last good state.
    """

    def __init__(self, tls: ClientTls, policy: Policy, clock: Clock) -> None:
        super().__init__(tls.setting, tls.paths(), lambda now: load_client(tls, policy, now), policy, clock)


class LiveServerContext(ssl.SSLContext):
    """Makes every new connection with the context that its source gives at that moment.

    Exchanging the chain inside one context would be shorter, but it cannot take a trusted authority away again, keeps
    accepting old session tickets, and is not atomic. This object itself has no certificate: what does not come through
    `wrap_bio` or `wrap_socket` fails its handshake. Settings made on it have no effect; make them in ServerTls.
    """

    _source: Callable[[], ssl.SSLContext]

    def __new__(cls, source: Callable[[], ssl.SSLContext]) -> Self:
        self = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        self._source = source
        return self

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Begin a handshake over memory buffers (the way of asyncio and uvloop) with the context of the moment."""
        return self._source().wrap_bio(incoming, outgoing, server_side, server_hostname, session)

    def wrap_socket(
        self,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        """Begin a handshake over a socket with the context of the moment."""
        return self._source().wrap_socket(
            sock, server_side, do_handshake_on_connect, suppress_ragged_eofs, server_hostname, session
        )
