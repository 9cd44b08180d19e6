"""What schemathesis must be told about the API: how instants look, how lines are sent, and one more check.

Loaded by schemathesis itself (SCHEMATHESIS_HOOKS), not by the test suite.
"""

import re
from typing import Any

import schemathesis
from hypothesis import strategies
from schemathesis import GenerationMode

# What a JSON schema cannot say of content that it allows: whether dates and counts agree, codes exist, keys fit.
SEMANTIC_PROBLEMS = frozenset(
    {
        "impossible-dates",
        "contradictory-counts",
        "unknown-code",
        "unclear-selection",
        "idempotency-key-reused",
        "stale-revision",
        "already-exists",
    }
)

# One day of the tests' clock: dates of one day never contradict each other, so that content gets past the date rules.
schemathesis.openapi.format(
    "date-time",
    strategies.times().map(lambda time: f"2026-01-05T{time:%H:%M:%S}+07:00"),
)


@schemathesis.serializer("application/x-ndjson")
def serialize_lines(ctx: Any, value: Any) -> bytes:
    """Send text as it is."""
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")


@schemathesis.check
def refused_for_what_no_schema_says(ctx: Any, response: Any, case: Any) -> None:
    """Content that the document allows is refused only for reasons that a schema cannot express."""
    meta = case.meta
    if meta is None or meta.generation.mode is not GenerationMode.POSITIVE or response.status_code not in (412, 422):
        return
    name = str(response.json()["type"]).rpartition(":")[2]
    assert name in SEMANTIC_PROBLEMS, f"schema-valid content was refused as {name}"


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Write whole numbers without a point: 5.0 is an integer to JSON schema, and a fraction to a reader of money."""
    if isinstance(body, dict):
        return {name: map_body(context, value) for name, value in body.items()}
    if isinstance(body, list):
        return [map_body(context, value) for value in body]
    return int(body) if isinstance(body, float) and body.is_integer() else body


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Leave out cases that the coverage phase calls valid and are not: it has no value for a pattern with quotes."""
    tag = (case.headers or {}).get("If-Match")
    is_positive = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    return not is_positive or tag is None or re.fullmatch('"[1-9][0-9]{0,8}"', str(tag)) is not None
