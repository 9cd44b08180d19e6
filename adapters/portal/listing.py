"""Which dossiers the portal holds: implements DossierListing where it is configured.

No public client lists, so nothing that the portal answers is taken on trust: an interval, a page or a size that it
ignores is a broken contract, since a reconciliation would take the wrong list for the truth.
"""

from datetime import date, timedelta

from adapters.portal import protocol
from adapters.portal.client import PortalClient
from adapters.portal.failures import Operation
from adapters.portal.replies import Reply
from adapters.portal.settings import Listing, PortalSettings
from adapters.transport import HttpRequest
from gateway.errors import InvalidInput
from gateway.ports.portal_services import ListedDossiers
from mappings.portal.listing import read_listed

_OPERATION = Operation.LIST_DOSSIERS


class PortalListing:
    """Implements DossierListing, native form only."""

    def __init__(self, settings: PortalSettings, client: PortalClient) -> None:
        self._settings = settings
        self._client = client
        self._previous: tuple[tuple[date, date, int], tuple[str, ...]] | None = None
        """The last page that was given, to know it again."""

    @property
    def has_listing(self) -> bool:
        return self._settings.listing is not None and self._settings.facade is None

    async def list_dossiers(self, *, received_from: date, received_to: date, page: int) -> ListedDossiers:
        """Give a page of codes, repeats as they come; the list ends with the first empty page."""
        listing = self._settings.listing
        if listing is None or self._settings.facade is not None:
            raise protocol.no_such_service(_OPERATION, "listing is not configured")
        if received_to <= received_from or page < 1:
            raise InvalidInput("the interval is empty or the page is below 1")
        if page > listing.max_pages:
            raise protocol.broken(_OPERATION, f"the list does not end within {listing.max_pages} pages", "endless_list")
        last_day = received_to - timedelta(days=1)

        def build(session: str) -> HttpRequest:
            return _request(self._settings, listing, session, received_from, received_to, page)

        def read(reply: Reply) -> tuple[str, ...]:
            items = protocol.read_result(self._settings, _OPERATION, reply)
            try:
                return read_listed(items, received_from, last_day)
            except InvalidInput as error:
                raise protocol.broken(_OPERATION, error.message, "malformed_list") from error

        codes = await self._client.read(_OPERATION, build, read)
        if len(codes) > listing.page_size:
            raise protocol.broken(_OPERATION, "a page is longer than was asked for", "size_ignored")
        if len(codes) > 1 and ((received_from, received_to, page - 1), codes) == self._previous:
            raise protocol.broken(_OPERATION, "the same page came twice", "page_ignored")
        self._previous = ((received_from, received_to, page), codes)
        return ListedDossiers(codes=codes, next_page=page + 1 if codes else None)


def _request(
    settings: PortalSettings, listing: Listing, session: str, received_from: date, received_to: date, page: int
) -> HttpRequest:
    to = received_to - timedelta(days=1) if listing.is_last_day_included else received_to
    parameters = {
        listing.from_key: listing.day_form.write(received_from),
        listing.to_key: listing.day_form.write(to),
        listing.page_key: str(page),
        listing.size_key: str(listing.page_size),
    }
    seconds = settings.timeouts.list_seconds
    return protocol.service_request(settings, _OPERATION, settings.integration_path, session, parameters, seconds)
