"""Requests to the store of digitised results and to the portal's files, and the reading of their answers. Pure.

The store is reached through a provincial facade, has an envelope of its own (`errorCode`), and gives files as base64
text, as does `getfile`. Source: portal wire notes §1.8, §10. No source states a digest or a size of a file, so what can
be checked is checked: base64, size, and that the content is what the name says and no program.
"""

import base64
import binascii

import msgspec

from adapters.portal.failures import Meaning, Operation
from adapters.portal.protocol import SERVICES, SYSTEM, broken, call_error, no_such_service
from adapters.portal.replies import MalformedReply, Reply, read_reply
from adapters.portal.settings import Dialect, PortalSettings, Warehouse
from adapters.transport.messages import HttpRequest
from gateway.errors import InvalidInput
from gateway.model.file_kinds import HEAD_BYTES, is_as_named
from gateway.ports.portal_services import FoundResult, ResultQuery
from mappings.portal.results import query_record, read_results

_HEADERS = (("Accept", "application/json"), ("Content-Type", "application/json"), ("Charset", "utf-8"))


def find_request(settings: PortalSettings, query: ResultQuery) -> HttpRequest:
    """Build the question for results. Raises InvalidInput for one that is not complete, Rejected without a store."""
    warehouse = _warehouse(settings, Operation.FIND_RESULTS)
    record = query_record(query)
    return _post(settings, warehouse, Operation.FIND_RESULTS, warehouse.find_path, record)


def download_request(settings: PortalSettings, owning_agency_code: str, path: str) -> HttpRequest:
    """Build the reading of a file of the store."""
    warehouse = _warehouse(settings, Operation.DOWNLOAD_RESULT)
    content = {"CoQuanChuQuan": owning_agency_code, "DuongDan": path}
    return _post(settings, warehouse, Operation.DOWNLOAD_RESULT, warehouse.download_path, content)


def attachment_request(settings: PortalSettings, path: str) -> HttpRequest:
    """Build the reading of a file that the portal named by path in a notice."""
    warehouse = _warehouse(settings, Operation.DOWNLOAD_ATTACHMENT)
    return _post(settings, warehouse, Operation.DOWNLOAD_ATTACHMENT, warehouse.attachment_path, {"DuongDan": path})


def read_found(settings: PortalSettings, body: bytes) -> list[FoundResult]:
    """Give what was found; empty only when the store says so. Raises the RemoteError groups of the port."""
    operation = Operation.FIND_RESULTS
    warehouse = _warehouse(settings, operation)
    try:
        reply = read_reply(body, code_key="errorCode")
    except MalformedReply as error:
        raise broken(operation, f"the answer of the store cannot be read: {error}", "malformed_answer") from error
    if reply.code is not None and reply.code in warehouse.absent_codes:
        return []
    meaning = reply.meaning(operation, _dialect(settings, warehouse))
    if meaning is not Meaning.SUCCESS:
        raise call_error(meaning, operation, reply)
    try:
        return read_results(reply.result)
    except InvalidInput as error:
        raise broken(operation, error.message, "malformed_list") from error


def read_file(settings: PortalSettings, operation: Operation, body: bytes, path: str) -> bytes:
    """Give a file's bytes. Raises ContractBroken when they are none, too many, or not what the path's ending says."""
    warehouse = _warehouse(settings, operation)
    text = _text_of(settings, warehouse, operation, body)
    limit = warehouse.max_file_bytes
    # Four characters stand for three bytes, so what is too long need not be decoded first.
    if len(text) > 4 * (limit // 3 + 1):
        raise broken(operation, f"the file is larger than {limit} bytes", "file_too_large")
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise broken(operation, "the file is not base64", "not_base64") from error
    if not content:
        raise broken(operation, "the file is empty", "empty_file")
    if len(content) > limit:
        raise broken(operation, f"the file is larger than {limit} bytes", "file_too_large")
    if not is_as_named(path.rpartition("/")[2], content[:HEAD_BYTES]):
        raise broken(operation, "the file is not what its name says", "not_as_named")
    return content


def _text_of(settings: PortalSettings, warehouse: Warehouse, operation: Operation, body: bytes) -> bytes:
    """Find the base64 text in an answer: bare, as a JSON string, or as the result of a reply. A refusal is a reply."""
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if text[:1] == b"<":
        raise broken(operation, "a page (HTML or XML) came instead of a file", "malformed_answer")
    if text[:1] == b"{":
        reply = _reply(operation, text)
        meaning = reply.meaning(operation, _dialect(settings, warehouse))
        if meaning is not Meaning.SUCCESS:
            raise call_error(meaning, operation, reply)
        if not isinstance(reply.result, str):
            raise broken(operation, "the answer has no file as its result", "no_result")
        text = reply.result.encode()
    elif text[:1] == b'"':
        try:
            text = msgspec.json.decode(text, type=str).encode()
        except (msgspec.DecodeError, UnicodeError) as error:
            raise broken(operation, "the answer is no JSON string", "malformed_answer") from error
    return b"".join(text.split())


def _reply(operation: Operation, text: bytes) -> Reply:
    try:
        reply = read_reply(text, code_key="errorCode")
        return reply if reply.code is not None else read_reply(text)
    except MalformedReply as error:
        raise broken(operation, f"the answer cannot be read: {error}", "malformed_answer") from error


def _warehouse(settings: PortalSettings, operation: Operation) -> Warehouse:
    if settings.warehouse is None:
        raise no_such_service(operation, "no store of results is configured")
    return settings.warehouse


def _dialect(settings: PortalSettings, warehouse: Warehouse) -> Dialect:
    return settings.dialect.model_copy(update={"success_codes": warehouse.success_codes})


def _post(
    settings: PortalSettings, warehouse: Warehouse, operation: Operation, path: str | None, content: object
) -> HttpRequest:
    if path is None:
        raise no_such_service(operation, f"no path of {SERVICES[operation]} is configured")
    secrets = ((name, secret.get_secret_value()) for name, secret in warehouse.secret_headers.items())
    base = (warehouse.base_url or settings.base_url).rstrip("/")
    return HttpRequest(
        system=SYSTEM,
        operation=operation,
        method="POST",
        url=f"{base}/{path.lstrip('/')}",
        is_write=False,
        total_seconds=settings.timeouts.file_seconds,
        headers=(*_HEADERS, *secrets),
        body=msgspec.json.encode(content),
    )
