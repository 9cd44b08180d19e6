"""What every part of a process stands on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from adapters.portal import PortalSettings
from gateway.config import Settings
from gateway.ports.basics import Chance, Clock, KeyRing
from gateway.store.events import EventSignal
from gateway.store.pool import Pool
from gateway.store.systems import PostgresSystems
from gateway.sync.file_links import FileLinks, LinkPolicy
from gateway.telemetry import Telemetry

PORTAL = "portal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Shared by the parts of one process. `closers` run in reverse order when it stops."""

    settings: Settings
    portal_settings: PortalSettings | None
    clock: Clock
    chance: Chance
    telemetry: Telemetry
    key_ring: KeyRing
    pool: Pool
    systems: PostgresSystems
    signal: EventSignal
    closers: list[Callable[[], Awaitable[Any]]] = field(default_factory=list)

    @property
    def portals(self) -> list[str]:
        """The configured systems that dossiers are carried to."""
        return [PORTAL] if self.portal_settings is not None else []

    @property
    def takes_statements(self) -> bool:
        # No public facade offers these services.
        return self.portal_settings is not None and self.portal_settings.facade is None

    @property
    def has_look_up(self) -> bool:
        return self.portal_settings is not None and self.portal_settings.has_look_up

    @property
    def looks_up_technical_ids(self) -> bool:
        identity, portal = self.settings.identity, self.portal_settings
        if identity is None or portal is None or not identity.looks_up_technical_ids:
            return False
        return portal.facade is None or portal.facade.technical_id_path is not None

    def new_session(self) -> aiohttp.ClientSession:
        """Open a client session without cookies that is closed with the process."""
        session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        self.closers.append(session.close)
        return session

    def links(self) -> FileLinks | None:
        """Give the maker of file links, None while files travel by their own addresses."""
        files = self.settings.files
        if files.public_base_url is None:
            return None
        return FileLinks(LinkPolicy(files.public_base_url, files.link_life_days), self.key_ring.digest)
