"""What is agreed with suppliers of electronic receipts, or not known about them (payment notes §D.3, one source). Pure.

No official document of either was at hand. Every value that one would settle stands here with the recommended default,
so that it can be set without a change of code. Where public programs of other users, looked at on 2026-11-26, show more
than the notes, a default follows them and says so.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from gateway.model.dossier import FeeKind
from gateway.model.receipt import PaymentMeans, ReceiptPayer

Word = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,100}$")]
Member = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,49}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}$")]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Scalar = str | int | bool
_TAX_CODE = re.compile(r"[0-9]{10}(-?[0-9]{3})?", re.ASCII)


def tax_code_of(payer: ReceiptPayer) -> str:
    """Give an enterprise's tax code; "" for a citizen, whose personal number no supplier needs."""
    return payer.number if _TAX_CODE.fullmatch(payer.number) else ""


class Rules(BaseModel):
    """Knows its members, and does not show what stands in it when it is faulty."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class VnptRules(Rules):
    """The supplier with SOAP around `OK:…` and `ERR:n`."""

    namespace: Word = "http://tempuri.org/"
    adjust_operation: Member | None = "AdjustInvoice"
    """None: receipts are not adjusted. Other users' programs call it AdjustInvoiceAction."""
    view_operation: Member = "getInvViewFkey"
    decrease_type: Number = "3"
    """Type of an adjustment that takes an amount back; not in the notes, as other users' programs have it."""
    means: Mapping[PaymentMeans, str] = {PaymentMeans.TRANSFER: "CK", PaymentMeans.CASH: "TM"}
    fee_kinds: Mapping[FeeKind, str] = {FeeKind.CHARGE: "0", FeeKind.LEVY: "1"}
    """Extra2 of a row."""
    unit: str = "Lần"
    credentials_errors: frozenset[Number] = frozenset({"1", "7"})
    duplicate_errors: frozenset[Number] = frozenset({"13"})
    absent_errors: frozenset[Number] = frozenset({"6"})
    retried_errors: frozenset[Number] = frozenset({"5"})
    """Of issuing: nothing was written, and it may be written later; the source tries four times. Of adjusting it may
    mean that the receipt was adjusted before, so that it is refused."""
    cancelled_errors: frozenset[Number] = frozenset()
    """Of cancelling: it is cancelled already. Other users' programs have 8 for it."""
    number_pattern: Pattern = r"(?<![Mm]ẫu )\b[Ss]ố:\s*(?P<number>[0-9]{1,7})\b"
    """Where a view shows the number, as a search in its text without marks. What views look like is not known."""
    amount_pattern: Pattern = r"Tổng cộng:\s*(?P<amount>[0-9][0-9.,]{0,20})"
    cancelled_pattern: Pattern = r"(?i)đã\s+hu[ỷỶ]|đã\s+h[ủỦ]y"

    @model_validator(mode="after")
    def _patterns_find_what_they_must(self) -> Self:
        faults = []
        for name, group in (("number_pattern", "number"), ("amount_pattern", "amount"), ("cancelled_pattern", "")):
            try:
                found = re.compile(getattr(self, name))
            except re.error:
                faults.append(f"{name} must be a regular expression")
                continue
            if group and group not in found.groupindex:
                faults.append(f"{name} must have a group named {group}")
        for name, kinds in (("means", PaymentMeans), ("fee_kinds", FeeKind)):
            if set(getattr(self, name)) != set(kinds):
                faults.append(f"{name} must name every one of {', '.join(kinds)}")
        if faults:
            raise ValueError("; ".join(faults))
        return self


class ViettelRules(Rules):
    """The supplier with JSON over REST."""

    currency: Word = "VND"
    means: Mapping[PaymentMeans, str] = {PaymentMeans.TRANSFER: "7", PaymentMeans.CASH: "6"}
    tax_percentage: int = -2
    """Not subject to tax."""
    unit: str = "Lần"
    general_extra: Mapping[Member, Scalar] = {}
    """Further members of generalInvoiceInfo, such as invoiceType."""
    key_member: Member = "transactionUuid"
    """The notes show no key of the caller; other users' programs have this one, of at most 36 characters."""
    duplicate_errors: frozenset[Word] = frozenset({"INVOICE_DUPLICATED", "TRANSACTION_UUID_INVALID"})
    absent_errors: frozenset[Word] = frozenset({"INVOICE_NOT_FOUND", "NOT_FOUND_DATA"})
    cancelled_errors: frozenset[Word] = frozenset()
    """Of cancelling: it is cancelled already."""
    well_codes: frozenset[str] = frozenset({"", "0", "200", "SUCCESS"})
    """Values of errorCode of an answer that holds a result; null is one in any case."""
    amount_member: Member | None = "totalAmount"
    """Where an answer to a question tells the whole amount; an answer without it is compared by its key alone."""
    state_member: Member | None = "status"
    cancelled_states: frozenset[str] = frozenset({"CANCELLED"})
    reason_member: Member = "additionalReferenceDesc"
    """Why a receipt is cancelled."""

    @model_validator(mode="after")
    def _names_every_means(self) -> Self:
        if set(self.means) != set(PaymentMeans):
            raise ValueError(f"means must name every one of {', '.join(PaymentMeans)}")
        return self
