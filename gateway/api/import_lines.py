"""Reading one line of an import: its envelope, its content, its precondition. No IO."""

import re
from dataclasses import dataclass

import msgspec
from pydantic import TypeAdapter, ValidationError

from gateway.api.changes import make_change
from gateway.api.content import Content, class_of_value, faults_of, pointer, refuse_repeated_keys
from gateway.api.preconditions import checked_key, parse_if_match
from gateway.api.problems import Problem
from gateway.api.services import Services
from gateway.engine.acceptor import Change
from gateway.errors import Fault
from gateway.model.dossier import Dossier, ProgressStep
from gateway.model.vocabulary import DossierCode
from gateway.store.clients import Client
from gateway.sync.acceptance import ANYTHING, Expectation

_DOSSIER: Content[Dossier] = Content(Dossier)
_STEP: Content[ProgressStep] = Content(ProgressStep)
_CODE: TypeAdapter[str] = TypeAdapter(DossierCode)
_UNKNOWN_FIELD = re.compile(r"unknown field `(.*)`", re.DOTALL)
_PLACE = re.compile(r" - at `\$\.?([a-z_]*)`")
_MAX_REVISION = 999_999_999
_RULES = {
    "code": "must be text",
    "idempotency_key": "must be text",
    "if_match": "must be a revision, or the tag that ETag gave",
}


# A part that is left out: no JSON value is empty.
_NOTHING = msgspec.Raw(b"")


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    code: str
    dossier: msgspec.Raw = _NOTHING
    progress: msgspec.Raw = _NOTHING
    idempotency_key: str | None = None
    if_match: int | str | None = None


_DECODER = msgspec.json.Decoder(_Envelope)


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """A line with what became of it so far: a change to be accepted, or the problem that it has."""

    number: int
    code: str | None
    outcome: Change | Problem


def judge_line(services: Services, client: Client, number: int, raw: bytes) -> JudgedLine:
    """Read and judge one line; never raises for what the line says."""
    code: str | None = None
    try:
        envelope = _decode(raw)
        code = _checked_code(envelope.code)
        return JudgedLine(number, code, _change(services, client, code, envelope, raw))
    except Problem as problem:
        return JudgedLine(number, code, problem)


def _decode(raw: bytes) -> _Envelope:
    try:
        return _DECODER.decode(raw)
    except msgspec.ValidationError as error:
        raise Problem("invalid-content", faults=[_envelope_fault(str(error))]) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Problem("malformed-json", "The line is not one JSON object in UTF-8.") from None
    except RecursionError:
        raise Problem("malformed-json", "The line is nested too deeply.") from None


def _envelope_fault(message: str) -> Fault:
    unknown = _UNKNOWN_FIELD.search(message)
    if unknown is not None:
        return Fault(pointer([unknown[1]]), "is not a known field", "unknown field")
    if "missing required field" in message:
        return Fault("/code", "is required", "nothing")
    place = _PLACE.search(message)
    name = place[1] if place is not None else ""
    return Fault(f"/{name}" if name else "", _RULES.get(name, "must be an object"), "value of another kind")


def _checked_code(code: str) -> str:
    try:
        return _CODE.validate_python(code)
    except ValidationError as error:
        faults = [Fault("/code", fault.rule, fault.found) for fault in faults_of(error)]
        raise Problem("invalid-content", faults=faults) from None


def _expectation(if_match: int | str | None) -> Expectation:
    if if_match is None:
        return ANYTHING
    if isinstance(if_match, str):
        return parse_if_match(if_match)
    if not 1 <= if_match <= _MAX_REVISION:
        fault = Fault("/if_match", f"must lie between 1 and {_MAX_REVISION}", class_of_value(if_match))
        raise Problem("invalid-parameter", faults=[fault])
    return Expectation(revision=if_match)


def _change(services: Services, client: Client, code: str, envelope: _Envelope, raw: bytes) -> Change:
    body: Dossier | ProgressStep
    if bool(envelope.dossier) == bool(envelope.progress):
        fault = Fault("", 'must have either "dossier" or "progress"', "both or neither")
        raise Problem("invalid-content", faults=[fault])
    key = envelope.idempotency_key
    if key is not None:
        checked_key(key, "/idempotency_key")
    if envelope.dossier:
        body = _below("/dossier", _DOSSIER, envelope.dossier)
    else:
        if key is None:
            fault = Fault("/idempotency_key", "is required", "nothing")
            raise Problem("idempotency-key-missing", faults=[fault])
        body = _below("/progress", _STEP, envelope.progress)
    refuse_repeated_keys(raw)
    return make_change(services, client, code, body, idempotency_key=key, expected=_expectation(envelope.if_match))


def _below(path: str, content: Content[Dossier] | Content[ProgressStep], raw: msgspec.Raw) -> Dossier | ProgressStep:
    try:
        return content.validate(memoryview(raw))
    except Problem as problem:
        faults = [Fault(path + fault.field, fault.rule, fault.found) for fault in problem.faults]
        raise Problem(problem.type.name, problem.detail, faults=faults) from None
