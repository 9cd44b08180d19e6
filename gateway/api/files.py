"""The address under which a national system fetches a dossier's files, by signed link and without credentials.

Not part of the API that clients use, hence not in its document: whoever is to fetch a file was given the whole link.
"""

import asyncio
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from aiohttp import web
from pydantic import Field

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.looks import FILE_LINK, Shown, note_look
from gateway.api.problems import Problem
from gateway.engine.files import FileRefused, ServedFile
from gateway.model.audit import AuditAction
from gateway.model.party import CLOSED

_CHUNK_BYTES = 64 * 1024
_PROBLEMS = {
    "expired": "file-link-expired",
    "busy": "unavailable",
    "unavailable": "file-source-unavailable",
    "too_large": "file-not-as-stated",
    "wrong_size": "file-not-as-stated",
    "wrong_digest": "file-not-as-stated",
    "wrong_kind": "file-not-as-stated",
}
"""What a refusal is to the caller. A forged link and a missing file look alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileQuery:
    """The rest of a signed link."""

    __pydantic_config__ = CLOSED

    expires: Annotated[int, Field(ge=0, le=10**11)]
    signature: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{32}$")]


async def get_file(call: Call) -> web.StreamResponse:
    """Give the file of a valid link, checked against what its dossier states."""
    server, query = call.services.files, call.query
    if server is None:
        raise Problem("no-such-address")
    try:
        async with server.open(call.path["reference"], query.expires, query.signature) as served:
            await _note(call, served)
            return await _send(call, served, server.send_seconds)
    except FileRefused as refusal:
        name = _PROBLEMS.get(refusal.code, "file-not-found")
        raise Problem(name, refusal.message if name == "file-not-as-stated" else "") from refusal


async def _note(call: Call, served: ServedFile) -> None:
    """Write the look down before the first byte leaves."""
    shown = Shown(
        action=AuditAction.FILE_SERVED,
        fields=("file",),
        purpose="dossier",
        agency_code=served.agency_code,
        procedure_code=served.procedure_code,
        dossier_code=served.dossier_code,
        client_id=FILE_LINK,
    )
    await note_look(
        call, shown, outcome="served", digests=() if served.subject_digest is None else (served.subject_digest,)
    )


async def _send(call: Call, served: ServedFile, seconds: float) -> web.StreamResponse:
    headers = call.headers(served.media_type) | {
        "Content-Length": str(served.size_bytes),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(served.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
    }
    response = web.StreamResponse(headers=headers)
    try:
        async with asyncio.timeout(seconds):
            await response.prepare(call.request)
            while chunk := served.content.read(_CHUNK_BYTES):
                await response.write(chunk)
            await response.write_eof()
    except TimeoutError:
        # The head is out: only the end of the connection can say that the file is not whole.
        if call.request.transport is not None:
            call.request.transport.abort()
    return response


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/files/{reference}",
        operation_id="getFile",
        tag="files",
        summary="Fetch a dossier's file by signed link",
        scope=None,
        handler=get_file,
        path_parameters={"reference": Annotated[str, Field(pattern=r"^[0-9ars.-]{5,60}$")]},
        query=FileQuery,
        answers={200: Answer(description="The file.", media_type="application/octet-stream")},
        problems=("file-not-found", "file-link-expired", "file-not-as-stated", "file-source-unavailable"),
        is_internal=True,
    ),
)
