"""Whether the portal takes a record: the checks of §5, §6 and §13-13 to §13-17, compiled once per profile.

A check gives None for a good record and a short Vietnamese reason for a bad one. Reasons name fields and rules,
never values, and never contain a fragment that clients search for (§1.6).
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from adapters.portal.sandbox import fields
from adapters.portal.sandbox.fields import Field, Kind, Need
from adapters.portal.sandbox.profile import FieldProfile, PortalProfile

Check = Callable[[Mapping[str, Any]], str | None]
_Special = Callable[[str, Any], str | None]
_Row = tuple[str, bool, bool, int, _Special | None]
"""Name, required, never empty, maximum length, further check of a value that is neither missing nor null."""

_SUPPLEMENT_STATES = frozenset({"", "0", "1", "True", "False"})


def dossier_check(profile: PortalProfile) -> Check:
    """Make the check of a dossier record under `profile` (the procedure's existence is looked at elsewhere)."""
    return _compile(fields.DOSSIER, profile, frozenset(profile.never_empty_fields))


def step_check(profile: PortalProfile) -> Check:
    """Make the check of a progress step under `profile`."""
    return _compile(fields.STEP, profile, frozenset(fields.STEP_NEVER_EMPTY))


@lru_cache(maxsize=4096)
def _is_day(text: str) -> bool:
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def is_wire_time(text: str) -> bool:
    """Tell whether `text` is yyyyMMddHHmmss with a day and a time that exist (§1.9)."""
    return (
        len(text) == 14
        and text.isascii()
        and text.isdigit()
        and text[8:10] < "24"
        and text[10:12] < "60"
        and text[12:] < "60"
        and _is_day(text[:8])
    )


def _compile(table: tuple[Field, ...], profile: PortalProfile, never_empty: frozenset[str]) -> Check:
    rows = [_row(field, profile, never_empty) for field in table]
    known = frozenset(field.name for field in table)
    is_strict = profile.is_type_checked
    refuses_unknown = profile.are_unknown_fields_refused

    def check(record: Mapping[str, Any]) -> str | None:
        for name, is_required, is_never_empty, max_length, special in rows:
            value = record.get(name)
            if value is None:
                if is_required:
                    return f"thiếu trường {name}"
                continue
            if value.__class__ is str:
                if max_length and len(value) > max_length:
                    return f"trường {name} dài quá {max_length} ký tự"
                if is_never_empty and not value:
                    return f"trường {name} không được để trống"
            if special is not None:
                problem = special(name, value)
                if problem is not None:
                    return problem
            elif is_strict and value.__class__ is not str:
                return f"trường {name} phải là chuỗi ký tự"
        if refuses_unknown and not known.issuperset(record):
            return f"trường {min(set(record) - known)} không được định nghĩa"
        return None

    return check


def _row(field: Field, profile: PortalProfile, never_empty: frozenset[str]) -> _Row:
    is_required = field.need is Need.REQUIRED or (
        field.need is Need.REQUIRED_2023 and profile.field_profile is FieldProfile.YEAR_2023
    )
    max_length = profile.max_lengths.get(field.name, field.max_length) if profile.are_lengths_checked else 0
    return field.name, is_required, field.name in never_empty, max_length, _special(field, profile)


def _special(field: Field, profile: PortalProfile) -> _Special | None:
    match field.kind:
        case Kind.LIST:
            return _list_check(_compile(field.items, profile, frozenset()))
        case Kind.DATE:
            return _date_problem if profile.are_dates_checked else None
        case Kind.STATUS:
            return _values_check(fields.STATUS_CODES)
        case Kind.INTEGER:
            return _integer_problem if profile.is_type_checked else _anything
        case Kind.SUPPLEMENT_STATE:
            return _supplement_state_problem
        case _:
            is_held_to_values = profile.are_code_values_checked and bool(field.values)
            return _values_check(field.values) if is_held_to_values else None


def _list_check(check_item: Check) -> _Special:
    def check(name: str, value: Any) -> str | None:
        if value.__class__ is not list:
            return f"trường {name} phải là danh sách"
        for number, item in enumerate(value, start=1):
            if item.__class__ is not dict:
                return f"trường {name} phần tử {number} phải là đối tượng"
            problem = check_item(item)
            if problem is not None:
                return f"{name} phần tử {number}: {problem}"
        return None

    return check


def _values_check(values: frozenset[str]) -> _Special:
    def check(name: str, value: Any) -> str | None:
        if value == "" or (value.__class__ is str and value in values):
            return None
        return f"trường {name} có giá trị ngoài danh mục"

    return check


def _date_problem(name: str, value: Any) -> str | None:
    if value == "" or (value.__class__ is str and is_wire_time(value)):
        return None
    return f"trường {name} không đúng định dạng yyyyMMddHHmmss"


def _integer_problem(name: str, value: Any) -> str | None:
    if value.__class__ is int or (value.__class__ is str and (not value or value.isdigit())):
        return None
    return f"trường {name} phải là số nguyên"


def _supplement_state_problem(name: str, value: Any) -> str | None:
    if value.__class__ is bool or (value.__class__ is str and value in _SUPPLEMENT_STATES):
        return None
    return f"trường {name} có giá trị ngoài danh mục"


def _anything(name: str, value: Any) -> str | None:
    return None


def oddities(record: Mapping[str, Any]) -> list[str]:
    """Name the relations of §5.4 that a record which was taken does not keep; the portal takes it all the same."""
    found = []
    papers = record.get("TaiLieuNop") or []
    if any(paper.get("DuocTaiSuDung") == "2" and not paper.get("MaKetQuaThayThe") for paper in papers):
        found.append("reuse_without_replacing_result")
    is_digitised = any(paper.get("DuocSoHoa") == "1" for paper in papers)
    claimed = record.get("HoSoCoThanhPhanSoHoa")
    if claimed in ("0", "1") and (claimed == "1") is not is_digitised:
        found.append("digitised_flag_does_not_match_papers")
    if record.get("MaDoiTuong") and record.get("KenhThucHien") != "2":
        found.append("technical_id_outside_online_channel")
    if any(not paper.get("MaGiayToKetQua") for paper in record.get("DanhSachGiayToKetQua") or []):
        found.append("result_without_code")
    return found
