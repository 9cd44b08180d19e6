"""How KeyPay v1 writes results: parameters of the browser's return and, to who has an address for it, of an IPN."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from adapters.payment.sandbox.attempt import Attempt, Payment, Status
from adapters.payment.sandbox.keypay_v1_checksums import response_hash
from adapters.payment.sandbox.keypay_v1_codes import (
    CANCELLED,
    CODES,
    REFUSED,
    SUCCESS,
    TOO_LATE,
    UNSAID,
    CodeClass,
)
from adapters.payment.sandbox.keypay_v1_v3_profile import KeypayProfile, Merchant
from adapters.payment.sandbox.messages import Ack
from adapters.payment.sandbox.results import Armed, Form, Result, sealed

CODE_SWITCH = "C3_response_code"
FORM = Form(
    amount="net_cost",
    checksum="secure_hash",
    result="response_code",
    transaction="trans_id",
    reference="merchant_trans_id",
    paid=SUCCESS,
    unpaid=REFUSED,
    description="desc_4",
    wrong={
        "dossier": ("good_code", "H99-X-1"),
        "partner": ("merchant_code", "SIMMC99"),
        "currency": ("currency_code", "840"),
    },
)
_ECHOED = ("command", "merchant_trans_id", "merchant_code", "good_code", "net_cost", "ship_fee", "tax", "service_code")
_DESCRIBED = ("currency_code", "desc_1", "desc_2", "desc_3", "desc_4", "desc_5")
_TOLD = {
    Status.PAID: SUCCESS,
    Status.CANCELLED: CANCELLED,
    Status.PENDING: UNSAID,
    Status.OPEN: UNSAID,
    Status.EXPIRED: TOO_LATE,
}


def code_of(status: Status, chosen: str = "") -> str:
    """Give the response code of a standing; a code that was chosen goes first."""
    return chosen or _TOLD.get(status, REFUSED)


class V1Dialect:
    """Writes results of v1. `choose` gives the code that is armed for an attempt's result, "" for none."""

    def __init__(self, profile: Callable[[], KeypayProfile], choose: Callable[[Attempt], str]) -> None:
        self._profile = profile
        self._choose = choose
        self._last = 900_000

    def notify_url(self, attempt: Attempt) -> str:
        return self._merchant(attempt).ipn_url

    def callback(self, attempt: Attempt, payment: Payment | None, status: Status, armed: Armed) -> tuple[str, bytes]:
        code = code_of(status, attempt.code)
        return "GET", self._sealed(attempt, payment, code, armed).as_query().encode()

    def read_ack(self, http_status: int, body: bytes) -> Ack:
        # No source shows what KeyPay wants to read, so any 200 is taken.
        return Ack(http_status == 200, str(http_status))

    def return_address(self, attempt: Attempt, payment: Payment | None, status: Status, armed: Armed) -> str:
        return _joined(attempt, self._sealed(attempt, payment, code_of(status, attempt.code), armed))

    def refused_address(self, attempt: Attempt, code: str) -> str:
        """Tell where the browser goes when its redirect was not taken."""
        return _joined(attempt, self._sealed(attempt, None, code, {}))

    def forged_address(self, attempt: Attempt) -> str:
        merchant = self._merchant(attempt)
        fields = {**self._fields(attempt, None, SUCCESS), "trans_id": "KP999999"}
        seal = partial(response_hash, merchant.algorithm, merchant.response_variant, "not the key")
        return _joined(attempt, sealed(fields, FORM, seal, {}))

    def chosen_code(self, attempt: Attempt) -> tuple[str, Status | None]:
        code = self._choose(attempt)
        if not code or CODES[code] is CodeClass.PAID:
            return code, None
        return code, Status.PENDING if CODES[code] is CodeClass.UNKNOWN else Status.FAILED

    def new_transaction(self, attempt: Attempt) -> str:
        self._last += 1
        return f"KP{self._last}"

    def _sealed(self, attempt: Attempt, payment: Payment | None, code: str, armed: Armed) -> Result:
        merchant = self._merchant(attempt)
        seal = partial(response_hash, merchant.algorithm, merchant.response_variant, merchant.secret)
        return sealed(self._fields(attempt, payment, code), FORM, seal, armed)

    def _fields(self, attempt: Attempt, payment: Payment | None, code: str) -> dict[str, Any]:
        asked: Mapping[str, str] = attempt.detail["fields"]
        bank = asked.get("bank_code", "") if payment is None else payment.bank
        return {
            **{name: asked.get(name, "") for name in (*_ECHOED, *_DESCRIBED)},
            "bank_code": bank,
            "response_code": code,
            "trans_id": attempt.detail["trans_id"] if payment is None else payment.transaction,
        }

    def _merchant(self, attempt: Attempt) -> Merchant:
        merchant = self._profile().merchant(attempt.partner)
        assert merchant is not None, "an attempt is only opened for a merchant"
        return merchant


def _joined(attempt: Attempt, result: Result) -> str:
    return f"{attempt.return_url}{'&' if '?' in attempt.return_url else '?'}{result.as_query()}"
