"""What userinfo (and the ID token) says of an account's holder, as canonical facts.

Names and value sets are data: no official specification is public (electronic identity notes §0, §3). A value that has
none of the forms ever seen is refused with the claim's canonical name; it is never repaired, shortened or guessed. A
number where text is due has lost its leading zeros and is refused as well.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from gateway.model.identity import AccountKind, EidCode, IdentityFacts, PartialDate, Precision, SignInRefused

MAX_NAME = 500
"""Names of enterprises exceed 150 characters, and must not be cut (§3.1, §15 row 32)."""
_MAX_TEXT = 254
_PERSONAL_ID = re.compile(r"[0-9]{12}", re.ASCII).fullmatch
_OLD_CARD = re.compile(r"[0-9]{9}([0-9]{3})?", re.ASCII).fullmatch
_PASSPORT = re.compile(r"[A-Z0-9]{5,20}", re.ASCII).fullmatch
_TAX_CODE = re.compile(r"[0-9]{10}(-?[0-9]{3})?", re.ASCII).fullmatch
_ORG_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}", re.ASCII).fullmatch
_TECHNICAL_ID = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII).fullmatch
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}").fullmatch
_PHONE = re.compile(r"\+?[0-9 .()-]{6,25}", re.ASCII).fullmatch
_UPSTREAM = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII).fullmatch
_DATE_FORMS: tuple[tuple[re.Pattern[str], Precision], ...] = (
    (re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})", re.ASCII), Precision.DAY),
    (re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})", re.ASCII), Precision.DAY),
    (re.compile(r"(?P<day>[0-9]{2})/(?P<month>[0-9]{2})/(?P<year>[0-9]{4})", re.ASCII), Precision.DAY),
    (re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})", re.ASCII), Precision.MONTH),
    (re.compile(r"(?P<year>[0-9]{4})", re.ASCII), Precision.YEAR),
)
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_VIETNAMESE = frozenset({"VN", "VNM", "VIET NAM", "VIETNAM", "00"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimNames:
    """The wire's name of each claim; "" where the provider has none."""

    account_kind: str = "LoaiTaiKhoan"
    full_name: str = "HoVaTen"
    organisation_name: str = "TenDoanhNghiep"
    birth_date: str = "NgayThangNamSinh"
    personal_id: str = "SoDinhDanh"
    old_card_number: str = "SoCMND"
    passport_number: str = "HoChieu"
    nationality: str = "QuocTich"
    tax_code: str = "MaSoThue"
    org_code: str = "MaSoDoanhNghiep"
    technical_id: str = "TechID"
    email: str = "ThuDienTu"
    phone: str = "SoDienThoai"
    upstream_idp: str = "loginIdp"
    logout_uri: str = "logoutUri"


P1_NAMES = ClaimNames()
"""P1 and P2 (§3.1)."""
P3_NAMES = ClaimNames(
    account_kind="accountType",
    full_name="fullName",
    organisation_name="",
    birth_date="birthDate",
    personal_id="citizenPid",
    old_card_number="",
    passport_number="",
    nationality="",
    tax_code="",
    org_code="",
    technical_id="",
    email="",
    phone="",
    upstream_idp="",
    logout_uri="",
)
"""P3 (§3.2)."""

_KINDS = {"1": AccountKind.CITIZEN, "2": AccountKind.ENTERPRISE, "3": AccountKind.ORGANISATION}
DEFAULT_KEPT = frozenset(
    {
        "full_name",
        "birth_date",
        "personal_id",
        "foreign_id",
        "old_card_number",
        "passport_number",
        "tax_code",
        "org_code",
        "technical_id",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRules:
    """How one provider's claims are read. `kept` is what the agreement with the provider covers; the rest is dropped
    after it was checked (Decree 69/2024/NĐ-CP Art. 18)."""

    names: ClaimNames = P1_NAMES
    kinds: Mapping[str, AccountKind] = field(default_factory=lambda: dict(_KINDS))
    level_claim: str = ""
    kept: frozenset[str] = DEFAULT_KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadClaims:
    """Canonical facts, and what else the document told. `level_value` is None when there was no such claim."""

    facts: IdentityFacts = field(repr=False)
    level_value: str | None
    upstream_idp: str
    logout_uri: str = field(repr=False)
    unknown_count: int


def read_claims(document: Mapping[str, Any], rules: ClaimRules, *, issuer: str, subject: str) -> ReadClaims:
    """Read a userinfo document. Raises SignInRefused (claims invalid, or a kind of account that is not known)."""
    reader = _Reader(document)
    names = rules.names
    kind = _kind(document.get(names.account_kind) if names.account_kind else None, rules.kinds)
    nationality = reader.text(names.nationality, "nationality")
    passport = reader.text(names.passport_number, "passport_number", _PASSPORT)
    is_foreign = _folded(nationality) not in _VIETNAMESE if nationality else bool(passport)
    own, foreign = _number(reader, names, is_foreign=is_foreign)
    name = names.full_name if kind is AccountKind.CITIZEN else names.organisation_name or names.full_name
    values: dict[str, Any] = {
        "full_name": reader.text(name, "full_name", limit=MAX_NAME),
        "birth_date": read_birth_date(reader.text(names.birth_date, "birth_date")),
        "personal_id": own,
        "foreign_id": foreign,
        "old_card_number": reader.text(names.old_card_number, "old_card_number", _OLD_CARD),
        "passport_number": passport,
        "tax_code": reader.text(names.tax_code, "tax_code", _TAX_CODE),
        "org_code": reader.text(names.org_code, "org_code", _ORG_CODE),
        "technical_id": reader.text(names.technical_id, "technical_id", _TECHNICAL_ID),
        "email": reader.text(names.email, "email", _EMAIL),
        "phone": reader.text(names.phone, "phone", _PHONE),
    }
    _check_identified(kind, values)
    upstream = reader.text(names.upstream_idp, "upstream_idp", _UPSTREAM)
    kept = {claim: value for claim, value in values.items() if claim in rules.kept}
    known = {getattr(names, one.name) for one in fields(names)} | {rules.level_claim}
    return ReadClaims(
        facts=IdentityFacts(issuer=issuer, subject=subject, account_kind=kind, upstream_idp=upstream, **kept),
        level_value=_level(document.get(rules.level_claim)) if rules.level_claim else None,
        upstream_idp=upstream,
        logout_uri=_uri(document.get(names.logout_uri) if names.logout_uri else None),
        unknown_count=len(document.keys() - known),
    )


class _Reader:
    """Reads text claims; absent, null and empty are the same."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def text(
        self, name: str, claim: str, matches: Callable[[str], object] | None = None, *, limit: int = _MAX_TEXT
    ) -> str:
        value = self._document.get(name) if name else None
        if value is None or value == "":
            return ""
        if not isinstance(value, str):
            raise _invalid(claim, "not_text")
        text = unicodedata.normalize("NFC", value)
        if len(text) > limit:
            raise _invalid(claim, "too_long")
        # Format characters (Cf) turn what a person reads around; surrogates (Cs) cannot be stored; Zl, Zp break lines.
        if any(unicodedata.category(sign) in _UNSEEN for sign in text):
            raise _invalid(claim, "control_characters")
        if matches is not None and not matches(text):
            raise _invalid(claim, "wrong_form")
        return text


def _invalid(claim: str, rule: str) -> SignInRefused:
    return SignInRefused(EidCode.CLAIMS_INVALID, f"{claim}_{rule}")


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFD", text).upper()
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).strip()


def _kind(value: Any, kinds: Mapping[str, AccountKind]) -> AccountKind:
    # True is an int to Python, and would be a citizen.
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if text not in kinds:
        raise SignInRefused(EidCode.ACCOUNT_KIND, "account_kind_missing" if value is None else "account_kind_unknown")
    return kinds[text]


def _number(reader: _Reader, names: ClaimNames, *, is_foreign: bool) -> tuple[str, str]:
    """Give the personal number, or the other number that a foreigner has (Decree 69/2024/NĐ-CP, §13): somebody of
    another nationality, or without one told and with a passport."""
    number = reader.text(names.personal_id, "personal_id")
    if not number or _PERSONAL_ID(number):
        return number, ""
    if is_foreign and _PASSPORT(number):
        return "", number
    raise _invalid("personal_id", "wrong_form")


def _check_identified(kind: AccountKind, values: Mapping[str, Any]) -> None:
    if kind is AccountKind.CITIZEN:
        needed: Collection[str] = ("personal_id", "foreign_id", "old_card_number", "passport_number")
    else:
        needed = ("tax_code", "org_code")
    if not any(values[claim] for claim in needed):
        raise _invalid("number", "missing")


def _level(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str | int) and not isinstance(value, bool) and len(str(value)) <= 40:
        return str(value)
    return "?"


def _uri(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 8192 and value.isascii() and value.isprintable() else ""


def read_birth_date(text: str) -> PartialDate | None:
    """Read a birthday in any form that was seen or is likely (§3.1, §21 U13). Raises SignInRefused."""
    if not text:
        return None
    for form, precision in _DATE_FORMS:
        match = form.fullmatch(text)
        if match is None:
            continue
        parts = match.groupdict()
        try:
            date(int(parts["year"]), int(parts.get("month") or 1), int(parts.get("day") or 1))
        except ValueError:
            break
        return PartialDate("-".join(parts[name] for name in ("year", "month", "day") if name in parts), precision)
    raise _invalid("birth_date", "wrong_form")
