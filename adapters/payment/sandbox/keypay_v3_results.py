"""How KeyPay v3 writes results (payment notes §C.4): callbacks sealed over six members, returns not."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from adapters.payment.sandbox.attempt import Attempt, Payment, Status
from adapters.payment.sandbox.keypay_v1_v3_profile import Client, KeypayProfile
from adapters.payment.sandbox.keypay_v3_checksums import ORDER, check_sum
from adapters.payment.sandbox.messages import Ack, read_object
from adapters.payment.sandbox.results import Armed, Form, sealed

PAID, UNPAID = 0, 1
FORM = Form(
    amount="trans_amount",
    checksum="check_sum",
    result="status",
    transaction="transaction_code",
    reference="transaction_id",
    paid=PAID,
    unpaid=UNPAID,
    description="description",
    wrong={
        "dossier": ("bill_info", '{"MaHoSo":"H99-X-1"}'),
        "partner": ("client_id", "SIM_CLIENT99"),
        "currency": ("currency_code", "USD"),
    },
)


class V3Dialect:
    """Writes results of v3 and reads acknowledgements."""

    def __init__(self, profile: Callable[[], KeypayProfile]) -> None:
        self._profile = profile
        self._last = 0

    def notify_url(self, attempt: Attempt) -> str:
        client = self.client_of(attempt)
        is_later = attempt.detail["operation"] == "paylater"
        return (client.paylater_notify_url if is_later else "") or client.notify_url

    def callback(self, attempt: Attempt, payment: Payment | None, status: Status, armed: Armed) -> tuple[str, bytes]:
        document = self.document(attempt, payment, status)
        seal = partial(check_sum, self.client_of(attempt).key_2, order=ORDER)
        return "POST", sealed(document, FORM, seal, armed).as_json()

    def read_ack(self, http_status: int, body: bytes) -> Ack:
        document = read_object(body)
        said = None if document is None else document.get("return_code")
        if said not in (0, -1) or isinstance(said, bool):
            # An empty object is what one province answers to what it does not believe.
            return Ack(False, "", ("return_code: is neither 0 nor -1",))
        problems = () if http_status == 200 else ("HTTP status: must be 200",)
        return Ack(http_status == 200 and said == 0, str(said), problems)

    def return_address(self, attempt: Attempt, payment: Payment | None, status: Status, armed: Armed) -> str:
        return self._address(attempt, PAID if status is Status.PAID else UNPAID)

    def forged_address(self, attempt: Attempt) -> str:
        # Nothing of a return is sealed, so the forged one is as good as a true one.
        return self._address(attempt, PAID)

    def chosen_code(self, attempt: Attempt) -> tuple[str, Status | None]:
        return "", None

    def new_transaction(self, attempt: Attempt) -> str:
        reserved: str = attempt.detail.pop("reserved", "")
        if reserved:
            return reserved
        self._last += 1
        return f"KPV3{self._last:08d}"

    def document(self, attempt: Attempt, payment: Payment | None, status: Status) -> dict[str, Any]:
        """Give the members of a callback, and of a reply to detail, but the checksum."""
        asked = attempt.detail["asked"]
        return {
            "client_id": attempt.partner,
            "transaction_id": attempt.reference,
            "transaction_code": "" if payment is None else payment.transaction,
            "trans_amount": str(asked["trans_amount"]),
            "payment_fee": str(self._profile().payment_fee_vnd),
            "addition_fee": str(asked["addition_fee"]),
            "command": asked["command"],
            "version": asked["version"],
            "description": asked.get("description", ""),
            "locale": asked.get("locale", ""),
            "country_code": asked.get("country_code", ""),
            "currency_code": asked.get("currency_code", ""),
            "environment": asked.get("environment", ""),
            "status": PAID if status is Status.PAID else UNPAID,
            "bill_info": _text(asked.get("bill_info", {})),
        }

    def client_of(self, attempt: Attempt) -> Client:
        """Give the client that opened an attempt."""
        client = self._profile().client(attempt.partner)
        assert client is not None, "an attempt is only opened for a client"
        return client

    def _address(self, attempt: Attempt, status: int) -> str:
        asked = attempt.detail["asked"]
        parameters = {
            "command": asked["command"],
            "version": asked["version"],
            "status": str(status),
            "transaction_id": attempt.reference,
            "bill_info": _text(asked.get("bill_info", {})),
        }
        return f"{attempt.return_url}{'&' if '?' in attempt.return_url else '?'}{urlencode(parameters)}"


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
