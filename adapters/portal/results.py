"""The national store of digitised results and files that the portal names by path: implements ResultStore.

Both were only ever seen behind a province's own facade, which keeps the session (portal wire notes §1.8, §10), also
where everything else goes natively: hence an address of its own in the settings. A file comes as base64 text, bare, as
a JSON string or inside an answer, and is given on only when it is what its name announces and not too large.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from adapters.portal import protocol, requests
from adapters.portal.client import PortalClient
from adapters.portal.failures import Meaning, Operation
from adapters.portal.replies import MalformedReply, Reply, read_reply
from adapters.portal.settings import FileFacade, PortalSettings
from adapters.transport import HttpAnswer
from gateway.errors import InvalidInput
from gateway.ports.portal_services import FoundResult, ResultQuery
from mappings.portal.results import decode_file, download_record, query_record, read_found_results

ResultT = TypeVar("ResultT")
_OPENS_OBJECT, _OPENS_TEXT = b"{", b'"'


class PortalResults:
    """Finds results and fetches files."""

    def __init__(self, settings: PortalSettings, client: PortalClient) -> None:
        self._files = settings.files
        self._client = client
        # The store has success codes of its own; they are not documented.
        codes = self._files.success_codes if self._files is not None else frozenset({"0"})
        dialect = settings.dialect.model_copy(update={"success_codes": codes})
        self._settings = settings.model_copy(update={"dialect": dialect})

    @property
    def gives_attachments(self) -> bool:
        """Whether files that the portal names by path can be fetched."""
        return self._files is not None and self._files.attachment_path is not None

    @property
    def finds_results(self) -> bool:
        """Whether the store can be asked."""
        return self._files is not None and self._files.results_path is not None

    async def find_results(self, query: ResultQuery) -> list[FoundResult]:
        """Ask for somebody's results; an empty list when the store says that it has none."""
        operation = Operation.FIND_RESULTS

        def read(answer: HttpAnswer) -> list[FoundResult]:
            reply = self._reply(answer, operation)
            result = protocol.read_result(self._settings, operation, reply)
            return self._checked(operation, lambda: read_found_results(result))

        return await self._fetch(operation, self._path("results_path", operation), query_record(query), read)

    async def download_result(self, owning_agency_code: str, path: str) -> bytes:
        """Give the bytes of a file of the store, by the agency and path that `find_results` gave."""
        operation = Operation.DOWNLOAD_RESULT
        record = download_record(owning_agency_code, path)
        return await self._download(operation, "result_file_path", record, path)

    async def download_attachment(self, path: str) -> bytes:
        """Give the bytes of a file that the portal named by path in a notice."""
        return await self._download(Operation.DOWNLOAD_ATTACHMENT, "attachment_path", {"DuongDan": path}, path)

    async def _download(self, operation: Operation, setting: str, record: dict[str, str], path: str) -> bytes:
        address = self._path(setting, operation)
        max_bytes = self._offered(operation).max_file_bytes

        def read(answer: HttpAnswer) -> bytes:
            text = self._file_text(answer, operation)
            return self._checked(operation, lambda: decode_file(text, path, max_bytes=max_bytes))

        return await self._fetch(operation, address, record, read)

    async def _fetch(
        self, operation: Operation, path: str, record: dict[str, Any], read: Callable[[HttpAnswer], ResultT]
    ) -> ResultT:
        request = requests.file_request(self._settings, self._offered(operation), operation, path, record)
        return await self._client.fetch(request, read)

    def _offered(self, operation: Operation) -> FileFacade:
        if self._files is None:
            raise protocol.no_such_service(operation)
        return self._files

    def _path(self, setting: str, operation: Operation) -> str:
        path: str | None = getattr(self._offered(operation), setting)
        if not path:
            raise protocol.no_such_service(operation)
        return path

    def _file_text(self, answer: HttpAnswer, operation: Operation) -> str:
        """Give the text that should be base64. An answer of the portal that says no is the error that it is."""
        body = answer.body.removeprefix(b"\xef\xbb\xbf").strip()
        try:
            if body[:1] != _OPENS_OBJECT:
                return msgspec.json.decode(body, type=str) if body[:1] == _OPENS_TEXT else body.decode("ascii")
            document = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise protocol.broken(operation, "the answer is no base64 text", "not_base64") from error
        message = document.get("message")
        if len(document) == 1 and isinstance(message, str) and not message.lstrip().startswith("{"):
            return message  # a facade that wraps every answer
        reply = self._reply(answer, operation)
        # With a success code nothing but the content itself is believed; it is looked at below.
        if isinstance(reply.result, str) and reply.code in self._settings.dialect.success_codes:
            return reply.result
        meaning = reply.meaning(operation, self._settings.dialect)
        if meaning is not Meaning.SUCCESS:
            raise protocol.call_error(meaning, operation, reply)
        raise protocol.broken(operation, "the answer holds no file", "no_result")

    def _reply(self, answer: HttpAnswer, operation: Operation) -> Reply:
        try:
            return read_reply(answer.body, code_names=("error_code", "errorCode"))
        except MalformedReply as error:
            raise protocol.broken(operation, f"the answer cannot be read: {error}", "malformed_answer") from error

    def _checked(self, operation: Operation, make: Callable[[], ResultT]) -> ResultT:
        try:
            return make()
        except InvalidInput as error:
            code = error.code if error.code != InvalidInput.code else "malformed_list"
            raise protocol.broken(operation, error.message, code) from error
