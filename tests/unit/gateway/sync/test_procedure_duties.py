"""What a published procedure must show, and whether it may be offered online."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.dossier import Channel
from gateway.model.procedure import (
    AmountKind,
    DocumentCase,
    ExecutionCase,
    FormTemplate,
    Procedure,
    ProcedureChannel,
    ServiceLevel,
    TimeLimit,
)
from gateway.ports.portal_services import OnlineService, ServiceApplication
from gateway.sync.procedure_duties import (
    DecisionStanding,
    Eligibility,
    Obligation,
    OfferReason,
    eligibility,
    missing_information,
    offer_reasons,
    online_offers,
)
from tests.support.procedures import COMPLETE, DOCUMENT, FEE, FORM, LIMIT


def channels(limit: TimeLimit) -> tuple[ProcedureChannel, ...]:
    return (ProcedureChannel(channel=Channel.ONLINE, time_limits=(limit,)),)


def documents(*forms: FormTemplate) -> tuple[DocumentCase, ...]:
    return (DocumentCase(name="", documents=(replace(DOCUMENT, forms=forms),)),)


@pytest.mark.parametrize(
    ("procedure", "expected"),
    [
        (COMPLETE, []),
        (replace(COMPLETE, name=" "), [(Obligation.NAME, "")]),
        (replace(COMPLETE, execution_cases=(ExecutionCase(name="", steps=(" ",)),)), [(Obligation.STEPS, "")]),
        (replace(COMPLETE, channels=()), [(Obligation.CHANNEL, "")]),
        (
            replace(COMPLETE, channels=channels(replace(LIMIT, amount=None))),
            [(Obligation.TIME_LIMIT, "/channels/online/time_limits")],
        ),
        (replace(COMPLETE, channels=channels(replace(LIMIT, amount=None, description="Trong ngày"))), []),
        (
            replace(COMPLETE, channels=channels(replace(LIMIT, fees=(replace(FEE, text=""),)))),
            [(Obligation.FEE, "/channels/online/fees/levy")],
        ),
        (
            replace(
                COMPLETE, channels=channels(replace(LIMIT, fees=(replace(FEE, text="", amount_kind=AmountKind.NONE),)))
            ),
            [],
        ),
        (replace(COMPLETE, document_cases=()), [(Obligation.DOCUMENTS, "")]),
        (
            replace(COMPLETE, document_cases=documents(replace(FORM, url=""))),
            [(Obligation.FORM, "/document_cases/1/documents/KQ1")],
        ),
        (
            replace(COMPLETE, document_cases=documents(FORM, replace(FORM, url="C:\\mau.doc"), replace(FORM, name=""))),
            [(Obligation.FORM, "/document_cases/1/documents/KQ1")],
        ),
        (replace(COMPLETE, document_cases=documents()), []),
        (replace(COMPLETE, applicant_kinds=()), [(Obligation.APPLICANTS, "")]),
        (replace(COMPLETE, applicant_kinds=(), applicant_description="Công dân"), []),
        (replace(COMPLETE, executing_agencies=()), [(Obligation.AGENCY, "")]),
        (replace(COMPLETE, sectors=()), [(Obligation.SECTOR, "")]),
        (replace(COMPLETE, results=()), [(Obligation.RESULT, "")]),
        (replace(COMPLETE, legal_bases=()), [(Obligation.LEGAL_BASIS, "")]),
        (replace(COMPLETE, reception_address=""), [(Obligation.RECEPTION_ADDRESS, "")]),
        (replace(COMPLETE, publication_decision_id=""), [(Obligation.PUBLICATION_DECISION, "")]),
        (Procedure(code="1.999001", name="", is_public=False), []),
    ],
)
def test_missing_information(procedure: Procedure, expected: list[tuple[Obligation, str]]) -> None:
    """Each part that is not shown is told with its place; words may stand for a sum; a hidden one owes nothing."""
    assert expected == [(gap.obligation, gap.path) for gap in missing_information(procedure)]


def test_every_obligation_can_be_missed() -> None:
    """An empty public procedure lacks everything but what hangs on parts that it does not have."""
    missed = {gap.obligation for gap in missing_information(Procedure(code="1.999001", name="", is_public=True))}
    assert set(Obligation) - missed == {Obligation.TIME_LIMIT, Obligation.FEE, Obligation.FORM}


@pytest.mark.parametrize(
    ("procedure", "is_retired", "decision", "reasons", "judged"),
    [
        (COMPLETE, False, DecisionStanding.READ, [], Eligibility.ELIGIBLE),
        (COMPLETE, True, DecisionStanding.READ, [OfferReason.RETIRED], Eligibility.NOT_ELIGIBLE),
        (
            replace(COMPLETE, is_public=False),
            False,
            DecisionStanding.READ,
            [OfferReason.NOT_PUBLIC],
            Eligibility.NOT_ELIGIBLE,
        ),
        (
            replace(COMPLETE, channels=(ProcedureChannel(channel=Channel.POSTAL),)),
            False,
            DecisionStanding.READ,
            [OfferReason.NO_ONLINE_CHANNEL],
            Eligibility.NOT_ELIGIBLE,
        ),
        (COMPLETE, False, DecisionStanding.NOT_NAMED, [OfferReason.NO_DECISION], Eligibility.NOT_ELIGIBLE),
        (COMPLETE, False, DecisionStanding.ABSENT, [OfferReason.DECISION_ABSENT], Eligibility.NOT_ELIGIBLE),
        (COMPLETE, False, DecisionStanding.NOT_READ, [OfferReason.DECISION_NOT_READ], Eligibility.UNDECIDED),
        (
            COMPLETE,
            True,
            DecisionStanding.NOT_READ,
            [OfferReason.RETIRED, OfferReason.DECISION_NOT_READ],
            Eligibility.NOT_ELIGIBLE,
        ),
    ],
)
def test_whether_it_may_be_offered(
    procedure: Procedure,
    is_retired: bool,
    decision: DecisionStanding,
    reasons: list[OfferReason],
    judged: Eligibility,
) -> None:
    """Every reason is told; a decision that was not asked for yet is no no, unless something else says no."""
    found = offer_reasons(procedure, is_retired=is_retired, decision=decision)
    assert (reasons, judged) == (list(found), eligibility(found))


@pytest.mark.parametrize(
    ("level", "common", "judged"),
    [
        (ServiceLevel.FULL, (), Eligibility.ELIGIBLE),
        (ServiceLevel.PARTIAL, (), Eligibility.ELIGIBLE),
        (ServiceLevel.INFORMATION, (), Eligibility.NOT_ELIGIBLE),
        (None, (), Eligibility.UNDECIDED),
        (None, (OfferReason.NOT_PUBLIC,), Eligibility.NOT_ELIGIBLE),
        (ServiceLevel.FULL, (OfferReason.DECISION_NOT_READ,), Eligibility.UNDECIDED),
    ],
)
def test_offers(level: ServiceLevel | None, common: tuple[OfferReason, ...], judged: Eligibility) -> None:
    """An agency's service is judged by its level and by what holds for the procedure; agencies come in order."""
    services = [
        OnlineService(
            code=f"1.999001.0{number}",
            name="Dịch vụ",
            procedure_code="1.999001",
            applications=(ServiceApplication(agency_code=agency, level=level, level_code="?"),),
        )
        for number, agency in ((1, "H99.02"), (2, "H99.01"))
    ]
    offers = online_offers(services, common)
    assert [("H99.01", judged), ("H99.02", judged)] == [(offer.agency_code, offer.eligibility) for offer in offers]
    assert all(set(common) <= set(offer.reasons) for offer in offers)


@given(st.sets(st.sampled_from(list(OfferReason))), st.sampled_from(list(OfferReason)))
def test_a_further_reason_never_makes_it_eligible(reasons: set[OfferReason], further: OfferReason) -> None:
    """What speaks against an offer only ever lowers the judgement."""
    order = [Eligibility.ELIGIBLE, Eligibility.UNDECIDED, Eligibility.NOT_ELIGIBLE]
    assert order.index(eligibility(reasons)) <= order.index(eligibility(reasons | {further}))
    assert eligibility(reasons | {further}) is not Eligibility.ELIGIBLE
