"""The document and its reader: /openapi.json and /docs, served from memory, without any other host."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from aiohttp import web

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.preconditions import is_current

_FOLDER = Path(__file__).parent / "static"
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_PAGE_HEADERS = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_FILES = {
    "/docs": ("docs.html", "text/html; charset=utf-8"),
    "/docs/docs.js": ("docs.js", "text/javascript; charset=utf-8"),
    "/docs/docs.css": ("docs.css", "text/css; charset=utf-8"),
}
DOCUMENT = "/openapi.json"
_MEDIA_TYPES = {DOCUMENT: "application/json", **{path: media_type for path, (_, media_type) in _FILES.items()}}


def load_documents(openapi: bytes) -> Mapping[str, bytes]:
    """Read the pages once; give the content of every address in this module."""
    return {DOCUMENT: openapi, **{path: (_FOLDER / name).read_bytes() for path, (name, _) in _FILES.items()}}


async def get_page(call: Call) -> web.StreamResponse:
    """Give a page."""
    path = call.request.path
    content = call.runtime.documents[path]
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {**_PAGE_HEADERS, "ETag": tag}
    if is_current(call.request.headers.get("If-None-Match"), tag):
        return call.answer_raw(304, None, "", headers)
    return call.answer_raw(200, content, _MEDIA_TYPES[path], headers)


ENDPOINTS = tuple(
    Endpoint(
        method="GET",
        path=path,
        operation_id="get" + path.title().replace("/", "").replace(".", ""),
        tag="operations",
        summary="Documentation",
        scope=None,
        handler=get_page,
        answers={200: Answer(description="The page.", media_type=media_type)},
        is_internal=True,
    )
    for path, media_type in _MEDIA_TYPES.items()
)
