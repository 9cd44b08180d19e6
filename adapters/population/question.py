"""A question in words of the wire, whatever shape it is written in. Pure."""

import re

from gateway.errors import Fault, InvalidInput
from gateway.model.quick import Quick

MAX_WORD = 100
"""Longest code or login that the contract takes."""
_WORDS = ("procedure_code", "officer_code", "agency_code", "login")
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\uf8ff\ufeff\ufff9-\uffff"
    "\U000e0000-\U0010ffff]"
)
"""Control characters, marks that turn or hide text, private characters, and what neither XML nor UTF-8 can carry."""


class Question(Quick, frozen=True, kw_only=True):
    """One question, in words of the wire; "" for what is not sent.

    Raises InvalidInput, naming all of them, for words that are too long or hold what nobody sees (§18 N16): they are
    refused in every form of a request, whatever it could escape.
    """

    request_id: str
    procedure_code: str
    service_code: str
    officer_code: str
    agency_code: str = ""
    login: str = ""
    phone: str = ""
    personal_number: str = ""
    old_card_number: str = ""
    name: str
    birth_day: str = ""
    birth_year: str = ""

    def __post_init__(self) -> None:
        words = (self.procedure_code, self.officer_code, self.agency_code, self.login)
        joined = "".join((*words, self.name))
        is_seen = (joined.isascii() and joined.isprintable()) or _UNSEEN.search(joined) is None
        if is_seen and max(map(len, words)) <= MAX_WORD:
            return
        rule = "must hold no invisible characters"
        faults = [Fault(name, rule) for name in _WORDS if _UNSEEN.search(getattr(self, name))]
        if _UNSEEN.search(self.name):
            faults.append(Fault("full_name", rule))
        too_long = f"must have at most {MAX_WORD} characters"
        faults += [Fault(name, too_long) for name in _WORDS if len(getattr(self, name)) > MAX_WORD]
        if faults:
            raise InvalidInput("the question cannot be asked", faults)

    def fields(self) -> dict[str, str]:
        """Give what is sent, by the wire's names."""
        values = {
            "MaYeuCau": self.request_id,
            "MaDVC": self.procedure_code,
            "MaTichHop": self.service_code,
            "MaCanBo": self.officer_code,
            "MaDonVi": self.agency_code,
            "TaiKhoan": self.login,
            "SoDienThoai": self.phone,
            "SoDinhDanh": self.personal_number,
            "SoCMND": self.old_card_number,
            "HoVaTen": self.name,
            "NgayThangNam": self.birth_day,
            "Nam": self.birth_year,
        }
        return {name: value for name, value in values.items() if value or name in ("MaDVC", "MaCanBo")}
