"""Catalogues, online services, decisions and technical ids of the portal: implements CatalogueReader, ServiceReader and
TechnicalIds."""

from collections.abc import Callable
from typing import Any, TypeVar

from adapters.portal import protocol, requests
from adapters.portal.client import PortalClient
from adapters.portal.failures import Operation
from adapters.portal.replies import Reply
from adapters.portal.settings import PortalSettings
from adapters.transport import HttpRequest
from gateway.errors import InvalidInput
from gateway.ports.basics import Clock
from gateway.ports.portal_services import CatalogueItem, CatalogueName, OnlineService, PublicationDecision
from mappings.portal.catalogues import (
    read_all,
    read_catalogue,
    read_decision,
    read_online_service,
    read_technical_id,
)
from mappings.portal.translate import PortalTranslator

ResultT = TypeVar("ResultT")


class PortalCatalogues:
    """Implements CatalogueReader, ServiceReader and TechnicalIds, natively and behind facades that offer them.

    A service that the portal or the facade does not have is Rejected with the code "no_such_service".
    """

    def __init__(
        self, settings: PortalSettings, client: PortalClient, translator: PortalTranslator, clock: Clock
    ) -> None:
        self._settings = settings
        self._client = client
        self._translator = translator
        self._clock = clock

    async def read_catalogue(self, name: CatalogueName) -> list[CatalogueItem]:
        """Read a catalogue in full, every item as it came; without a code it has the empty one."""
        fields = self._settings.wire.fields_of_catalogue(name)
        return await self._read(
            requests.catalogue_operation(name),
            lambda session: requests.catalogue_request(self._settings, session, name),
            lambda items: read_catalogue(items, fields),
        )

    async def list_online_services(self) -> list[OnlineService]:
        """Read every online service. One that has no code refuses the list."""
        codes = self._translator.codes_at(self._clock.now())
        return await self._read(
            Operation.LIST_ONLINE_SERVICES,
            lambda session: requests.online_services_request(self._settings, session),
            lambda items: read_all(items, lambda item: read_online_service(item, codes)),
        )

    async def get_decision(self, decision_id: str) -> PublicationDecision | None:
        """Read a decision; None when the portal has none with this id."""

        def read(items: list[Any]) -> PublicationDecision | None:
            if len(items) > 1:
                raise InvalidInput("one decision was asked for and several came")
            return read_decision(items[0], decision_id) if items else None

        return await self._read(
            Operation.GET_DECISION,
            lambda session: requests.decision_request(self._settings, session, decision_id),
            read,
        )

    async def find_technical_id(self, number: str) -> str | None:
        """Ask for the id of whoever registered with a number; None when nobody did."""
        return await self._read(
            Operation.FIND_TECHNICAL_ID,
            lambda session: requests.technical_id_request(self._settings, session, number),
            read_technical_id,
        )

    async def _read(
        self, operation: Operation, build: Callable[[str], HttpRequest], read: Callable[[list[Any]], ResultT]
    ) -> ResultT:
        def read_reply(reply: Reply) -> ResultT:
            items = protocol.read_result(self._settings, operation, reply)
            try:
                return read(items)
            except InvalidInput as error:
                raise protocol.broken(operation, error.message, "malformed_list") from error

        return await self._client.read(operation, build, read_reply)
