"""Requests of the services beside dossiers and procedures: catalogues, online services, decisions, technical ids. Pure.

Source: portal wire notes §1.8 (facades), §2 (endpoints), §3.3 to §3.5, §4. Services that only facades are known to
offer are asked natively as well, by the same envelope: a portal that does not have them says so.
"""

from collections.abc import Mapping

import msgspec

from adapters.portal.failures import CATALOGUE_OPERATIONS, Operation
from adapters.portal.protocol import JSON_HEADERS, SYSTEM, facade_get, no_such_service, service_request
from adapters.portal.settings import FileFacade, PortalSettings
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


def file_request(
    settings: PortalSettings, files: FileFacade, operation: Operation, path: str, record: Mapping[str, object]
) -> HttpRequest:
    """Build a question to the service that finds and gives out files: a bare object, no session, no destination."""
    base = (files.base_url or settings.base_url).rstrip("/")
    secrets = tuple((name, secret.get_secret_value()) for name, secret in files.secret_headers.items())
    return HttpRequest(
        system=SYSTEM,
        operation=operation,
        method="POST",
        url=f"{base}/{path.lstrip('/')}",
        is_write=False,
        total_seconds=settings.timeouts.file_seconds,
        headers=(*JSON_HEADERS, *secrets),
        body=msgspec.json.encode(record),
    )


def _from_facade(
    settings: PortalSettings, operation: Operation, path: str | None, query: _Query, seconds: float
) -> HttpRequest:
    if settings.facade is None or path is None:
        raise no_such_service(operation)
    return facade_get(settings, settings.facade, operation, path, query, seconds)
