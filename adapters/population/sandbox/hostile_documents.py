"""Hostile documents: entities, sizes, namespaces, encodings, cuts (§18 N1 to N6, N10)."""

import gzip
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from adapters.population.sandbox.questions import CITIZENS, REQUESTS, SOAP
from adapters.population.sandbox.scene import Lie, Scene, inside_citizen
from adapters.sandboxing import Answer

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_MEBIBYTE = 1024 * 1024
_VENDOR = "http://gtel.vn/qldc"


def _with_doctype(scene: Scene, doctype: str, entity: str = "") -> Answer:
    text = scene.envelope().replace(_DECLARATION, _DECLARATION + doctype, 1)
    if entity:
        holder = "TonTai>" if scene.is_verification else "Ten>"
        text = text.replace(f"<ns1:{holder}", f"<ns1:{holder}{entity}", 1)
    return scene.say(text)


def _nested_bomb(scene: Scene) -> Answer:
    levels = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 12))
    return _with_doctype(scene, f'<!DOCTYPE r [<!ENTITY e0 "ha">{levels}]>', "&e11;")


def _quadratic_bomb(scene: Scene) -> Answer:
    return _with_doctype(scene, f'<!DOCTYPE r [<!ENTITY a "{"a" * 50_000}">]>', "&a;" * 2_000)


def _external(scene: Scene, address: str) -> Answer:
    return _with_doctype(scene, f'<!DOCTYPE r [<!ENTITY x SYSTEM "{address}">]>', "&x;")


def _parameter_entity(scene: Scene) -> Answer:
    doctype = '<!DOCTYPE r [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]>'
    return _with_doctype(scene, doctype)


@cache
def _blanks(size: int) -> str:
    return "A" * size


def _huge_reply(scene: Scene) -> Answer:
    comment = f"<!-- {_blanks(1024)} -->"
    return scene.say(scene.envelope().replace(_DECLARATION, _DECLARATION + comment * (20 * 1024), 1))


def _huge_text(scene: Scene) -> Answer:
    return inside_citizen(scene, f"<ns1:SoSoHoKhau>{_blanks(11 * _MEBIBYTE)}</ns1:SoSoHoKhau>")


def _many_people(scene: Scene) -> Answer:
    one = scene.collection(scene.person)
    start, end = one.index("<ns1:CongDan>"), one.index("</ns1:CongdanCollection>")
    return scene.say(scene.envelope(one[:start] + one[start:end] * 10_000 + one[end:]))


def _deep_nesting(scene: Scene) -> Answer:
    return inside_citizen(scene, "<ns1:x>" * 5_000 + "</ns1:x>" * 5_000)


def _many_attributes(scene: Scene) -> Answer:
    attributes = "".join(f' a{number}=""' for number in range(10_000))
    return inside_citizen(scene, f"<ns1:SoSoHoKhau{attributes}/>")


@cache
def _squeezed_blanks() -> bytes:
    return gzip.compress(b" " * (64 * _MEBIBYTE), 9, mtime=0)


def _gzip_bomb(scene: Scene) -> Answer:
    # White space may follow the root, so what comes out is well-formed, and large.
    body = gzip.compress(scene.envelope().encode(), mtime=0) + _squeezed_blanks()
    return scene.say_bytes(body, headers={"Content-Encoding": "gzip"})


def _in_namespace(scene: Scene, space: str) -> Answer:
    own = REQUESTS if scene.is_verification else CITIZENS
    # Somebody who mixes the two up puts a verification into the citizens' namespace.
    other = CITIZENS if scene.is_verification and space == REQUESTS else space
    return scene.say(scene.envelope(scene.payload().replace(f'xmlns:ns1="{own}"', f'xmlns:ns1="{other}"', 1)))


def _no_namespace(scene: Scene) -> Answer:
    own = REQUESTS if scene.is_verification else CITIZENS
    return scene.say(scene.envelope(scene.payload().replace(f' xmlns:ns1="{own}"', "", 1).replace("ns1:", "")))


def _other_envelope(scene: Scene) -> Answer:
    return scene.say(scene.envelope().replace(SOAP, "http://www.w3.org/2003/05/soap-envelope"))


def _unknown_element(scene: Scene, content: str) -> Answer:
    return scene.say(scene.envelope(f'<ns1:KetQuaKhac xmlns:ns1="{CITIZENS}">{content}</ns1:KetQuaKhac>'))


def _cut(scene: Scene, share: float) -> Answer:
    text = scene.envelope()
    return scene.say(text[: int(len(text) * share)])


def _cut_before(scene: Scene, tag: str) -> Answer:
    text = scene.envelope()
    return scene.say(text[: text.index(tag)])


def _bytes(scene: Scene, encoding: str) -> Answer:
    return scene.say_bytes(scene.envelope().replace('encoding="UTF-8"', 'encoding="UTF-16"', 1).encode(encoding))


def _invalid_utf8(scene: Scene) -> Answer:
    before, after = scene.envelope().encode().rsplit(b"</ns1:", 1)
    return scene.say_bytes(before + b"<ns1:x>\xc3\x28\xff</ns1:x></ns1:" + after)


def _wrong_declared_encoding(scene: Scene) -> Answer:
    return scene.say_bytes(scene.envelope().replace('encoding="UTF-8"', 'encoding="ISO-8859-1"', 1).encode())


_HTML = "<!DOCTYPE html><html><head><title>502</title></head><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>"

HOSTILE_DOCUMENTS: Mapping[str, Lie] = MappingProxyType(
    {
        "doctype": lambda scene: _with_doctype(scene, "<!DOCTYPE Envelope>"),
        "external_entity_file": lambda scene: _external(scene, "file:///etc/hostname"),
        "external_entity_http": lambda scene: _external(scene, "http://127.0.0.1:9/x"),
        "parameter_entity": _parameter_entity,
        "entity_bomb": _nested_bomb,
        "quadratic_bomb": _quadratic_bomb,
        "huge_reply": _huge_reply,
        "huge_text": _huge_text,
        "ten_thousand_people": _many_people,
        "deep_nesting": _deep_nesting,
        "many_attributes": _many_attributes,
        "gzip_bomb": _gzip_bomb,
        "request_namespace": lambda scene: _in_namespace(scene, REQUESTS),
        "vendor_namespace": lambda scene: _in_namespace(scene, _VENDOR),
        "no_namespace": _no_namespace,
        "soap12_namespace": _other_envelope,
        "empty_unknown_element": lambda scene: _unknown_element(scene, ""),
        "text_unknown_element": lambda scene: _unknown_element(scene, "Không có dữ liệu"),
        "empty_soap_body": lambda scene: scene.say(scene.envelope("")),
        "json_reply": lambda scene: scene.say('{"CongdanCollection":{}}', content_type="application/json"),
        "html_reply": lambda scene: scene.say(_HTML, content_type="text/html; charset=utf-8"),
        "html_labelled_xml": lambda scene: scene.say(_HTML),
        "empty_reply": lambda scene: scene.say_bytes(b""),
        "truncated_quarter": lambda scene: _cut(scene, 0.25),
        "truncated_half": lambda scene: _cut(scene, 0.5),
        "truncated_most": lambda scene: _cut(scene, 0.9),
        "truncated_last_tag": lambda scene: _cut_before(scene, "</soapenv:Envelope>"),
        "garbage_after_root": lambda scene: scene.say(scene.envelope() + "\x01garbage"),
        "two_roots": lambda scene: scene.say(scene.envelope() + scene.envelope().replace(_DECLARATION, "", 1)),
        "bom": lambda scene: scene.say("\ufeff" + scene.envelope()),
        "utf16": lambda scene: _bytes(scene, "utf-16"),
        "invalid_utf8": _invalid_utf8,
        "wrong_declared_encoding": _wrong_declared_encoding,
    }
)
"""Name to what it sends."""
