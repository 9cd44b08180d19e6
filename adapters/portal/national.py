"""Nationally filed dossiers and the listing of dossiers: implements NationalStatusChannel and DossierListing.

Native form only: no public facade offers these services.
"""

from collections.abc import Mapping
from datetime import date

from adapters.portal import protocol
from adapters.portal.client import PortalClient
from adapters.portal.failures import Operation
from adapters.portal.replies import Reply
from adapters.portal.settings import NationalStatusForm, PortalSettings
from gateway.errors import ContractBroken, Rejected
from gateway.ports.basics import Clock
from gateway.ports.portal_services import ListedDossiers, NationalStatus
from mappings.portal.national_status import FOLDED, REFUSED_11, status_record
from mappings.portal.translate import PortalTranslator

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

    @property
    def repeated_status_is_harmless(self) -> bool:
        return self._settings.is_national_status_repeatable

    async def push_national_status(self, status: NationalStatus) -> None:
        """Tell one status. Raises Unmapped, or the groups of the port."""
        self._refuse_facade(Operation.PUSH_NATIONAL_STATUS)
        codes = self._translator.codes_at(self._clock.now())
        record = status_record(status, codes, _WRITTEN_AS[self._settings.national_status])
        await self._client.push_national_status(record)

    @property
    def has_listing(self) -> bool:
        return self._settings.has_dossier_listing and self._settings.facade is None

    async def list_dossiers(self, *, received_from: date, received_to: date, page: int) -> ListedDossiers:
        """Read a page of codes; the last page is the one that is not full. Raises the groups of the port."""
        settings, operation = self._settings, Operation.LIST_DOSSIERS
        self._refuse_facade(operation)

        def read(reply: Reply) -> ListedDossiers:
            items = protocol.read_result(settings, operation, reply)
            codes = [item.get("MaHoSo") if isinstance(item, dict) else None for item in items]
            if not all(isinstance(code, str) and code for code in codes):
                raise ContractBroken(
                    "the list has lines without a dossier code",
                    system=protocol.SYSTEM,
                    operation=operation,
                    effect_possible=False,
                    code="malformed_list",
                )
            is_last = len(items) < settings.listing_page_size
            return ListedDossiers(codes=tuple(str(code) for code in codes), next_page=None if is_last else page + 1)

        return await self._client.read(
            operation,
            lambda token: protocol.listing_request(
                settings,
                token,
                received_from=received_from.strftime("%Y%m%d"),
                received_to=received_to.strftime("%Y%m%d"),
                page=page,
            ),
            read,
        )

    def _refuse_facade(self, operation: Operation) -> None:
        if self._settings.facade is not None:
            raise Rejected(
                "the facade does not offer this service",
                system=protocol.SYSTEM,
                operation=operation,
                code="no_such_service",
            )
