"""The invented catalogue has the full shape of the real one, and its oddities, in 200 records of any seed."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from adapters.portal.sandbox import make_catalogue
from adapters.portal.sandbox.profile import AdministrativeLevels

Record = dict[str, Any]

TOP_LEVEL = frozenset(
    [
        "ID",
        "MATTHC",
        "TENTTHC",
        "MACOQUANCONGBO",
        "LOAITTHC",
        "TRANGTHAI",
        "MOTADOITUONGTHUCHIEN",
        "DIACHITIEPNHAN",
        "YEUCAU",
        "TUKHOA",
        "MOTA",
        "MOTACOQUANTHUCHIEN",
        "MOTACOQUANTHAMQUYEN",
        "IDQUYETDINHCONGBO",
        "TRINHTUTHUCHIEN",
        "CAPTHUCHIEN",
        "LINHVUCTHUCHIEN",
        "CACHTHUCTHUCHIEN",
        "DOITUONGTHUCHIEN",
        "THANHPHANHOSO",
        "KETQUATHUCHIEN",
        "CANCUPHAPLY",
        "TTHCLIENQUAN",
        "TTHCLIENTHONG",
        "COQUANTHUCHIEN",
        "COQUANCOTHAMQUYEN",
        "COQUANDUOCUYQUYEN",
        "COQUANPHOIHOP",
    ]
)
"""Portal wire notes §3.2."""


def papers(record: Record) -> Iterator[Record]:
    for case in record["THANHPHANHOSO"]:
        yield from case["GIAYTO"]


def times(record: Record) -> Iterator[Record]:
    for channel in record["CACHTHUCTHUCHIEN"]:
        yield from channel["THOIGIAN"]


def fees(record: Record) -> Iterator[Record]:
    for time in times(record):
        yield from time.get("PHILEPHI", [])


def repeats_a_paper(record: Record) -> bool:
    return any(
        len({paper["MAGIAYTO"] for paper in case["GIAYTO"]}) < len(case["GIAYTO"]) for case in record["THANHPHANHOSO"]
    )


ODDITIES: dict[str, Callable[[Record], bool]] = {
    "a stray apostrophe in the kind of fee": lambda r: any(f["MAPHILEPHI"] == "1'" for f in fees(r)),
    "a charge with apostrophe": lambda r: any(f["MAPHILEPHI"] == "2'" for f in fees(r)),
    "a clean kind of fee": lambda r: any(f["MAPHILEPHI"] in ("1", "2") for f in fees(r)),
    "an amount with dots": lambda r: any(f["SOTIEN"] == "1.000" for f in fees(r)),
    "an amount in words": lambda r: any(f["SOTIEN"] == "Không" for f in fees(r)),
    "no amount": lambda r: any(f["SOTIEN"] == "" for f in fees(r)),
    "an amount as number": lambda r: any(isinstance(f["SOTIEN"], int) for f in fees(r)),
    "no list of fees": lambda r: any("PHILEPHI" not in t for t in times(r)),
    "an empty list of fees": lambda r: any(t.get("PHILEPHI") == [] for t in times(r)),
    "a paper that comes twice": repeats_a_paper,
    "a case without name": lambda r: any(c["TRUONGHOP"] == "" for c in r["THANHPHANHOSO"]),
    "several cases": lambda r: len(r["THANHPHANHOSO"]) > 1,
    "no sector": lambda r: r["LINHVUCTHUCHIEN"] == [],
    "working days": lambda r: any(t["DONVITINH"] == "Ngày làm việc" for t in times(r)),
    "days": lambda r: any(t["DONVITINH"] == "Ngày" for t in times(r)),
    "hours": lambda r: any(t["DONVITINH"] == "Giờ" for t in times(r)),
    "months": lambda r: any(t["DONVITINH"] == "tháng" for t in times(r)),
    "another unit": lambda r: any(t["DONVITINH"] == "Khác…" for t in times(r)),
    "no time limit": lambda r: any(t["THOIGIANGIAIQUYET"] == "" for t in times(r)),
    "a time limit as number": lambda r: any(isinstance(t["THOIGIANGIAIQUYET"], int) for t in times(r)),
    "two time limits in a channel": lambda r: any(len(c["THOIGIAN"]) > 1 for c in r["CACHTHUCTHUCHIEN"]),
    "no online channel": lambda r: all(c["KENH"] != "2" for c in r["CACHTHUCTHUCHIEN"]),
    "another case of a key": lambda r: any("Url" in paper for paper in papers(r)),
    "a paper replaced by a result": lambda r: any(paper["MA_KQ_THAYTHE"] for paper in papers(r)),
    "no number of originals": lambda r: any(paper["SOBANCHINH"] == "" for paper in papers(r)),
    "a null text": lambda r: r["MOTA"] is None,
    "not public": lambda r: r["TRANGTHAI"] != "1",
    "a blank after the name": lambda r: r["TENTTHC"].endswith(" "),
    "two results": lambda r: len(r["KETQUATHUCHIEN"]) > 1,
    "related procedures": lambda r: len(r["TTHCLIENQUAN"]) > 1,
    "an interlinked procedure": lambda r: bool(r["TTHCLIENTHONG"]),
    "a province's code, old form": lambda r: r["MATTHC"].endswith(".000.00.00.H99"),
    "a province's code, new form": lambda r: bool(re.fullmatch(r"\d\.\d{6}\.H99", r["MATTHC"])),
    "commune level": lambda r: r["CAPTHUCHIEN"][0]["CAPTHUCHIEN"] == "3",
}


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_two_hundred_records_have_every_oddity(seed: int) -> None:
    """An adapter that reads them all has met everything that the reference warns of."""
    records = make_catalogue(200, seed).procedures
    missing = [name for name, is_odd in ODDITIES.items() if not any(map(is_odd, records))]
    assert [] == missing


def test_every_record_has_every_field() -> None:
    """28 fields at the top, in each record."""
    records = make_catalogue(240).procedures
    assert 240 == len(records)
    assert {TOP_LEVEL} == {frozenset(record) for record in records}


def test_codes_and_names_are_unique_and_well_formed() -> None:
    """Codes have one of the three observed shapes, also past a thousand procedures."""
    records = make_catalogue(3_000).procedures
    assert 3_000 == len({record["MATTHC"] for record in records})
    assert 3_000 == len({record["TENTTHC"] for record in records})
    shape = re.compile(r"[123]\.99\d{4}(\.000\.00\.00\.H99|\.H99)?")
    assert [] == [record["MATTHC"] for record in records if not shape.fullmatch(record["MATTHC"])]


def test_the_same_seed_gives_the_same_catalogue() -> None:
    """And another seed another one; a longer catalogue begins like a shorter one."""
    assert make_catalogue(50, 3) == make_catalogue(50, 3)
    assert make_catalogue(50, 3) != make_catalogue(50, 4)
    assert make_catalogue(20, 3).procedures == make_catalogue(50, 3).procedures[:20]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [(AdministrativeLevels.PRE_2025, {"0", "1", "2", "3"}), (AdministrativeLevels.POST_2025, {"0", "1", "3"})],
)
def test_both_generations_of_units_are_there(levels: AdministrativeLevels, expected: set[str]) -> None:
    """Districts exist before mid-2025 only, in agencies and in levels of execution."""
    catalogue = make_catalogue(200, levels=levels)
    assert expected == {agency["CAPDONVI"] for agency in catalogue.agencies}
    used = {level["CAPTHUCHIEN"] for record in catalogue.procedures for level in record["CAPTHUCHIEN"]}
    assert expected - {"0"} == used


def test_agencies_and_sectors_named_by_procedures_exist() -> None:
    """A procedure never points outside the catalogue by itself."""
    catalogue = make_catalogue(240)
    agencies = {agency["MADONVI"] for agency in catalogue.agencies}
    sectors = {sector["MALINHVUC"] for sector in catalogue.sectors}
    for record in catalogue.procedures:
        assert {agency["MADONVI"] for agency in record["COQUANTHUCHIEN"]} <= agencies
        assert record["MACOQUANCONGBO"] in agencies
        assert {sector["MALINHVUC"] for sector in record["LINHVUCTHUCHIEN"]} <= sectors


@pytest.mark.parametrize("count", [-1, 8_001])
def test_a_count_outside_the_range_is_refused(count: int) -> None:
    """The code space is finite."""
    with pytest.raises(ValueError, match="8000"):
        make_catalogue(count)
