"""What the sandbox says truthfully fits the contract, and what it says hostilely is as hostile as its name."""

from typing import Any

import pytest
from lxml import etree
from multidict import CIMultiDict, CIMultiDictProxy

from adapters.population.sandbox import (
    HOSTILE_REPLIES,
    POPULATION_KINDS,
    SEEDS,
    Edge,
    PopulationProfile,
    PopulationSandbox,
    PrefixStyle,
    ReplyForm,
)
from adapters.population.sandbox.admission import Caller
from adapters.population.sandbox.contract import schema
from adapters.population.sandbox.operations import KINSHIP, SPOKEN, VERIFY
from adapters.population.sandbox.questions import Question
from adapters.sandboxing import Answer, CallRecorder, FaultKind, FaultSpec, FaultSpecError, MachineClock

_LARGE = {"huge_reply", "huge_text", "ten_thousand_people", "gzip_bomb"}
_NOT_XML = {
    *("json_reply", "html_reply", "html_labelled_xml", "empty_reply", "truncated_quarter", "truncated_half"),
    *("truncated_most", "truncated_last_tag", "garbage_after_root", "two_roots", "invalid_utf8"),
    *(name for name in HOSTILE_REPLIES if name.startswith(("wso2_json", "xroad", "wrapper", "redirect"))),
}
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)


def caller(edge: Edge = Edge.PLAIN) -> Caller:
    return Caller(edge, CIMultiDictProxy(CIMultiDict()), "127.0.0.1", "")


def question(sandbox: PopulationSandbox, operation: str, position: int) -> Question:
    """Ask about somebody of the thousands, or about a named person below zero."""
    named = list(SEEDS.values())
    person = named[-position - 1] if position < 0 else sandbox.register.populace.at(position)
    service = "033" if operation == VERIFY else "037"
    return Question(
        operation, f"Q{position}", "1.1", service, "canbo.a", "", person.number, "", person.full_name, person.born
    )


def answer(sandbox: PopulationSandbox, asked: Question, edge: Edge = Edge.PLAIN) -> Answer:
    recorder: CallRecorder = sandbox.recorder
    record = recorder.begin("/")
    try:
        return sandbox.answer(record, caller(edge), asked)
    finally:
        recorder.finish(record)


def payload(body: bytes) -> Any:
    """Give the one child of the Body."""
    [child] = etree.fromstring(body, _PARSER)[1]
    return child


def schema_of(name: str) -> etree.XMLSchema:
    text = schema(name, ReplyForm.FLAT)
    assert text is not None
    return etree.XMLSchema(etree.fromstring(text))


@pytest.mark.parametrize("style", list(PrefixStyle))
@pytest.mark.parametrize(
    ("form", "file"),
    [
        (ReplyForm.FLAT, "congdan.xsd"),
        (ReplyForm.QCVN109, "congdan-qcvn109.xsd"),
        (ReplyForm.KINSHIP, "congdan-kinship.xsd"),
    ],
)
def test_true_replies_fit_the_schema_of_their_form(form: ReplyForm, file: str, style: PrefixStyle) -> None:
    """Each operation about named and other people is valid, whatever the prefixes."""
    settings = PopulationProfile(people_count=40, reply_form=form, prefix_style=style, is_vital_status_offered=True)
    sandbox = PopulationSandbox(settings.changed(is_request_id_kept=False))
    schemas = {"own": schema_of(file), "kin": schema_of("congdan-kinship.xsd"), "told": schema_of("yeucau.xsd")}
    for operation in SPOKEN:
        which = "told" if operation == VERIFY else "kin" if operation == KINSHIP else "own"
        for position in range(-len(SEEDS), 40):
            schemas[which].assertValid(payload(answer(sandbox, question(sandbox, operation, position)).body))


def test_faults_fit_the_schema() -> None:
    """The detail holds one LoiDichVu as the contract draws it."""
    sandbox = PopulationSandbox(PopulationProfile(people_count=4))
    asked = question(sandbox, SPOKEN[1], 0)
    asked.procedure = "KHONG-CAP-PHEP"
    fault = payload(answer(sandbox, asked).body)
    [detail] = fault.find("detail")
    schema_of("yeucau.xsd").assertValid(detail)
    assert ["faultcode", "faultstring", "detail"] == [child.tag for child in fault]


@pytest.mark.parametrize("operation", [SPOKEN[1], VERIFY])
@pytest.mark.parametrize("variant", sorted(set(HOSTILE_REPLIES) - _LARGE))
def test_a_hostile_reply_differs_from_the_truth(variant: str, operation: str) -> None:
    """Each variant changes the reply, and is XML or none as its name says."""
    sandbox = PopulationSandbox(PopulationProfile(people_count=4, is_request_id_kept=False))
    honest = answer(sandbox, question(sandbox, operation, 0))
    sandbox.add_fault(FaultSpec(kind=FaultKind.HOSTILE_REPLY, variant=variant, calls=1))
    hostile = answer(sandbox, question(sandbox, operation, 0))
    assert (honest.body, honest.http_status) != (hostile.body, hostile.http_status)
    is_xml = True
    try:
        etree.fromstring(hostile.body, _PARSER)
    except etree.XMLSyntaxError:
        is_xml = False
    # The parser itself may refuse bombs and great depth.
    assert is_xml is (variant not in _NOT_XML) or variant in ("entity_bomb", "quadratic_bomb", "deep_nesting")
    assert honest.body == answer(sandbox, question(sandbox, operation, 0)).body


@pytest.mark.parametrize(("variant", "size"), [("huge_reply", 20), ("huge_text", 11), ("ten_thousand_people", 15)])
def test_large_replies_are_large(variant: str, size: int) -> None:
    """In MiB."""
    sandbox = PopulationSandbox(PopulationProfile(people_count=4))
    sandbox.add_fault(FaultSpec(kind=FaultKind.HOSTILE_REPLY, variant=variant))
    assert len(answer(sandbox, question(sandbox, SPOKEN[1], 0)).body) > size * 1024 * 1024


def test_a_fault_that_nobody_knows_is_refused() -> None:
    """A variant must be one of the list."""
    sandbox = PopulationSandbox(PopulationProfile(people_count=4))
    with pytest.raises(FaultSpecError, match="variant"):
        sandbox.add_fault(FaultSpec(kind=FaultKind.HOSTILE_REPLY, variant="no_such_thing"))
    with pytest.raises(FaultSpecError, match="variant"):
        sandbox.add_fault(FaultSpec(kind=FaultKind.HOSTILE_REPLY))
    assert FaultKind.HOSTILE_REPLY in POPULATION_KINDS


def test_the_wrapper_carries_hostile_envelopes() -> None:
    """On the wrapping edge a hostile envelope is the message; a hostile answer of another kind stays bare."""
    sandbox = PopulationSandbox(PopulationProfile(people_count=4, is_request_id_kept=False))
    for variant, start in (("doctype", b'{"error_code":"00"'), ("html_reply", b"<!DOCTYPE html>")):
        sandbox.add_fault(FaultSpec(kind=FaultKind.HOSTILE_REPLY, variant=variant, calls=1))
        assert answer(sandbox, question(sandbox, SPOKEN[1], 0), Edge.WRAP).body.startswith(start)


def test_a_reused_request_id_is_forgotten_on_reset() -> None:
    """A reset makes the sandbox as new, but for its settings."""
    sandbox = PopulationSandbox(PopulationProfile(people_count=4), clock=MachineClock())
    outcomes = []
    for is_reset in (False, False, True):
        if is_reset:
            sandbox.reset()
        answer(sandbox, question(sandbox, SPOKEN[1], 0))
        outcomes.append(dict(sandbox.outcomes))
    assert [{"found": 1}, {"found": 1, "refused 003": 1}, {"found": 1}] == outcomes


def test_only_files_of_the_contract_are_published() -> None:
    """Any other name is none, also one that leads elsewhere."""
    assert [None, None] == [schema(name, ReplyForm.FLAT) for name in ("nothing.xsd", "../sandbox/seeds.py")]
