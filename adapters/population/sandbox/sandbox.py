"""The simulated database as one object: it answers calls, and can be asked and switched.

All methods are for the event loop that serves it. HTTP is in `app`, the control API in `control`; a test in the same
process may call the methods here directly.
"""

import random
from collections import Counter
from typing import Any

from aiohttp import web

from adapters.population.sandbox import app, control, speaking
from adapters.population.sandbox.admission import Admission, Caller
from adapters.population.sandbox.answers import AnswerJournal
from adapters.population.sandbox.hostile import HOSTILE_REPLIES, Scene
from adapters.population.sandbox.operations import (
    HOUSEHOLD,
    SERVICE_CODES,
    UNSUPPORTED,
    VERIFY,
    VITAL_STATUS,
)
from adapters.population.sandbox.profile import FIXED_SETTINGS, PopulationProfile, PrefixStyle, ProfileError
from adapters.population.sandbox.questions import Question, Refusal
from adapters.population.sandbox.register import Register
from adapters.population.sandbox.replies import Prefixes, prefixes_of
from adapters.population.sandbox.speaking import Told
from adapters.population.sandbox.tokens import Tokens
from adapters.sandboxing import (
    HTTP_KINDS,
    RAW_KINDS,
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

POPULATION_KINDS = (
    HTTP_KINDS | RAW_KINDS | {FaultKind.BUSINESS_REJECTION, FaultKind.EXPIRED_SESSION, FaultKind.HOSTILE_REPLY}
)
"""What the sandbox can do by itself; a runner with spare certificates adds the certificate faults."""

_MAX_REQUEST_IDS = 500_000
_USUAL = Prefixes()


class PopulationSandbox:
    """The national population database, simulated from the wire specification alone."""

    def __init__(
        self,
        profile: PopulationProfile | None = None,
        *,
        clock: SandboxClock | None = None,
        seed: int = 1,
        control_token: str | None = None,
    ) -> None:
        self._profile = profile or PopulationProfile()
        self.clock = MovedClock(clock)
        self._control_token = control_token
        self._draws = random.Random(seed)  # noqa: S311 - a sandbox must be repeatable
        self.register = Register(self._profile.people_seed, self._profile.people_count)
        self.tokens = Tokens(random.Random(self._draws.random()), self.clock)  # noqa: S311 - as above
        self.admission = Admission(self.tokens)
        self.faults = FaultSwitchboard(
            supported=POPULATION_KINDS,
            draws=self._draws,
            clock=self.clock,
            variants={FaultKind.HOSTILE_REPLY: HOSTILE_REPLIES.keys()},
        )
        self.recorder = CallRecorder(self.clock)
        self.exchange = FaultyExchange(self.faults, self.recorder, self.clock)
        self.journal = AnswerJournal()
        self.outcomes: Counter[str] = Counter()
        self._request_ids: dict[str, None] = {}
        self._bucket = (0.0, 0.0)

    @property
    def profile(self) -> PopulationProfile:
        """The settings in force."""
        return self._profile

    # Answering. It is the work of one call, done at its moment by the exchange.

    def answer(self, record: CallRecord, caller: Caller, question: Question) -> Answer:
        """Answer a question, truthfully or as the armed faults want it."""
        profile = self._profile
        if self._take(FaultKind.EXPIRED_SESSION, record) is not None:
            self.tokens.end_all()
        rejection = self._take(FaultKind.BUSINESS_REJECTION, record)
        if rejection is None:
            told = self._truth(caller, question)
        else:
            told = Told(question, (), Refusal(f"{abs(rejection.error_code):03}", rejection.message))
        self._note(record, caller, told)
        prefixes = _USUAL
        if profile.prefix_style is not PrefixStyle.USUAL:
            prefixes = prefixes_of(profile.prefix_style, self._draws.getrandbits(30))
        now = self.clock.now()
        hostile = self._take(FaultKind.HOSTILE_REPLY, record)
        if hostile is None:
            return speaking.answer(told, caller, profile, prefixes, now)
        record.faults[-1] = f"hostile_reply:{hostile.variant}"
        return HOSTILE_REPLIES[hostile.variant](Scene(told, caller, profile, self.register, now))

    def _truth(self, caller: Caller, question: Question) -> Told:
        refusal = self._refusal(caller, question)
        if refusal is not None:
            return Told(question, (), refusal)
        people = self.register.find(question, self._profile)
        if question.operation == HOUSEHOLD and len(people) == 1:
            people = self.register.household(people[0])
        return Told(question, people)

    def _refusal(self, caller: Caller, question: Question) -> Refusal | None:
        """Find why a question is not answered; the caller is judged before what he says."""
        profile = self._profile
        refused = self.admission.problem(caller, question, profile, self.clock.now().timestamp())
        if refused is not None:
            return refused
        if self._is_over_quota():
            return Refusal("429", "Vượt quá hạn mức truy vấn")
        if question.problem is not None:
            return question.problem
        is_unoffered = question.operation == VITAL_STATUS and not profile.is_vital_status_offered
        if question.operation in UNSUPPORTED or is_unoffered:
            return Refusal("501", "Dịch vụ chưa được hỗ trợ (not supported)")
        if caller.path not in ("", "/") and caller.path != profile.path_of(question.operation):
            return Refusal("001", "Đường dẫn không thuộc dịch vụ này")
        return self._licence_problem(question) or self._reuse_problem(question)

    def _licence_problem(self, question: Question) -> Refusal | None:
        profile = self._profile
        if not _is_licensed(question.procedure, profile.licensed_procedures, profile.unlicensed_procedures):
            return Refusal("004", "Thủ tục hành chính chưa được cấp phép khai thác")
        if not _is_licensed(question.officer, profile.licensed_officers, profile.barred_officers):
            return Refusal("005", "Tài khoản cán bộ không có quyền")
        own = SERVICE_CODES.get(question.operation)
        if question.service not in profile.granted_services or (own is not None and question.service not in own):
            return Refusal("006", "Dịch vụ chưa được cấp cho hệ thống này")
        return None

    def _reuse_problem(self, question: Question) -> Refusal | None:
        if not self._profile.is_request_id_kept:
            return None
        if question.request_id in self._request_ids:
            return Refusal("003", "MaYeuCau đã được sử dụng")
        if len(self._request_ids) >= _MAX_REQUEST_IDS:
            del self._request_ids[next(iter(self._request_ids))]
        self._request_ids[question.request_id] = None
        return None

    def _is_over_quota(self) -> bool:
        """Count a call against the quota: a bucket that holds the calls of one second."""
        rate = self._profile.calls_per_second
        if not rate:
            return False
        left, at = self._bucket
        now = self.clock.monotonic()
        left = min(max(rate, 1.0), left + (now - at) * rate)
        self._bucket = (left - 1.0 if left >= 1.0 else left, now)
        return left < 1.0

    def _note(self, record: CallRecord, caller: Caller, told: Told) -> None:
        if told.refusal is not None:
            outcome = f"refused {told.refusal.code}"
        elif told.question.operation == VERIFY:
            outcome = "exists" if told.people else "exists not"
        elif not told.people:
            outcome = "not found"
        else:
            is_ambiguous = len(told.people) > 1 and told.question.operation != HOUSEHOLD
            outcome = "two matches" if is_ambiguous else "found"
        record.outcome = outcome
        record.session_ok = told.refusal is None or told.refusal.code not in ("100", "101", "102", "900901", "900902")
        self.outcomes[outcome] += 1
        self.journal.note(caller.edge, told.question, outcome, told.people, record)

    def _take(self, kind: FaultKind, record: CallRecord) -> FaultSpec | None:
        if self.faults.is_idle:
            return None
        spec = self.faults.take((kind,), record.operation, record.item_codes)
        if spec is not None:
            record.faults.append(kind.value)
        return spec

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

    def counters(self) -> dict[str, Any]:
        """Give every total since the start or the last reset."""
        outcomes = self.outcomes
        refused = {name[8:]: count for name, count in sorted(outcomes.items()) if name.startswith("refused ")}
        return {
            "asked": outcomes.total(),
            "found": outcomes["found"],
            "not_found": outcomes["not found"],
            "two_matches": outcomes["two matches"],
            "verified_true": outcomes["exists"],
            "verified_false": outcomes["exists not"],
            "refused": sum(refused.values()),
            "refused_by_code": refused,
            "tokens_given": self.tokens.given_count,
            "people": self.register.count,
            "faults_injected": {kind.value: count for kind, count in self.faults.injected.items()},
            **self.recorder.counters(),
        }

    def health(self) -> dict[str, Any]:
        """Tell that the sandbox is alive and what it is."""
        return {"is_healthy": True, "system": "population", "is_simulated": True, "people": self.register.count}

    def reset(self) -> None:
        """Forget what was received and disarm every fault; settings, people and time stay."""
        self.tokens.forget()
        self.journal.forget()
        self.recorder.reset()
        self.faults.clear()
        self.faults.reset_counts()
        self.outcomes.clear()
        self._request_ids.clear()

    def make_app(self) -> web.Application:
        """Make the application with every edge and the control API."""
        return app.make_app(self, control.actions(self), self._control_token)

    def make_control_app(self) -> web.Application:
        """Make an application with the control API alone."""
        return app.make_control_app(control.actions(self), self._control_token)

    async def stop(self) -> None:
        """There is no background work."""


def _is_licensed(code: str, licensed: list[str] | None, barred: list[str]) -> bool:
    """Judge a code: never an empty or barred one, and where a list of the licensed is kept, only those."""
    return bool(code) and code not in barred and (licensed is None or code in licensed)
