"""What the platform answers: INIT, QUERY, GET_BILL (payment notes §A.3, §A.6)."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec

from adapters.payment.sandbox.checkout import Checkout
from adapters.payment.sandbox.messages import Refusal
from adapters.payment.sandbox.paper import FOREIGN_BILL
from adapters.payment.sandbox.platform_bills import bill_pdf
from adapters.payment.sandbox.platform_checksums import (
    ASK_ORDER,
    CONFIRM_ORDER,
    INIT_ORDER,
    find_secret,
    request_values,
    seal,
)
from adapters.payment.sandbox.platform_confirm import result_document, seal_result
from adapters.payment.sandbox.platform_money import Money
from adapters.payment.sandbox.platform_orders import Order, Payment, Status, key_of
from adapters.payment.sandbox.platform_profile import Partner
from adapters.payment.sandbox.platform_wire import (
    BAD_CHECKSUM,
    NOT_ALLOWED,
    NOT_FOUND,
    NOT_PAID,
    REUSED,
    UNKNOWN_PARTNER,
    check_init,
    check_question,
    read_document,
    read_loosely,
)
from adapters.sandboxing import Answer

MARK = {"X-Simulated": "payment-platform"}
_TEXTS = {
    "01": "Bản tin không hợp lệ",
    "02": "Đối tác không tồn tại",
    "03": "Sai mã xác thực",
    "04": "Mã tham chiếu đã sử dụng",
    "05": "Không tìm thấy giao dịch",
    "06": "Giao dịch chưa thanh toán",
    "07": "Yêu cầu không được phép",
    "99": "Các lỗi khác",
}


@dataclass(slots=True)
class Reply:
    """An answer with what is kept beside it."""

    answer: Answer
    code: str
    note: str = ""
    order: Order | None = None
    switches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came, opened as far as it could be."""

    body: bytes
    authorization: str
    document: Mapping[str, Any] | None
    reference: str

    @classmethod
    def read(cls, body: bytes, authorization: str) -> "Asked":
        """Open a body; what cannot be read is refused later, by the work of the call."""
        try:
            document: Mapping[str, Any] | None = read_document(body)
        except Refusal:
            document = None
        reference = (document or {}).get("MaThamChieu")
        return cls(body, authorization, document, reference if isinstance(reference, str) else "")


Work = Callable[[Partner, Mapping[str, Any]], Reply]


class Calls:
    """The work of each call, done at one moment."""

    def __init__(self, money: Money) -> None:
        self._money = money

    def init(self, asked: Asked) -> Reply:
        """Open an order and say where its page is."""
        return self._guarded(asked, "INIT", self._init)

    def query(self, asked: Asked) -> Reply:
        """Tell how a reference stands. MaLoi 00 says only that the question was answered."""
        return self._guarded(asked, "QUERY", self._query)

    def bill(self, asked: Asked) -> Reply:
        """Give the voucher, or where it is."""
        return self._guarded(asked, "GET_BILL", self._bill)

    def _guarded(self, asked: Asked, operation: str, work: Work) -> Reply:
        partner: Partner | None = None
        try:
            document = asked.document if asked.document is not None else read_document(asked.body)
            partner = self._money.partner(document.get("MaDoiTac"))
            if partner is None:
                raise Refusal(UNKNOWN_PARTNER, "MaDoiTac: is not registered")
            wanted = f"Bearer {partner.access_token}"
            if partner.access_token and not hmac.compare_digest(
                wanted.encode(), asked.authorization.encode("utf-8", "replace")
            ):
                refused = msgspec.json.encode({"error_code": "401", "message": "Token không hợp lệ"})
                return Reply(Answer(refused, 401, headers=MARK), "401", "Authorization: is missing or wrong")
            note = self._check_seal(partner, document, operation)
            reply = work(partner, document)
            reply.note = "; ".join(part for part in (note, reply.note) if part)
            return reply
        except Refusal as refusal:
            return self._refused(partner, operation, refusal)

    def _check_seal(self, partner: Partner, document: Mapping[str, Any], operation: str) -> str:
        """Give a note about the secret that was used. Raises Refusal for a wrong seal, unless loose."""
        order = INIT_ORDER if operation == "INIT" else ASK_ORDER
        values = request_values(order, document, partner.missing_word)
        place = find_secret(partner.scheme, partner.secrets, values, document.get("MaXacThuc"))
        if place is None:
            if self._money.profile.is_strict:
                raise Refusal(BAD_CHECKSUM, "MaXacThuc: is wrong")
            return "MaXacThuc: is wrong"
        return "" if place == 0 else "MaXacThuc: made with the older secret"

    def _init(self, partner: Partner, document: Mapping[str, Any]) -> Reply:
        money, profile = self._money, self._money.profile
        now = money.world.clock.now()
        if profile.is_strict:
            check_init(profile, document, now)
        reference, amount, dossier = read_loosely(document)
        if money.orders.find(partner.code, reference) is not None:
            raise Refusal(REUSED, "MaThamChieu: was used before")
        receipt = document.get("ThongTinBienLai")
        account = receipt.get("TKThuHuong", "") if isinstance(receipt, dict) else ""
        order = Order(
            key=key_of(partner.code, reference),
            partner=partner.code,
            reference=reference,
            amount_vnd=amount,
            description=str(document.get("ThongTinGiaoDich", "")),
            init_time=str(document.get("ThoiGianGD", "")),
            dossier=dossier,
            account=str(account),
            opened_at=now,
            expires_at=now + timedelta(seconds=profile.page_seconds),
            bill_token=f"{money.world.draws.getrandbits(128):032x}",
        )
        inside = money.take("F17_init_refused_inside", order, "INIT")
        if inside is not None:
            refusal = {"MaLoi": "99", "MoTaLoi": _TEXTS["99"]}
            return Reply(_wrapped(refusal), "99", order=None, switches=(inside.name,))
        money.orders.add(order)
        token = money.pages.open(
            Checkout(
                reference=reference,
                amount_vnd=amount,
                description=order.description,
                expires_at=order.expires_at,
                banks=profile.banks,
                return_url=partner.return_url,
                key=order.key,
            )
        )
        money.schedule_end(order)
        payload = {
            "MaLoi": "00",
            "MoTaLoi": "Thành công",
            "UrlThanhToan": f"{money.base_url}/checkout/{token}",
            "MaDoiTac": partner.code,
            "MaThamChieu": reference,
        }
        payload = {name: value for name, value in payload.items() if name not in profile.init_omitted}
        odd = money.take("F16_init_wrapped_oddly", order, "INIT")
        if odd is None:
            return Reply(_dressed(partner, "INIT", payload), "00", order=order)
        message = payload if odd.variant == "object" else _text(_text(payload))
        body = msgspec.json.encode({"error_code": "0", "message": message})
        return Reply(Answer(body, headers=MARK), "00", order=order, switches=(odd.name,))

    def _query(self, partner: Partner, document: Mapping[str, Any]) -> Reply:
        money = self._money
        order = self._found(partner, document, "QUERY")
        if money.profile.is_strict and document["ThoiGianGD"] != order.init_time:
            raise Refusal(NOT_ALLOWED, "ThoiGianGD: is not that of INIT")
        now = money.world.clock.now()
        status = order.status_at(now)
        payment = order.payments[0] if status is Status.PAID else None
        lie = money.take("F20_query_contradicts", order, "QUERY")
        if lie is not None:
            status = Status.PAID if lie.variant == "paid" else Status.FAILED
            # The lie is told of money that never moved, under a number that the ledger does not know.
            invented = Payment(transaction=f"PPTXX{order.bill_token[:9].upper()}", bank="VCB", at=now)
            payment = invented if lie.variant == "paid" else None
        answer = result_document(partner, order, payment, "00", "QUERY")
        old = money.take("F33_old_secret", order, "QUERY") if len(partner.secrets) > 1 else None
        seal_result(partner, answer, secret=0 if old is None else 1)
        states = {Status.OPEN: money.profile.open_state, Status.PENDING: money.profile.pending_state}
        answer |= {"TrangThaiGD": states.get(status, status.value), "MoTaLoi": "Thành công"}
        if money.profile.query_seal == "none":
            del answer["MaXacThuc"]
        elif money.profile.query_seal == "other":
            values = request_values((*CONFIRM_ORDER, "TrangThaiGD"), answer)
            answer["MaXacThuc"] = seal(partner.scheme, partner.secrets[0], values)
        switches = tuple(each.name for each in (lie, old) if each is not None)
        return Reply(_dressed(partner, "QUERY", answer), "00", order=order, switches=switches)

    def _bill(self, partner: Partner, document: Mapping[str, Any]) -> Reply:
        money = self._money
        order = self._found(partner, document, "GET_BILL")
        if order.status is not Status.PAID:
            raise Refusal(NOT_PAID, "the reference is not paid")
        times = {"confirm": {each.time for each in order.payments}, "init": {order.init_time}}
        allowed = times.get(money.profile.bill_time, times["confirm"] | times["init"])
        if money.profile.is_strict and document["ThoiGianGD"] not in allowed:
            raise Refusal(NOT_ALLOWED, "ThoiGianGD: is not that of the payment")
        fault = money.take("F25_bill", order, "GET_BILL")
        form = partner.bill_form if fault is None else fault.variant
        switches = () if fault is None else (fault.name,)
        match form:
            case "pdf":
                answer = Answer(bill_pdf(order), 200, "application/pdf", MARK)
            case "404":
                answer = Answer(b"Not Found", 404, "text/plain; charset=utf-8", MARK)
            case "html":
                page = '<!DOCTYPE html><html lang="vi"><title>Lỗi</title><h1>Có lỗi xảy ra</h1></html>'.encode()
                answer = Answer(page, 200, "text/html; charset=utf-8", MARK)
            case _:
                url = FOREIGN_BILL if form == "foreign_host" else money.bill_url(order)
                payload = {
                    "MaLoi": "00",
                    "MoTaLoi": "Thành công",
                    "MaDoiTac": partner.code,
                    "MaThamChieu": order.reference,
                    "UrlBienLai": url,
                }
                answer = _dressed(partner, "GET_BILL", payload)
        return Reply(answer, "00", order=order, switches=switches)

    def _found(self, partner: Partner, document: Mapping[str, Any], operation: str) -> Order:
        if self._money.profile.is_strict:
            check_question(self._money.profile, document, operation)
        order = self._money.orders.find(partner.code, str(document.get("MaThamChieu", "")))
        if order is None:
            raise Refusal(NOT_FOUND, "MaThamChieu: is not known")
        return order

    def _refused(self, partner: Partner | None, operation: str, refusal: Refusal) -> Reply:
        payload = {"MaLoi": refusal.code, "MoTaLoi": _TEXTS[refusal.code]}
        answer = Answer(_text(payload).encode(), headers=MARK)
        if partner is not None:
            answer = _dressed(partner, operation, payload)
        return Reply(answer, refusal.code, refusal.reason)


def _dressed(partner: Partner, operation: str, payload: Mapping[str, Any]) -> Answer:
    if operation in partner.wrapped:
        return _wrapped(payload)
    return Answer(msgspec.json.encode(payload), headers=MARK)


def _wrapped(payload: Mapping[str, Any]) -> Answer:
    return Answer(msgspec.json.encode({"error_code": "0", "message": _text(payload)}), headers=MARK)


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
