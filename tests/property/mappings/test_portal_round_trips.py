"""What is written to the portal's wire and read again is what it was, for every dossier, step and procedure."""

import json

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.model.dossier import Channel, Dossier, ProgressStep
from gateway.model.procedure import Procedure
from mappings.portal import wire
from mappings.portal.amounts import read_amount
from mappings.portal.catalogue import read_procedure
from mappings.portal.catalogue_out import procedure_record
from mappings.portal.outbound import Held
from mappings.portal.rules import Overlong, WireRules
from mappings.portal.tables import load_tables
from mappings.portal.times import read_time, wire_time
from mappings.portal.translate import PortalTranslator
from tests.property.mappings import portal_strategies as portal
from tests.unit.mappings.portal_samples import DOSSIER_CODE, NOW, TODAY

TABLES = load_tables()
CODES = TABLES.on(TODAY)
TRANSLATOR = PortalTranslator(TABLES, WireRules())
UNHURRIED = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@UNHURRIED
@given(portal.dossiers, portal.procedures_of_dossiers)
def test_a_dossier_comes_back_as_it_left(dossier: Dossier, procedure: Procedure) -> None:
    """Every fact that the record can hold survives encoding, decoding and translation."""
    written = TRANSLATOR.dossier(DOSSIER_CODE, dossier, procedure, at=NOW)
    assert isinstance(written, wire.DossierRecord)
    found = TRANSLATOR.found_dossier(json.loads(msgspec.json.encode(written)))
    facts = TRANSLATOR.dossier_facts(found, at=NOW)
    owner = dossier.applicant
    assert (
        DOSSIER_CODE,
        procedure.code,
        procedure.name,
        procedure.sectors[0].code,
        procedure.sectors[0].name,
        dossier.acceptance_receipt_number,
        dossier.channel,
        dossier.status,
        dossier.submission_place,
        dossier.result_delivery,
        dossier.online_payment,
    ) == (
        facts.dossier_code,
        facts.procedure_code,
        facts.procedure_name,
        facts.sector_code,
        facts.sector_name,
        facts.acceptance_receipt_number,
        facts.channel,
        facts.status,
        facts.submission_place,
        facts.result_delivery,
        facts.online_payment,
    )
    assert (
        owner.name,
        owner.kind,
        owner.technical_id if dossier.channel is Channel.ONLINE else "",
        owner.identifiers,
        owner.is_verified_by_national_identity,
        owner.email,
        owner.fax,
        owner.phone,
        owner.other_information,
        dossier.handling_agency.name,
        dossier.summary,
        dossier.note,
        dossier.return_information,
    ) == (
        facts.applicant_name,
        facts.applicant_kind,
        facts.applicant_technical_id,
        facts.applicant_identifiers,
        facts.applicant_is_verified,
        facts.applicant_email,
        facts.applicant_fax,
        facts.applicant_phone,
        facts.applicant_other_information,
        facts.handling_agency_name,
        facts.summary,
        facts.note,
        facts.return_information,
    )
    assert (
        dossier.submitted_at,
        dossier.received_at or dossier.submitted_at,
        dossier.due_at,
        dossier.refused_at,
        dossier.finished_at,
        dossier.returned_at,
    ) == (
        facts.submitted_at,
        facts.received_at,
        facts.due_at,
        facts.refused_at,
        facts.finished_at,
        facts.returned_at,
    )
    assert (
        dossier.attachments,
        any(attachment.is_digitised for attachment in dossier.attachments),
        dossier.other_attachments,
        dossier.fees,
        dossier.supplements,
        dossier.results,
        dossier.consulted_databases,
    ) == (
        facts.attachments,
        facts.has_digitised_attachments,
        facts.other_attachments,
        facts.fees,
        facts.supplements,
        facts.results,
        facts.consulted_databases,
    )


@UNHURRIED
@given(portal.dossiers, portal.procedures_of_dossiers)
def test_a_dossier_does_not_differ_from_itself(dossier: Dossier, procedure: Procedure) -> None:
    """A look-up that gives back what was sent finds no difference."""
    written = TRANSLATOR.dossier(DOSSIER_CODE, dossier, procedure, at=NOW)
    assert isinstance(written, wire.DossierRecord)
    found = TRANSLATOR.found_dossier(json.loads(msgspec.json.encode(written)))
    assert () == TRANSLATOR.differing_fields(found, written)


@UNHURRIED
@given(portal.dossiers, portal.procedures_of_dossiers, st.integers(1, 30), st.sampled_from(Overlong))
def test_whatever_is_written_fits(dossier: Dossier, procedure: Procedure, limit: int, overlong: Overlong) -> None:
    """Under any limit a record is held with reasons or every limited text fits; nothing raises."""
    limits = dict.fromkeys(("TrichYeuHoSo", "GhiChu", "TenTepDinhKem", "TenGiayTo", "NoiDungBoSung"), limit)
    translator = PortalTranslator(TABLES, WireRules(limits=limits, overlong=overlong))
    written = translator.dossier(DOSSIER_CODE, dossier, procedure, at=NOW)
    if isinstance(written, Held):
        # Trimming can empty a text only where accents are all there is; the required fields are never trimmed.
        assert overlong is Overlong.HOLD
        assert written.problems
        return
    plain = json.loads(msgspec.json.encode(written))

    def check(value: object) -> None:
        if isinstance(value, list):
            for item in value:
                check(item)
        elif isinstance(value, dict):
            for name, item in value.items():
                if name in limits:
                    assert len(item) <= limit
                check(item)

    check(plain)


@UNHURRIED
@given(portal.steps)
def test_a_step_comes_back_as_it_left(step: ProgressStep) -> None:
    """Nine fields there, nine fields back."""
    written = TRANSLATOR.step(DOSSIER_CODE, step, at=NOW)
    assert isinstance(written, wire.StepRecord)
    facts = TRANSLATOR.step_facts(json.loads(msgspec.json.encode(written)), at=NOW)
    assert (
        DOSSIER_CODE,
        step.officer_name,
        step.officer_title,
        step.department,
        step.content,
        step.status,
        step.occurred_at,
        step.started_at,
        step.statutory_end_at,
    ) == (
        facts.dossier_code,
        facts.officer_name,
        facts.officer_title,
        facts.department,
        facts.content,
        facts.status,
        facts.occurred_at,
        facts.started_at,
        facts.statutory_end_at,
    )


@UNHURRIED
@given(portal.procedures)
def test_a_procedure_comes_back_as_it_left(procedure: Procedure) -> None:
    """A procedure written as a catalogue record and read again is the same version."""
    record = json.loads(msgspec.json.encode(procedure_record(procedure, CODES)))
    read = read_procedure(record, CODES)
    assert procedure == read
    assert procedure.content_hash() == read.content_hash()


@given(portal.instants)
def test_an_instant_comes_back(instant: object) -> None:
    """A second in any year of the model survives the wire."""
    assert instant == read_time(wire_time(instant))  # type: ignore[arg-type]


@given(st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.none(), st.booleans()), st.text(max_size=10))
def test_an_amount_is_a_sum_only_with_a_sum(amount: str | float | bool | None, unit: str) -> None:
    """Whatever stands in SOTIEN, reading it never fails, and đồng are given for a sum and for nothing else."""
    kind, amount_vnd, _ = read_amount(amount, unit)
    assert (kind == "fixed") == (amount_vnd is not None)
    assert amount_vnd is None or 0 <= amount_vnd <= 10**15
