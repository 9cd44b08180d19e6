"""What changed between two versions of a procedure: everything is seen, and nothing that is no change."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.dossier import Channel, FeeKind
from gateway.model.procedure import (
    AmountKind,
    DocumentCase,
    ExecutingLevel,
    ExecutionCase,
    FormTemplate,
    LegalBasis,
    Named,
    Procedure,
    ProcedureChannel,
    ProcedureFee,
    ProcedureResult,
    RequiredDocument,
    ServiceLevel,
    TimeLimit,
    TimeUnit,
)
from gateway.sync.procedure_changes import COMPARISONS, ChangeKind, procedure_changes
from gateway.sync.procedure_sentences import Language, sentence

FEE = ProcedureFee(kind=FeeKind.LEVY, amount_kind=AmountKind.FIXED, amount_vnd=10_000, text="10.000", unit="Đồng")
FULL = Procedure(
    code="1.999001",
    name="Cấp giấy xác nhận",
    portal_id="900001",
    is_public=True,
    publishing_agency_code="G99",
    publication_decision_id="70001",
    type_code="1",
    service_level=ServiceLevel.PARTIAL,
    sectors=(Named(code="G99-LV01", name="Lĩnh vực"),),
    executing_levels=(ExecutingLevel.PROVINCE,),
    channels=(
        ProcedureChannel(
            channel=Channel.ONLINE,
            time_limits=(TimeLimit(amount=5, unit=TimeUnit.WORKING_DAY, description="mô tả", fees=(FEE,)),),
        ),
    ),
    applicant_kinds=(Named(code="1", name="Công dân"),),
    applicant_description="công dân",
    document_cases=(
        DocumentCase(
            name="chung",
            documents=(
                RequiredDocument(
                    code="KQ1",
                    name="Đơn",
                    originals_count=1,
                    copies_count=0,
                    forms=(FormTemplate(name="mau.docx", url="https://p.example/1"),),
                    replacing_result_code="R1",
                ),
            ),
        ),
    ),
    execution_cases=(ExecutionCase(name="chung", steps=("Bước 1", "Bước 2")),),
    results=(ProcedureResult(code="R2", name="Giấy", file_name="g.docx", url="https://p.example/2"),),
    legal_bases=(
        LegalBasis(
            number="01/2026",
            title="Nghị định",
            issued_on="2026",
            effective_on="2026",
            issuing_agency="CP",
            url="https://p.example/3",
        ),
    ),
    executing_agencies=(Named(code="H99.01", name="Sở"),),
    competent_agencies=(Named(code="H99", name="UBND"),),
    delegated_agencies=(Named(code="H99.02", name="Sở hai"),),
    coordinating_agencies=(Named(code="H99.03", name="Sở ba"),),
    related_procedure_codes=("1.999002",),
    linked_procedure_codes=("1.999003",),
    requirements="không",
    description="mô tả",
    keywords="từ khóa",
    reception_address="địa chỉ",
    executing_agency_description="a",
    competent_agency_description="b",
)


def _changed(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case Enum():
            return next(member for member in type(value) if member is not value)
        case int():
            return value + 1
        case str():
            return value + "x"
    raise AssertionError(f"no other value for {value!r}")


def _mutants(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Give every way to change one field at any depth, to leave out an element, and to double one."""
    if is_dataclass(value) and not isinstance(value, type):
        for item in fields(value):
            for where, inner in _mutants(getattr(value, item.name), f"{place}/{item.name}"):
                yield where, replace(value, **{item.name: inner})
    elif isinstance(value, tuple):
        yield f"{place} emptied", ()
        for index, element in enumerate(value):
            for where, inner in _mutants(element, f"{place}/{index}"):
                yield where, (*value[:index], inner, *value[index + 1 :])
    else:
        yield place, _changed(value)


MUTANTS = [(place, mutant) for place, mutant in _mutants(FULL) if not place.startswith("/code")]


@pytest.mark.parametrize(("place", "mutant"), MUTANTS, ids=[place for place, _ in MUTANTS])
def test_every_single_change_is_seen_and_told(place: str, mutant: Procedure) -> None:
    """Changing any one field, at any depth, gives changes below that field and sentences in both languages."""
    for before, after in ((FULL, mutant), (mutant, FULL)):
        changes = procedure_changes(before, after)
        assert changes
        top = place.split("/")[1].partition(" ")[0]
        assert {top} == {change.path.split("/")[1] for change in changes}
        for change in changes:
            for language in Language:
                told = sentence(change, language)
                assert told.endswith(".")
                assert "None" not in told


def test_every_field_is_compared() -> None:
    """A field that is added to the model must be given a comparison."""
    assert {item.name for item in fields(Procedure)} - {"code"} == set(COMPARISONS)


@given(st.lists(st.sampled_from(MUTANTS), max_size=3), st.randoms(use_true_random=False))
def test_the_order_of_lists_is_no_change(chosen: list[tuple[str, Procedure]], chance: Any) -> None:
    """A version compared with itself, its lists shuffled, has not changed."""
    procedure = FULL
    for _, mutant in chosen:
        joined: dict[str, Any] = {
            item.name: tuple(dict.fromkeys((*getattr(procedure, item.name), *getattr(mutant, item.name))))
            for item in fields(Procedure)
            if isinstance(getattr(procedure, item.name), tuple)
        }
        procedure = replace(procedure, **joined)
    shuffled: dict[str, Any] = {}
    for item in fields(Procedure):
        content = getattr(procedure, item.name)
        if isinstance(content, tuple):
            mixed = list(content)
            chance.shuffle(mixed)
            shuffled[item.name] = tuple(mixed)
    assert procedure_changes(procedure, replace(procedure, **shuffled)) == ()


def test_a_fee_that_rises_is_told_by_its_channel() -> None:
    """Which fee, by which channel, from what to what: in both languages."""
    dearer = replace(FEE, amount_vnd=20_000, text="20.000")
    limit = replace(FULL.channels[0].time_limits[0], fees=(dearer,))
    changed = replace(FULL, channels=(ProcedureChannel(channel=Channel.ONLINE, time_limits=(limit,)),))
    [amount] = [change for change in procedure_changes(FULL, changed) if change.path.endswith("amount_vnd")]
    assert (ChangeKind.FEE_CHANGED, "10000", "20000") == (amount.kind, amount.before, amount.after)
    told = sentence(amount, Language.VIETNAMESE)
    assert "trực tuyến" in told
    assert "từ 10000 thành 20000" in told


def test_two_procedures_are_not_compared() -> None:
    """A comparison of different codes is a mistake of the caller."""
    with pytest.raises(ValueError, match="not two procedures"):
        procedure_changes(FULL, replace(FULL, code="1.999002"))
