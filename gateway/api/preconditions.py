"""Request headers that say when a request counts: entity tags and idempotency keys.

An entity tag is the revision in quotes. `If-Match` and `If-None-Match` follow RFC 9110 section 13.1, as far as they
make sense for one revision; what is not supported is refused, never ignored.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from gateway.api.content import class_of_value
from gateway.api.endpoint import Header
from gateway.api.problems import Problem
from gateway.errors import Fault
from gateway.sync.acceptance import ANYTHING, Expectation

_REVISION_TAG = re.compile(r'"([1-9][0-9]{0,8})"', re.ASCII)
_OTHER_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_KEY = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)
_NO_REVISION = 0

IF_MATCH = Header(
    name="If-Match",
    description="The revision that the change is meant for, as the header ETag gave it; any other is refused with 412.",
    schema={"type": "string", "pattern": '^"[1-9][0-9]{0,8}"$', "examples": ['"1"']},
)
IF_NONE_MATCH_ANY = Header(
    name="If-None-Match",
    description="`*` creates only: refused with 412 when the dossier exists.",
    schema={"type": "string", "enum": ["*"]},
)
IF_NONE_MATCH = Header(
    name="If-None-Match",
    description="Tags that the caller has; 304 is answered when one is still right.",
    schema={"type": "string"},
)
IDEMPOTENCY_KEY = Header(
    name="Idempotency-Key",
    description=(
        "A random value, new for every request. Repeated with the same content it returns the stored answer "
        "(marked by Idempotency-Replayed); with other content it is refused with 422."
    ),
    schema={"type": "string", "pattern": "^[!-~]{1,200}$"},
)
NEEDED_IDEMPOTENCY_KEY = Header(
    name="Idempotency-Key", description=IDEMPOTENCY_KEY.description, schema=IDEMPOTENCY_KEY.schema, is_required=True
)
ETAG = Header(
    name="ETag",
    description="The revision in quotes, for If-Match.",
    schema={"type": "string", "pattern": '^"[0-9]+"$'},
    is_required=True,
)
REPLAYED = Header(
    name="Idempotency-Replayed",
    description="`true` when this is the stored answer to an earlier request with the same key.",
    schema={"type": "string", "enum": ["true"]},
)


def _refuse(header: str, rule: str, value: str) -> Problem:
    return Problem("invalid-parameter", faults=[Fault(f"/header/{header}", rule, class_of_value(value))])


def parse_if_match(value: str) -> Expectation:
    """Read one If-Match value. A well-formed tag that is no revision of ours can match nothing (RFC 9110)."""
    match = _REVISION_TAG.fullmatch(value)
    if match is not None:
        return Expectation(revision=int(match[1]))
    if _OTHER_TAG.fullmatch(value):
        return Expectation(revision=_NO_REVISION)
    raise _refuse("If-Match", 'must be one entity tag, the revision in quotes, such as "3"', value)


def expectation_of(headers: Mapping[str, str]) -> Expectation:
    """Read the precondition of a change. Raises Problem invalid-parameter."""
    if_match, if_none_match = headers.get("If-Match"), headers.get("If-None-Match")
    if if_none_match is None:
        return ANYTHING if if_match is None else parse_if_match(if_match)
    if if_none_match != "*":
        raise _refuse("If-None-Match", "must be * when something is changed", if_none_match)
    if if_match is None:
        return Expectation(must_not_exist=True)
    # Both at once can never hold; the acceptor says which of them does not.
    return replace(parse_if_match(if_match), must_not_exist=True)


def idempotency_key_of(headers: Mapping[str, str], *, is_needed: bool = False) -> str | None:
    """Read the key; None when there is none. Raises Problem: idempotency-key-missing, invalid-parameter."""
    key = headers.get("Idempotency-Key")
    if key is None:
        if is_needed:
            fault = Fault("/header/Idempotency-Key", "is required", "nothing")
            raise Problem("idempotency-key-missing", faults=[fault])
        return None
    return checked_key(key, "/header/Idempotency-Key")


def checked_key(key: str, field: str) -> str:
    """Give the key back. Raises Problem invalid-parameter when it has another form."""
    if not _KEY.fullmatch(key):
        fault = Fault(field, "must be 1 to 200 visible ASCII characters", class_of_value(key))
        raise Problem("invalid-parameter", faults=[fault])
    return key


def is_current(if_none_match: str | None, tag: str) -> bool:
    """Tell whether one of the caller's tags is still right (weak comparison, RFC 9110 section 13.1.2)."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return any(part.strip().removeprefix("W/") == tag for part in if_none_match.split(","))
