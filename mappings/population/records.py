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

Parts = Mapping[str, Any]
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
_FULL_DATE = re.compile(r"(?P<year>[0-9]{4})-?(?P<month>[0-9]{2})-?(?P<day>[0-9]{2})", re.ASCII).fullmatch
_YEAR = re.compile(r"[0-9]{4}", re.ASCII).fullmatch
_COUNTRY = re.compile(r"[A-Za-z]{2,3}", re.ASCII).fullmatch
_UNIT_CODES = {2: "province_code", 3: "district_code", 5: "commune_code"}


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
        parts = _parts(person)
        return CitizenRecord(
            personal_number=self._matching("personal_number", _text(parts, "SoDinhDanh"), _PERSONAL_NUMBER),
            old_card_number=self._matching("old_card_number", _text(parts, "SoCMND"), _OLD_CARD),
            full_name=self._name("full_name", parts.get("HoVaTen")),
            sex=self._coded("sex", _text(parts, "GioiTinh"), _SEXES),
            birth_date=self._birth_date(parts.get("NgayThangNamSinh")),
            ethnicity=self._ethnicity(parts.get("DanToc")),
            religion=self._religion(parts.get("TonGiao")),
            marital_status=self._coded("marital_status", _text(parts, "TinhTrangHonNhan"), _MARITAL),
            blood_group=self._coded("blood_group", _text(parts, "NhomMau"), _BLOOD_GROUPS) or "",
            nationality=self._matching("nationality", _text(parts, "QuocTich"), _COUNTRY).upper(),
            birth_registration=self._address("birth_registration", parts.get("NoiDangKyKhaiSinh")),
            native_place=self._address("native_place", parts.get("QueQuan")),
            permanent_residence=self._address("permanent_residence", parts.get("ThuongTru")),
            current_residence=self._address("current_residence", parts.get("NoiOHienTai")),
            father=self._relative("father", parts.get("Cha")),
            mother=self._relative("mother", parts.get("Me")),
            spouse=self._relative("spouse", parts.get("VoChong")),
            representative=self._relative("representative", parts.get("NguoiDaiDien")),
            household_head=self._relative("household_head", parts.get("ChuHo")),
            household_book=self._bounded("household_book", _text(parts, "SoSoHoKhau")),
            vital_status=self._vital(_text(parts, "TinhTrang")),
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

    def _name(self, field: str, element: Any) -> str:
        """The split into family, middle and given name cannot be relied on, so the parts are joined (§5)."""
        if element is None:
            return ""
        if len(element) == 0:
            return self._bounded(field, _clean(element.text))
        parts = _parts(element)
        return self._bounded(field, " ".join(filter(None, (_text(parts, name) for name in ("Ho", "ChuDem", "Ten")))))

    def _birth_date(self, element: Any) -> PartialDate | None:
        if element is None:
            return None
        parts = _parts(element)
        day, year = _text(parts, "NgayThangNam"), _text(parts, "Nam")
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

    def _ethnicity(self, element: Any) -> Coded | None:
        coded = self._code_of("ethnicity", element, "MaDanToc", width=2)
        return None if coded is None else Coded(code=coded, name=_ethnic_groups().get(coded, ""))

    def _religion(self, element: Any) -> Coded | None:
        # The lists contradict each other (§11.3), so no name is given.
        coded = self._code_of("religion", element, "MaTonGiao", width=2)
        return None if coded is None else Coded(code=coded)

    def _code_of(self, field: str, element: Any, member: str, *, width: int) -> str | None:
        if element is None:
            return None
        text = _clean(element.text) if len(element) == 0 else _text(_parts(element), member)
        if not text.strip("0"):
            return None
        if not _CODE(text):
            self._note(field, Noticed.MALFORMED)
            return None
        return text.zfill(width) if text.isdigit() else text

    def _address(self, field: str, element: Any) -> CitizenAddress | None:
        if element is None:
            return None
        texts = _texts(element)
        codes = {
            "province_code": texts.get("MaTinhThanh", ""),
            "district_code": texts.get("MaQuanHuyen", ""),
            "commune_code": texts.get("MaPhuongXa", ""),
        }
        single = texts.get("MaDonViHanhChinh", "")
        if single:
            codes[_UNIT_CODES.get(len(single), "commune_code")] = single
        for length, name in _UNIT_CODES.items():
            code = codes[name]
            if not code.strip("0"):
                codes[name] = ""
            elif not (code.isascii() and code.isdigit() and len(code) == length):
                self._note(field, Noticed.MALFORMED)
                codes[name] = ""
        address = CitizenAddress(
            **codes,
            detail=self._bounded(field, texts.get("ChiTiet", "")),
            country=self._matching(field, texts.get("QuocGia", ""), _COUNTRY).upper(),
        )
        # A country alone says nothing of where.
        return address if address.unit_code or address.detail or address.country not in ("", "VN") else None

    def _relative(self, field: str, element: Any) -> CitizenRelative | None:
        if element is None:
            return None
        parts = _parts(element)
        relative = CitizenRelative(
            full_name=self._name(field, parts.get("HoVaTen")),
            personal_number=self._matching(field, _text(parts, "SoDinhDanh"), _PERSONAL_NUMBER),
            old_card_number=self._matching(field, _text(parts, "SoCMND"), _OLD_CARD),
            nationality=self._matching(field, _text(parts, "QuocTich"), _COUNTRY).upper(),
            relation=self._matching(field, _text(parts, "QuanHe"), _CODE),
        )
        is_somebody = relative.full_name or relative.personal_number or relative.old_card_number or relative.relation
        return relative if is_somebody else None


def _whole_date(text: str) -> PartialDate | None:
    match = _FULL_DATE(text)
    if match is None:
        return None
    try:
        return PartialDate(date(int(match["year"]), int(match["month"]), int(match["day"])).isoformat(), Precision.DAY)
    except ValueError:
        return None


def _parts(element: Any) -> dict[str, Any]:
    return {child.tag[_NAMESPACE_LENGTH:]: child for child in element}


def _texts(element: Any) -> dict[str, str]:
    return {child.tag[_NAMESPACE_LENGTH:]: _clean(child.text) for child in element}


def _text(parts: Parts, name: str) -> str:
    element = parts.get(name)
    return "" if element is None else _clean(element.text)


def _clean(text: str | None) -> str:
    if not text or text.isalnum():  # Codes and numbers, mostly.
        return text or ""
    return " ".join(text.split())


@cache
def _ethnic_groups() -> Mapping[str, str]:
    return {entry.code: entry.name for entry in load_catalogue(SharedCatalogue.ETHNIC_GROUPS)}
