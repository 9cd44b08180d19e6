"""Reading request bodies within limits of size and time."""

import asyncio

from aiohttp import hdrs, web

from gateway.api.problems import Problem
from gateway.api.services import Limits

JSON = "application/json"
NDJSON = "application/x-ndjson"


def require_media_type(request: web.Request, media_type: str) -> None:
    """Raise Problem unsupported-media-type unless the body is declared as `media_type` (in UTF-8)."""
    declared = request.headers.get(hdrs.CONTENT_TYPE, "")
    if declared == media_type:
        return
    charset = request.charset
    if request.content_type != media_type or not declared or (charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise Problem(
            "unsupported-media-type",
            f"The header Content-Type must be {media_type}.",
            headers={hdrs.ACCEPT: media_type},
            closes_connection=True,
        )


def _too_large(limits: Limits) -> Problem:
    detail = f"The body may have at most {limits.max_body_bytes} bytes."
    return Problem("body-too-large", detail, closes_connection=True)


async def read_body(request: web.Request, limits: Limits) -> bytes:
    """Read the whole body. Raises Problem: body-too-large (413), body-too-slow (408).

    The limit of time is for the whole body, so a caller that sends a byte now and then is cut off like a silent one.
    """
    length = request.content_length
    if length is not None and length > limits.max_body_bytes:
        raise _too_large(limits)
    content = request.content
    if content.is_eof():
        # The usual case: the body came with the headers, and nothing is to be waited for.
        body = content.read_nowait()
        if len(body) > limits.max_body_bytes:
            raise _too_large(limits)
        return body
    pieces = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            while piece := await content.readany():
                pieces += piece
                if len(pieces) > limits.max_body_bytes:
                    raise _too_large(limits)
    except TimeoutError:
        detail = f"The body must arrive within {limits.body_seconds:g} seconds."
        raise Problem("body-too-slow", detail, closes_connection=True) from None
    return bytes(pieces)
