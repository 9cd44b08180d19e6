"""What is agreed with the payment platform, or not known about it (payment notes §A, §14). Pure.

No official document of the platform is public. Every value that one would settle stands here with the recommended
default, so that it can be set without a change of code.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from gateway.model.dossier import FeeKind
from gateway.model.payment import Answer

Value = Annotated[str, StringConstraints(pattern=r"^[!-{}~]{1,50}$")]
"""Signed values of requests: visible ASCII without the pipe, which separates them."""
Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,20}$")]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200)]
PLACE = "{dossier_code}"


class Digest(StrEnum):
    """How MaXacThuc is made (§A.7)."""

    SHA256 = "sha256"
    """SHA-256 over the values and, last, the secret; since July 2020."""
    LEGACY_HMAC = "legacy_hmac"
    """HMAC-SHA256 of June 2020. Its CONFIRM covers neither result nor transaction, so it decides nothing."""


class ResultClass(StrEnum):
    """What a MaLoi means (U4)."""

    SUCCESS = "success"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The platform itself does not know: ask."""
    CONFIGURATION = "configuration"
    """Refused because something is set up wrongly, on either side: nothing happened, somebody must look."""
    NOT_FOUND = "not_found"
    """There is no such reference."""


class DateForm(StrEnum):
    """How NgayQD is written (U23)."""

    COMPACT = "%Y%m%d"
    SLASHES = "%d/%m/%Y"
    DASHES = "%d-%m-%Y"
    ISO = "%Y-%m-%d"


class TimeForm(StrEnum):
    """How ThoiGianViPham is written (U23), in Vietnamese time."""

    COMPACT = "%Y%m%d%H%M%S"
    SLASHES = "%d/%m/%Y %H:%M:%S"
    DASHES = "%d-%m-%Y %H:%M:%S"
    ISO = "%Y-%m-%dT%H:%M:%S"


class FieldLimits(BaseModel):
    """Longest values, in characters (U13)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: Annotated[int, Field(ge=16, le=50)] = 20
    """At least 16, so that it holds 80 random bits (§A.3.1 wants 50)."""
    description: Annotated[int, Field(ge=20, le=255)] = 100
    name: Annotated[int, Field(ge=50, le=1000)] = 250
    code: Annotated[int, Field(ge=10, le=255)] = 50
    account: Annotated[int, Field(ge=10, le=50)] = 30
    address: Annotated[int, Field(ge=50, le=1000)] = 500


class PlatformRules(BaseModel):
    """Everything about the messages of one partner."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    partner_code: Value
    version: Value = "1.0.6"
    init_type: Value = "INIT"
    query_type: Value = "QUERY"
    bill_type: Value = "GET_BILL"
    confirm_type: Value = "CONFIRM"
    """What a notification should call itself (U2). Whatever it calls itself is hashed; another name is noticed."""
    payment_type: Value = "PAY"
    """This and the four following have no public list of values (U10)."""
    channel: Value = "1"
    device: Value = "1"
    language: Value = "vi-VN"
    bank: Value = "PAYMENT"
    """The payer chooses on the platform's page."""
    digest: Digest = Digest.SHA256
    accepts_upper_case: bool = False
    """Whether an incoming checksum may be in capitals (F10)."""
    description: Annotated[str, StringConstraints(min_length=1, max_length=200)] = f"THANH TOAN HO SO {PLACE}"
    """ThongTinGiaoDich; a signed field."""
    is_description_ascii: bool = True
    limits: FieldLimits = FieldLimits()
    is_service_class_number: bool = False
    """Whether MaDichVu is a JSON number; the sources disagree."""
    fee_kinds: Mapping[FeeKind, Value] = {FeeKind.CHARGE: "1", FeeKind.LEVY: "2"}
    """LoaiPhiLePhi (U9)."""
    agency_pattern: Pattern = r"[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}"
    """MaDonVi: the agency's identifier code as the order holds it (U31)."""
    bank_pattern: Pattern = r"[0-9A-Za-z]{2,20}"
    """MaNHThuHuong: whether it is a BIN, a SWIFT code or a short name is not known (U22)."""
    decision_date: DateForm = DateForm.COMPACT
    offence_time: TimeForm = TimeForm.COMPACT
    results: Mapping[Code, ResultClass] = {"00": ResultClass.SUCCESS}
    """MaLoi (U4)."""
    unlisted_result: ResultClass = ResultClass.FAILED
    states: Mapping[Code, Answer] = {
        "1": Answer.PAID,
        "2": Answer.PENDING,
        "3": Answer.PENDING,
        "4": Answer.FAILED,
    }
    """TrangThaiGD (U5)."""
    unlisted_state: Answer = Answer.PENDING
    adapter_results: Mapping[Code, ResultClass] = {"0": ResultClass.SUCCESS}
    """`error_code` of the adapter in between. An unlisted one leaves everything open."""
    is_query_signed: bool = True
    """Whether answers to QUERY hold a checksum by the formula of CONFIRM (U6). Without it they decide nothing."""
    is_checksum_echoed: bool = True
    """Whether an acknowledgement repeats the checksum of what it acknowledges (U3)."""
    trusts_unsigned_dossier: bool = False
    """Whether a payment that began at the portal counts for the dossier in MaHoSo, which no checksum covers, although
    the signed description does not name it (U30)."""
    masks_payer: bool = True
    """Whether answers to look-ups hide most of the payer (U7, pitfall 18)."""
    are_lookup_amounts_numbers: bool = True
    """Whether the amounts of PhiLePhi in answers to look-ups are JSON numbers."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        faults = []
        if ResultClass.SUCCESS not in self.results.values():
            faults.append("results must name what means success")
        if self.unlisted_result is ResultClass.SUCCESS or self.unlisted_state is Answer.PAID:
            faults.append("what is not listed must not mean success")
        if Answer.PAID not in self.states.values():
            faults.append("states must name what means paid")
        if set(self.fee_kinds) != set(FeeKind):
            faults.append("fee_kinds must name a word for each kind")
        if self.description.count("{") != 1 or PLACE not in self.description or "}" in self.description.split(PLACE)[1]:
            faults.append(f"description must hold {PLACE} once, and no other brace")
        if "|" in self.description:
            faults.append("description must hold no pipe")
        if self.is_description_ascii and not self.description.isascii():
            faults.append("description must be ASCII unless is_description_ascii is off")
        for name, pattern in (("agency_pattern", self.agency_pattern), ("bank_pattern", self.bank_pattern)):
            try:
                re.compile(pattern)
            except re.error:
                faults.append(f"{name} must be a regular expression")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def result_of(self, code: str) -> tuple[ResultClass, bool]:
        """Give the class of a MaLoi, and whether it is listed."""
        listed = self.results.get(code)
        return (self.unlisted_result, False) if listed is None else (listed, True)
