"""The document: valid, complete, and served from nothing but the table."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from gateway.api.app import ENDPOINTS, openapi_document
from gateway.api.openapi import make_document, problems_of
from gateway.api.problems import PROBLEM_TYPES
from gateway.model.dossier import Dossier
from gateway.store.clients import Scope

DOCUMENT: dict[str, Any] = make_document(ENDPOINTS, "1.2.3")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_document_is_valid() -> None:
    """It keeps the schema of OpenAPI 3.1, and every reference leads somewhere."""
    jsonschema_rs.validator_for(OPENAPI_31).validate(DOCUMENT)
    schemas = DOCUMENT["components"]["schemas"]
    assert set() == {name for name in references(DOCUMENT) if name.removeprefix("#/components/schemas/") not in schemas}
    for schema in schemas.values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_operations_are_named_once() -> None:
    """Every operation has a name of its own, a summary and a known tag."""
    names = [operation["operationId"] for _, _, operation in operations()]
    tags = {tag["name"] for tag in DOCUMENT["tags"]}

    assert len(names) == len(set(names))
    for _, _, operation in operations():
        assert operation["summary"]
        assert set(operation["tags"]) <= tags


def test_security_names_the_scope() -> None:
    """Each operation says which scope it needs, or that it needs none."""
    for endpoint in ENDPOINTS:
        if endpoint.is_internal:
            continue
        stated = DOCUMENT["paths"][endpoint.path][endpoint.method.lower()]["security"]
        assert stated == ([{"clientToken": [endpoint.scope]}] if endpoint.scope else [])
    assert all(scope in DOCUMENT["components"]["securitySchemes"]["clientToken"]["description"] for scope in Scope)


def test_every_answer_is_described() -> None:
    """Every operation has a good answer, its own problems as problem documents, and the headers of every answer."""
    for path, _, operation in operations():
        responses = operation["responses"]
        assert any(status.startswith("2") for status in responses)
        for status, response in responses.items():
            assert {"traceparent", "X-Request-Id"} <= set(response["headers"]), (path, status)
            if status.startswith(("4", "5")) and path != "/readyz":
                assert ["application/problem+json"] == list(response["content"]), (path, status)


def test_problems_of_an_endpoint_are_listed() -> None:
    """The PUT of a dossier lists each way in which it can be refused."""
    [put] = [endpoint for endpoint in ENDPOINTS if endpoint.operation_id == "putDossier"]

    by_status = {status: {kind.name for kind in kinds} for status, kinds in problems_of(put).items()}

    assert {400, 401, 403, 408, 410, 412, 413, 415, 422, 500, 503} == set(by_status)
    assert {"stale-revision", "already-exists"} == by_status[412]
    assert {
        "invalid-content",
        "impossible-dates",
        "unknown-code",
        "unproven-statement",
        "idempotency-key-reused",
    } == by_status[422]


def test_problem_types_are_part_of_the_document() -> None:
    """Every type is explained, and no endpoint names one that is not."""
    assert {kind.urn for kind in PROBLEM_TYPES.values()} == set(DOCUMENT["x-problem-types"])
    for endpoint in ENDPOINTS:
        assert set(endpoint.problems) <= set(PROBLEM_TYPES)


@pytest.mark.parametrize(
    ("text", "is_possible"),
    [
        ("2026-01-05T08:00:00Z", True),
        ("2026-01-05T08:00:00.123+07:00", True),
        ("2026-01-05T08:00:00", False),
        ("1989-01-05T08:00:00Z", False),
        ("2101-01-05T08:00:00Z", False),
        ("1767600000", False),
    ],
)
def test_instants_are_described_as_they_are_judged(text: str, is_possible: bool) -> None:
    """The pattern says what the validating function demands: an offset and a year of this age."""
    schema = DOCUMENT["components"]["schemas"][Dossier.__name__]["properties"]["submitted_at"]

    assert "date-time" == schema["format"]
    assert is_possible == (re.search(schema["pattern"], text) is not None)


def test_unknown_fields_are_refused_by_the_document_too() -> None:
    """Models that callers write are closed."""
    for name in ("Dossier", "Party", "ProgressStep", "SubscriptionRequest", "ImportDossierLine"):
        assert DOCUMENT["components"]["schemas"][name]["additionalProperties"] is False


def test_the_document_does_not_change_by_itself() -> None:
    """Made twice it is the same, byte for byte."""
    assert openapi_document("1") is openapi_document("1")
    assert DOCUMENT == make_document(ENDPOINTS, "1.2.3")
