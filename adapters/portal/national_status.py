"""Telling the portal how the dossiers fare that were filed on it: implements NationalStatusChannel."""

from adapters.portal import protocol
from adapters.portal.client import PortalClient
from adapters.portal.failures import Operation
from adapters.portal.settings import PortalSettings
from gateway.ports.basics import Clock
from gateway.ports.portal_services import NationalStatus
from mappings.portal.translate import PortalTranslator


class PortalNationalStatus:
    """Implements NationalStatusChannel, in the native form and behind a facade that offers it."""

    def __init__(
        self, settings: PortalSettings, client: PortalClient, translator: PortalTranslator, clock: Clock
    ) -> None:
        self._settings = settings
        self._client = client
        self._translator = translator
        self._clock = clock

    @property
    def repeated_status_is_harmless(self) -> bool:
        return self._settings.dialect.repeated_status_is_harmless

    async def push_national_status(self, status: NationalStatus) -> None:
        """Tell it in one call. Raises Unmapped or InvalidInput, before anything is sent, for what cannot be written."""
        record = self._translator.national_status(status, at=self._clock.now())
        await self._client.tell(
            Operation.PUSH_NATIONAL_STATUS,
            lambda token: protocol.national_status_request(self._settings, token, record),
        )
