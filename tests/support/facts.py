"""Small facts for tests of indicators: what a test does not say is in order and stands in August 2026."""

from datetime import datetime
from typing import Any

from gateway.indicators.facts import AgencyFact, DossierFact, FactSet, ProcedureFact, ServiceFact
from gateway.indicators.words import Timeliness
from gateway.model.dossier import Channel
from gateway.model.procedure import ExecutingLevel, ServiceLevel
from gateway.model.vocabulary import VIETNAM

AS_OF = datetime(2026, 10, 1, tzinfo=VIETNAM)
ACCEPTED_AT = datetime(2026, 8, 10, 9, tzinfo=VIETNAM)


def dossier(key: str, **changes: Any) -> DossierFact:
    """Give an online dossier of P1 that Sở A finished in time and the portal knows."""
    known: dict[str, Any] = {
        "procedure_code": "P1",
        "resolving_agency": "H99.A",
        "channel": Channel.ONLINE,
        "submitted_at": ACCEPTED_AT,
        "accepted_at": ACCEPTED_AT,
        "known_at": ACCEPTED_AT,
        "synced_at": ACCEPTED_AT,
        "timeliness": Timeliness.ON_TIME,
    }
    return DossierFact(key=key, **(known | changes))


def procedure(code: str = "P1", **changes: Any) -> ProcedureFact:
    """Give a procedure of the province that Sở A resolves."""
    known: dict[str, Any] = {"levels": frozenset({ExecutingLevel.PROVINCE}), "agencies": frozenset({"H99.A"})}
    return ProcedureFact(code=code, **(known | changes))


def service(code: str = "P1", level: ServiceLevel = ServiceLevel.FULL, **changes: Any) -> ServiceFact:
    """Give a published service of a procedure."""
    return ServiceFact(**({"key": f"{code}-service", "procedure_code": code, "service_level": level} | changes))


def agency(code: str = "H99.A", **changes: Any) -> AgencyFact:
    """Give a department of the province."""
    return AgencyFact(**({"code": code, "level": ExecutingLevel.PROVINCE} | changes))


def fact_set(*dossiers: DossierFact, **changes: Any) -> FactSet:
    """Give the facts about P1, which is offered in full, and its dossiers."""
    known: dict[str, Any] = {
        "as_of": AS_OF,
        "agencies": [agency()],
        "procedures": [procedure()],
        "services": [service()],
    }
    return FactSet(dossiers=dossiers, **(known | changes))


def keys(*names: str) -> frozenset[str]:
    """Give the keys that stand in a number."""
    return frozenset(names)
