"""The negative tests of the population notes §18, against the simulated database: every hostile reply, every broken
connection, has the one outcome that is right for it, and none of them is ever "nobody found"."""

import asyncio
import time
from typing import Any

import pytest

from adapters.population.sandbox import HOSTILE_REPLIES, SEEDS
from adapters.sandboxing import FaultKind, FaultSpec
from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    GatewayError,
    RateLimited,
    Rejected,
    TransientFailure,
)
from gateway.ports.population import CitizenQuestion
from tests.support.population import ASKER, Population, population, subject_of

_B, _C, _T, _R = "broken", "credentials", "transient", "rejected"
LOOK_UPS: dict[str, tuple[str, str]] = {
    # N1 to N4: hostile documents.
    "doctype": (_B, "document_type"),
    "external_entity_file": (_B, "document_type"),
    "external_entity_http": (_B, "document_type"),
    "parameter_entity": (_B, "document_type"),
    "entity_bomb": (_B, "document_type"),
    "quadratic_bomb": (_B, "document_type"),
    "huge_reply": (_B, "answer_too_large"),
    "huge_text": (_B, "answer_too_large"),
    "ten_thousand_people": (_B, "answer_too_large"),
    "deep_nesting": (_B, "not_xml"),
    "many_attributes": (_B, "no_known_form"),
    "gzip_bomb": (_B, "answer_too_large"),
    # N5, N6: something else.
    "request_namespace": (_B, "unknown_answer"),
    "vendor_namespace": (_B, "unknown_answer"),
    "no_namespace": (_B, "unknown_answer"),
    "soap12_namespace": (_B, "soap_12"),
    "empty_unknown_element": (_B, "unknown_answer"),
    "text_unknown_element": (_B, "unknown_answer"),
    "empty_soap_body": (_B, "no_single_answer"),
    "json_reply": (_B, "json_instead_of_xml"),
    "html_reply": (_B, "document_type"),
    "html_labelled_xml": (_B, "document_type"),
    "empty_reply": (_B, "empty"),
    # N7, N8: refusals of every layer.
    "fault_http_500": (_T, "internal_error"),
    "fault_http_200": (_T, "internal_error"),
    "fault_http_400": (_T, "internal_error"),
    "fault_soap12": (_T, "fault_server"),
    "fault_without_detail": (_T, "fault_server"),
    "fault_with_citizen": (_T, "internal_error"),
    "fault_unknown_code": (_R, "fault_client"),
    "wso2_xml_invalid_token": (_C, "token_refused"),
    "wso2_json_invalid_token": (_C, "token_refused"),
    "wso2_json_missing_token": (_C, "token_refused"),
    "wso2_json_unclassified": (_C, "token_refused"),
    "wso2_xml_no_resource": (_R, "no_such_resource"),
    "wso2_json_blocked": (_C, "api_blocked"),
    "xroad_client_error": (_C, "xroad_client"),
    "xroad_network_error": (_T, "xroad_server"),
    "xroad_proxy_error": (_T, "xroad_server"),
    "xroad_unmarked_error": (_T, "xroad_server"),
    "http_400": (_R, "rejected"),
    "http_403": (_C, "http_403"),
    "http_404": (_T, "http_404"),
    "http_502": (_T, "http_5xx"),
    "http_504": (_T, "http_5xx"),
    # N10: broken text.
    "truncated_quarter": (_B, "not_xml"),
    "truncated_half": (_B, "not_xml"),
    "truncated_most": (_B, "not_xml"),
    "truncated_last_tag": (_B, "not_xml"),
    "garbage_after_root": (_B, "not_xml"),
    "two_roots": (_B, "not_xml"),
    "invalid_utf8": (_B, "not_xml"),
    "wrong_declared_encoding": (_B, "unknown_encoding"),
    # N11, N12: structure.
    "duplicate_number": (_B, "no_known_form"),
    "duplicate_name": (_B, "no_known_form"),
    "two_collections": (_B, "no_single_answer"),
    "second_body": (_B, "no_single_body"),
    "reordered": (_B, "no_known_form"),
    "xsi_nil": (_B, "no_known_form"),  # beside the same element with a value
    "mixed_content": (_B, "text_beside_elements"),
    "element_in_value": (_B, "no_known_form"),
    "name_as_text": (_B, "no_known_form"),
    # N14: somebody else, or nobody.
    "other_person": (_B, "another_person"),
    "other_name": (_B, "another_person"),
    "other_number": (_B, "another_person"),
    "empty_citizen": (_B, "record_of_nobody"),
    # N22: never followed.
    "redirect_301": (_B, "http_3xx"),
    "redirect_302": (_B, "http_3xx"),
    "redirect_307": (_B, "http_3xx"),
}
FOUND = {
    "bom",
    "utf16",
    "unknown_child",
    "unknown_attribute",
    "comment_in_value",
    "instruction_in_value",
    "cdata",
    "white_space_in_value",
    "citizen_without_name",
    "other_request_id",
    "wrapper_number_code",
}
"""Replies that are odd and still say one thing."""
_KINDS: dict[str, type[GatewayError]] = {
    _B: ContractBroken,
    _C: CredentialsRefused,
    _T: TransientFailure,
    _R: Rejected,
}


async def look_up(setup: Population) -> Any:
    return await setup.adapter.ask(CitizenQuestion.LOOK_UP, subject_of("plain"), ASKER)


@pytest.mark.parametrize("variant", sorted(LOOK_UPS))
async def test_n1_to_n14_hostile_replies(variant: str) -> None:
    """One outcome each, in the end, and nothing of a person in the error."""
    kind, code = LOOK_UPS[variant]
    async with population() as setup:
        await look_up(setup)
        setup.hostile(variant)
        with pytest.raises(GatewayError) as caught:
            async with asyncio.timeout(30):
                await look_up(setup)

    assert (_KINDS[kind], code) == (type(caught.value), caught.value.code)
    assert SEEDS["plain"].number not in str(caught.value)


@pytest.mark.parametrize("variant", sorted(FOUND - {"wrapper_number_code"}))
async def test_n12_odd_replies_that_are_understood(variant: str) -> None:
    """The same record comes out of them."""
    async with population() as setup:
        plain = await look_up(setup)
        setup.hostile(variant)
        odd = await look_up(setup)

    assert plain.records[0].personal_number == odd.records[0].personal_number
    assert variant == "citizen_without_name" or plain.records == odd.records


async def test_n15_two_people() -> None:
    """Both are told; nobody is picked."""
    async with population() as setup:
        setup.hostile("two_people")
        reply = await look_up(setup)

    assert 2 == len(reply.records)


@pytest.mark.parametrize("variant", ["ton_tai_upper", "ton_tai_yes", "ton_tai_empty", "ton_tai_absent"])
async def test_n13_no_clear_truth(variant: str) -> None:
    """Never "false"."""
    async with population() as setup:
        setup.hostile(variant)
        with pytest.raises(ContractBroken):
            await setup.adapter.verify(subject_of("plain"), ASKER)


async def test_n11_two_truths_and_n13_a_number() -> None:
    """True and false beside each other is neither; 1 is true."""
    async with population() as setup:
        setup.hostile("duplicate_ton_tai", calls=1)
        with pytest.raises(ContractBroken):
            await setup.adapter.verify(subject_of("plain"), ASKER)
        setup.hostile("ton_tai_number", calls=1)
        answer = await setup.adapter.verify(subject_of("plain"), ASKER)

    assert answer.exists


@pytest.mark.parametrize(
    ("variant", "kind"),
    [
        ("wrapper_error_code", Rejected),
        ("wrapper_error_text", ContractBroken),
        ("wrapper_null_message", ContractBroken),
    ],
)
async def test_n8_wrapper(variant: str, kind: type[GatewayError]) -> None:
    """An error text inside a good answer is no envelope; a code that is not success is a refusal."""
    async with population("wrap") as setup:
        setup.hostile(variant)
        with pytest.raises(kind) as caught:
            await look_up(setup)

    assert type(caught.value) is kind


async def test_n8_wrapper_with_a_number() -> None:
    """0 as a number means success as "0" does."""
    async with population("wrap") as setup:
        setup.hostile("wrapper_number_code")
        reply = await look_up(setup)

    assert 1 == len(reply.records)


async def test_throttled() -> None:
    """A wish for patience is handed on with its time."""
    async with population() as setup:
        setup.sandbox.add_fault(FaultSpec(kind=FaultKind.RATE_LIMITED, calls=1))
        with pytest.raises(RateLimited):
            await look_up(setup)


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.SLOW_TRICKLE,
        FaultKind.UNFINISHED_HEAD,
        FaultKind.STALL_AFTER_WORK,
        FaultKind.STALL_BEFORE_BODY,
        FaultKind.SHORT_BODY,
        FaultKind.RESET_MID_ANSWER,
        FaultKind.DROP_REPLY,
        FaultKind.REFUSE_CONNECTION,
    ],
)
async def test_n9_connections_that_fail(kind: FaultKind) -> None:
    """The deadline holds, whatever comes in drops, and the outcome is "could not ask"."""
    async with population(look_up_seconds=0.5, transport=_ONE_TRY) as setup:
        setup.sandbox.add_fault(FaultSpec(kind=kind, calls=10, delay_seconds=5.0))
        started = time.perf_counter()
        with pytest.raises(TransientFailure):
            await look_up(setup)
        took = time.perf_counter() - started

    assert took < 4.5, "the exchange lasted as long as the fault"


_ONE_TRY = {"calls_per_second": None, "read_attempts": 1}


async def test_a_repeated_call_has_an_id_of_its_own() -> None:
    """A read that got no answer is tried again, and no request id is used twice."""
    async with population() as setup:
        setup.sandbox.add_fault(FaultSpec(kind=FaultKind.DROP_REPLY, calls=2))
        reply = await look_up(setup)
        ids = [code for call in setup.sandbox.recorder.calls() for code in call.item_codes]

    assert 1 == len(reply.records)
    assert 3 == len(ids) == len(set(ids))


def test_every_hostile_reply_has_its_outcome() -> None:
    """A reply that the sandbox learns must be given its right outcome here."""
    tested = {*LOOK_UPS, *FOUND, "two_people", "duplicate_ton_tai"}
    tested |= {name for name in HOSTILE_REPLIES if name.startswith(("ton_tai_", "wrapper_"))}

    assert set(HOSTILE_REPLIES) - {"fault_beside_answer", "wso2_json_throttled"} == tested


async def test_n7_fault_beside_an_answer_and_n8_throttled() -> None:
    """A fault is a fault, whatever stands beside it; the platform's own quota is a wish for patience."""
    async with population() as setup:
        setup.hostile("fault_beside_answer")
        with pytest.raises(GatewayError) as beside:
            await look_up(setup)
    async with population() as setup:
        setup.hostile("wso2_json_throttled")
        with pytest.raises(RateLimited):
            await look_up(setup)

    assert isinstance(beside.value, TransientFailure | ContractBroken | Rejected)


async def test_n22_nothing_is_sent_elsewhere() -> None:
    """A redirect leads nowhere: not even a connection is made."""
    connections = 0

    async def count(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.close()

    server = await asyncio.start_server(count, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with population(profile={"redirect_url": f"http://127.0.0.1:{port}/"}) as setup:
            for variant in ("redirect_301", "redirect_302", "redirect_307", "external_entity_http"):
                setup.hostile(variant, calls=1)
                with pytest.raises(ContractBroken):
                    await look_up(setup)

    assert 0 == connections
