"""Everything that may differ between clients of KeyPay v3 (payment notes §C.4). Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from adapters.payment.peer_settings import Closed, PeerSettings, Secrets, Url, Word
from adapters.transport.addresses import address_faults
from gateway.model.dossier import FeeKind
from gateway.model.payment import Answer
from mappings.payment.platform_rules import FieldLimits, Pattern, PlatformRules


class DetailCover(StrEnum):
    """What the checksum of an answer about a transaction covers; not known."""

    QUESTION = "question"
    """The same three values as the question's."""
    ORDER = "order"
    """The same six values as an order's, as the answer holds them."""
    NONE = "none"
    """There is none. Then a detail decides only together with a callback that says the same."""


class OrderCover(StrEnum):
    """What the checksum of a pay-later order covers; the sources disagree."""

    ORDER = "order"
    """Six values, as of any order."""
    QUESTION = "question"
    """client_id, command and transaction_id."""


class PayLaterSettings(Closed):
    """Orders that are paid later, by scanning a code."""

    create_url: Url
    command: Word = "PAYLATER"
    detail_command: Word = "PAYLATERDETAIL"
    cover: OrderCover = OrderCover.ORDER
    expires_unit_seconds: Annotated[float, Field(gt=0, le=86_400)] = 1.0
    """The unit of `expired_in` (U27)."""


class KeyPayV3Settings(PeerSettings):
    """One client. With `pay_later` its orders are paid later; for both ways two providers are configured."""

    name: str = "keypay-v3"
    client_id: Word
    sending_key: Secrets
    """hash_key_1, from us to KeyPay."""
    receiving_key: Secrets
    """hash_key_2, from KeyPay to us."""
    create_url: Url | None = None
    detail_url: Url
    refund_url: Url | None = None
    refund_detail_url: Url | None = None
    pay_later: PayLaterSettings | None = None
    command: Word = "PAY"
    detail_command: Word = "PAYDETAIL"
    """This and the following literals are not known (U27)."""
    refund_command: Word = "REFUND"
    refund_detail_command: Word = "REFUNDDETAIL"
    version: Word = "3.0"
    locale: Word = "vn"
    country_code: Word = "vi"
    environment: Literal["1", "2"] = "1"
    """1 web, 2 application."""
    fee_kinds: Mapping[FeeKind, Word] = {FeeKind.CHARGE: "1", FeeKind.LEVY: "2"}
    """LoaiPhiLePhi (U9)."""
    agency_pattern: Pattern = r"[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}"
    """MaDonVi (U31)."""
    bank_pattern: Pattern = r"[0-9A-Za-z]{2,20}"
    """MaNHThuHuong (U22)."""
    limits: FieldLimits = FieldLimits()
    """Longest values of the receipt information (U13)."""
    is_service_class_number: bool = False
    """Whether MaDichVu is a JSON number; the sources disagree."""
    answers: Mapping[Word, Answer] = {"0": Answer.PAID, "1": Answer.NOT_FOUND}
    """What `status` means. Unpaid is no failure, since the payer may still pay: nothing was taken so far."""
    refund_answers: Mapping[Word, bool] = {"0": True}
    """Which status of a refund means that it is done, and which that it failed; all others are not known yet."""
    not_found_errors: frozenset[Word] = frozenset()
    """Which `error` of a detail means that there is no such transaction; none is known."""
    detail_cover: DetailCover = DetailCover.QUESTION
    verifies_refund_answers: bool = True

    @property
    def receipt_rules(self) -> PlatformRules:
        """The rules of the receipt information, which KeyPay takes over from the payment platform."""
        return PlatformRules(
            partner_code=self.client_id,
            fee_kinds=self.fee_kinds,
            agency_pattern=self.agency_pattern,
            bank_pattern=self.bank_pattern,
            limits=self.limits,
            is_service_class_number=self.is_service_class_number,
        )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        later = self.pay_later
        addresses = [
            ("create_url", self.create_url),
            ("detail_url", self.detail_url),
            ("refund_url", self.refund_url),
            ("refund_detail_url", self.refund_detail_url),
            ("pay_later.create_url", None if later is None else later.create_url),
        ]
        faults = address_faults(addresses, is_test=self.is_test)
        if (self.create_url is None) == (later is None):
            faults.append("one of create_url and pay_later must be set")
        if (self.refund_url is None) != (self.refund_detail_url is None):
            faults.append("refund_url and refund_detail_url belong together")
        if not self.page_hosts:
            faults.append("page_hosts must name where payers may be led")
        if Answer.PAID not in self.answers.values():
            faults.append("answers must name what means paid")
        words = [self.client_id, self.command, self.detail_command, self.refund_command, self.refund_detail_command]
        words += [self.version] if later is None else [self.version, later.command, later.detail_command]
        if any("|" in word for word in words):
            faults.append("no value that is signed may hold a pipe")
        # A fault of these rules is told by themselves.
        _ = self.receipt_rules
        if faults:
            raise ValueError("; ".join(faults))
        return self
