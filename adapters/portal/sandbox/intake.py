"""Taking pushes: dossiers (§5, §13-7 to -17) and progress steps (§6, §13-18 to -20).

A batch is judged record by record in its own order, then applied as the batch policy says. No public source shows a
verdict per record, so the one message lists the offending dossier codes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from adapters.portal.sandbox.catalogue import Record
from adapters.portal.sandbox.fields import STEP_FIELDS
from adapters.portal.sandbox.profile import BatchPolicy, PortalProfile, PushResult
from adapters.portal.sandbox.replies import ABSENT, Reply, failure
from adapters.portal.sandbox.rules import dossier_check, oddities, step_check
from adapters.portal.sandbox.state import DossierState, PortalState, Revision, StoredStep, encode_canonical


class _Trouble(Enum):
    EXISTS = auto()
    MISSING = auto()
    INVALID = auto()


@dataclass(frozen=True, slots=True)
class _Problem:
    """Why one record is not taken. `code` is its dossier code, or its place in the batch when it has none."""

    code: str
    trouble: _Trouble
    detail: str = ""


class Intake:
    """Judges and applies pushes under one profile."""

    def __init__(self, state: PortalState, profile: PortalProfile) -> None:
        self._state = state
        self._profile = profile
        self._check_dossier = dossier_check(profile)
        self._check_step = step_check(profile)

    def push_dossiers(self, records: Sequence[Any], *, is_updating: bool) -> Reply:
        """Create (`is_updating` False) or update dossiers; all records must be of the one sort (§1.7)."""
        profile, state = self._profile, self._state
        size_problem = self._size_problem(records, profile.max_dossiers_per_call)
        if size_problem is not None:
            return size_problem
        problems: list[_Problem] = []
        good: list[Record] = []
        new_codes: set[str] = set()
        for place, record in enumerate(records, start=1):
            problem = self._judge_dossier(place, record, new_codes, is_updating=is_updating)
            if problem is None:
                good.append(record)
                new_codes.add(record["MaHoSo"])
            else:
                problems.append(problem)
        state.tallies["records_rejected"] += len(problems)
        if problems and profile.batch_policy is BatchPolicy.ALL_OR_NOTHING:
            return self._refusal(problems)
        for record in good:
            self._apply_dossier(record, is_updating=is_updating)
        return self._refusal(problems) if problems else self._success(profile.wording.push_success)

    def push_steps(self, steps: Sequence[Any]) -> Reply:
        """Store progress steps in their order."""
        profile, state = self._profile, self._state
        size_problem = self._size_problem(steps, profile.max_steps_per_call)
        if size_problem is not None:
            return size_problem
        problems: list[_Problem] = []
        good: list[Record] = []
        for place, step in enumerate(steps, start=1):
            problem = self._judge_step(place, step)
            if problem is None:
                good.append(step)
            else:
                problems.append(problem)
        state.tallies["steps_rejected"] += len(problems)
        if problems and profile.batch_policy is BatchPolicy.ALL_OR_NOTHING:
            return self._refusal(problems)
        for step in good:
            self._apply_step(step)
        return self._refusal(problems) if problems else self._success(profile.wording.progress_success)

    def _size_problem(self, records: Sequence[Any], limit: int) -> Reply | None:
        wording = self._profile.wording
        if len(records) > limit:
            self._state.tallies["batches_too_large"] += 1
            return self._failed(wording.batch_too_large.format(limit=limit))
        if not records and not self._profile.is_empty_batch_accepted:
            return self._failed(wording.empty_batch)
        return None

    def _judge_dossier(self, place: int, record: Any, new_codes: set[str], *, is_updating: bool) -> _Problem | None:
        code, problem = _identify(place, record)
        if problem is not None:
            return problem
        profile = self._profile
        detail = self._check_dossier(record)
        if detail is None and profile.required_code_prefix not in code.partition("-")[0]:
            detail = "trường MaHoSo không mang mã của đơn vị"
        if detail is None and not profile.is_unknown_procedure_accepted:
            procedure_code = record.get("MaTTHC")
            if not isinstance(procedure_code, str) or procedure_code not in self._state.procedures:
                detail = profile.wording.unknown_procedure.format(code=procedure_code)
        if detail is not None:
            return _Problem(code, _Trouble.INVALID, detail)
        known = self._state.dossiers.get(code)
        if is_updating:
            return None if known is not None else _Problem(code, _Trouble.MISSING)
        if known is not None:
            self._count_rejected_create(known, record)
            return _Problem(code, _Trouble.EXISTS)
        return _Problem(code, _Trouble.EXISTS) if code in new_codes else None

    def _count_rejected_create(self, known: DossierState, record: Record) -> None:
        # A create that repeats an accepted one word for word is the mark of a sender that did not look first.
        known.rejected_create_count += 1
        self._state.tallies["creates_rejected_existing"] += 1
        body = encode_canonical(record)
        if body == known.body or any(body == revision.body for revision in known.revisions):
            known.rejected_identical_create_count += 1
            self._state.tallies["creates_rejected_identical"] += 1

    def _apply_dossier(self, record: Record, *, is_updating: bool) -> None:
        state, profile = self._state, self._profile
        code: str = record["MaHoSo"]
        dossier = state.dossiers.get(code)
        if dossier is None:
            dossier = state.open_dossier(code, profile.max_revisions_per_dossier)
        body = encode_canonical(record)
        is_identical = is_updating and body == dossier.body
        if is_identical:
            body = dossier.body  # one copy in memory, however often it is repeated
            dossier.identical_count += 1
            state.tallies["updates_identical"] += 1
        elif is_updating:
            dossier.changed_count += 1
            state.tallies["updates_changed"] += 1
        else:
            dossier.create_count += 1
            state.tallies["creates_applied"] += 1
        status = str(record.get("TrangThaiHoSo") or "")
        self._set_status(dossier, status)
        revision = Revision(
            state.next_sequence(),
            state.now(),
            is_updating=is_updating,
            is_identical=is_identical,
            status=status,
            body=body,
        )
        if not profile.are_revision_bodies_kept:
            revision.body = None
        dossier.body = body
        dossier.revisions.append(revision)
        dossier.revision_count += 1
        for oddity in oddities(record):
            state.note(oddity, code)

    def _set_status(self, dossier: DossierState, status: str) -> None:
        previous, dossier.status = dossier.status, status
        is_backward = previous.isdigit() and status.isdigit() and int(status) < int(previous)
        if is_backward and self._profile.is_backward_status_noted:
            self._state.note("status_moved_backward", dossier.code)

    def _judge_step(self, place: int, step: Any) -> _Problem | None:
        code, problem = _identify(place, step)
        if problem is not None:
            return problem
        detail = self._check_step(step)
        if detail is not None:
            return _Problem(code, _Trouble.INVALID, detail)
        return None if code in self._state.dossiers else _Problem(code, _Trouble.MISSING)

    def _apply_step(self, step: Record) -> None:
        state, profile = self._state, self._profile
        dossier = state.dossiers[step["MaHoSo"]]
        content = tuple(step.get(name) for name in STEP_FIELDS)
        is_repeated = any(stored.content == content for stored in dossier.steps)
        if is_repeated:
            dossier.repeated_step_count += 1
            state.tallies["steps_repeated"] += 1
            if not profile.is_repeated_step_stored:
                return
        at = str(step["ThoiDiemXuLy"])
        if at < dossier.latest_step_time:
            dossier.late_step_count += 1
            state.tallies["steps_out_of_order"] += 1
        else:
            dossier.latest_step_time = at
            if profile.does_step_change_status:
                self._set_status(dossier, str(step["TrangThai"]))
        dossier.steps.append(StoredStep(state.next_sequence(), state.now(), content))
        state.tallies["steps_stored"] += 1

    def _success(self, message: str) -> Reply:
        return Reply(0, message, [] if self._profile.push_result is PushResult.EMPTY_LIST else ABSENT)

    def _failed(self, message: str) -> Reply:
        return failure(self._profile, self._profile.wording.failure_prefix + message)

    def _refusal(self, problems: Sequence[_Problem]) -> Reply:
        """One verdict for the batch: code 3 only when every trouble is that the dossier exists (§13-7, -8)."""
        wording = self._profile.wording
        parts: list[str] = []
        for trouble, text in (
            (_Trouble.EXISTS, wording.already_exists),
            (_Trouble.MISSING, wording.does_not_exist),
        ):
            codes = _codes(problems, trouble)
            if codes:
                parts.append(text.format(codes=", ".join(codes)))
        parts += [
            wording.invalid_record.format(codes=problem.code, detail=problem.detail)
            for problem in problems
            if problem.trouble is _Trouble.INVALID
        ]
        message = wording.failure_prefix + "; ".join(parts)
        if all(problem.trouble is _Trouble.EXISTS for problem in problems):
            return Reply(self._profile.already_exists_code, message)
        return failure(self._profile, message)


def _identify(place: int, record: Any) -> tuple[str, _Problem | None]:
    """Give the dossier code of a record, or the problem that it has none that could be used."""
    position = f"thứ {place}"
    if not isinstance(record, dict):
        return position, _Problem(position, _Trouble.INVALID, "bản ghi phải là đối tượng")
    code = record.get("MaHoSo")
    if isinstance(code, str) and code:
        return code, None
    detail = "thiếu trường MaHoSo" if code is None else "trường MaHoSo không được để trống"
    return position, _Problem(position, _Trouble.INVALID, detail)


def _codes(problems: Iterable[_Problem], trouble: _Trouble) -> list[str]:
    return list(dict.fromkeys(problem.code for problem in problems if problem.trouble is trouble))
