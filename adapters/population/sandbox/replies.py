"""Replies as text: envelopes, collections, verifications, faults, and the same as JSON trees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape

from adapters.population.sandbox.citizens import Node, Nodes, citizen
from adapters.population.sandbox.operations import HOUSEHOLD, KINSHIP
from adapters.population.sandbox.person import Person
from adapters.population.sandbox.profile import PopulationProfile, PrefixStyle, ReplyForm, TreeForm
from adapters.population.sandbox.questions import CITIZENS, REQUESTS, SOAP, Question, Refusal

SERVER_CODES = frozenset({"429", "500", "503"})
"""Codes of §10.5 whose faultcode is Server; every other one is the client's."""


@dataclass(frozen=True, slots=True)
class Prefixes:
    """Prefixes of a reply: of the envelope, and of the payload ("" for a default namespace)."""

    soap: str = "soapenv"
    payload: str = "ns1"

    @property
    def tag(self) -> str:
        """What stands before the local names of the payload."""
        return f"{self.payload}:" if self.payload else ""

    @property
    def declared(self) -> str:
        """The attribute that declares the payload's prefix, without a value."""
        return f"xmlns:{self.payload}" if self.payload else "xmlns"


def prefixes_of(style: PrefixStyle, number: int) -> Prefixes:
    """Give the prefixes of a style; `number` is chance for the random one."""
    if style is PrefixStyle.RANDOM:
        return Prefixes(f"s{number % 9_973}", f"n{number % 7_919}x")
    return Prefixes() if style is PrefixStyle.USUAL else Prefixes("soapenv", "")


def envelope(payload: str, prefixes: Prefixes) -> str:
    """Put a payload into an envelope that declares `dan` where it is not used, as was seen (§1)."""
    soap = prefixes.soap
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><{soap}:Envelope xmlns:{soap}="{SOAP}">'
        f'<{soap}:Header xmlns:dan="{REQUESTS}"/><{soap}:Body xmlns:dan="{REQUESTS}">'
        f"{payload}</{soap}:Body></{soap}:Envelope>"
    )


def collection(
    people: Sequence[Person], question: Question, profile: PopulationProfile, prefixes: Prefixes, now: datetime
) -> str:
    """Give `CongdanCollection` with everybody in `people`; nobody is the empty collection (§10.2)."""
    tag = prefixes.tag
    form = ReplyForm.KINSHIP if question.operation == KINSHIP else profile.reply_form
    pieces = [f'<{tag}CongdanCollection {prefixes.declared}="{CITIZENS}"']
    if profile.has_collection_attributes or form is not ReplyForm.FLAT or question.operation == HOUSEHOLD:
        pieces.append(f' SoCongDan="{len(people)}" GhiChu="" ThoiDiemDuLieu="{now.isoformat(timespec="seconds")}"')
    if form is ReplyForm.KINSHIP:
        pieces.append(f' id="{UUID(int=hash_of(question.request_id), version=4)}"')
    pieces.append(">")
    for person in people:
        append_node(pieces, ("CongDan", citizen(person, question.operation, form)), tag)
    pieces.append(f"</{tag}CongdanCollection>")
    return "".join(pieces)


def hash_of(text: str) -> int:
    """Give a number of 128 bits that follows from a text, for ids that only have to look like ids."""
    return int.from_bytes(text.encode()[-16:].rjust(16, b"\0"), "big")


def append_node(pieces: list[str], node: Node, tag: str) -> None:
    """Write an element; an empty one without an end tag."""
    name, content = node
    if not content:
        pieces.append(f"<{tag}{name}/>")
    elif isinstance(content, str):
        text = content if content.isalnum() else escape(content)
        pieces.append(f"<{tag}{name}>{text}</{tag}{name}>")
    else:
        pieces.append(f"<{tag}{name}>")
        for child in content:
            append_node(pieces, child, tag)
        pieces.append(f"</{tag}{name}>")


def verification(exists: bool, profile: PopulationProfile, prefixes: Prefixes) -> str:
    """Give the answer of 033, in the namespace of requests (§7)."""
    tag, root = prefixes.tag, profile.verification_root
    told = "true" if exists else "false"
    return f'<{tag}{root} {prefixes.declared}="{REQUESTS}"><{tag}TonTai>{told}</{tag}TonTai></{tag}{root}>'


def fault(refusal: Refusal, request_id: str, prefixes: Prefixes) -> str:
    """Give a fault as §10.5 proposes it."""
    side = "Server" if refusal.code in SERVER_CODES else "Client"
    soap = prefixes.soap
    told = f"<dan:MaYeuCau>{escape(request_id)}</dan:MaYeuCau>" if request_id else ""
    return (
        f"<{soap}:Fault><faultcode>{soap}:{side}</faultcode><faultstring>{escape(refusal.text)}</faultstring>"
        f'<detail><dan:LoiDichVu xmlns:dan="{REQUESTS}"><dan:MaLoi>{escape(refusal.code)}</dan:MaLoi>'
        f"<dan:MoTa>{escape(refusal.text)}</dan:MoTa>{told}</dan:LoiDichVu></detail></{soap}:Fault>"
    )


def collection_tree(people: Sequence[Person], question: Question, profile: PopulationProfile) -> dict[str, Any]:
    """Give the look-up as a mapper from XML to JSON gives it (§14): nothing found is an empty object."""
    listed = [_tree(citizen(person, question.operation, profile.reply_form)) for person in people]
    inner: dict[str, Any] = {}
    if profile.tree_form is TreeForm.ALWAYS_ARRAY:
        inner = {"CongDan": listed}
    elif listed:
        inner = {"CongDan": listed[0] if len(listed) == 1 else listed}
    return {"CongdanCollection": inner}


def verification_tree(exists: bool, profile: PopulationProfile) -> dict[str, Any]:
    """Give the verification likewise; all values are text, as they are in XML."""
    return {profile.verification_root: {"TonTai": "true" if exists else "false"}}


def _tree(nodes: Nodes) -> dict[str, Any]:
    return {name: content if isinstance(content, str) else _tree(content) for name, content in nodes}
