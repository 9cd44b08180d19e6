"""What the sign-on says of an account, by wire (notes §3), and what attacks make of it."""

import unicodedata
from typing import Any

from adapters.identity.sandbox.attacks import Attack
from adapters.identity.sandbox.people import Person
from adapters.identity.sandbox.profile import IdentityProfile, Mode

MARK = "SIMTOKEN-"
"""Begins every bearer token in an address, so that a leak can be searched for."""


def userinfo(profile: IdentityProfile, person: Person, base_url: str, token_mark: str) -> dict[str, Any]:
    """Give the claims of an account."""
    made = _sealed(profile, person) if profile.mode is Mode.P3 else _flat(profile, person, base_url, token_mark)
    made = {name: value for name, value in made.items() if value not in ("", None)} | profile.extra_claims
    return {
        profile.renamed_claims.get(name, name): value
        for name, value in made.items()
        if name not in profile.omitted_claims
    }


def _kind(profile: IdentityProfile, person: Person) -> str | int:
    return str(person.kind) if profile.is_account_type_text else person.kind


def _sealed(profile: IdentityProfile, person: Person) -> dict[str, Any]:
    birth = person.birth_date
    if len(birth) == 8:
        birth = f"{birth[6:]}/{birth[4:6]}/{birth[:4]}"
    return {
        "citizenPid": person.number,
        "fullName": person.name.upper(),
        "birthDate": birth,
        "accountType": _kind(profile, person),
        "accountLevel": person.level or None,
    }


def _flat(profile: IdentityProfile, person: Person, base_url: str, token_mark: str) -> dict[str, Any]:
    third_party = f"{base_url}/api/idp/third-party"
    made: dict[str, Any] = {"sub": person.subject, "TechID": person.subject, "LoaiTaiKhoan": _kind(profile, person)}
    if person.kind == 1:
        made |= {
            "HoVaTen": person.name,
            "SoDinhDanh": person.number,
            "NgayThangNamSinh": person.birth_date,
            "SoCMND": person.old_card,
            "HoChieu": person.passport,
            "QuocTich": person.nationality,
        }
    else:
        made |= {
            "TenDoanhNghiep": person.name,
            "MaSoThue": person.tax_code,
            "MaSoDoanhNghiep": person.tax_code,
            "NguoiDaiDien": person.representative,
        }
    made |= {
        "userProfileUri": f"{third_party}/view-info?token_id={MARK}{token_mark}",
        "logoutUri": f"{third_party}/logout?token_id={MARK}{token_mark}",
    }
    if profile.mode is Mode.P1:
        return made | {"ThuDienTu": person.email, "loginIdp": profile.login_idp}
    return made | {"IAL": person.level or None, "loAs": "LoA2" if person.level == 2 else "LoA1"}


def distorted(attack: Attack, claims: dict[str, Any], profile: IdentityProfile) -> dict[str, Any]:
    """Give the claims as an attack has them. Attacks on other things than claims change nothing."""
    is_sealed = profile.mode is Mode.P3
    number = "citizenPid" if is_sealed else "SoDinhDanh"
    kind = "accountType" if is_sealed else "LoaiTaiKhoan"
    name = "fullName" if is_sealed else "HoVaTen"
    birthday = "birthDate" if is_sealed else "NgayThangNamSinh"
    full_name = str(claims.get(name, "Nguyễn Văn Thử"))
    changes: dict[Attack, dict[str, Any]] = {
        Attack.FOREIGN_SUBJECT: {"sub": "1b1c0de0-0000-4000-8000-00000000dead"},
        Attack.KIND_UNKNOWN: {kind: 9},
        Attack.NUMBER_TOO_SHORT: {number: "99919900001"},
        Attack.NUMBER_WITH_SPACES: {number: "999 199 000 001"},
        Attack.NUMBER_AS_NUMBER: {number: 999199000001},
        Attack.NUMBER_IN_ARABIC_DIGITS: {number: "٩٩٩١٩٩٠٠٠٠٠١"},
        Attack.OLD_CARD_BESIDE: {"SoCMND": "999000001"},
        Attack.NAME_DECOMPOSED: {name: unicodedata.normalize("NFD", full_name)},
        Attack.NAME_WITH_CONTROLS: {name: full_name + "\u202e\u0000"},
        Attack.NAME_ENDLESS: {name: "Nguyễn " * 2000},
        Attack.BIRTHDAY_IMPOSSIBLE: {birthday: "30/02/1999" if is_sealed else "19990231"},
        Attack.BIRTHDAY_EMPTY: {birthday: ""},
        Attack.UPSTREAM_OLD: {"loginIdp": "LOCAL"},
        Attack.LOAS_100K: {"loAs": "x" * 100_000},
        Attack.UNKNOWN_CLAIM: {"TruongLa": "gì đó"},
        Attack.LOGOUT_ELSEWHERE: {"logoutUri": f"{profile.elsewhere_url}/logout?token_id={MARK}x"},
    }
    gone = {Attack.KIND_MISSING: kind, Attack.UPSTREAM_MISSING: "loginIdp"}.get(attack)
    return {key: value for key, value in (claims | changes.get(attack, {})).items() if key != gone}
