"""The OpenAPI 3.1 document, made from the endpoint table and the models; nothing in it is written twice."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from gateway.api.bodies import JSON
from gateway.api.endpoint import PROBLEM_JSON, Answer, Endpoint, Header
from gateway.api.problems import PROBLEM_TYPES, ProblemType
from gateway.api.representations import ProblemView
from gateway.model.vocabulary import FIRST_YEAR, LAST_YEAR
from gateway.store.clients import Scope

_REFERENCE = "#/components/schemas/{model}"
_ALWAYS = ("internal", "unavailable", "malformed-request")
_WITH_SCOPE = ("unauthenticated", "insufficient-scope")
_WITH_BODY = ("malformed-json", "body-too-slow", "body-too-large", "unsupported-media-type", "invalid-content")
_WITH_STREAM = ("unsupported-media-type",)
_TEXT_PATTERN = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f]*$"
_INSTANT_PATTERN = r"^(199\d|20\d\d|2100)-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$"

TRACE_HEADERS = (
    Header(name="traceparent", description="W3C Trace Context of the request.", is_required=True),
    Header(name="X-Request-Id", description="Names the request for the operator.", is_required=True),
)
TRACEPARENT_IN = Header(name="traceparent", description="W3C Trace Context of the caller; its trace is carried on.")
_RETRY_AFTER = Header(name="Retry-After", description="Seconds to wait.", schema={"type": "string"}, is_required=True)
_CHALLENGE = Header(name="WWW-Authenticate", description="RFC 6750.", is_required=True)
_ALLOW = Header(name="Accept", description="The media type that is taken.", is_required=True)
_PROBLEM_HEADERS = {401: (_CHALLENGE,), 415: (_ALLOW,), 429: (_RETRY_AFTER,), 503: (_RETRY_AFTER,)}
_TAGS = {
    "dossiers": "Dossiers and their progress steps.",
    "procedures": "The procedure catalogue, taken over from the national portal.",
    "applications": "Dossiers filed on the national portal, and what the portal said about them.",
    "reconciliation": "Comparing what the province stated with what the portal holds.",
    "monitoring": "Numbers for the national monitoring systems, and what they are made of.",
    "statements": "Questions of the portal, and what the province states beside dossiers.",
    "catalogues": "What codes of administrative units and agencies mean on a day.",
    "national": "Questions that are put to national systems at once, for a caller.",
    "identity": "Sign-in with a national identity.",
    "consents": "Data that citizens release in the VNeID application.",
    "settlements": "Providers' daily files, held against the payments to the đồng.",
    "payments": "Fees paid online: what is owed, where it is paid, what came of it.",
    "citizens": "Questions about citizens to the national population database.",
    "audit": "Who looked at whose data, when, why, and for which dossier.",
    "events": "What happened: the feed and webhooks.",
    "systems": "National systems: whether they are called, and how their contract drifts.",
    "operations": "For operators and their machines.",
}


class _Schema(GenerateJsonSchema):
    """Adds what a model's validating functions say about the form of a value."""

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> JsonSchemaValue:
        made = super().function_after_schema(schema)
        function = schema["function"]["function"]
        match getattr(function, "__name__", ""):
            case "_no_control_characters":
                if "pattern" in made:
                    made["allOf"] = [{"pattern": _TEXT_PATTERN}]
                else:
                    made["pattern"] = _TEXT_PATTERN
            case "_to_utc":
                made["pattern"] = _INSTANT_PATTERN
                made["description"] = (
                    f"ISO 8601 with offset, years {FIRST_YEAR} to {LAST_YEAR} after conversion to UTC; kept in UTC"
                )
        return made


def _wanted(endpoints: Sequence[Endpoint]) -> Iterable[tuple[Any, JsonSchemaMode]]:
    yield ProblemView, "serialization"
    for endpoint in endpoints:
        yield from ((model, "validation") for model in endpoint.path_parameters.values())
        for model in (endpoint.query, endpoint.body):
            if model is not None:
                yield model, "validation"
        yield from ((model, "validation") for model in endpoint.streamed_models)
        yield from ((answer.model, "validation") for answer in endpoint.answers.values() if answer.model is not None)


class _Document:
    def __init__(self, endpoints: Sequence[Endpoint], version: str) -> None:
        self._endpoints = [endpoint for endpoint in endpoints if not endpoint.is_internal]
        self._version = version
        adapters: dict[tuple[int, JsonSchemaMode], TypeAdapter[Any]] = {}
        for model, mode in _wanted(self._endpoints):
            adapters.setdefault((id(model), mode), TypeAdapter(model))
        schemas, shared = TypeAdapter.json_schemas(
            [((key, mode), mode, adapter) for (key, mode), adapter in adapters.items()],
            ref_template=_REFERENCE,
            schema_generator=_Schema,
        )
        self._schemas = {key: schema for (key, _), schema in schemas.items()}
        self._shared: dict[str, Any] = shared.get("$defs", {})

    def schema_of(self, model: Any, mode: JsonSchemaMode = "validation") -> dict[str, Any]:
        return dict(self._schemas[(id(model), mode)])

    def make(self) -> dict[str, Any]:
        paths: dict[str, dict[str, Any]] = {}
        for endpoint in self._endpoints:
            paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = self._operation(endpoint)
        used = {endpoint.tag for endpoint in self._endpoints}
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Liên thông gateway",
                "version": self._version,
                "description": (
                    "The unified API between a province's public-service systems and the national ones. Failures are "
                    "problem documents (RFC 9457); their types are listed under x-problem-types. Instants are ISO 8601 "
                    "with offset. Unknown fields are refused."
                ),
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            "tags": [{"name": name, "description": text} for name, text in _TAGS.items() if name in used],
            "paths": paths,
            "components": {
                "schemas": dict(sorted(self._shared.items())),
                "securitySchemes": {
                    "clientToken": {
                        "type": "http",
                        "scheme": "bearer",
                        "bearerFormat": "lt_…",
                        "description": "Token of a registered client. Scopes: " + ", ".join(Scope) + ".",
                    }
                },
            },
            "x-problem-types": {
                kind.urn: {"status": kind.status, "title": kind.title, "advice": kind.advice}
                for kind in PROBLEM_TYPES.values()
            },
        }

    def _operation(self, endpoint: Endpoint) -> dict[str, Any]:
        operation: dict[str, Any] = {
            "operationId": endpoint.operation_id,
            "tags": [endpoint.tag],
            "summary": endpoint.summary,
            # An empty list says explicitly that nobody is asked for a token.
            "security": [{"clientToken": [endpoint.scope.value]}] if endpoint.scope is not None else [],
            "parameters": self._parameters(endpoint),
            "responses": self._responses(endpoint),
        }
        if endpoint.description:
            operation["description"] = endpoint.description
        if endpoint.body is not None:
            content = {JSON: {"schema": self.schema_of(endpoint.body)}}
            operation["requestBody"] = {"required": True, "content": content}
        elif endpoint.streamed_media_type is not None:
            lines = " or ".join(f"`{model.__name__}`" for model in endpoint.streamed_models[:-1])
            # No type: what is sent is no JSON value but a sequence of them, and each line is answered for itself.
            schema = {"description": f"One JSON object per line, {lines}." if lines else "A file, as it is."}
            operation["requestBody"] = {
                "required": True,
                "content": {endpoint.streamed_media_type: {"schema": schema}},
            }
        return operation

    def _parameters(self, endpoint: Endpoint) -> list[dict[str, Any]]:
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": self.schema_of(model)}
            for name, model in endpoint.path_parameters.items()
        ]
        if endpoint.query is not None:
            parameters += self._query_parameters(self.schema_of(endpoint.query))
        for header in (*endpoint.headers, TRACEPARENT_IN):
            parameters.append(
                {
                    "name": header.name,
                    "in": "header",
                    "required": header.is_required,
                    "description": header.description,
                    "schema": dict(header.schema),
                }
            )
        return parameters

    def _query_parameters(self, reference: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
        model = self._shared[reference["$ref"].rpartition("/")[2]]
        for name, described in model["properties"].items():
            schema = _without_null(described)
            schema.pop("title", None)
            parameter: dict[str, Any] = {"name": name, "in": "query", "required": name in model.get("required", ())}
            if "description" in schema:
                parameter["description"] = schema.pop("description")
            if schema.get("type") == "array":
                parameter |= {"style": "form", "explode": False}
            yield parameter | {"schema": schema}

    def _responses(self, endpoint: Endpoint) -> dict[str, Any]:
        responses: dict[str, dict[str, Any]] = {
            str(status): self._response(answer) for status, answer in sorted(endpoint.answers.items())
        }
        for status, kinds in sorted(problems_of(endpoint).items()):
            described = "\n".join(f"* `{kind.urn}`: {kind.title}." for kind in kinds)
            content = {PROBLEM_JSON: {"schema": self.schema_of(ProblemView, "serialization")}}
            present = responses.setdefault(
                str(status), {"description": described, "content": {}, "headers": _headers(TRACE_HEADERS)}
            )
            present["content"] = {**present["content"], **content}
            present["headers"] |= _headers(_PROBLEM_HEADERS.get(status, ()))
        return responses

    def _response(self, answer: Answer) -> dict[str, Any]:
        response: dict[str, Any] = {
            "description": answer.description,
            "headers": _headers((*answer.headers, *TRACE_HEADERS)),
        }
        if answer.model is not None:
            response["content"] = {answer.media_type: {"schema": self.schema_of(answer.model)}}
        elif answer.schema is not None:
            response["content"] = {answer.media_type: {"schema": dict(answer.schema)}}
        return response


def problems_of(endpoint: Endpoint) -> dict[int, list[ProblemType]]:
    """Give every problem that an endpoint can answer, by status."""
    names = [*_ALWAYS, *endpoint.problems]
    if endpoint.scope is not None:
        names += _WITH_SCOPE
    if endpoint.path_parameters or endpoint.query is not None or endpoint.headers or endpoint.body is not None:
        names.append("invalid-parameter")
    if endpoint.body is not None:
        names += _WITH_BODY
    elif endpoint.streamed_media_type is not None:
        names += _WITH_STREAM
    by_status: dict[int, list[ProblemType]] = {}
    for name in dict.fromkeys(names):
        kind = PROBLEM_TYPES[name]
        by_status.setdefault(kind.status, []).append(kind)
    return by_status


def _headers(headers: Iterable[Header]) -> dict[str, Any]:
    return {
        header.name: {
            "description": header.description,
            "required": header.is_required,
            "schema": dict(header.schema),
        }
        for header in headers
    }


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Give the schema of a query parameter that may be left out: there is no way to send null in an address."""
    made = dict(schema)
    if made.get("default", ...) is None:
        del made["default"]
    choices = [choice for choice in made.pop("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) == 1:
        made = {**choices[0], **made}
    elif choices:
        made["anyOf"] = choices
    return made


def make_document(endpoints: Sequence[Endpoint], version: str) -> dict[str, Any]:
    """Give the document of a table of endpoints."""
    return _Document(endpoints, version).make()


def encode_document(endpoints: Sequence[Endpoint], version: str) -> bytes:
    """Give the document as JSON."""
    return msgspec.json.encode(make_document(endpoints, version))
