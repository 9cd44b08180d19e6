"""How PayGov writes results: eleven fields, the same for callback and browser return (payment notes §B.5)."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from adapters.payment.sandbox.attempt import Attempt, Payment, Status
from adapters.payment.sandbox.messages import Ack, read_object
from adapters.payment.sandbox.paygov_checksums import RESULT_FIELDS, result_checksum
from adapters.payment.sandbox.paygov_profile import PaygovPartner, PaygovProfile
from adapters.payment.sandbox.paygov_wire import FAILED, SIGNATURE_WRONG, SUCCESSFUL
from adapters.payment.sandbox.results import Armed, Form, Result, sealed
from adapters.payment.sandbox.vietnam import ZONE
from adapters.payment.sandbox.world import World

PAID = "00"
FORM = Form(
    amount="amount",
    checksum="checksum",
    result="errorCode",
    transaction="transactionCode",
    reference="requestCode",
    paid=PAID,
    unpaid="99",
    description="orderInfo",
    wrong={"dossier": ("orderId", "000.00.00.H99-H99-X-1-01")},
    time="payDate",
)


class PaygovDialect:
    """Writes results of PayGov and reads acknowledgements."""

    def __init__(self, world: World, profile: Callable[[], PaygovProfile]) -> None:
        self._world = world
        self._profile = profile
        self._last = 0

    def notify_url(self, attempt: Attempt) -> str:
        return self._partner(attempt).notify_url

    def callback(self, attempt: Attempt, payment: Payment | None, status: Status, armed: Armed) -> tuple[str, bytes]:
        return "POST", self._result(attempt, payment, status, armed).as_json()

    def read_ack(self, http_status: int, body: bytes) -> Ack:
        document = read_object(body)
        said = None if document is None else document.get("error_code")
        if said not in (SUCCESSFUL, FAILED, SIGNATURE_WRONG):
            return Ack(False, "", ("error_code: is none of the three",))
        problems = () if http_status == 200 else ("HTTP status: must be 200",)
        return Ack(http_status == 200 and said == SUCCESSFUL, said, problems)

    def return_address(self, attempt: Attempt, payment: Payment | None, status: Status, armed: Armed) -> str:
        return _joined(attempt.return_url, self._result(attempt, payment, status, armed).as_query())

    def forged_address(self, attempt: Attempt) -> str:
        payment = Payment(
            transaction="PGTX99999999", bank=next(iter(self._profile().gates)), at=self._world.clock.now()
        )
        document = self._document(attempt, payment, Status.PAID)
        forged = sealed(document, FORM, partial(result_checksum, "not the key"), {})
        return _joined(attempt.return_url, forged.as_query())

    def chosen_code(self, attempt: Attempt) -> tuple[str, Status | None]:
        return "", None

    def new_transaction(self, attempt: Attempt) -> str:
        self._last += 1
        return f"PGTX{self._last:08d}"

    def is_genuine(self, partner: PaygovPartner, fields: Mapping[str, Any]) -> bool:
        """Tell whether a result was sealed here, whatever the types of its members."""
        return fields.get("checksum") == result_checksum(partner.secret_key, fields)

    def _result(self, attempt: Attempt, payment: Payment | None, status: Status, armed: Armed) -> Result:
        seal = partial(result_checksum, self._partner(attempt).secret_key)
        return sealed(self._document(attempt, payment, status), FORM, seal, armed)

    def _document(self, attempt: Attempt, payment: Payment | None, status: Status) -> dict[str, Any]:
        at = self._world.clock.now() if payment is None else payment.at
        profile = self._profile()
        codes = {Status.PAID: PAID, Status.CANCELLED: profile.cancelled_code, Status.PENDING: profile.pending_code}
        values = (
            attempt.amount_vnd,
            attempt.order,
            attempt.description,
            attempt.reference,
            "" if payment is None else f"{payment.bank}{payment.transaction[4:]}",
            "" if payment is None else payment.transaction,
            at.astimezone(ZONE).strftime(profile.pay_date_form),
            "" if payment is None else payment.bank,
            codes.get(status, profile.failed_code),
            profile.type_text,
        )
        return dict(zip(RESULT_FIELDS[:-1], values, strict=True))

    def _partner(self, attempt: Attempt) -> PaygovPartner:
        partner = self._profile().partner(attempt.partner)
        assert partner is not None, "an attempt is only opened for a partner"
        return partner


def _joined(address: str, query: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{query}"
