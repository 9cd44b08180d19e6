"""How a reply differs from what is known, told without any content of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ports.portal_services import DriftKind
from mappings.portal import catalogue_wire, drift, wire
from mappings.portal.drift import (
    ANSWER,
    LISTED,
    MAX_DIFFERENCES,
    NOT_SHOWN,
    QUESTION,
    Difference,
    Known,
    described,
    differences,
    shape_of,
    shown_code,
)
from mappings.portal.tables import load_tables

TABLES = load_tables().tables
PROCEDURE = Known(types=LISTED, inside=shape_of(catalogue_wire.ProcedureRecord, TABLES, folds_case=True))
DOSSIER = Known(types=LISTED, inside=shape_of(wire.FoundDossier, TABLES))
RECORD: dict[str, Any] = {
    "MATTHC": "1.999001",
    "TENTTHC": "Cấp giấy xác nhận thử nghiệm",
    "TRANGTHAI": "1",
    "CAPTHUCHIEN": [{"CAPTHUCHIEN": "1", "TENCAP": "Cấp Tỉnh"}],
    "CACHTHUCTHUCHIEN": [
        {
            "KENH": "1",
            "THOIGIAN": [
                {
                    "THOIGIANGIAIQUYET": 5,
                    "DONVITINH": "Ngày làm việc",
                    "MOTA": None,
                    "PHILEPHI": [{"MAPHILEPHI": "2'", "SOTIEN": "10.000", "Url": ""}],
                }
            ],
        }
    ],
    "TTHCLIENQUAN": ["1.999002"],
    "TTHCLIENTHONG": None,
}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in RECORD.items() if key != name}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ([RECORD], []),
        ([], []),
        (None, []),
        ([{**RECORD, "NGUOIKY": "Nguyễn Thị Mẫu"}],
         [(DriftKind.NEW_FIELD, "result.NGUOIKY", "text, 14 characters, letters and accented letters and spaces")]),
        ([without("TRANGTHAI")], [(DriftKind.MISSING_FIELD, "result.TRANGTHAI", "")]),
        ([without("TTHCLIENQUAN")], []),
        ([{**RECORD, "TENTTHC": ["a", "b"]}], [(DriftKind.CHANGED_TYPE, "result.TENTTHC", "list, 2 items")]),
        ([{**RECORD, "TRANGTHAI": True}], [(DriftKind.CHANGED_TYPE, "result.TRANGTHAI", "flag")]),
        ([{**RECORD, "CAPTHUCHIEN": "1"}],
         [(DriftKind.CHANGED_TYPE, "result.CAPTHUCHIEN", "text, 1 characters, digits")]),
        ([{**RECORD, "CAPTHUCHIEN": [{"CAPTHUCHIEN": "88"}]}],
         [(DriftKind.NEW_CODE, "result.CAPTHUCHIEN.CAPTHUCHIEN", "88")]),
        ([{**RECORD, "CAPTHUCHIEN": [{"CAPTHUCHIEN": ""}]}], []),
        ([{**RECORD, "CACHTHUCTHUCHIEN": [{}]}], [(DriftKind.MISSING_FIELD, "result.CACHTHUCTHUCHIEN.KENH", "")]),
        (["1.999001"], [(DriftKind.CHANGED_TYPE, "result", "text, 8 characters, digits and signs")]),
        ({"data": []}, [(DriftKind.CHANGED_TYPE, "result", "object, 1 fields")]),
        # Names in another case are the same names, and a field seen in a hundred records is told once.
        ([{key.lower(): value for key, value in RECORD.items()}], []),
        ([{**RECORD, "MOI": 1}] * 100, [(DriftKind.NEW_FIELD, "result.MOI", "number, 1 characters")]),
    ],
)  # fmt: skip
def test_differences_of_a_procedure(result: Any, expected: list[tuple[DriftKind, str, str]]) -> None:
    """What is added, gone, retyped or recoded is told once, by place and form; what is known is not."""
    kind_of_result = PROCEDURE if not isinstance(result, dict) else Known(types=LISTED)
    found = differences(result, kind_of_result, "result")
    assert expected == [(one.kind, one.place, one.example) for one in found]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("TrangThaiHoSo", "5", None),
        ("TrangThaiHoSo", 5, None),
        ("TrangThaiHoSo", "42", "42"),
        ("TrangThaiHoSo", "999199000001", "text, 12 characters, digits"),
        ("TrangThaiHoSo", "Lê Mẫu", "text, 6 characters, letters and accented letters and spaces"),
        ("KenhThucHien", "9", "9"),
        ("GhiChu", "bất kỳ", None),
    ],
)
def test_codes_of_a_dossier(field: str, value: Any, expected: str | None) -> None:
    """An unknown code of a closed catalogue is shown only when it looks like one."""
    found = differences([{"MaHoSo": "H99.01-260105-00017", field: value}], DOSSIER, "result")
    wanted = (
        [] if expected is None else [Difference(DriftKind.NEW_CODE, f"result.{field}", "not in the table", expected)]
    )
    assert wanted == found


@pytest.mark.parametrize("shape", [QUESTION, ANSWER])
def test_questions_are_known_as_documented(shape: drift.Shape) -> None:
    """A record with every documented field is no difference."""
    record = dict.fromkeys(shape.fields, "1")
    assert [] == differences([record], Known(types=LISTED, inside=shape), "result")


@pytest.mark.parametrize("name", ["999199000001", "Nguyễn Thị Mẫu", "a" * 51, "x y", "f99919900", ""])
def test_a_name_that_may_be_content_is_not_shown(name: str) -> None:
    """Where an object is used as a map, its keys are content."""
    (found,) = differences([{**RECORD, name: 1}], PROCEDURE, "result")
    assert f"result.{NOT_SHOWN}" == found.place


KEYS = st.text() | st.sampled_from([*RECORD])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)  # fmt: skip


@given(value=JSON)
def test_any_value_can_be_looked_at(value: Any) -> None:
    """Whatever comes, the walk ends without an error and tells no more than its bound."""
    for known in (PROCEDURE, DOSSIER):
        found = differences(value, known, "result")
        assert len(found) <= MAX_DIFFERENCES
        assert len(found) == len({(one.kind, one.place) for one in found})


@given(text=st.text(min_size=9).filter(lambda text: len(set(text)) > 3))
def test_content_never_shows(text: str) -> None:
    """No text of the length of a name or number stands in an example, a place or a detail."""
    record = {**RECORD, "MOI": text, "TRANGTHAI": [text], "CAPTHUCHIEN": [{"CAPTHUCHIEN": text}]}
    found = differences([record], PROCEDURE, "result")
    assert 3 == len(found)
    assert not [one for one in found if text in one.example or text in one.place or text in one.detail]


@pytest.mark.parametrize("value", [10**5000, -(10**5000), 1e308, -1], ids=["huge", "deep", "float", "small"])
def test_odd_numbers_are_described(value: float) -> None:
    """Numbers that the language refuses to write out are described all the same."""
    assert described(value).startswith("number")
    assert shown_code(value)


def test_work_on_one_reply_is_bounded() -> None:
    """A list of a hundred thousand records costs as much as one of a hundred, and its last record is looked at."""
    walk = drift._Walk()
    records = [{"MATTHC": "1.999001", "TENTTHC": "x"}] * 100_000 + [{"MATTHC": "1", "TENTTHC": "x", "MOI": 1}]
    shape = shape_of(catalogue_wire.ListLine, TABLES, folds_case=True)
    walk.value(records, Known(types=LISTED, inside=shape), "result")
    assert [(DriftKind.NEW_FIELD, "result.MOI")] == list(walk.found)
    assert walk.nodes_count < 1_000

    wide = drift._Walk()
    wide.value([{f"f_{a}{b}": 1 for a in "abcdefghij" for b in range(1000)}] * 100, PROCEDURE, "result")
    assert wide.nodes_count <= drift.MAX_NODES_LOOKED_AT + 300
