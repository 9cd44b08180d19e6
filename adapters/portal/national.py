"""Nationally filed dossiers and the listing of dossiers: implements NationalStatusChannel and DossierListing.

No public client lists, so nothing that the portal answers is taken on trust: an interval, a page or a size that it
ignores is a broken contract, since a reconciliation would take the wrong list for the truth. Lists are asked in the
native form only; a status goes to a facade as a bare record.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from adapters.portal import protocol, requests
from adapters.portal.client import PortalClient
from adapters.portal.failures import Operation
from adapters.portal.replies import Reply
from adapters.portal.settings import NationalStatusForm, PortalSettings
from adapters.transport import HttpRequest
from gateway.errors import InvalidInput
from gateway.ports.basics import Clock
from gateway.ports.portal_services import ListedDossiers, NationalStatus
from mappings.portal.listing import read_listed
from mappings.portal.national_status import FOLDED, REFUSED_11, status_record
from mappings.portal.translate import PortalTranslator

_LIST = Operation.LIST_DOSSIERS
_WRITTEN_AS: Mapping[NationalStatusForm, Mapping[str, str]] = {
    NationalStatusForm.FOLDED: FOLDED,
    NationalStatusForm.AS_IS: {},
    NationalStatusForm.AS_IS_REFUSED_11: REFUSED_11,
}


class PortalNational:
    """Tells statuses of nationally filed dossiers, and lists dossiers where the portal does."""

    def __init__(
        self, settings: PortalSettings, client: PortalClient, translator: PortalTranslator, clock: Clock
    ) -> None:
        self._settings = settings
        self._client = client
        self._translator = translator
        self._clock = clock
        self._previous: tuple[tuple[date, date, int], tuple[str, ...]] | None = None
        """The last page that was given, to know it again."""

    @property
    def repeated_status_is_harmless(self) -> bool:
        return self._settings.is_national_status_repeatable

    async def push_national_status(self, status: NationalStatus) -> None:
        """Tell one status. Raises Unmapped or InvalidInput before anything is sent, or the groups of the port."""
        settings = self._settings
        codes = self._translator.codes_at(self._clock.now())
        record = status_record(status, codes, _WRITTEN_AS[settings.national_status], settings.wire)
        await self._client.tell(
            Operation.PUSH_NATIONAL_STATUS,
            lambda token: requests.national_status_request(settings, token, record),
        )

    @property
    def has_listing(self) -> bool:
        return self._settings.has_dossier_listing and self._settings.facade is None

    async def list_dossiers(self, *, received_from: date, received_to: date, page: int) -> ListedDossiers:
        """Read a page of codes, repeats as they come. The list ends with the first empty page: a short one may be the
        portal's own ceiling."""
        settings = self._settings
        if not self.has_listing:
            raise protocol.no_such_service(_LIST, "listing is not configured")
        if received_to <= received_from or page < 1:
            raise InvalidInput("the interval is empty or the page is below 1")
        if page > settings.max_listing_pages:
            message = f"the list does not end within {settings.max_listing_pages} pages"
            raise protocol.broken(_LIST, message, "endless_list")
        last_day = received_to - timedelta(days=1)

        def build(session: str) -> HttpRequest:
            begin, end = f"{received_from:%Y%m%d}", f"{received_to:%Y%m%d}"
            return requests.listing_request(settings, session, received_from=begin, received_to=end, page=page)

        def read(reply: Reply) -> tuple[str, ...]:
            items = protocol.read_result(settings, _LIST, reply)
            try:
                return read_listed(items, received_from, last_day)
            except InvalidInput as error:
                raise protocol.broken(_LIST, error.message, "malformed_list") from error

        codes = await self._client.read(_LIST, build, read)
        if len(codes) > settings.listing_page_size:
            raise protocol.broken(_LIST, "a page is longer than was asked for", "size_ignored")
        if len(codes) > 1 and ((received_from, received_to, page - 1), codes) == self._previous:
            raise protocol.broken(_LIST, "the same page came twice", "page_ignored")
        self._previous = ((received_from, received_to, page), codes)
        return ListedDossiers(codes=codes, next_page=page + 1 if codes else None)
