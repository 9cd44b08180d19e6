"""Every choice of the simulated PayGov and of the province's LGSP before it. What the notes leave open is a setting."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec

from adapters.payment.sandbox.profiles import Code, Names, NotifyingProfile, Secret, Span, with_code

ErrorCode = Annotated[str, msgspec.Meta(pattern="^(?!00$)[0-9A-Za-z]{1,10}$")]
Path = Annotated[str, msgspec.Meta(pattern=r"^/[!-~]*$")]

GATES = {
    "VNPAY": "Cổng VNPAY (mô phỏng)",
    "MOMO": "Ví MoMo (mô phỏng)",
    "NAPAS": "Thẻ nội địa NAPAS (mô phỏng)",
    "VIETTELPAY": "ViettelPay (mô phỏng)",
}


class PaygovPartner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A unit as PayGov and the LGSP know it (§B.2)."""

    code: Code = "PAYGOV-SIM"
    access_key: Secret = "SIMACCESS"
    secret_key: Secret = "SIMSECRET"  # noqa: S105 - the fictitious one of §13
    app_name: str = "SIMAPP"
    service_code: str = "SIMSERVICE"
    is_signed: bool = True
    """Whether requests carry accessKey, serviceCode and checksum; False is the Đồng Tháp variant, in which the LGSP
    signs for the unit and beneficiaryCode and accountPay come instead."""
    notify_url: str = ""
    """Where results go; none are sent while it is empty."""
    account: str = "9990001234567"
    """The beneficiary account, known out of band: the message names none."""


class PaygovProfile(NotifyingProfile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of PayGov. Paths are fixed when the sandbox starts."""

    fixed: ClassVar[frozenset[str]] = frozenset({"token_path", "create_path", "check_path", "receipt_path"})

    partners: Annotated[tuple[PaygovPartner, ...], msgspec.Meta(min_length=1)] = (PaygovPartner(),)
    token_path: Path = "/api/v1/Authentication/Token"  # noqa: S105 - an address
    create_path: Path = "/api/v1/PayGov/paygate"
    check_path: Path = "/api/v1/PayGov/CheckSumUrlReturn"
    receipt_path: Path = "/api/v1/PayGov/bienlai"
    is_token_wanted: bool = True
    is_strict: bool = True
    """Whether requests that are odd in form are refused; wrong credentials and seals always are."""
    token_seconds: Span = 3600.0
    type_text: str = "1"
    """`type` of results; its meaning is not known (U24)."""
    failed_code: ErrorCode = "99"
    cancelled_code: ErrorCode = "24"
    pending_code: ErrorCode = "01"
    """`errorCode` of what is not paid; only 00 is known (U24)."""
    pay_date_form: Annotated[str, msgspec.Meta(min_length=1)] = "%Y%m%d%H%M%S"
    """How `payDate` is written, at UTC+7 (U24)."""
    gates: Names = msgspec.field(default_factory=lambda: dict(GATES))

    def codes(self) -> Mapping[str, list[str]]:
        return {"partners": [each.code for each in self.partners]}

    def partner(self, code: object) -> PaygovPartner | None:
        """Give a partner."""
        return with_code(self.partners, code)

    def shown(self) -> dict[str, Any]:
        """Give the settings as plain values, without those that are secret."""
        shown: dict[str, Any] = msgspec.to_builtins(self)
        for partner in shown["partners"]:
            del partner["access_key"], partner["secret_key"]
        return shown
