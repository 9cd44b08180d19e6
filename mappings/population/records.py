"""One `CongDan` of a reply as a canonical record, in the three forms in which it is known.

The element has the shape of its form's schema: who calls has checked it. What may still be wrong is content, and bad
content of one field never hides the record: the value is left out and a notice says which field. "No data" has three
spellings, all of them absence (population notes §5): the element is not there, it is empty, its code is 0 or 00.

Source: population notes §5, §6, §11, §13.2; §8 for the vital status, which is an assumption.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from gateway.model.citizen import (
    CitizenAddress,
    CitizenRecord,
    CitizenRelative,
    Coded,
    MaritalStatus,
    Sex,
    VitalStatus,
)
from gateway.model.identity import PartialDate, Precision
from mappings.codes.catalogues import SharedCatalogue, load_catalogue

Contents = Mapping[str, Any]
"""By local name: the text of a child that has no children, else the child itself. Empty ones may be left out."""
ValueT = TypeVar("ValueT")
_NAMESPACE_LENGTH = len("{http://www.mic.gov.vn/dancu/1.0}")
_MAX_TEXT = 500
_SEXES = {"1": Sex.MALE, "2": Sex.FEMALE}
_MARITAL = {
    "1": MaritalStatus.NEVER_MARRIED,
    "2": MaritalStatus.MARRIED,
    "3": MaritalStatus.FORMERLY_MARRIED,
    "4": MaritalStatus.FORMERLY_MARRIED,
}
_BLOOD_GROUPS = {"1": "A", "2": "B", "3": "AB", "4": "O"}
_VITAL = {"1": VitalStatus.DEAD, "2": VitalStatus.MISSING}
_CODE = re.compile(r"[0-9A-Za-z]{1,10}", re.ASCII).fullmatch
_PERSONAL_NUMBER = re.compile(r"[0-9]{12}", re.ASCII).fullmatch
_OLD_CARD = re.compile(r"[0-9]{9}([0-9]{3})?", re.ASCII).fullmatch
_FULL_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})", re.ASCII).fullmatch
_YEAR = re.compile(r"[0-9]{4}", re.ASCII).fullmatch
_COUNTRY = re.compile(r"[A-Za-z]{2,3}", re.ASCII).fullmatch


class Noticed(StrEnum):
    """What was wrong with a value; the notice is `field:word`."""

    MALFORMED = "malformed"
    UNKNOWN_CODE = "unknown_code"
    CONTRADICTS_ITSELF = "contradicts_itself"
    TOO_LONG = "too_long"


class RecordReader:
    """Reads the elements of one reply; `notices` collects what was left out."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def record(self, person: Any) -> CitizenRecord:
        """Give the record that a `CongDan` element holds."""
        get = _contents(person).get
        return CitizenRecord(
            personal_number=self._matching("personal_number", get("SoDinhDanh", ""), _PERSONAL_NUMBER),
            old_card_number=self._matching("old_card_number", get("SoCMND", ""), _OLD_CARD),
            full_name=self._name("full_name", get("HoVaTen", "")),
            sex=self._coded("sex", get("GioiTinh", ""), _SEXES),
            birth_date=self._birth_date(get("NgayThangNamSinh", "")),
            ethnicity=self._ethnicity(get("DanToc", "")),
            religion=self._religion(get("TonGiao", "")),
            marital_status=self._coded("marital_status", get("TinhTrangHonNhan", ""), _MARITAL),
            blood_group=self._coded("blood_group", get("NhomMau", ""), _BLOOD_GROUPS) or "",
            nationality=self._country("nationality", get("QuocTich", "")),
            birth_registration=self._address("birth_registration", get("NoiDangKyKhaiSinh", "")),
            native_place=self._address("native_place", get("QueQuan", "")),
            permanent_residence=self._address("permanent_residence", get("ThuongTru", "")),
            current_residence=self._address("current_residence", get("NoiOHienTai", "")),
            father=self._relative("father", get("Cha", "")),
            mother=self._relative("mother", get("Me", "")),
            spouse=self._relative("spouse", get("VoChong", "")),
            representative=self._relative("representative", get("NguoiDaiDien", "")),
            household_head=self._relative("household_head", get("ChuHo", "")),
            household_book=self._bounded("household_book", get("SoSoHoKhau", "")),
            vital_status=self._vital(get("TinhTrang", "")),
        )

    def _note(self, field: str, word: Noticed) -> None:
        self.notices.append(f"{field}:{word.value}")

    def _bounded(self, field: str, text: str) -> str:
        if len(text) > _MAX_TEXT:
            self._note(field, Noticed.TOO_LONG)
            return ""
        return text

    def _matching(self, field: str, text: str, is_right: Callable[[str], object]) -> str:
        if not text or is_right(text):
            return text
        self._note(field, Noticed.MALFORMED)
        return ""

    def _country(self, field: str, text: str) -> str:
        return text if text == "VN" else self._matching(field, text, _COUNTRY).upper()

    def _coded(self, field: str, text: str, table: Mapping[str, ValueT]) -> ValueT | None:
        plain = text.lstrip("0")
        if not plain:
            return None
        value = table.get(plain)
        if value is None:
            self._note(field, Noticed.UNKNOWN_CODE)
        return value

    def _vital(self, text: str) -> VitalStatus | None:
        # Here 0 says something: neither dead nor missing.
        return VitalStatus.NONE if text == "0" else self._coded("vital_status", text, _VITAL)

    def _name(self, field: str, content: Any) -> str:
        """The split into family, middle and given name cannot be relied on, so the parts are joined (§5)."""
        if isinstance(content, str):
            return self._bounded(field, content)
        parts = _contents(content)
        return self._bounded(field, " ".join(filter(None, map(parts.get, ("Ho", "ChuDem", "Ten")))))

    def _birth_date(self, content: Any) -> PartialDate | None:
        if isinstance(content, str):
            return None
        parts = _contents(content)
        day, year = parts.get("NgayThangNam", ""), parts.get("Nam", "")
        whole = _whole_date(day)
        if year and not _YEAR(year):
            self._note("birth_date", Noticed.MALFORMED)
            year = ""
        if whole is None and day:
            stated = day[:4] if _YEAR(day[:4]) and set(day[4:]) <= {"0", "-"} else ""
            if not stated:
                self._note("birth_date", Noticed.MALFORMED)
            year = year or stated
        if whole is not None and year and int(year) and whole.value[:4] != year:
            self._note("birth_date", Noticed.CONTRADICTS_ITSELF)
            return None
        if whole is not None:
            return whole
        return PartialDate(year, Precision.YEAR) if year.strip("0") else None

    def _ethnicity(self, content: Any) -> Coded | None:
        coded = self._code_of("ethnicity", content, "MaDanToc", width=2)
        return None if coded is None else Coded(code=coded, name=_ethnic_groups().get(coded, ""))

    def _religion(self, content: Any) -> Coded | None:
        # The lists contradict each other (§11.3), so no name is given.
        coded = self._code_of("religion", content, "MaTonGiao", width=2)
        return None if coded is None else Coded(code=coded)

    def _code_of(self, field: str, content: Any, member: str, *, width: int) -> str | None:
        text: str = content if isinstance(content, str) else _contents(content).get(member, "")
        if not text.strip("0"):
            return None
        if not _CODE(text):
            self._note(field, Noticed.MALFORMED)
            return None
        return text.zfill(width) if text.isdigit() else text

    def _address(self, field: str, content: Any) -> CitizenAddress | None:
        if isinstance(content, str):
            return None
        get = _contents(content).get
        province, district, commune = get("MaTinhThanh", ""), get("MaQuanHuyen", ""), get("MaPhuongXa", "")
        single = get("MaDonViHanhChinh", "")
        if single:
            match len(single):
                case 2:
                    province = single
                case 3:
                    district = single
                case _:
                    commune = single
        province = province and self._unit_code(field, province, 2)
        district = district and self._unit_code(field, district, 3)
        commune = commune and self._unit_code(field, commune, 5)
        detail = self._bounded(field, get("ChiTiet", ""))
        country = self._country(field, get("QuocGia", ""))
        if not (province or district or commune or detail) and country in ("", "VN"):
            return None  # A country alone says nothing of where.
        return CitizenAddress(
            province_code=province, district_code=district, commune_code=commune, detail=detail, country=country
        )

    def _unit_code(self, field: str, code: str, length: int) -> str:
        if not code.strip("0"):
            return ""
        if len(code) == length and code.isascii() and code.isdigit():
            return code
        self._note(field, Noticed.MALFORMED)
        return ""

    def _relative(self, field: str, content: Any) -> CitizenRelative | None:
        if isinstance(content, str):
            return None
        get = _contents(content).get
        full_name = self._name(field, get("HoVaTen", ""))
        personal_number = self._matching(field, get("SoDinhDanh", ""), _PERSONAL_NUMBER)
        old_card_number = self._matching(field, get("SoCMND", ""), _OLD_CARD)
        relation = self._matching(field, get("QuanHe", ""), _CODE)
        nationality = self._country(field, get("QuocTich", ""))
        if not (full_name or personal_number or old_card_number or relation):
            return None
        return CitizenRelative(
            full_name=full_name,
            personal_number=personal_number,
            old_card_number=old_card_number,
            nationality=nationality,
            relation=relation,
        )


def _whole_date(text: str) -> PartialDate | None:
    match = _FULL_DATE(text)
    if match is None:
        return None
    written = "-".join(match.groups())
    try:
        date.fromisoformat(written)
    except ValueError:
        return None
    return PartialDate(written, Precision.DAY)


def _contents(element: Any) -> Contents:
    contents: dict[str, Any] = {}
    for child in element:
        content = child.text
        # Codes and numbers are clean as they are, and where text is there are no children: who calls has checked it.
        if content is None or not content.isalnum():
            if len(child):
                content = child
            elif content is None:
                continue
            else:
                content = " ".join(content.split())
        contents[child.tag[_NAMESPACE_LENGTH:]] = content
    return contents


@cache
def _ethnic_groups() -> Mapping[str, str]:
    return {entry.code: entry.name for entry in load_catalogue(SharedCatalogue.ETHNIC_GROUPS)}
