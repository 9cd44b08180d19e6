"""Numbers of persons and enterprises: citizen number, tax code, telephone.

They are personal data: no value stands in a fault, a notice or the text that Python shows of an object. What is
embedded in a citizen number is a fact about the birth registration and serves to warn, never to fill a field.
Source: codes and units notes §3.4 to §3.6.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from mappings.codes.agencies import Agencies
from mappings.codes.reading import Notice, Reading, refused

_CITIZEN = re.compile(r"(?P<prefix>[0-9]{3})(?P<century>[0-9])(?P<year>[0-9]{2})[0-9]{6}", re.ASCII)
_TAX = re.compile(r"(?P<body>[0-9]{9})(?P<check>[0-9])(?:-?(?P<branch>[0-9]{3}))?", re.ASCII)
_TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_SEPARATORS = re.compile(r"[ .()-]")
_PHONE = re.compile(r"(?:\+84|0084|84|0)(?P<rest>[0-9]{4,12})", re.ASCII)
_MOBILE = re.compile(r"[35789][0-9]{8}", re.ASCII)
_FIXED = re.compile(r"2[0-9]{9}", re.ASCII)
_OLD_MOBILE = re.compile(r"1[0-9]{9}", re.ASCII)
_SERVICE = re.compile(r"1[89]00[0-9]{4,6}", re.ASCII)


class Sex(StrEnum):
    """The sex that digit 4 of a citizen number states."""

    MALE = "male"
    FEMALE = "female"


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenNumber:
    """A citizen number (số định danh cá nhân) taken apart."""

    text: str = field(repr=False)
    prefix: str = field(repr=False)
    """Province of the birth registration by its code of before July 2025, or a country."""
    birth_year: int = field(repr=False)
    sex: Sex = field(repr=False)


def read_citizen_number(
    text: str, *, agencies: Agencies, today: date, born_on: date | None = None, sex: Sex | None = None
) -> Reading[CitizenNumber]:
    """Read a citizen number; only its form can be wrong, everything else is noticed.

    `born_on` and `sex` are what the record says. There is no check digit. Source: Decree 137/2015/NĐ-CP article 13.
    """
    match = _CITIZEN.fullmatch(text)
    if match is None:
        is_old_card = len(text) == 9 and text.isascii() and text.isdigit()
        rule = "must be 12 digits" + ("; nine digits are an old identity card, another kind of paper" * is_old_card)
        return refused("citizen_number", rule, text)
    century, is_female = divmod(int(match["century"]), 2)
    number = CitizenNumber(
        text=text,
        prefix=match["prefix"],
        birth_year=1900 + 100 * century + int(match["year"]),
        sex=Sex.FEMALE if is_female else Sex.MALE,
    )
    notices = []
    if number.prefix not in agencies.citizen_prefixes:
        notices.append(Notice.PROVINCE_UNKNOWN)
    if number.birth_year > today.year:
        notices.append(Notice.BORN_IN_FUTURE)
    if born_on is not None and born_on.year != number.birth_year:
        notices.append(Notice.BIRTH_YEAR_DIFFERS)
    if sex is not None and sex is not number.sex:
        notices.append(Notice.SEX_DIFFERS)
    return Reading(number, notices=tuple(notices))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxCode:
    """A tax code, which is the enterprise's registration number too; `branch` is empty for an independent unit."""

    text: str = field(repr=False)
    number: str = field(repr=False)
    """The ten digits."""
    branch: str = field(repr=False)


class TaxNumberKind(StrEnum):
    """What a number in the place of a tax code can be, by its length."""

    ENTERPRISE = "enterprise"
    BRANCH = "branch"
    CITIZEN = "citizen"
    """A personal identifier: to be read as a citizen number."""


def tax_number_kind(text: str) -> TaxNumberKind | None:
    """Tell by its length what a number is; None when it is neither."""
    digits = text.replace("-", "", 1) if len(text) == 14 and text[10:11] == "-" else text
    if not digits.isascii() or not digits.isdigit():
        return None
    kinds = {10: TaxNumberKind.ENTERPRISE, 13: TaxNumberKind.BRANCH, 12: TaxNumberKind.CITIZEN}
    return kinds.get(len(digits))


def tax_check_digit(body: str) -> int | None:
    """Give the check digit of nine digits; None for one body in eleven, which has no valid code.

    Source: weights 31, 29, 23, 19, 17, 13, 7, 5, 3; digit = 10 - (sum mod 11).
    """
    total = sum(weight * int(digit) for weight, digit in zip(_TAX_WEIGHTS, body, strict=True))
    digit = 10 - total % 11
    return digit if digit < 10 else None


def read_tax_code(text: str) -> Reading[TaxCode]:
    """Read a tax code of ten digits, or thirteen with or without a hyphen.

    Source: Circular 105/2020/TT-BTC article 5.
    """
    match = _TAX.fullmatch(text)
    if match is None:
        is_citizen = tax_number_kind(text) is TaxNumberKind.CITIZEN
        rule = "must be 10 digits, or 13 with a branch" + ("; 12 digits are a citizen number" * is_citizen)
        return refused("tax_code", rule, text)
    if match["body"][2:] == "0000000":
        return refused("tax_code", "must have a serial number above zero", text)
    if match["branch"] == "000":
        return refused("tax_code", "must have a branch above zero", text)
    if tax_check_digit(match["body"]) != int(match["check"]):
        return refused("tax_code", "must have a right check digit", text)
    return Reading(TaxCode(text=text, number=match["body"] + match["check"], branch=match["branch"] or ""))


class PhoneKind(StrEnum):
    """What kind of line a number is."""

    MOBILE = "mobile"
    FIXED = "fixed"
    SERVICE = "service"
    """1800 and 1900 numbers: no person's telephone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A Vietnamese telephone number in E.164, the form to store."""

    e164: str = field(repr=False)
    kind: PhoneKind


def read_phone(text: str) -> Reading[Phone]:
    """Read a telephone number written with 0, 84, +84 or 0084; spaces, dots, hyphens and brackets are left out."""
    plain = _SEPARATORS.sub("", text)
    notices = () if plain == text else (Notice.SEPARATORS_REMOVED,)
    if _SERVICE.fullmatch(plain):
        return Reading(Phone(e164="+84" + plain, kind=PhoneKind.SERVICE), notices=notices)
    match = _PHONE.fullmatch(plain)
    rest = "" if match is None else match["rest"]
    if _MOBILE.fullmatch(rest):
        return Reading(Phone(e164="+84" + rest, kind=PhoneKind.MOBILE), notices=notices)
    if _FIXED.fullmatch(rest):
        return Reading(Phone(e164="+84" + rest, kind=PhoneKind.FIXED), notices=notices)
    if _OLD_MOBILE.fullmatch(rest):
        return refused("phone", "mobile numbers of 11 digits ended in 2018", text)
    return refused("phone", "must be a mobile number 03, 05, 07, 08 or 09 and 8 digits, or a fixed one 02 and 9", text)
