"""What the portal gives to be read beside procedures: implements CatalogueReader, ServiceReader and TechnicalIds.

A service that the installation's form, settings or portal do not offer is Rejected with code "no_such_service", before
a call where that is known. A list that cannot be read in full is ContractBroken, never a shorter list.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from adapters.portal import protocol
from adapters.portal.client import PortalClient
from adapters.portal.failures import Operation
from adapters.portal.replies import Reply
from adapters.portal.settings import PortalSettings
from gateway.errors import ContractBroken, InvalidInput
from gateway.model.procedure import ProcedureRef
from gateway.ports.basics import Clock
from gateway.ports.portal_services import CatalogueItem, CatalogueName, OnlineService, PublicationDecision
from mappings.portal.catalogue import read_list
from mappings.portal.reads import (
    packaged_fields,
    read_catalogue,
    read_decision,
    read_online_services,
    read_technical_id,
)
from mappings.portal.translate import PortalTranslator

ResultT = TypeVar("ResultT")
CATALOGUE_OPERATIONS: Mapping[CatalogueName, Operation] = MappingProxyType(
    {name: Operation(f"read_{name.replace('-', '_')}") for name in CatalogueName}
)


class PortalServices:
    """Reads catalogues, online services, decisions and technical ids."""

    def __init__(
        self, settings: PortalSettings, client: PortalClient, translator: PortalTranslator, clock: Clock
    ) -> None:
        self._settings = settings
        self._client = client
        self._translator = translator
        self._clock = clock

    async def read_catalogue(self, name: CatalogueName) -> list[CatalogueItem]:
        """Read a catalogue as it came: doubled items, contradictions and items without a code included.

        An empty list is what the portal answered with success. Raises the groups of the port.
        """
        fields = self._settings.catalogue_fields.get(name) or packaged_fields()[name]
        return await self._read(CATALOGUE_OPERATIONS[name], {}, lambda result: read_catalogue(result, fields))

    async def list_online_services(self) -> list[OnlineService]:
        """Read every online service, with levels by the code table of today."""
        codes = self._translator.codes_at(self._clock.now())
        return await self._read(Operation.LIST_ONLINE_SERVICES, {}, lambda result: read_online_services(result, codes))

    async def get_decision(self, decision_id: str) -> PublicationDecision | None:
        """Read a publication decision by the id that a procedure's record names; None when there is none."""
        return await self._read(
            Operation.GET_DECISION, {"idQDCB": decision_id}, lambda result: read_decision(result, decision_id)
        )

    async def list_unit_procedures(self, unit_code: str) -> list[ProcedureRef]:
        """Read the procedures of one unit, duplicates as they come."""
        return await self._read(Operation.LIST_UNIT_PROCEDURES, {"maDonVi": unit_code}, read_list)

    async def find_technical_id(self, number: str) -> str | None:
        """Give the portal's id for a tax code or identity number; None when it says that nobody has registered."""
        parameters = {"provider": self._settings.technical_id_provider, "mstorcmnd": number}
        if self._settings.facade is not None:
            del parameters["provider"]  # no facade takes it (portal wire notes §1.8)
        return await self._read(Operation.FIND_TECHNICAL_ID, parameters, read_technical_id)

    async def _read(
        self, operation: Operation, parameters: Mapping[str, str], make: Callable[[Sequence[Any]], ResultT]
    ) -> ResultT:
        settings = self._settings

        def read(reply: Reply) -> ResultT:
            protocol.refuse_unserved(settings, operation, reply)
            result = protocol.read_result(settings, operation, reply)
            try:
                return make(result)
            except InvalidInput as error:
                is_named = error.code != InvalidInput.code
                raise ContractBroken(
                    error.message,
                    system=protocol.SYSTEM,
                    operation=operation,
                    effect_possible=False,
                    code=error.code if is_named else "malformed_list",
                ) from error

        return await self._client.read(
            operation, lambda token: protocol.read_request(settings, token, operation, parameters), read
        )
