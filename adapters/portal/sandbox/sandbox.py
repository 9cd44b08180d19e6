"""The simulated portal as one object: it answers calls, keeps the record, and can be asked and switched.

All methods are for the event loop that serves it. HTTP is in `app`, the control API in `control`; a test in the
same process may call the methods here directly.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aiohttp import web

from adapters.portal.sandbox import app, control
from adapters.portal.sandbox.addresses import AddressChecker
from adapters.portal.sandbox.catalogue import Catalogue, Record, make_catalogue
from adapters.portal.sandbox.distortion import CATALOGUE_FAULTS, distort, drifted
from adapters.portal.sandbox.filing import Filing
from adapters.portal.sandbox.intake import Intake
from adapters.portal.sandbox.profile import (
    FIXED_SETTINGS,
    CodeDialect,
    PortalProfile,
    ProfileError,
    ReadResult,
)
from adapters.portal.sandbox.replies import Reply, failure, with_odd_result, write_code, write_reply
from adapters.portal.sandbox.services import SERVICES, Desk, Envelope, Service
from adapters.portal.sandbox.state import DossierState, PortalState
from adapters.portal.sandbox.statements import make_questions
from adapters.sandboxing import (
    HTTP_KINDS,
    Answer,
    CallRecord,
    CallRecorder,
    FaultKind,
    FaultSpec,
    FaultSwitchboard,
    FaultyExchange,
    MachineClock,
    SandboxClock,
    Touch,
)

PORTAL_KINDS = HTTP_KINDS | {
    FaultKind.BUSINESS_REJECTION,
    FaultKind.EXPIRED_SESSION,
    FaultKind.UNKNOWN_CODES,
    FaultKind.DUPLICATES,
    FaultKind.REORDERED,
    FaultKind.ODD_RESULT,
    FaultKind.ERROR_CODE_DIALECT,
    FaultKind.WRAPPED_REPLY,
}
"""What the portal sandbox can do by itself; a runner with spare certificates adds the certificate faults."""


class UnknownProcedureCode(LookupError):
    """The control call names a procedure that the catalogue does not have."""


class PortalSandbox:
    """The national portal, simulated from the portal wire notes."""

    def __init__(
        self,
        profile: PortalProfile | None = None,
        *,
        catalogue: Catalogue | None = None,
        clock: SandboxClock | None = None,
        seed: int = 1,
        control_token: str | None = None,
        services: Mapping[str, Service] = SERVICES,
        max_call_details: int = 10_000,
    ) -> None:
        self._profile = profile or PortalProfile()
        self._clock = clock or MachineClock()
        self._rng = random.Random(seed)  # noqa: S311 - a sandbox must be repeatable
        self._services = services
        self._control_token = control_token
        chosen = catalogue or make_catalogue(seed=seed, levels=self._profile.administrative_levels)
        self.state = PortalState(chosen, random.Random(self._rng.random()), self._clock)  # noqa: S311 - as above
        self.state.questions, self.state.answers = make_questions(self.state.agencies, self.state.sectors)
        self.faults = FaultSwitchboard(supported=PORTAL_KINDS, draws=self._rng, clock=self._clock)
        self.recorder = CallRecorder(self._clock, max_details=max_call_details)
        self.exchange = FaultyExchange(self.faults, self.recorder, self._clock)
        self.addresses = AddressChecker(self.state.note)
        self.filing = Filing(random.Random(self._rng.random()), self.state.national_codes)  # noqa: S311 - as above
        self._desk = Desk(self.state, self._profile, Intake(self.state, self._profile))

    # Answering.

    @property
    def profile(self) -> PortalProfile:
        """The settings in force."""
        return self._profile

    @property
    def clock(self) -> SandboxClock:
        """The sandbox's time."""
        return self._clock

    def identify(self, record: CallRecord, envelope: Envelope) -> None:
        """Note in the record which service is asked for and which dossiers the call is about."""
        name = envelope.get("service")
        service = self._services.get(name) if isinstance(name, str) else None
        if service is None:
            self.recorder.identify(record, str(name)[:60] if name else "unnamed", (), Touch.NOTHING)
        else:
            self.recorder.identify(record, str(name), service.codes(envelope), service.touch)

    def log_in(self, record: CallRecord, credentials: Envelope) -> Answer:
        """Answer a login (§1.3)."""
        profile, wording = self._profile, self._profile.wording
        rejection = self._take(FaultKind.BUSINESS_REJECTION, record)
        if rejection is not None:
            return self._write(record, self._rejection(rejection))
        given = credentials.get("username"), credentials.get("password")
        if given == (profile.username, profile.password):
            session = self.state.sessions.open(profile.session_seconds, profile.max_sessions)
            self.state.tallies["sessions_opened"] += 1
            reply = Reply(0, wording.success, more={"session": session})
        else:
            self.state.tallies["logins_refused"] += 1
            reply = failure(profile, wording.bad_credentials)
        return self._write(record, reply)

    def answer(self, record: CallRecord, envelope: Envelope, *, is_facade: bool = False) -> Answer:
        """Answer a business call (§1.5). A facade keeps the session itself, so none is asked of its callers."""
        if not is_facade:
            refusal = self._admission_problem(record, envelope)
            if refusal is not None:
                return self._write(record, refusal)
        name = envelope.get("service")
        service = self._services.get(name) if isinstance(name, str) else None
        if service is None or name in self._profile.unserved_services or (service.is_facade_only and not is_facade):
            return self._write(record, self._unknown_service(name))
        is_push = service.touch is Touch.EFFECT
        rejection = self._take(FaultKind.BUSINESS_REJECTION, record)
        if rejection is not None:
            if rejection.after_work:
                service.run(self._desk, envelope)
            return self._write(record, self._rejection(rejection), is_facade=is_facade, is_push=is_push)
        reply = service.run(self._desk, envelope)
        if reply.code == 0 and name == "DongBoHoSoMC" and self._profile.are_file_addresses_fetched:
            self.addresses.collect(envelope.get("data"))
        if not is_push:
            reply = self._distorted(record, reply, is_catalogue=service.is_catalogue)
        return self._write(record, reply, is_facade=is_facade and not service.is_never_wrapped, is_push=is_push)

    def malformed(self, record: CallRecord) -> Answer:
        """Answer a body that is not a JSON object (§13-33)."""
        if self._profile.is_malformed_answered_500:
            record.outcome = "malformed"
            return Answer(b"Internal Server Error", 500, "text/plain; charset=utf-8")
        return self._write(record, failure(self._profile, self._profile.wording.malformed))

    def _admission_problem(self, record: CallRecord, envelope: Envelope) -> Reply | None:
        profile, sessions = self._profile, self.state.sessions
        token = envelope.get("session")
        if self._take(FaultKind.EXPIRED_SESSION, record) is not None:
            sessions.end(token)
        prolonged = profile.session_seconds if profile.is_session_prolonged_by_use else None
        record.session_ok = sessions.is_live(token, prolonged_seconds=prolonged)
        if profile.is_session_checked and not record.session_ok:
            self.state.tallies["calls_with_bad_session"] += 1
            return Reply(profile.session_error_code, profile.wording.bad_session)
        unit = envelope.get("madonvi")
        is_unit_given = isinstance(unit, str) and bool(unit)
        is_unit_served = not profile.accepted_units or unit in profile.accepted_units
        if (profile.is_unit_required and not is_unit_given) or not is_unit_served:
            return failure(profile, profile.wording.bad_unit)
        return None

    def _unknown_service(self, name: Any) -> Reply:
        wording = self._profile.wording
        if not isinstance(name, str) or not name:
            return failure(self._profile, wording.bad_parameter.format(name="service"))
        reply = failure(self._profile, wording.unknown_service.format(name=name[:60]))
        return Reply(reply.code, reply.message, http_status=500) if self._profile.is_malformed_answered_500 else reply

    def _rejection(self, spec: FaultSpec) -> Reply:
        message = spec.message
        if spec.item_code is not None:
            message = self._profile.wording.invalid_record.format(codes=spec.item_code, detail=message)
        return Reply(spec.error_code, self._profile.wording.failure_prefix + message)

    def _distorted(self, record: CallRecord, reply: Reply, *, is_catalogue: bool) -> Reply:
        if reply.code == 0:
            reply = replace(reply, result=drifted(reply.result, self._profile))
        reply = with_odd_result(reply, self._profile.read_result)
        if self.faults.is_idle or reply.code != 0:
            return reply
        if is_catalogue and reply.result:
            for kind in CATALOGUE_FAULTS:
                if self._take(kind, record) is not None:
                    reply = Reply(reply.code, reply.message, distort(reply.result, kind, self._rng))
        odd = self._take(FaultKind.ODD_RESULT, record)
        return reply if odd is None else with_odd_result(reply, ReadResult(odd.effective_variant))

    def _take(self, kind: FaultKind, record: CallRecord) -> FaultSpec | None:
        if self.faults.is_idle:
            return None
        spec = self.faults.take((kind,), record.operation, record.item_codes)
        if spec is not None:
            record.faults.append(kind.value)
        return spec

    def _write(self, record: CallRecord, reply: Reply, *, is_facade: bool = False, is_push: bool = False) -> Answer:
        profile = self._profile
        if profile.added_envelope_fields:
            reply = replace(reply, more={**reply.more, **profile.added_envelope_fields})
        dialect = profile.code_dialect
        asked = self._take(FaultKind.ERROR_CODE_DIALECT, record)
        if asked is not None:
            dialect = CodeDialect(asked.effective_variant)
        is_wrapped = profile.is_reply_wrapped
        if is_facade:
            is_wrapped = profile.are_facade_pushes_wrapped if is_push else profile.are_facade_reads_wrapped
        if self._take(FaultKind.WRAPPED_REPLY, record) is not None:
            is_wrapped = True
        record.outcome = str(write_code(reply.code, CodeDialect.INTEGER))
        body = write_reply(reply, dialect, is_wrapped=is_wrapped)
        return Answer(body, reply.http_status, profile.reply_content_type)

    # Asking and switching.

    def change_profile(self, **changes: Any) -> None:
        """Put other settings in force. Raises ProfileError, also for a setting that is fixed at the start."""
        fixed = sorted(FIXED_SETTINGS & set(changes))
        if fixed:
            raise ProfileError(f"fixed when the sandbox starts: {', '.join(fixed)}")
        self._profile = self._profile.changed(**changes)
        self._desk = Desk(self.state, self._profile, Intake(self.state, self._profile))

    def add_fault(self, spec: FaultSpec) -> int:
        """Arm a fault and give its id. Raises FaultSpecError."""
        return self.faults.add(spec)

    def expire_sessions(self) -> int:
        """End every session; give how many there were."""
        return self.state.sessions.end_all()

    def dossier(self, code: str) -> DossierState | None:
        """Give one dossier as the portal holds it; None when it never came."""
        return self.state.dossiers.get(code)

    def dossiers(self, *, after: int = 0, limit: int = 10_000) -> Sequence[DossierState]:
        """List dossiers in order of creation, from the one after order number `after`."""
        return self.state.dossier_page(after, limit)

    def procedures(self) -> Sequence[Record]:
        """List the full procedure records."""
        return list(self.state.procedures.values())

    def add_procedure(self, record: Record) -> None:
        """Publish a procedure, or replace the one with its code. Raises ValueError without MATTHC and TENTTHC."""
        code, name = record.get("MATTHC"), record.get("TENTTHC")
        if not (isinstance(code, str) and code and isinstance(name, str)):
            raise ValueError("a procedure needs MATTHC and TENTTHC")
        self.state.procedures[code] = dict(record)

    def change_procedure(self, code: str, changes: Mapping[str, Any]) -> None:
        """Change fields of a published procedure. Raises UnknownProcedureCode, or ValueError for its code."""
        if changes.get("MATTHC", code) != code:
            raise ValueError("MATTHC is changed by renaming")
        self.state.procedures[code] = {**self._procedure(code), **changes}

    def remove_procedure(self, code: str) -> None:
        """Withdraw a procedure. Raises UnknownProcedureCode."""
        self._procedure(code)
        del self.state.procedures[code]

    def rename_procedure(self, code: str, *, new_code: str | None = None, new_name: str | None = None) -> None:
        """Give a procedure another code, another name or both; its place in the list stays.

        Raises UnknownProcedureCode, or ValueError when the new code is taken.
        """
        record = dict(self._procedure(code))
        if new_code is not None and new_code != code and new_code in self.state.procedures:
            raise ValueError("the new code is taken")
        record["MATTHC"] = new_code or code
        record["TENTTHC"] = record["TENTTHC"] if new_name is None else new_name
        renamed = {
            record["MATTHC"] if known == code else known: record if known == code else kept
            for known, kept in self.state.procedures.items()
        }
        self.state.procedures.clear()
        self.state.procedures.update(renamed)

    def counters(self) -> dict[str, Any]:
        """Give every total since the start or the last reset."""
        calls = self.recorder.counters()
        tallies = {name: self.state.tallies[name] for name in TALLIES}
        return {
            **tallies,
            "dossiers": len(self.state.dossiers),
            "pushes_accepted": tallies["creates_applied"] + tallies["updates_changed"] + tallies["updates_identical"],
            "procedures": len(self.state.procedures),
            "live_sessions": len(self.state.sessions),
            "concurrent_same_dossier": calls.pop("concurrent_same_item"),
            "concurrent_look_up_same_dossier": calls.pop("concurrent_look_up_same_item"),
            "notes": dict(self.state.note_counts),
            "faults_injected": {kind.value: count for kind, count in self.faults.injected.items()},
            "faults_injected_total": self.faults.injected.total(),
            **calls,
        }

    def health(self) -> dict[str, Any]:
        """Tell that the sandbox is alive and what it is."""
        return {"is_healthy": True, "system": "portal", "services": sorted(self._services)}

    def reset(self) -> None:
        """Forget what was received and disarm every fault; catalogue and settings stay."""
        self.state.forget_received()
        self.filing.forget()
        self.recorder.reset()
        self.faults.clear()
        self.faults.reset_counts()

    def make_app(self) -> web.Application:
        """Make the application with the portal's paths, the facade's and the control API."""
        return app.make_app(self, control.actions(self), self._control_token)

    def make_control_app(self) -> web.Application:
        """Make an application with the control API alone."""
        return app.make_control_app(control.actions(self), self._control_token)

    async def stop(self) -> None:
        """End background work."""
        await self.addresses.stop()

    def _procedure(self, code: str) -> Record:
        try:
            return self.state.procedures[code]
        except KeyError:
            raise UnknownProcedureCode(code) from None


TALLIES = (
    "creates_applied",
    "creates_rejected_existing",
    "creates_rejected_identical",
    "updates_changed",
    "updates_identical",
    "records_rejected",
    "steps_stored",
    "steps_repeated",
    "steps_out_of_order",
    "steps_rejected",
    "batches_too_large",
    "sessions_opened",
    "logins_refused",
    "national_statuses_stored",
    "national_statuses_repeated",
    "national_statuses_rejected",
    "calls_with_bad_session",
)
"""Totals that are always shown, also at zero."""
