"""The simulated hub as one object: it answers calls, asks invented citizens, and can be asked and switched.

All methods are for the event loop that serves it. HTTP is in `app`, the control API in `control`; a test in the same
process may call the methods here directly.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from adapters.consent.sandbox import app, control
from adapters.consent.sandbox.admission import Admission
from adapters.consent.sandbox.app import Call
from adapters.consent.sandbox.links import return_link
from adapters.consent.sandbox.people import PEOPLE
from adapters.consent.sandbox.profile import (
    FIXED_SETTINGS,
    AnswerForm,
    HubProfile,
    ProfileError,
    WireType,
)
from adapters.consent.sandbox.state import Standing, Transaction, Transactions
from adapters.consent.sandbox.webhooks import WebhookSender
from adapters.sandboxing import (
    HTTP_KINDS,
    Answer,
    CallRecord,
    CallRecorder,
    FaultKind,
    FaultSpec,
    FaultSwitchboard,
    FaultyExchange,
    MovedClock,
    SandboxClock,
)

HUB_KINDS = HTTP_KINDS | {FaultKind.BUSINESS_REJECTION, FaultKind.EXPIRED_SESSION}
"""What the sandbox can do by itself; a runner with spare certificates adds the certificate faults."""

MARK_HEADER = "X-Simulated"
_MESSAGES = {
    "00": "Token không hợp lệ hoặc đã hết hạn",
    "01": "Thành công",
    "02": "Dữ liệu không hợp lệ",
    "03": "Không tìm thấy",
    "99": "Lỗi hệ thống",
}
_FACADE_CODES = {"00": 401, "01": 200, "02": 400, "03": 404, "99": 500}
_DESCRIPTIONS = {
    Standing.AGREED: "Thành công",
    Standing.FAILED: "Thất bại",
    Standing.PENDING: "Đang xử lý",
    Standing.REFUSED: "Công dân từ chối",
}
DECISIONS = {"approve": Standing.AGREED, "decline": Standing.REFUSED, "expire": Standing.FAILED}


class ConsentSandbox:
    """The share-consent hub, simulated from the electronic identity notes §7."""

    def __init__(
        self,
        profile: HubProfile | None = None,
        *,
        clock: SandboxClock | None = None,
        seed: int = 1,
        control_token: str | None = None,
    ) -> None:
        self._profile = profile or HubProfile()
        self.clock = MovedClock(clock)
        self._control_token = control_token
        draws = random.Random(seed)  # noqa: S311 - a sandbox must be repeatable
        self.transactions = Transactions(random.Random(draws.random()), self.clock)  # noqa: S311 - as above
        self.admission = Admission(random.Random(draws.random()), self.clock)  # noqa: S311 - as above
        self.faults = FaultSwitchboard(supported=HUB_KINDS, draws=draws, clock=self.clock)
        self.recorder = CallRecorder(self.clock)
        self.exchange = FaultyExchange(self.faults, self.recorder, self.clock)
        self.webhooks = WebhookSender(lambda: self._profile, self.clock)
        self.tallies: Counter[str] = Counter()

    @property
    def profile(self) -> HubProfile:
        """The settings in force."""
        return self._profile

    # Answering. Each method is the work of one call, done at its moment by the exchange.

    def start(self, record: CallRecord, call: Call) -> Answer:
        """Ask a citizen (§7.2)."""
        refused = self._refusal(record, call)
        if refused is not None:
            return refused
        person = PEOPLE.get(call.member("citizenPid"))
        if call.query.get("code") != self._profile.org_code or person is None or person.is_locked:
            return self._refuse(record, "02")
        transaction = self.transactions.open(person.pid, self._profile.consent_seconds)
        self.tallies["started"] += 1
        # A little later than the end, so that the clock has certainly reached it; a clock that is pushed does not wait.
        asyncio.get_running_loop().call_later(self._profile.consent_seconds + 0.01, self.expire_due)
        if not self._profile.is_webhook_order_swapped:
            self._tell_transcode(transaction)
        payload = {"transactionCode": transaction.code}
        if self._profile.is_txn_id_in_first_answer:
            payload["txnId"] = transaction.txn_id
        return self._say(record, payload)

    def status(self, record: CallRecord, call: Call) -> Answer:
        """Tell how a transaction stands."""
        refused = self._refusal(record, call)
        if refused is not None:
            return refused
        transaction = self._asked(call)
        if transaction is None:
            return self._refuse(record, "03")
        standing = transaction.standing
        payload: dict[str, Any] = {
            "txnId": transaction.txn_id,
            "status": str(int(standing)) if self._profile.state_type is WireType.TEXT else int(standing),
            "message": self._profile.expired_word if transaction.is_expired else _DESCRIPTIONS[standing],
        }
        if self._profile.is_data_in_status and standing is Standing.AGREED:
            payload["shareInfo"] = self._release(transaction)
        return self._say(record, payload)

    def data(self, record: CallRecord, call: Call) -> Answer:
        """Give what the citizen released; nothing of a transaction that was not agreed to."""
        refused = self._refusal(record, call)
        if refused is not None:
            return refused
        transaction = self._asked(call)
        if transaction is None or transaction.standing is not Standing.AGREED:
            return self._refuse(record, "03")
        return self._say(record, self._release(transaction))

    def log_in(self, record: CallRecord, call: Call) -> Answer:
        """Give tokens (§7.5)."""
        document = call.document
        return self._tokens(
            record, call, self.admission.log_in(self._profile, document.get("username"), document.get("password"))
        )

    def refresh(self, record: CallRecord, call: Call) -> Answer:
        """Give fresh tokens for a refresh token (§7.5)."""
        return self._tokens(record, call, self.admission.refresh(self._profile, call.document.get("refreshToken")))

    def _tokens(self, record: CallRecord, call: Call, tokens: dict[str, object] | None) -> Answer:
        if self._profile.is_hmac_checked:
            refused = self.admission.signature_problem(self._profile, call.headers, call.body)
            if refused is not None:
                return self._refuse(record, refused)
        return self._refuse(record, "02") if tokens is None else self._say(record, tokens)

    def _refusal(self, record: CallRecord, call: Call) -> Answer | None:
        self.expire_due()
        if self._take(FaultKind.EXPIRED_SESSION, record) is not None:
            self.admission.end_tokens()
        rejection = self._take(FaultKind.BUSINESS_REJECTION, record)
        if rejection is not None:
            return self._refuse(record, f"{abs(rejection.error_code):02d}")
        refused = self.admission.problem(self._profile, call.headers, call.body)
        if refused is None and call.is_malformed:
            refused = "02"
        return None if refused is None else self._refuse(record, refused)

    def _asked(self, call: Call) -> Transaction | None:
        return self.transactions.find_by_code(call.code or call.member("transactionCode") or call.member("tnx"))

    def _release(self, transaction: Transaction) -> dict[str, Any]:
        pid = self._profile.subject_instead or transaction.person
        transaction.fetched_count += 1
        self.tallies["released"] += 1
        return {"citizenPid": pid, **(PEOPLE[pid].data if pid in PEOPLE else {})}

    def _say(self, record: CallRecord, payload: Mapping[str, Any]) -> Answer:
        record.outcome = "01"
        form = self._profile.answer_form
        document: dict[str, Any] = {**payload, **self._profile.added_fields}
        if form is AnswerForm.ENVELOPED:
            document = {"status": "01", "message": _MESSAGES["01"], "data": document}
        elif form is AnswerForm.FACADE:
            at = self.clock.now().isoformat()
            document = {"responseCode": 200, "description": "OK", "responseTime": at, "data": document}
        return Answer(msgspec.json.encode(document), headers={MARK_HEADER: "vneid-share"})

    def _refuse(self, record: CallRecord, status: str) -> Answer:
        record.outcome = status
        message = _MESSAGES.get(status, "Từ chối")
        document: dict[str, Any] = {"status": status, "message": message, **self._profile.added_fields}
        if self._profile.answer_form is AnswerForm.FACADE and status in _FACADE_CODES:
            document = {"responseCode": _FACADE_CODES[status], "description": message}
        http_status = 200
        if self._profile.are_refusals_http_errors:
            http_status = {"00": 401, "03": 404, "99": 500}.get(status, 400)
        return Answer(msgspec.json.encode(document), http_status, headers={MARK_HEADER: "vneid-share"})

    def _take(self, kind: FaultKind, record: CallRecord) -> FaultSpec | None:
        if self.faults.is_idle:
            return None
        spec = self.faults.take((kind,), record.operation, record.item_codes)
        if spec is not None:
            record.faults.append(kind.value)
        return spec

    # Citizens.

    def decide(self, transaction: Transaction, decision: str, person: str = "") -> bool:
        """Let somebody decide; False when it is over already. Raises KeyError for an unknown decision."""
        self.expire_due()
        standing = DECISIONS[decision]
        if not self.transactions.decide(transaction, standing, is_expired=decision == "expire"):
            return False
        transaction.person = person or transaction.pid
        self._tell_result(transaction)
        return True

    def expire_due(self) -> None:
        """End the transactions whose time is over, and tell of them."""
        for transaction in self.transactions.expire_due():
            self._tell_result(transaction)

    def return_link(self, transaction: Transaction) -> str:
        """Give where the application returns to; "" where that is not set."""
        profile = self._profile
        if not profile.return_url:
            return ""
        claim = profile.return_claims or str(int(transaction.claim))
        return return_link(profile.return_url, profile.return_spelling, transaction.txn_id, claim)

    def _tell_transcode(self, transaction: Transaction) -> None:
        self.webhooks.tell(transaction, self._profile.webhook_transcode_type, Standing.AGREED, "Thành công")

    def _tell_result(self, transaction: Transaction) -> None:
        profile, standing = self._profile, transaction.standing
        self.tallies["expired" if transaction.is_expired else standing.name.lower()] += 1
        if profile.is_result_webhook_sent:
            description = profile.expired_word if transaction.is_expired else _DESCRIPTIONS[standing]
            self.webhooks.tell(transaction, profile.webhook_result_type, standing, description)
        if profile.is_webhook_order_swapped:
            self._tell_transcode(transaction)

    # Asking and switching.

    def change_profile(self, **changes: Any) -> None:
        """Put other settings in force. Raises ProfileError, also for a setting that is fixed at the start."""
        fixed = sorted(FIXED_SETTINGS & set(changes))
        if fixed:
            raise ProfileError(f"fixed when the sandbox starts: {', '.join(fixed)}")
        self._profile = self._profile.changed(**changes)

    def add_fault(self, spec: FaultSpec) -> int:
        """Arm a fault and give its id. Raises FaultSpecError."""
        return self.faults.add(spec)

    def advance(self, seconds: float) -> None:
        """Let time pass: consents expire, webhooks become due. Raises ValueError for a negative span."""
        self.clock.advance(seconds)
        self.expire_due()
        self.webhooks.wake()

    def counters(self) -> dict[str, Any]:
        """Give every total since the start or the last reset."""
        names = ("started", "agreed", "refused", "failed", "expired", "released")
        return {
            **{name: self.tallies[name] for name in names},
            "transactions": len(self.transactions),
            "webhook_attempts": len(self.webhooks.journal),
            "webhooks_waiting": self.webhooks.waiting_count,
            "faults_injected": {kind.value: count for kind, count in self.faults.injected.items()},
            **self.recorder.counters(),
        }

    def health(self) -> dict[str, Any]:
        """Tell that the sandbox is alive and what it is."""
        return {"is_healthy": True, "system": "consent", "is_simulated": True}

    def reset(self) -> None:
        """Forget what was received and disarm every fault; settings and time stay."""
        self.transactions.forget()
        self.admission.forget()
        self.webhooks.forget()
        self.recorder.reset()
        self.faults.clear()
        self.faults.reset_counts()
        self.tallies.clear()

    def make_app(self) -> web.Application:
        """Make the application with the hub's paths, the citizen's pages and the control API."""
        return app.make_app(self, control.actions(self), self._control_token)

    def make_control_app(self) -> web.Application:
        """Make an application with the control API alone."""
        return app.make_control_app(control.actions(self), self._control_token)

    async def stop(self) -> None:
        """End background work."""
        await self.webhooks.stop()
