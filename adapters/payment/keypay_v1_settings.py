"""Everything that may differ between merchants of KeyPay v1 and v2 (payment notes §C.1, §C.2). Pure."""

from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import StringConstraints, model_validator

from adapters.payment.peer_settings import PeerSettings, Secrets, Url, UrlPath, Word
from adapters.transport.addresses import address_faults
from mappings.payment.keypay_v1 import Algorithm, SecretPlace

MerchantCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_]{1,30}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,5}$")]


class QueryForm(StrEnum):
    """Which question is put."""

    V1 = "v1"
    """QuerryBillStatus: needs KeyPay's own number of the transaction. An order of which no notification came has none,
    so an abandoned one is never known to be unpaid, and a person ends it."""
    V2 = "v2"
    """QuerryBillStatusV2: needs only what we know."""


class KeyPayV1Settings(PeerSettings):
    """One merchant."""

    name: str = "keypay"
    pay_url: Url
    """The page at which payers pay; the sources use plain http, which is refused here (pitfall 22)."""
    service_url: Url
    """Base of the services, up to `generic`."""
    merchant_code: MerchantCode
    keys: Secrets
    algorithm: Algorithm = Algorithm.MD5
    secret_place: SecretPlace = SecretPlace.PREFIX
    """U26."""
    service_code: Number = "720"
    version: Word = "1.0"
    locale: Word = "vn"
    country_code: Word = "+84"
    bank_code: Word | None = None
    internal_bank: Word | None = "all_card"
    query_form: QueryForm = QueryForm.V2
    query_path_v1: UrlPath = "/QuerryBillStatus"
    query_path_v2: UrlPath = "/QuerryBillStatusV2"
    confirm_path: UrlPath = "/ConfirmTransResult"
    asks_before_paid: bool = False
    """Whether a notification, although its hash holds, is confirmed by a question before money counts: the hash is an
    old one without HMAC (pitfall 6)."""
    sends_account: bool = False
    """Whether the beneficiary's account is sent as desc_3. No hash covers it and it passes through the payer's browser,
    so a payer could put another in its place (pitfall 8); KeyPay should know the merchant's account."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        addresses = [("pay_url", self.pay_url), ("service_url", self.service_url)]
        faults = address_faults(addresses, is_test=self.is_test)
        if not urlsplit(self.pay_url).path.strip("/"):
            faults.append("pay_url must be the page itself, with its path")
        if faults:
            raise ValueError("; ".join(faults))
        return self
