"""What was found, put into the words of the edge that was asked (§2, §10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape

import msgspec

from adapters.population.sandbox import replies
from adapters.population.sandbox.admission import Caller, Edge
from adapters.population.sandbox.operations import VERIFY
from adapters.population.sandbox.person import Person
from adapters.population.sandbox.profile import GatewayErrors, PopulationProfile, WrapperFaults
from adapters.population.sandbox.questions import Layer, Question, Refusal
from adapters.population.sandbox.replies import Prefixes
from adapters.sandboxing import Answer

MARK = {"X-Simulated": "population"}
JSON = "application/json; charset=utf-8"
_WSO2_XML = (
    '<ams:fault xmlns:ams="http://wso2.org/apimanager/security"><ams:code>{code}</ams:code>'
    "<ams:message>{text}</ams:message><ams:description>{text}</ams:description></ams:fault>"
)


@dataclass(frozen=True, slots=True)
class Told:
    """The truth about a question: people for a look-up, existence for a verification, or why neither is told."""

    question: Question
    people: Sequence[Person] = ()
    refusal: Refusal | None = None


def answer(told: Told, caller: Caller, profile: PopulationProfile, prefixes: Prefixes, now: Any) -> Answer:
    """Say it in the words of the caller's edge."""
    refusal = told.refusal
    if refusal is not None and refusal.layer is not Layer.SERVICE:
        return gateway_error(refusal, profile)
    if caller.edge in (Edge.REST, Edge.NGSP):
        return _json_answer(told, caller.edge, profile)
    text = replies.envelope(payload(told, profile, prefixes, now), prefixes)
    if caller.edge is Edge.WRAP:
        return wrapped(text, refusal, profile)
    status = 200 if refusal is None else refusal.http_status or profile.fault_http_status
    return Answer(text.encode(), status, profile.content_type, {**MARK, **_xroad_headers(caller, told, profile)})


def payload(told: Told, profile: PopulationProfile, prefixes: Prefixes, now: Any) -> str:
    """Give what stands in the Body."""
    if told.refusal is not None:
        return replies.fault(told.refusal, told.question.request_id, prefixes)
    if told.question.operation == VERIFY:
        return replies.verification(bool(told.people), profile, prefixes)
    return replies.collection(told.people, told.question, profile, prefixes, now)


def gateway_error(refusal: Refusal, profile: PopulationProfile) -> Answer:
    """Give an error of the province's platform, or of X-Road, which marks its own (§2.7, §10.1)."""
    if refusal.layer is Layer.XROAD:
        body = {"type": refusal.code, "message": refusal.text, "detail": str(UUID(int=999, version=4))}
        headers = {**MARK, "X-Road-Error": refusal.code}
        return Answer(msgspec.json.encode(body), refusal.http_status or 500, JSON, headers)
    if profile.gateway_errors is GatewayErrors.WSO2_XML:
        text = _WSO2_XML.format(code=escape(refusal.code), text=escape(refusal.text))
        return Answer(text.encode(), refusal.http_status, "application/xml; charset=utf-8", MARK)
    inner = {"code": int(refusal.code), "message": refusal.text, "description": refusal.text}
    return Answer(msgspec.json.encode({"fault": inner}), refusal.http_status, JSON, MARK)


def wrapped(text: str, refusal: Refusal | None, profile: PopulationProfile) -> Answer:
    """Give the wrapper's JSON, which holds a whole envelope as a text (§2.5)."""
    document = {"error_code": profile.wrap_success_code, "message": text}
    if refusal is not None and profile.wrap_faults is WrapperFaults.TEXT:
        document = {"error_code": refusal.code, "message": refusal.text}
    return Answer(msgspec.json.encode(document), 200, JSON, MARK)


def _json_answer(told: Told, edge: Edge, profile: PopulationProfile) -> Answer:
    refusal = told.refusal
    document: dict[str, Any]
    if refusal is not None:
        document = {"errorCode": refusal.code, "message": refusal.text}
        if edge is Edge.NGSP:
            return Answer(msgspec.json.encode({"status": 0, **document}), refusal.http_status or 200, JSON, MARK)
        return Answer(msgspec.json.encode(document), refusal.http_status or 400, JSON, MARK)
    if told.question.operation == VERIFY:
        tree = replies.verification_tree(bool(told.people), profile)
    else:
        tree = replies.collection_tree(told.people, told.question, profile)
    document = {"Body": tree}
    if edge is Edge.NGSP:
        document = {"status": 1, "errorCode": "", "message": "", "data": document}
    return Answer(msgspec.json.encode(document), 200, JSON, MARK)


def _xroad_headers(caller: Caller, told: Told, profile: PopulationProfile) -> dict[str, str]:
    """Give what a security server adds to a reply."""
    if not profile.is_xroad_style or caller.edge is not Edge.C06:
        return {}
    identity = str(UUID(int=replies.hash_of(told.question.request_id), version=4))
    headers = {"X-Road-Service": "VN/GOV/BCA/DANCU/" + caller.path.rpartition("/")[2], "X-Road-Request-Id": identity}
    for name in ("X-Road-Client", "X-Road-Id", "X-Road-UserId", "X-Road-Issue"):
        if name in caller.headers:
            headers[name] = caller.headers[name]
    return headers
