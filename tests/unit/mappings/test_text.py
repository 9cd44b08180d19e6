"""Vietnamese text: every pair of the notes, and what is noticed, repaired and refused."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import ConfigurationError, InvalidInput
from mappings.codes.csv_files import shipped_file
from mappings.codes.encodings import TCVN_BYTES, Finding, findings, read_tcvn3, repair
from mappings.codes.text import Level, NameVerdict, compare_names, equal_at, similar, unit_key
from mappings.codes.units import load_units

VECTORS = Path(__file__).parents[2] / "vectors"
PAIRS: list[dict[str, Any]] = json.loads((VECTORS / "name-pairs.json").read_text(encoding="ascii"))["pairs"]


@pytest.mark.parametrize("pair", PAIRS, ids=[pair["id"] for pair in PAIRS])
def test_pairs_of_the_notes(pair: dict[str, Any]) -> None:
    """Each pair is equal at exactly the levels that the notes give, both ways, with their verdict for a person."""
    one, other = pair["a"], pair["b"]
    for first, second in ((one, other), (other, one)):
        assert {level.value: pair[level.value] for level in Level} == {
            level.value: equal_at(first, second, level) for level in Level
        }
        compared = compare_names(first, second)
        assert pair["person_policy"] == compared.verdict.value
        assert pair["repair"] is None or pair["repair"] in compared.findings


def test_there_are_sixty_pairs() -> None:
    """The file is whole."""
    assert 60 == len(PAIRS)


@pytest.mark.parametrize(
    ("pair_id", "finding"),
    [
        ("N22", Finding.LOOKALIKE),
        ("N23", Finding.LOOKALIKE),
        ("N49", Finding.TCVN3),
        ("N51", Finding.UTF8_READ_AS_CP1252),
    ],
)
def test_repaired_text_is_the_same_name(pair_id: str, finding: Finding) -> None:
    """After the repair the damaged spelling equals the sound one, and the flag says what was done."""
    [pair] = [pair for pair in PAIRS if pair["id"] == pair_id]
    repaired = repair(pair["a"])

    assert (finding,) == repaired.findings
    assert compare_names(repaired.text, pair["b"]).verdict is NameVerdict.SAME
    assert not findings(repaired.text)


@pytest.mark.parametrize("sound", ["Trần Thị Hồng Đào", "Nguyễn Hữu Phước", "Lê Quỳnh Như", "Đặng Vũ Ái Uyên"])
def test_every_repair_undoes_its_damage(sound: str) -> None:
    """Text written as TCVN3 bytes, or as UTF-8 read as Windows-1252, comes back letter for letter."""
    bytes_of = {letter: byte for byte, letter in read_tcvn3().items()}
    lowered = sound.replace("Á", "á")
    as_tcvn3 = "".join(bytes_of.get(letter, letter) for letter in lowered)
    as_cp1252 = "".join(
        bytes([byte]).decode("cp1252" if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "latin-1")
        for byte in sound.encode()
    )

    assert sound == repair(as_cp1252).text
    if Finding.TCVN3 in findings(as_tcvn3):
        assert lowered.casefold() == repair(as_tcvn3).text.casefold()
    else:
        assert compare_names(as_tcvn3, sound).verdict is not NameVerdict.SAME


@pytest.mark.parametrize("text", ["Nguy?n Văn An", "Nguy\ufffdn", "\ufffd", "Nguyeãn Vaên A", "NguyÔn V¨n Ạn"])
def test_what_cannot_be_repaired_is_refused(text: str) -> None:
    """Lost letters, VNI and mixed encodings are refused; the message repeats nothing of the name."""
    with pytest.raises(InvalidInput) as caught:
        repair(text)
    assert text not in str(caught.value.faults[0])


def test_names_with_lost_letters_are_never_the_same() -> None:
    """Two equal spellings with lost letters may still be two persons."""
    assert compare_names("Nguy?n An", "Nguy?n An").verdict is NameVerdict.REVIEW


def names_of_units() -> Iterable[str]:
    for edition in load_units().tables.editions:
        for row in edition.units.values():
            yield from (name.name for name in row.names)


def test_official_names_are_not_taken_for_damage() -> None:
    """None of the 4,100 names of units looks damaged, and a repair leaves each as it is."""
    names = list(names_of_units())

    assert 4_000 < len(names)
    assert [] == [name for name in names if findings(name) or repair(name).text != name]


@pytest.mark.parametrize("text", ["Có đúng không?", "«Hà Nội»", "Điều 5 § 2", "Tàu Taù", "50µm", "", "Liên Luân Giùm"])
def test_ordinary_text_is_not_taken_for_damage(text: str) -> None:
    """Questions, quotation marks, signs and one misplaced tone are ordinary."""
    assert frozenset() == findings(text)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"A1,U+0102", b"A1,U+102", "code point"),
        ("A1,U+0102,Ă".encode(), "A1,U+0102,Â".encode(), "character must be the one"),
        ("A1,U+0102,Ă".encode(), "A1,U+00C2,Â".encode(), "two bytes stand for one letter"),
        ("Ă,yes".encode(), "Ă,perhaps".encode(), "must be one of yes, no"),
    ],
)
def test_a_damaged_table_of_bytes_is_refused(old: bytes, new: bytes, rule: str) -> None:
    """A wrong table would change names silently."""
    with pytest.raises(ConfigurationError, match=rule):
        read_tcvn3(lambda _: shipped_file(TCVN_BYTES).replace(old, new, 1))


def test_unaccented_forms_collide_within_a_province() -> None:
    """Why no unit is found by its unaccented name: real neighbours share it (codes and units notes §5.1)."""
    assert unit_key("Xã Văn Lang") == unit_key("Xã Văn Lăng")
    assert not equal_at("Xã Văn Lang", "Xã Văn Lăng", Level.TONE_FOLD)


CANDIDATES = [
    ("3", "Cấp giấy phép xây dựng"),
    ("1", "Cấp giấy phép lao động"),
    ("2", "Cấp giấy phép lao động"),
    ("4", "Đăng ký khai sinh"),
]


@pytest.mark.parametrize(
    ("name", "at_least", "expected"),
    [
        ("Cấp giấy phép", 0.4, [("1", "77.46"), ("2", "77.46"), ("3", "77.46")]),
        ("Cấp giấy phép lao động", 0.4, [("1", "100.00"), ("2", "100.00")]),
        ("lao động: CẤP giấy, phép", 0.4, [("1", "100.00"), ("2", "100.00")]),
        ("Cấp lại giấy phép lao động", 0.0, [("1", "91.29"), ("2", "91.29"), ("3", "54.77")]),
        ("Khai sinh", 0.8, []),
        ("", 0.0, []),
        ("-", 0.0, []),
    ],
)
def test_proposals_are_ranked_and_none_is_lost(name: str, at_least: float, expected: list[tuple[str, str]]) -> None:
    """Best first, equals side by side by code, exact ones alone, whatever the order of the candidates."""
    for candidates in (CANDIDATES, CANDIDATES[::-1]):
        assert expected == [(one.code, one.percent) for one in similar(name, candidates, at_least)]
