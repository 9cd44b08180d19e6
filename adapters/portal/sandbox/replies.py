"""What the portal says, and how it is written in each dialect (§1.6, §1.8)."""

from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any, Final

import msgspec

from adapters.portal.sandbox.profile import CodeDialect, PortalProfile, ReadResult


class ReplyShape(Enum):
    """How a reply is written."""

    USUAL = auto()
    WAREHOUSE = auto()
    """The envelope of the store of results: `errorCode` as text, camel case (§10)."""
    TEXT = auto()
    """The result as bare text, without an envelope."""


class _Absent:
    """Marks a reply without `result`."""


ABSENT: Final = _Absent()
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply before it is written. `result` ABSENT leaves the key out; `more` are further keys (`session`)."""

    code: int
    message: str
    result: Any = ABSENT
    more: dict[str, Any] = field(default_factory=dict)
    http_status: int = 200
    shape: ReplyShape = ReplyShape.USUAL


def with_odd_result(reply: Reply, kind: ReadResult) -> Reply:
    """Give a successful read with its `result` missing, null, or an object in place of an array (§13.1-9)."""
    if reply.code != 0 or reply.result is ABSENT or reply.shape is ReplyShape.TEXT:
        return reply
    match kind:
        case ReadResult.MISSING:
            return replace(reply, result=ABSENT)
        case ReadResult.NULL:
            return replace(reply, result=None)
        case ReadResult.OBJECT:
            return replace(reply, result={"data": reply.result})
        case ReadResult.USUAL:
            return reply


def write_code(code: int, dialect: CodeDialect) -> int | str:
    """Give `error_code` as the dialect has it."""
    match dialect:
        case CodeDialect.INTEGER:
            return code
        case CodeDialect.STRING:
            return str(code)
        case CodeDialect.DOUBLE_ZERO:
            return "00" if code == 0 else str(code)


def write_reply(reply: Reply, dialect: CodeDialect, *, is_wrapped: bool) -> bytes:
    """Give the body. Wrapped, the reply is a JSON string inside {"message": "…"}, to be parsed twice."""
    if reply.shape is ReplyShape.TEXT:
        return str(reply.result).encode()
    if reply.shape is ReplyShape.WAREHOUSE:
        store: dict[str, Any] = {"errorCode": str(reply.code), "message": reply.message, **reply.more}
        return _encode(store if reply.result is ABSENT else {**store, "result": reply.result})
    envelope: dict[str, Any] = {"error_code": write_code(reply.code, dialect), "message": reply.message, **reply.more}
    if reply.result is not ABSENT:
        envelope["result"] = reply.result
    body = _encode(envelope)
    return _encode({"message": body.decode()}) if is_wrapped else body


def failure(profile: PortalProfile, message: str) -> Reply:
    """Give the ordinary failed reply."""
    return Reply(profile.error_code, message)
