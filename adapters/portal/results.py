"""The national store of digitised results, and files that the portal names by path: implements ResultStore."""

from adapters.portal import warehouse
from adapters.portal.client import PortalClient
from adapters.portal.failures import Operation
from adapters.portal.settings import PortalSettings
from gateway.ports.portal_services import FoundResult, ResultQuery


class PortalResults:
    """Implements ResultStore where a store is configured; else every call is Rejected with "no_such_service"."""

    def __init__(self, settings: PortalSettings, client: PortalClient) -> None:
        self._settings = settings
        self._client = client

    async def find_results(self, query: ResultQuery) -> list[FoundResult]:
        """Ask for somebody's results. Raises InvalidInput, with nothing sent, for a question that is not whole."""
        request = warehouse.find_request(self._settings, query)
        return await self._client.fetch(request, lambda body: warehouse.read_found(self._settings, body))

    async def download_result(self, owning_agency_code: str, path: str) -> bytes:
        """Give a file of the store, by the path that the store gave."""
        request = warehouse.download_request(self._settings, owning_agency_code, path)
        return await self._client.fetch(
            request, lambda body: warehouse.read_file(self._settings, Operation.DOWNLOAD_RESULT, body, path)
        )

    async def download_attachment(self, path: str) -> bytes:
        """Give a file that the portal named by path in a notice."""
        request = warehouse.attachment_request(self._settings, path)
        return await self._client.fetch(
            request, lambda body: warehouse.read_file(self._settings, Operation.DOWNLOAD_ATTACHMENT, body, path)
        )
