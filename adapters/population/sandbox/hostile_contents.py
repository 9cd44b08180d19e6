"""Hostile contents: sound XML that says too much, too little, or something else (§18 N11 to N15, §16.5)."""

from collections.abc import Mapping
from types import MappingProxyType

from adapters.population.sandbox.questions import REQUESTS
from adapters.population.sandbox.scene import Lie, Scene, inside_citizen, renamed
from adapters.population.sandbox.seeds import SEEDS
from adapters.sandboxing import Answer

_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def _replaced(scene: Scene, old: str, new: str) -> Answer:
    return scene.say(scene.envelope(scene.payload().replace(old, new, 1)))


def _duplicated(scene: Scene, name: str) -> Answer:
    """Repeat an element with another content right after itself."""
    other = {
        "SoDinhDanh": "<ns1:SoDinhDanh>999199999999</ns1:SoDinhDanh>",
        "HoVaTen": "<ns1:HoVaTen><ns1:Ten>NGƯỜI KHÁC</ns1:Ten></ns1:HoVaTen>",
    }[name]
    return scene.say(scene.envelope(scene.collection(scene.person).replace(end := f"</ns1:{name}>", end + other, 1)))


def _ton_tai(scene: Scene, elements: str) -> Answer:
    """Answer with a verification that holds these elements, whatever was asked."""
    root = scene.profile.verification_root
    return scene.say(scene.envelope(f'<ns1:{root} xmlns:ns1="{REQUESTS}">{elements}</ns1:{root}>'))


def _told(text: str) -> str:
    return f"<ns1:TonTai>{text}</ns1:TonTai>"


def _second_body(scene: Scene) -> Answer:
    body = f"<soapenv:Body>{scene.payload()}</soapenv:Body></soapenv:Envelope>"
    return scene.say(scene.envelope().replace("</soapenv:Envelope>", body, 1))


def _reordered(scene: Scene) -> Answer:
    payload = scene.collection(scene.person)
    number = f"<ns1:SoDinhDanh>{scene.person.number}</ns1:SoDinhDanh>"
    return scene.say(
        scene.envelope(payload.replace(number, "", 1).replace("</ns1:CongDan>", f"{number}</ns1:CongDan>"))
    )


def _nil(scene: Scene) -> Answer:
    if scene.is_verification:
        return _ton_tai(scene, f'<ns1:TonTai {_XSI} xsi:nil="true"/>')
    return inside_citizen(scene, f'<ns1:SoSoHoKhau {_XSI} xsi:nil="true"/>')


def _in_value(scene: Scene, before: str, after: str = "") -> Answer:
    """Put something before the value of the number, or of TonTai, and something after it."""
    name, value = ("TonTai", "true") if scene.is_verification else ("SoDinhDanh", scene.person.number)
    half = len(value) // 2
    spoilt = f"<ns1:{name}>{value[:half]}{before}{value[half:]}{after}</ns1:{name}>"
    return _replaced(scene, f"<ns1:{name}>{value}</ns1:{name}>", spoilt)


def _cdata(scene: Scene) -> Answer:
    name, value = ("TonTai", "true") if scene.is_verification else ("SoDinhDanh", scene.person.number)
    element = f"<ns1:{name}>{value}</ns1:{name}>"
    return _replaced(scene, element, f"<ns1:{name}><![CDATA[{value}]]></ns1:{name}>")


def _another(scene: Scene) -> Answer:
    other = SEEDS["three_part_name"]
    return scene.say(scene.envelope(scene.collection(SEEDS["plain"] if other.number == scene.person.number else other)))


def _other_name(scene: Scene) -> Answer:
    return scene.say(scene.envelope(scene.collection(renamed(scene.person, scene.person.number, "NGƯỜI KHÁC"))))


def _other_number(scene: Scene) -> Answer:
    return scene.say(scene.envelope(scene.collection(renamed(scene.person, "999199999999", scene.person.name[2]))))


def _two_people(scene: Scene) -> Answer:
    twin = renamed(scene.person, "999199999999", scene.person.name[2])
    return scene.say(scene.envelope(scene.collection(scene.person, twin)))


def _without_name(scene: Scene) -> Answer:
    payload = scene.collection(scene.person)
    start, end = payload.index("<ns1:HoVaTen>"), payload.index("</ns1:HoVaTen>") + len("</ns1:HoVaTen>")
    return scene.say(scene.envelope(payload[:start] + payload[end:]))


def _flat_name(scene: Scene) -> Answer:
    payload = scene.collection(scene.person)
    start, end = payload.index("<ns1:HoVaTen>") + len("<ns1:HoVaTen>"), payload.index("</ns1:HoVaTen>")
    return scene.say(scene.envelope(payload[:start] + scene.person.full_name + payload[end:]))


HOSTILE_CONTENTS: Mapping[str, Lie] = MappingProxyType(
    {
        "duplicate_number": lambda scene: _duplicated(scene, "SoDinhDanh"),
        "duplicate_name": lambda scene: _duplicated(scene, "HoVaTen"),
        "duplicate_ton_tai": lambda scene: _ton_tai(scene, _told("true") + _told("false")),
        "two_collections": lambda scene: scene.say(scene.envelope(scene.collection(scene.person) + scene.collection())),
        "second_body": _second_body,
        "reordered": _reordered,
        "unknown_child": lambda scene: inside_citizen(scene, "<ns1:TruongMoi>1</ns1:TruongMoi>"),
        "unknown_attribute": lambda scene: _replaced(scene, " xmlns:ns1=", ' PhienBan="2" xmlns:ns1='),
        "xsi_nil": _nil,
        "mixed_content": lambda scene: inside_citizen(scene, "văn bản lạc"),
        "comment_in_value": lambda scene: _in_value(scene, "<!-- x -->"),
        "instruction_in_value": lambda scene: _in_value(scene, "<?x y?>"),
        "element_in_value": lambda scene: _in_value(scene, "<ns1:b/>"),
        "cdata": _cdata,
        "white_space_in_value": lambda scene: _in_value(scene, "", "\n  "),
        "ton_tai_upper": lambda scene: _ton_tai(scene, _told("TRUE")),
        "ton_tai_yes": lambda scene: _ton_tai(scene, _told("yes")),
        "ton_tai_number": lambda scene: _ton_tai(scene, _told("1")),
        "ton_tai_empty": lambda scene: _ton_tai(scene, "<ns1:TonTai/>"),
        "ton_tai_absent": lambda scene: _ton_tai(scene, ""),
        "other_person": _another,
        "other_name": _other_name,
        "other_number": _other_number,
        "other_request_id": lambda scene: inside_citizen(scene, "<ns1:MaYeuCau>CUA-NGUOI-KHAC</ns1:MaYeuCau>"),
        "two_people": _two_people,
        "citizen_without_name": _without_name,
        "name_as_text": _flat_name,
        "empty_citizen": lambda scene: scene.say(
            scene.envelope(scene.collection().replace("></ns1:CongdanC", "><ns1:CongDan/></ns1:CongdanC", 1))
        ),
    }
)
"""Name to what it sends."""
