"""An invented province to count in: agencies with a merger, procedures of which few are asked for often, petitions."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import Any

from gateway.model.dossier import Channel, FeeKind
from gateway.model.procedure import (
    AmountKind,
    ExecutingLevel,
    Named,
    Procedure,
    ProcedureChannel,
    ProcedureFee,
    ProcedureResult,
    ServiceLevel,
    TimeLimit,
    TimeUnit,
)
from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.petitions import Petition, Reply

FIRST_ON, AFTER_ON = date(2024, 1, 1), date(2027, 1, 1)
MERGED_ON = date(2025, 7, 1)
DEPARTMENTS_COUNT, UNITS_COUNT, COMMUNES_COUNT, PROCEDURES_COUNT = 20, 2, 150, 1_800
_MERGED_COMMUNES_COUNT = 20
_FIELDS_COUNT = 60
_PETITIONS_COUNT = 3_000
_STEEPNESS = 1.05
"""Of Zipf's law: the procedure of rank n is asked for n^-1.05 times as often as the first."""
_LEVELS = (ExecutingLevel.PROVINCE, ExecutingLevel.COMMUNE)
_COMMUNE_EVERY = 4
"""One procedure in so many is the communes', the most frequent one among them."""
_LIMITS = ((1, TimeUnit.WORKING_DAY), (3, TimeUnit.WORKING_DAY), (10, TimeUnit.WORKING_DAY), (15, TimeUnit.DAY))
_SERVICES = (ServiceLevel.FULL, ServiceLevel.FULL, ServiceLevel.PARTIAL, ServiceLevel.PARTIAL, ServiceLevel.INFORMATION)


@dataclass(frozen=True, slots=True)
class Kind:
    """What judging a dossier depends on of its procedure: procedures of one kind differ in names and owners only."""

    level: ExecutingLevel
    limit: tuple[int, TimeUnit]
    has_fee: bool
    has_result: bool


@dataclass(frozen=True, slots=True)
class Ranked:
    """Things with how often each comes up, to choose from."""

    codes: tuple[str, ...]
    bounds: tuple[float, ...]

    def choose(self, chance: Random, count: int) -> list[str]:
        """Choose so many, each anew."""
        return chance.choices(self.codes, cum_weights=self.bounds, k=count)


def ranked(weights: dict[str, float]) -> Ranked:
    """Give at least one thing to choose from."""
    return Ranked(tuple(weights), tuple(accumulate(weights.values())))


class Province:
    """Everything but dossiers; always the same."""

    # Agencies

    @cached_property
    def departments(self) -> dict[str, float]:
        """Departments and the units below them, with their shares of what the province level is asked for."""
        found: dict[str, float] = {}
        for number in range(1, DEPARTMENTS_COUNT + 1):
            share = 1 / number**0.7
            found[f"H99.{number:02}"] = share
            found |= {f"H99.{number:02}.{unit:02}": share / 3 for unit in range(1, UNITS_COUNT + 1)}
        return found

    @cached_property
    def communes(self) -> dict[str, float]:
        """Communes with their shares of what communes are asked for."""
        return {f"H99.{100 + number}": 1.0 + 3 / number for number in range(1, COMMUNES_COUNT + 1)}

    @cached_property
    def successors(self) -> dict[str, str]:
        """Who took over from whom on the day of the merger: one department with its units, and some communes."""
        last = f"H99.{DEPARTMENTS_COUNT:02}"
        found = {code: f"H99.{DEPARTMENTS_COUNT - 1:02}" for code in self.departments if code.startswith(last)}
        codes = list(self.communes)
        return found | dict(zip(codes[-_MERGED_COMMUNES_COUNT:], codes, strict=False))

    @cached_property
    def agency_items(self) -> list[dict[str, Any]]:
        """The register of agencies. Of both levels, half are in the unit group 1, half in 2."""
        items = []
        for level, codes in zip(_LEVELS, (self.departments, self.communes), strict=True):
            for place, code in enumerate(codes):
                item: dict[str, Any] = {"code": code, "level": level.value, "unit_group": str(1 + place % 2)}
                if code in self.successors:
                    item |= {"valid_to": MERGED_ON.isoformat(), "successor": self.successors[code]}
                items.append(item)
        return items

    # Procedures

    @cached_property
    def procedures(self) -> list[Procedure]:
        """The catalogue, the most frequent first."""
        return [self._procedure(number) for number in range(PROCEDURES_COUNT)]

    @cached_property
    def kinds(self) -> dict[Kind, Ranked]:
        """The procedures of every kind."""
        found: dict[Kind, dict[str, float]] = {}
        for number in range(PROCEDURES_COUNT):
            found.setdefault(_kind(number), {})[_code(number)] = (number + 1) ** -_STEEPNESS
        return {kind: ranked(weights) for kind, weights in found.items()}

    @cached_property
    def example(self) -> dict[Kind, Procedure]:
        """The most frequent procedure of every kind, which stands for all of it where a dossier is judged."""
        found: dict[Kind, Procedure] = {}
        for number, procedure in enumerate(self.procedures):
            found.setdefault(_kind(number), procedure)
        return found

    def _procedure(self, number: int) -> Procedure:
        kind = _kind(number)
        fee = ProcedureFee(kind=FeeKind.LEVY, amount_kind=AmountKind.FIXED, amount_vnd=50_000)
        limit = TimeLimit(amount=kind.limit[0], unit=kind.limit[1], fees=(fee,) if kind.has_fee else ())
        owner = f"H99.{1 + number % DEPARTMENTS_COUNT:02}"
        return Procedure(
            code=_code(number),
            name=f"Thủ tục {number + 1}",
            is_public=number % 7 != 0,
            service_level=_SERVICES[number % len(_SERVICES)],
            sectors=(Named(code=f"LV{number % _FIELDS_COUNT:02}", name="Lĩnh vực"),),
            executing_levels=(kind.level,),
            channels=tuple(ProcedureChannel(channel=one, time_limits=(limit,)) for one in Channel),
            applicant_kinds=(Named(code="1", name="Công dân" if number % 3 else "Doanh nghiệp"),),
            results=(ProcedureResult(code="KQ", name="Giấy"),) if kind.has_result else (),
            executing_agencies=(Named(code=owner, name="Sở"),) if kind.level is ExecutingLevel.PROVINCE else (),
        )

    # Registers and petitions

    @cached_property
    def count_items(self) -> list[dict[str, Any]]:
        """What the national report counted of the last year, for the indicators that divide by it."""
        return [{"period_type": "year", "period": str(AFTER_ON.year - 1), "portal_count": 500_000}]

    @cached_property
    def eligibility_items(self) -> list[dict[str, Any]]:
        """Two procedures in three are eligible for full online service, by one decision."""
        codes = [one.code for number, one in enumerate(self.procedures) if number % 3]
        return [{"procedure_code": code, "source": "Quyết định 1"} for code in codes]

    def petitions(self, count: int = _PETITIONS_COUNT) -> list[Petition]:
        """Petitions over the whole time, none of them about one dossier."""
        chance, days = Random("petitions"), (AFTER_ON - FIRST_ON).days - 30
        agencies = [*self.departments, *self.communes]
        found = []
        for number in range(count):
            received_at = datetime(FIRST_ON.year, 1, 1, 9, tzinfo=VIETNAM) + timedelta(days=number * days / count)
            found.append(
                Petition(
                    petition_id=f"P{number:06}",
                    agency_code=chance.choice(agencies),
                    received_at=received_at,
                    known_at=received_at,
                    procedure_code=_code(int(PROCEDURES_COUNT * chance.random() ** 3)),
                    kind="service",
                    reply=Reply.ANSWERED,
                    replied_at=received_at + timedelta(days=chance.randint(1, 28)),
                )
            )
        return found


def _code(number: int) -> str:
    return f"1.{number + 1:06}"


def _kind(number: int) -> Kind:
    level = _LEVELS[number % _COMMUNE_EVERY == 0]
    group = number // _COMMUNE_EVERY
    return Kind(level, _LIMITS[group % len(_LIMITS)], has_fee=group % 3 == 0, has_result=group % 5 != 0)


def at_first(procedure: Procedure) -> Procedure:
    """Give a procedure as an older version of the catalogue had it: nothing that a dossier is judged by differs."""
    return replace(procedure, name=f"{procedure.name} (cũ)", service_level=ServiceLevel.INFORMATION)
