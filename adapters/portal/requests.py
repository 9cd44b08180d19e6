"""Requests of the services beside dossiers and procedures: catalogues, online services, decisions, technical ids,
statuses of nationally filed dossiers, lists of dossiers. Pure.

Source: portal wire notes §1.8 (facades), §2 (endpoints), §3.3 to §3.5, §4, §6.3. Services that only facades are known
to offer are asked natively as well, by the same envelope: a portal that does not have them says so.
"""

from collections.abc import Mapping
from typing import Any

from adapters.portal.failures import CATALOGUE_OPERATIONS, Operation
from adapters.portal.protocol import facade_get, facade_post, no_such_service, service_request
from adapters.portal.settings import PortalSettings
from adapters.transport.messages import HttpRequest
from gateway.ports.portal_services import CatalogueName

_Query = tuple[tuple[str, str], ...]


def catalogue_operation(name: CatalogueName) -> Operation:
    """Give the operation that reads a catalogue."""
    return CATALOGUE_OPERATIONS[name]


def catalogue_request(settings: PortalSettings, session: str, name: CatalogueName) -> HttpRequest:
    """Build the reading of a catalogue. Raises Rejected when the facade does not offer it."""
    operation = catalogue_operation(name)
    if settings.facade is not None:
        path = settings.facade.catalogue_paths.get(name)
        return _from_facade(settings, operation, path, (), settings.timeouts.list_seconds)
    return service_request(settings, operation, settings.share_path, session, {}, settings.timeouts.list_seconds)


def online_services_request(settings: PortalSettings, session: str) -> HttpRequest:
    """Build the reading of all online services; no facade is known to offer it."""
    operation, seconds = Operation.LIST_ONLINE_SERVICES, settings.timeouts.list_seconds
    if settings.facade is not None:
        raise no_such_service(operation)
    return service_request(settings, operation, settings.integration_path, session, {}, seconds)


def decision_request(settings: PortalSettings, session: str, decision_id: str) -> HttpRequest:
    """Build the reading of a publication decision."""
    operation, seconds = Operation.GET_DECISION, settings.timeouts.detail_seconds
    if settings.facade is not None:
        return _from_facade(settings, operation, settings.facade.decision_path, (("idQDCB", decision_id),), seconds)
    parameters = {"idQDCB": decision_id}
    return service_request(settings, operation, settings.share_path, session, parameters, seconds)


def technical_id_request(settings: PortalSettings, session: str, number: str) -> HttpRequest:
    """Build the question for a technical id. At a facade the number travels in the address, so it must be set up."""
    operation, seconds = Operation.FIND_TECHNICAL_ID, settings.timeouts.look_up_seconds
    if settings.facade is not None:
        return _from_facade(settings, operation, settings.facade.technical_id_path, (("mstorcmnd", number),), seconds)
    parameters = {"provider": settings.technical_id_provider, "mstorcmnd": number}
    return service_request(settings, operation, settings.share_path, session, parameters, seconds)


def national_status_request(settings: PortalSettings, session: str, record: Mapping[str, Any]) -> HttpRequest:
    """Build what is told of a nationally filed dossier (§6.3): one object, bare at a facade (§1.8)."""
    operation, facade = Operation.PUSH_NATIONAL_STATUS, settings.facade
    if facade is None:
        parameters = {"type": settings.national_status_type, "data": record}
        path, seconds = settings.integration_path, settings.timeouts.push_seconds
        return service_request(settings, operation, path, session, parameters, seconds)
    if facade.national_status_path is None:
        raise no_such_service(operation)
    return facade_post(settings, facade, operation, facade.national_status_path, [], record)


def listing_request(
    settings: PortalSettings, session: str, *, received_from: str, received_to: str, page: int
) -> HttpRequest:
    """Build the reading of a page of dossier codes; an assumption, see `PortalSettings.has_dossier_listing`."""
    parameters: dict[str, str | int] = {
        "tuNgay": received_from,
        "denNgay": received_to,
        "trang": page,
        "soLuong": settings.listing_page_size,
    }
    seconds = settings.timeouts.list_seconds
    return service_request(settings, Operation.LIST_DOSSIERS, settings.integration_path, session, parameters, seconds)


def _from_facade(
    settings: PortalSettings, operation: Operation, path: str | None, query: _Query, seconds: float
) -> HttpRequest:
    if settings.facade is None or path is None:
        raise no_such_service(operation)
    return facade_get(settings, settings.facade, operation, path, query, seconds)
