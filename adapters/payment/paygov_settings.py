"""Everything that may differ between provinces' ways to PayGov (payment notes §B). Pure."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from adapters.payment.peer_settings import Closed, PeerSettings, Seconds, Url, UrlPath, Word
from adapters.transport.addresses import address_faults
from adapters.transport.secrets import Secret
from mappings.payment.paygov import CALLBACK_FIELDS, DECISIVE_FIELDS, PAID_CODE, OrderForm
from mappings.payment.times import MomentForm


class AccessSettings(Closed):
    """Who we are at the province's LGSP: a JSON object in base64 as the header lgspaccesstoken."""

    access_key: Word
    secret_key: Secret
    app_name: Word
    partner_code: Word
    extra: Mapping[Word, Word] = {}
    """Further members, such as PartnerCodeCus."""
    sends_with_calls: bool = True
    """Also with every call; one province sends it with the login only."""


class LoginSettings(Closed):
    """The LGSP's token: `grant_type=client_credentials`, answered in the manner of OAuth 2."""

    path: UrlPath = "/api/v1/Authentication/Token"
    token_members: tuple[Word, ...] = ("access_token", "token")
    """Where the token stands in the answer, or in its `data`."""
    life_seconds: Annotated[float, Field(gt=0, le=86_400)] = 1800.0
    """Used where the answer states no life."""
    renew_at_life: Annotated[float, Field(gt=0, le=0.95)] = 0.8
    login_seconds: Seconds = 10.0


class PayGovSettings(PeerSettings):
    """One partner at PayGov. Whether it still operates is not known (U25), so it must be switched on."""

    name: str = "paygov"
    is_enabled: bool = False
    base_url: Url
    """Of the LGSP."""
    open_path: UrlPath = "/api/v1/PayGov/paygate"
    verify_path: UrlPath = "/api/v1/PayGov/CheckSumUrlReturn"
    bill_path: UrlPath | None = None
    """Of the voucher (urlBienLai); None where it is not offered."""
    access: AccessSettings
    login: LoginSettings | None = LoginSettings()
    fixed_token: Secret | None = None
    """A token that was handed over once; instead of `login`."""
    partner_code: Word
    order_form: OrderForm = OrderForm.UNIT
    access_key: Word | None = None
    secret_key: Secret | None = None
    service_code: Word | None = None
    account_label: Annotated[str, StringConstraints(max_length=200)] = ""
    unit_code: Annotated[str, StringConstraints(pattern=r"^([0-9A-Z.]{13})?$")] = ""
    """Begins the order's code; "" for the code of the order's agency."""
    beneficiary_unit_code: Annotated[str, StringConstraints(max_length=50)] = ""
    beneficiary_unit_name: Annotated[str, StringConstraints(max_length=255)] = ""
    may_lack: frozenset[Word] = frozenset()
    """Fields of a callback that PayGov is known to leave out (U24)."""
    pending_codes: frozenset[Word] = frozenset()
    """Values of errorCode that mean that the end is not known yet; all others but 00 are not paid (U24)."""
    pay_date_form: MomentForm = MomentForm.COMPACT
    """How payDate is written (U24). One that is written otherwise is kept as text, and the payment counts all the
    same."""
    verified_word: Word = "SUCCESSFUL"
    disowned_words: frozenset[Word] = frozenset({"FAILED", "SIGNATURE_WRONG"})

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        faults = address_faults([("base_url", self.base_url)], is_test=self.is_test)
        if (self.login is None) == (self.fixed_token is None):
            faults.append("one of login and fixed_token must be set")
        signs = self.order_form is OrderForm.UNIT
        if signs and None in (self.access_key, self.secret_key, self.service_code):
            faults.append("access_key, secret_key and service_code must be set where the unit signs")
        if self.bill_path is not None and None in (self.access_key, self.secret_key):
            faults.append("access_key and secret_key must be set where vouchers are asked for")
        if not signs and not self.account_label:
            faults.append("account_label must be set where the LGSP signs")
        if not self.may_lack <= frozenset(CALLBACK_FIELDS) - DECISIVE_FIELDS:
            faults.append("may_lack may name only fields of a callback that do not decide")
        if PAID_CODE in self.pending_codes:
            faults.append("pending_codes must not name the code of success")
        if not self.page_hosts:
            faults.append("page_hosts must name where payers may be led")
        if self.verified_word in self.disowned_words:
            faults.append("verified_word must not be among disowned_words")
        if faults:
            raise ValueError("; ".join(faults))
        return self
