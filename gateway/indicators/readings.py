"""What the sources leave open, as settings with the recommended default first: whose view, which denominators."""

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.indicators.scope import RollUp
from gateway.indicators.words import Membership, ServiceState, View


class OnlineServicesUsed(StrEnum):
    """U1, "DVCTT phát sinh hồ sơ": by an online dossier, by any dossier, or by one finished online."""

    ONLINE = "online"
    ANY = "any"
    FINISHED_ONLINE = "finished_online"


class ProceduresUsed(StrEnum):
    """U3, "TTHC có phát sinh hồ sơ trực tuyến": of the online procedures, of all, or of those that had any dossier."""

    ONLINE = "online"
    ALL = "all"
    WITH_DOSSIERS = "with_dossiers"


class OnlineDossiers(StrEnum):
    """U2, "hồ sơ xử lý trực tuyến": of all dossiers, of those of online procedures, or online throughout of all."""

    ALL = "all"
    OF_ONLINE = "of_online"
    FULLY = "fully"


class LevelCount(StrEnum):
    """S3: a procedure counts once per level where it applies, or once at its highest level."""

    PER_LEVEL = "per_level"
    HIGHEST = "highest"


class Integrated(StrEnum):
    """S4: of the full online services, or of all online services."""

    FULL = "full"
    ONLINE = "online"


class PaidProcedures(StrEnum):
    """F2: of the procedures with a fee in the national database, or of those with dossiers that owe a fee."""

    FEE_IN_DATABASE = "fee_in_database"
    FEE_DOSSIERS = "fee_dossiers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """One reading of everything that is open. A number is comparable only with numbers of equal readings.

    `online_states` are the states in which a service counts as offered; the 766 index counts services under test too.
    """

    view: View = View.GATEWAY
    roll_up: RollUp = RollUp.HISTORICAL
    u1: OnlineServicesUsed = OnlineServicesUsed.ONLINE
    u2: OnlineDossiers = OnlineDossiers.ALL
    u3: ProceduresUsed = ProceduresUsed.ONLINE
    s3: LevelCount = LevelCount.PER_LEVEL
    s4: Integrated = Integrated.FULL
    f2: PaidProcedures = PaidProcedures.FEE_IN_DATABASE
    membership: Membership = Membership.RECEIVED_AT
    online_states: frozenset[ServiceState] = field(
        default_factory=lambda: frozenset({ServiceState.PUBLISHED, ServiceState.ENDING})
    )
