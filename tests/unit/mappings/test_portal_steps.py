"""Progress steps carry nine fields, none of them null."""

import json
from dataclasses import replace

import msgspec
import pytest

from gateway.model.dossier import ProgressStep
from gateway.model.status import DossierStatus
from mappings.portal import wire
from mappings.portal.outbound import Held, Writer
from mappings.portal.rules import Overlong, WireRules
from mappings.portal.tables import load_tables
from tests.unit.mappings.portal_samples import DOSSIER_CODE, EXAMPLE_STEP, EXAMPLE_STEP_RECORD, codes, vietnam


def test_the_example_of_the_notes_byte_for_byte() -> None:
    """The step behind the example becomes the example (portal wire notes §6.1)."""
    written = Writer(load_tables(), WireRules()).step(DOSSIER_CODE, EXAMPLE_STEP, codes())
    expected = json.dumps(EXAMPLE_STEP_RECORD, ensure_ascii=False, separators=(",", ":")).encode()
    assert expected == msgspec.json.encode(written)


def test_a_bare_step_has_empty_texts_and_no_null() -> None:
    """Without content the step says the empty text: a null has refused steps before."""
    step = ProgressStep(
        officer_name="Trần Văn Thử", status=DossierStatus.RECEIVED, occurred_at=vietnam("2026-01-06 10:00")
    )
    plain = json.loads(msgspec.json.encode(Writer(load_tables(), WireRules()).step(DOSSIER_CODE, step, codes())))
    assert set(EXAMPLE_STEP_RECORD) == set(plain)
    assert ("", "", "") == (plain["NoiDungXuLy"], plain["NgayBatDau"], plain["NgayKetThucTheoQuyDinh"])
    assert None not in plain.values()


def test_every_time_of_a_step_is_written() -> None:
    """Start and statutory end go to their own fields."""
    step = replace(EXAMPLE_STEP, started_at=vietnam("2026-01-06 08:30"), officer_title="Chuyên viên")
    written = Writer(load_tables(), WireRules()).step(DOSSIER_CODE, step, codes())
    assert isinstance(written, wire.StepRecord)
    assert ("20260106083000", "20260108170000", "Chuyên viên") == (
        written.started_at,
        written.statutory_end_at,
        written.officer_title,
    )


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (WireRules(), "A" * 50),
        (WireRules(overlong_by_field={}), (("officer_name", "longer than 50 characters"),)),
        (WireRules(limits={"NguoiXuLy": 10}, overlong_by_field={"NguoiXuLy": Overlong.TRIM}), "A" * 10),
    ],
)
def test_a_long_officer_name_is_trimmed_unless_set_otherwise(rules: WireRules, expected: object) -> None:
    """The name is a label: by default it is cut at the portal's limit rather than holding the dossier's lane."""
    step = replace(EXAMPLE_STEP, officer_name="A" * 51)
    written = Writer(load_tables(), rules).step(DOSSIER_CODE, step, codes())
    assert expected == (written.problems if isinstance(written, Held) else written.officer_name)


def test_a_status_without_a_row_holds_the_step() -> None:
    """A step is never sent with an empty or a default status."""
    tables = load_tables()
    from_before = tables.on(vietnam("2019-01-01 00:00").date())
    written = Writer(tables, WireRules()).step(DOSSIER_CODE, EXAMPLE_STEP, from_before)
    assert Held(missing=(("status", "processing"),)) == written
