"""Errors in every voice between here and the database, and redirects (§18 N7, N8, N20, N22)."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from adapters.population.sandbox import replies
from adapters.population.sandbox.questions import Refusal
from adapters.population.sandbox.scene import PREFIXES, Lie, Scene
from adapters.population.sandbox.speaking import JSON
from adapters.sandboxing import Answer

_DOWN = Refusal("500", "Lỗi hệ thống")
_SOAP12 = (
    '<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body>'
    "<env:Fault><env:Code><env:Value>env:Receiver</env:Value></env:Code>"
    '<env:Reason><env:Text xml:lang="vi">Lỗi hệ thống</env:Text></env:Reason></env:Fault></env:Body></env:Envelope>'
)
_WSO2_XML = (
    '<ams:fault xmlns:ams="http://wso2.org/apimanager/security"><ams:code>{}</ams:code>'
    "<ams:message>{}</ams:message><ams:description>{}</ams:description></ams:fault>"
)


def _fault(scene: Scene, http_status: int) -> Answer:
    text = scene.envelope(replies.fault(_DOWN, scene.question.request_id, PREFIXES))
    return scene.say(text, http_status)


def _coded_fault(scene: Scene, code: str, text: str) -> Answer:
    return scene.say(scene.envelope(replies.fault(Refusal(code, text), scene.question.request_id, PREFIXES)), 500)


def _bare_fault(scene: Scene) -> Answer:
    text = "<soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>Lỗi</faultstring></soapenv:Fault>"
    return scene.say(scene.envelope(text), 500)


def _telling_fault(scene: Scene) -> Answer:
    """Tell the citizen's number, name and birth date where an error has no business to."""
    person = scene.person
    return _coded_fault(scene, "500", f"Công dân {person.full_name} số {person.number} sinh {person.born} không hợp lệ")


def _wso2_xml(scene: Scene, code: int, text: str, http_status: int) -> Answer:
    body = _WSO2_XML.format(code, text, text).encode()
    return scene.say_bytes(body, http_status, "application/xml; charset=utf-8")


def _wso2_json(scene: Scene, code: int, text: str, http_status: int) -> Answer:
    body = msgspec.json.encode({"fault": {"code": code, "message": text, "description": text}})
    return scene.say_bytes(body, http_status, JSON)


def _xroad(scene: Scene, kind: str, text: str, *, is_marked: bool = True) -> Answer:
    body = msgspec.json.encode({"type": kind, "message": text, "detail": "5ca1ab1e-0000-4000-8000-000000000999"})
    headers = {"X-Road-Error": kind} if is_marked else {}
    return scene.say_bytes(body, 400 if kind == "Client.BadRequest" else 500, JSON, headers)


def _wrapper(scene: Scene, code: object, message: object) -> Answer:
    return scene.say_bytes(msgspec.json.encode({"error_code": code, "message": message}), 200, JSON)


def _redirect(scene: Scene, http_status: int) -> Answer:
    return scene.say_bytes(b"", http_status, "text/plain", {"Location": scene.profile.redirect_url})


def _plain(scene: Scene, http_status: int) -> Answer:
    return scene.say_bytes(b"<html><body>Loi</body></html>", http_status, "text/html; charset=utf-8")


HOSTILE_ERRORS: Mapping[str, Lie] = MappingProxyType(
    {
        "fault_http_500": lambda scene: _fault(scene, 500),
        "fault_http_200": lambda scene: _fault(scene, 200),
        "fault_http_400": lambda scene: _fault(scene, 400),
        "fault_soap12": lambda scene: scene.say(_SOAP12, 500),
        "fault_without_detail": _bare_fault,
        "fault_with_citizen": _telling_fault,
        "fault_unknown_code": lambda scene: _coded_fault(scene, "X-77", "Lỗi không xác định"),
        "fault_beside_answer": lambda scene: scene.say(
            scene.envelope(scene.payload() + replies.fault(_DOWN, scene.question.request_id, PREFIXES))
        ),
        "wso2_xml_invalid_token": lambda scene: _wso2_xml(scene, 900901, "Invalid Credentials", 401),
        "wso2_json_invalid_token": lambda scene: _wso2_json(scene, 900901, "Invalid Credentials", 401),
        "wso2_json_missing_token": lambda scene: _wso2_json(scene, 900902, "Missing Credentials", 401),
        "wso2_json_unclassified": lambda scene: _wso2_json(scene, 900900, "Unclassified Authentication Failure", 500),
        "wso2_xml_no_resource": lambda scene: _wso2_xml(scene, 900906, "No matching resource found", 403),
        "wso2_json_blocked": lambda scene: _wso2_json(scene, 700700, "API blocked", 503),
        "wso2_json_throttled": lambda scene: _wso2_json(scene, 900800, "Message throttled out", 429),
        "xroad_client_error": lambda scene: _xroad(scene, "Client.BadRequest", "Request is malformed"),
        "xroad_network_error": lambda scene: _xroad(scene, "Server.ServerProxy.NetworkError", "Read timed out"),
        "xroad_proxy_error": lambda scene: _xroad(
            scene, "Server.ClientProxy.SslAuthenticationFailed", "No certificate"
        ),
        "xroad_unmarked_error": lambda scene: _xroad(scene, "Server.ServerProxy.NetworkError", "x", is_marked=False),
        "wrapper_error_code": lambda scene: _wrapper(scene, "01", "Hệ thống bận"),
        "wrapper_error_text": lambda scene: _wrapper(scene, scene.profile.wrap_success_code, "Lỗi kết nối CSDLQGvDC"),
        "wrapper_null_message": lambda scene: _wrapper(scene, scene.profile.wrap_success_code, None),
        "wrapper_number_code": lambda scene: _wrapper(scene, 0, scene.envelope()),
        "http_400": lambda scene: _plain(scene, 400),
        "http_403": lambda scene: _plain(scene, 403),
        "http_404": lambda scene: _plain(scene, 404),
        "http_502": lambda scene: _plain(scene, 502),
        "http_504": lambda scene: _plain(scene, 504),
        "redirect_301": lambda scene: _redirect(scene, 301),
        "redirect_302": lambda scene: _redirect(scene, 302),
        "redirect_307": lambda scene: _redirect(scene, 307),
    }
)
"""Name to what it sends."""
