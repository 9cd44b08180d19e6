"""One formula for each indicator code, under the reading that a selection was made with."""

from collections.abc import Callable
from decimal import Decimal

from gateway.errors import Fault, InvalidInput
from gateway.indicators import dossier_rules as d
from gateway.indicators import procedure_rules as p
from gateway.indicators.facts import DossierFact
from gateway.indicators.formulas import Deducted, Formula, Lag, Mean, NotComputable, Part, Parts, Share, Verdict
from gateway.indicators.readings import (
    Integrated,
    LevelCount,
    OnlineDossiers,
    OnlineServicesUsed,
    PaidProcedures,
    ProceduresUsed,
    Readings,
)
from gateway.indicators.scope import ScopeKind
from gateway.indicators.selection import Selection
from gateway.indicators.syncing import StrictOnline, SyncRatio
from gateway.indicators.words import Timeliness

_FULL_OF_ALL = {
    LevelCount.PER_LEVEL: Share(base=p.PROC_AT_LEVELS, counts=(p.FULL,)),
    LevelCount.HIGHEST: Share(base=p.PROC_AT_HIGHEST, counts=(p.FULL,)),
}
_INTEGRATED = {
    Integrated.FULL: Share(base=p.PROC, inside=(p.FULL,), counts=(p.INTEGRATED,)),
    Integrated.ONLINE: Share(base=p.PROC, inside=(p.ONLINE_SERVICE,), counts=(p.FULL, p.INTEGRATED)),
}
_SERVICES_USED = {
    OnlineServicesUsed.ONLINE: Share(base=p.PROC, inside=(p.ONLINE_SERVICE,), counts=(p.WITH_ONLINE_DOSSIER,)),
    OnlineServicesUsed.ANY: Share(base=p.PROC, inside=(p.ONLINE_SERVICE,), counts=(p.WITH_DOSSIER,)),
    OnlineServicesUsed.FINISHED_ONLINE: Share(
        base=p.PROC, inside=(p.ONLINE_SERVICE,), counts=(p.WITH_FINISHED_ONLINE_DOSSIER,)
    ),
}
_WITHIN_ONLINE = Share(base=d.DOS, inside=(d.OF_ONLINE_SERVICE,), counts=(d.ONLINE,))
_FULLY = Share(base=d.DOS, counts=(d.ONLINE, d.FULLY_ONLINE))
_ONLINE_DOSSIERS = {
    OnlineDossiers.ALL: Share(base=d.DOS, counts=(d.ONLINE,)),
    OnlineDossiers.OF_ONLINE: _WITHIN_ONLINE,
    OnlineDossiers.FULLY: _FULLY,
}
_PROCEDURES_USED = {
    ProceduresUsed.ONLINE: Share(base=p.PROC, inside=(p.ONLINE_SERVICE,), counts=(p.WITH_ONLINE_DOSSIER,)),
    ProceduresUsed.ALL: Share(base=p.PROC, counts=(p.WITH_ONLINE_DOSSIER,)),
    ProceduresUsed.WITH_DOSSIERS: Share(base=p.PROC, inside=(p.WITH_DOSSIER,), counts=(p.WITH_ONLINE_DOSSIER,)),
}
_PAID_PROCEDURES = {
    PaidProcedures.FEE_IN_DATABASE: Share(base=p.PROC, inside=(p.WITH_FEE,), counts=(p.WITH_PAID_DOSSIER,)),
    PaidProcedures.FEE_DOSSIERS: Share(base=p.PROC, inside=(p.WITH_FEE_DOSSIER,), counts=(p.WITH_PAID_DOSSIER,)),
}


def _processing_time(dossier: DossierFact) -> Decimal:
    return dossier.processing_time or Decimal()


def _is_one_procedure(selection: Selection) -> bool:
    return selection.scope.kind is ScopeKind.PROCEDURE


def _lag_seconds(dossier: DossierFact) -> int:
    if dossier.synced_at is None or dossier.accepted_at is None:
        return 0
    return int((dossier.synced_at - dossier.accepted_at).total_seconds())


def _by_class(wanted: Timeliness) -> Share[DossierFact]:
    return Share(base=d.DOS, inside=(d.FINISHED,), counts=(d.of_class(wanted),), name=wanted)


_FIXED: dict[str, Formula] = {
    "S1": Share(base=p.PROC, inside=(p.ELIGIBLE,), counts=(p.FULL,)),
    "S2": Share(base=p.PROC, counts=(p.ONLINE_SERVICE,)),
    "S5": Parts(
        tuple(
            Share(base=p.PROC, inside=(p.ONLINE_SERVICE,), counts=(p.proactive(level),), name=f"PRO{level}")
            for level in (1, 2, 3, 4)
        )
    ),
    "U2own": Share(base=d.DOS, counts=(d.ONLINE, d.BY_APPLICANT)),
    "U2s": _WITHIN_ONLINE,
    "U2f": _FULLY,
    "U2x": StrictOnline(),
    "T1": Share(base=d.DOS, inside=(d.CLASSED,), counts=(d.IN_TIME,)),
    "T1o": Share(base=d.DOS, inside=(d.CLASSED_PROMISED,), counts=(d.IN_TIME_PROMISED,)),
    "T1_reopen": Share(base=d.DOS, inside=(d.REOPENED, d.CLASSED_REOPENED), counts=(d.IN_TIME_REOPENED,)),
    "T1_case": Share(base=d.DOS, inside=(d.LEADS_CASE, d.CLASSED_CASE), counts=(d.IN_TIME_CASE,)),
    "T2": Parts(tuple(_by_class(wanted) for wanted in (Timeliness.EARLY, Timeliness.ON_TIME, Timeliness.LATE))),
    "T3": Share(base=d.DOS, inside=(d.STILL_OPEN,), counts=(d.OPEN_OVERDUE,)),
    "T4": Mean(base=d.DOS, inside=(d.FINISHED, d.TIMED), amount=_processing_time, is_one_unit=_is_one_procedure),
    "T5": Share(base=d.SUBMISSIONS, counts=(d.ACCEPTED_LATE,)),
    "G1": Share(base=d.DOS, inside=(d.DOCUMENT_REQUIRED,), counts=(d.RESULT_FILE,)),
    "G2": Share(base=d.DOS, counts=(d.COMPONENT_FILE, d.RESULT_FILE_OR_NONE_REQUIRED)),
    "G3": Share(base=d.DOS, counts=(d.REUSED,)),
    "G4": Share(base=d.DOS, counts=(d.PERSONAL_STORE,)),
    "G5a": Share(base=p.PROC, inside=(p.FOR_CITIZENS,), counts=(p.WITH_POPULATION_DOSSIER,)),
    "G5b": Share(base=d.DOS, counts=(d.POPULATION_DATA,)),
    "F1": Share(base=p.PROC, inside=(p.WITH_FEE,), counts=(p.WITH_FEE_DOSSIER,)),
    "F3": Share(base=d.DOS, inside=(d.OF_FEE_PROCEDURE, d.NOT_ALL_ZERO), counts=(d.PAID_ONLINE,)),
    "Q1": Share(base=d.DOS, inside=(d.RATED,), counts=(d.SATISFIED,)),
    "Q1r": Share(base=d.DOS, inside=(d.FINISHED,), counts=(d.RATED,)),
    "Q2": Deducted(base=d.DOS, counts=(d.IN_TIME, d.NO_PETITION_OR_DISLIKE)),
    "Q3": Share(base=p.PETITIONS, counts=(p.ANSWERED_IN_TIME,)),
    "Q4": Share(base=p.PETITIONS, counts=(p.NOT_DISLIKED, p.ANSWERED_IN_TIME, p.NOT_REPEATED)),
    "C1": Share(base=p.ANNOUNCED, counts=(p.DECIDED_IN_TIME,)),
    "C2": Share(base=p.ANNOUNCED, counts=(p.PUBLISHED_IN_TIME,)),
    "C3": Share(base=p.PROC, counts=(p.COMPLETE,)),
    "Y1": SyncRatio(),
    "Y2": Lag(base=d.DOS, inside=(d.SYNCED,), seconds=_lag_seconds),
    "W1": Share(base=p.SET_UP, counts=(p.SET_UP_IN_TIME,)),
    "A1": NotComputable(),
    "H1": NotComputable(),
}
_BY_READING: dict[str, Callable[[Readings], Formula]] = {
    "S3": lambda readings: _FULL_OF_ALL[readings.s3],
    "S4": lambda readings: _INTEGRATED[readings.s4],
    "U1": lambda readings: _SERVICES_USED[readings.u1],
    "U2": lambda readings: _ONLINE_DOSSIERS[readings.u2],
    "U3": lambda readings: _PROCEDURES_USED[readings.u3],
    "F2": lambda readings: _PAID_PROCEDURES[readings.f2],
}
CODES = frozenset(_FIXED) | frozenset(_BY_READING)


def formula_of(code: str, readings: Readings) -> Formula:
    """Give an indicator's formula under one reading. Raises InvalidInput (`indicator_unknown`)."""
    if code in _BY_READING:
        return _BY_READING[code](readings)
    if code not in _FIXED:
        raise InvalidInput(
            "there is no such indicator", [Fault("/indicator", "must be known", code[:20])], code="indicator_unknown"
        )
    return _FIXED[code]


def measure(code: str, selection: Selection) -> Part:
    """Give an indicator's own value with its dossiers."""
    return measure_parts(code, selection)[0]


def measure_parts(code: str, selection: Selection) -> tuple[Part, ...]:
    """Give all parts of an indicator: T2 and S5 have several, Q2 a diagnostic beside its value, Y2 two percentiles."""
    return formula_of(code, selection.readings).measure(selection)


def explain(code: str, selection: Selection, key: str) -> Verdict:
    """Say where one dossier (procedure, service, petition) stands in an indicator's first part, and why."""
    return formula_of(code, selection.readings).explain(selection, key)
