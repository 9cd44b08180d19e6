"""What may differ between units' ways to their supplier of electronic receipts (payment notes §D.3). Pure."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from adapters.payment.peer_settings import Closed, Name, Seconds, Url, UrlPath, Word
from adapters.transport.addresses import address_faults
from adapters.transport.secrets import Secret
from adapters.transport.settings import TransportSettings
from mappings.payment.receipt_rules import ViettelRules, VnptRules

TaxCode = Annotated[str, StringConstraints(pattern=r"^([0-9]{10}(-[0-9]{3})?|[0-9]{12})$")]


class SupplierSettings(Closed):
    """Common to both suppliers."""

    name: Name
    call_seconds: Seconds = 60.0
    transport: TransportSettings = TransportSettings(
        connect_seconds=10.0,
        silence_seconds=60.0,
        max_answer_bytes=8 << 20,
        calls_per_second=10.0,
        # A busy supplier may have written a receipt all the same.
        statuses_without_effect=frozenset({429}),
    )
    is_test: bool = False
    """Allows plain HTTP to the loopback address, for sandboxes."""

    @property
    def system(self) -> str:
        return f"receipts.{self.name}"


class VnptSettings(SupplierSettings):
    """A collecting unit at the supplier with SOAP."""

    kind: Literal["vnpt"] = "vnpt"
    base_url: Url
    """No address is in the notes; services stand below it."""
    publish_path: UrlPath = "/PublishService.asmx"
    portal_path: UrlPath = "/PortalService.asmx"
    business_path: UrlPath = "/BusinessService.asmx"
    admin_account: Word
    admin_password: Secret
    service_account: Word
    service_password: Secret
    rules: VnptRules = VnptRules()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if faults := address_faults([("base_url", self.base_url)], is_test=self.is_test):
            raise ValueError("; ".join(faults))
        return self


class TokenPlace(StrEnum):
    """Where a call carries its token."""

    BEARER = "bearer"
    COOKIE = "cookie"
    """As the cookie access_token; other users' programs do so."""


class QuestionForm(StrEnum):
    """How members of calls other than createInvoice are written."""

    FORM = "form"
    """application/x-www-form-urlencoded, as other users' programs do."""
    JSON = "json"


class ViettelSettings(SupplierSettings):
    """A collecting unit at the supplier with JSON."""

    kind: Literal["viettel"] = "viettel"
    base_url: Url
    """Up to what stands in front of InvoiceAPI."""
    login_url: Url
    username: Word
    password: Secret
    tax_code: TaxCode
    create_path: UrlPath = "/InvoiceAPI/InvoiceWS/createInvoice"
    """The unit's tax code follows it."""
    cancel_path: UrlPath = "/InvoiceAPI/InvoiceWS/cancelTransactionInvoice"
    find_path: UrlPath | None = "/InvoiceAPI/InvoiceWS/searchInvoiceByTransactionUuid"
    """Not in the notes; None where receipts cannot be asked for by their key. Then a lost answer is a person's case."""
    document_path: UrlPath | None = "/InvoiceAPI/InvoiceUtilsWS/getInvoiceRepresentationFile"
    """The notes only say that there are PDFs; None where none are fetched."""
    token_place: TokenPlace = TokenPlace.BEARER
    question_form: QuestionForm = QuestionForm.FORM
    token_life_seconds: Annotated[float, Field(gt=0, le=86_400)] = 1200.0
    """Used where the answer states no life."""
    renew_at_life: Annotated[float, Field(gt=0, le=0.95)] = 0.8
    login_seconds: Seconds = 20.0
    rules: ViettelRules = ViettelRules()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        named = [("base_url", self.base_url), ("login_url", self.login_url)]
        if faults := address_faults(named, is_test=self.is_test):
            raise ValueError("; ".join(faults))
        return self
