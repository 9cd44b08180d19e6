"""Every choice of the simulated KeyPay, v1 and v3. What the notes leave open is a setting."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from adapters.payment.sandbox.keypay_v1_checksums import Algorithm, Variant
from adapters.payment.sandbox.profiles import Code, Names, NotifyingProfile, Secret, with_code

Word = Annotated[str, msgspec.Meta(pattern=r"^[A-Z_]{1,30}$")]

BANKS = {
    "970436": "Ngân hàng Ngoại thương (mô phỏng)",
    "970418": "Ngân hàng Đầu tư và Phát triển (mô phỏng)",
    "970415": "Ngân hàng Công thương (mô phỏng)",
}


class Merchant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A merchant of v1 (§C.1)."""

    code: Code = "SIMMC"
    secret: Secret = "SIMKEY"  # noqa: S105 - the fictitious one of §13
    algorithm: Algorithm = Algorithm.MD5
    response_variant: Variant = Variant.PREFIX
    ipn_url: str = ""
    """Where results go from server to server; none are sent while it is empty, as in most sources."""


class Client(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A client of v3 (§C.4)."""

    code: Code = "SIM_CLIENT"
    key_1: Secret = "SIMKEY1"
    """From the client to KeyPay."""
    key_2: Secret = "SIMKEY2"
    """From KeyPay to the client."""
    notify_url: str = ""
    paylater_notify_url: str = ""
    refund_notify_url: str = ""


class KeypayProfile(NotifyingProfile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of KeyPay."""

    merchants: Annotated[tuple[Merchant, ...], msgspec.Meta(min_length=1)] = (Merchant(),)
    clients: Annotated[tuple[Client, ...], msgspec.Meta(min_length=1)] = (Client(),)
    is_strict: bool = True
    """Whether requests of v3 that are odd in form are refused; those of v1 always are, by their codes."""
    min_amount_vnd: int = 1_000
    max_amount_vnd: int = 10**12
    """Code 16 outside of these."""
    query_form: Literal["bare", "piped"] = "bare"
    """How QuerryBillStatus answers under /resources: the code alone, or as V2 does. The notes do not tell."""
    pay_command: Word = "PAY"
    detail_command: Word = "PAYDETAIL"
    paylater_command: Word = "PAYLATER"
    paylater_detail_command: Word = "PAYLATERDETAIL"
    refund_command: Word = "REFUND"
    refund_detail_command: Word = "REFUNDDETAIL"
    """Literals of v3 but `PAY` are not known (U27)."""
    payment_fee_vnd: Annotated[int, msgspec.Meta(ge=0)] = 0
    account_bin: Annotated[str, msgspec.Meta(pattern="^[0-9]{6}$")] = "970436"
    paylater_seconds: Annotated[int, msgspec.Meta(ge=1, le=31_536_000)] = 86_400
    """`expired_in` of pay-later, taken as seconds (U27)."""
    banks: Names = msgspec.field(default_factory=lambda: dict(BANKS))

    def codes(self) -> Mapping[str, list[str]]:
        return {"merchants, clients": [*(each.code for each in self.merchants), *(each.code for each in self.clients)]}

    def merchant(self, code: object) -> Merchant | None:
        """Give a merchant of v1."""
        return with_code(self.merchants, code)

    def client(self, code: object) -> Client | None:
        """Give a client of v3."""
        return with_code(self.clients, code)

    def shown(self) -> dict[str, Any]:
        """Give the settings as plain values, without those that are secret."""
        shown: dict[str, Any] = msgspec.to_builtins(self)
        for merchant in shown["merchants"]:
            del merchant["secret"]
        for client in shown["clients"]:
            del client["key_1"], client["key_2"]
        return shown
