"""August 2026 of an invented province: eight procedures, fourteen dossiers, four petitions, as tables to be read.

The columns and cells are those of the worked example of the monitoring notes (§6.1 to §6.3), so that both can be laid
side by side. Version 1 is what was known on 1 September 2026, 00:30; version 2 on 1 October 2026.
"""

from datetime import date, datetime
from decimal import Decimal

from gateway.indicators.facts import (
    AgencyFact,
    DossierFact,
    ExternalCounts,
    FactSet,
    PetitionFact,
    ProcedureFact,
    PublicationFact,
    ServiceFact,
)
from gateway.indicators.periods import PeriodType, period_of
from gateway.indicators.words import Answering, EnteredBy, FeeState, Rating, Timeliness
from gateway.model.dossier import Channel, OnlinePayment
from gateway.model.procedure import ExecutingLevel, ServiceLevel
from gateway.model.vocabulary import VIETNAM

AUGUST = period_of(PeriodType.MONTH, "2026-08")
AS_OF_V1 = datetime(2026, 9, 1, 0, 30, tzinfo=VIETNAM)
AS_OF_V2 = datetime(2026, 10, 1, tzinfo=VIETNAM)

PROCEDURES = """
Code | Level | Agency | Online | Eligible | On DVCQG | Fee | Document | Citizen
P1   | P     | A      | FULL   | yes      | yes      | yes | yes      | yes
P2   | P     | A      | PART   | no       | yes      | no  | yes      | no
P3   | P     | B      | FULL   | yes      | no       | yes | yes      | yes
P4   | P     | B      | INFO   | no       | no       | no  | yes      | no
P5   | C     | M N    | FULL   | yes      | yes      | yes | yes      | yes
P6   | C     | M N    | PART   | yes      | no       | no  | no       | yes
P7   | C     | M N    | FULL   | yes      | yes      | no  | yes      | yes
P8   | P     | A      | FULL   | yes      | no       | yes | yes      | no
"""

# `net` is the time of processing in working days (6.4, T4); `v1` the class at 31 August (6.4, T1 v1), "=" as in v2;
# `er1` the electronic results known at 31 August (6.4, restatement).
DOSSIERS = """
Id  |Proc |Unit |ch |Accepted    |Finished    |cf |er  |ru |st |vn |pay |Class v2          |v1           |er1 |net
D01 |P1   |A    |2  |03/08 09:00 |06/08 15:00 |1  |1   |1  |1  |1  |1   |early             |=            |1   |3
D02 |P1   |A    |2  |05/08 10:00 |12/08 10:00 |1  |1   |0  |0  |1  |2   |on_time           |=            |1   |5
D03 |P1   |A    |1  |10/08 09:00 |18/08 09:00 |1  |0   |0  |0  |0  |0   |late              |=            |0   |6
D04 |P2   |A    |2  |14/08 08:30 |03/09 15:00 |1  |1   |1  |0  |1  |–   |early             |open_in_term |0   |
D05 |P3   |B    |2  |20/08 14:00 |04/09 09:00 |1  |0   |0  |0  |1  |1   |late              |open_overdue |0   |
D06 |P3   |B    |3  |24/08 09:00 |07/09 16:00 |1  |1   |0  |0  |0  |0   |on_time           |open_in_term |0   |
D07 |P5   |M    |2  |21/08 15:40 |22/08 11:00 |1  |1   |0  |0  |1  |x   |on_time           |=            |1   |
D08 |P5   |M    |1  |25/08 08:30 |25/08 16:00 |0  |0   |0  |0  |0  |0   |on_time           |=            |0   |
D09 |P5   |N    |2  |–           |–           |–  |–   |–  |–  |–  |–   |no_due            |=            |–   |
D10 |P6   |M    |2  |28/08 09:00 |01/09 10:00 |1  |n/a |0  |0  |1  |–   |withdrawn_in_time |open_in_term |n/a |
D11 |P6   |N    |1  |12/08 09:00 |14/08 16:00 |1  |n/a |1  |0  |1  |–   |early             |=            |n/a |
D12 |P5   |N    |2  |18/08 10:00 |18/08 15:00 |1  |1   |1  |1  |1  |1   |on_time           |=            |1   |
D13 |P1   |A    |1  |28/08 10:00 |08/09 10:00 |1  |1   |0  |0  |0  |0   |early             |–            |–   |4
D14 |P4   |B    |1  |06/08 09:00 |26/08 14:00 |0  |0   |0  |0  |0  |–   |on_time           |=            |0   |
Z1  |P1   |A    |2  |11/08 09:00 |11/08 16:00 |0  |0   |0  |0  |0  |0   |early             |=            |0   |
Z2  |P1   |A    |2  |03/08 09:00 |–           |0  |0   |0  |0  |0  |0   |open_overdue      |=            |0   |
"""

RATED = {
    "D01": Rating.VERY_SATISFIED,
    "D02": Rating.SATISFIED,
    "D11": Rating.SATISFIED,
    "D12": Rating.UNSATISFIED,
}
BY_OFFICER = {"D02"}
EXCLUDED = {"Z1": "DQ-03", "Z2": "DQ-01"}
NEVER_SYNCED = {"D14"}
FIRST_KNOWN = {"D13": datetime(2026, 9, 5, 8, tzinfo=VIETNAM)}

PETITIONS = """
Id | Unit | About | Answered | Likes | Dislikes
K1 | A    | –     | in_time  | 1     | 0
K2 | B    | –     | in_time  | 0     | 2
K3 | M    | –     | in_time  | 0     | 0
K4 | A    | D03   | late     | 0     | 0
"""

# The two days by which to decide and to make public are counted with the working calendar (6.5, 1.1 and 1.2).
PUBLICATIONS = """
Proc | Decided | Decide by | Public by | Made public
P6   | 10/08   | 13/08     | 17/08     | 17/08
P3   | 20/08   | 18/08     | 26/08     | 26/08
"""

_LEVELS = {"P": ExecutingLevel.PROVINCE, "C": ExecutingLevel.COMMUNE}
_ONLINE = {"FULL": ServiceLevel.FULL, "PART": ServiceLevel.PARTIAL, "INFO": ServiceLevel.INFORMATION}
_CHANNELS = {"1": Channel.IN_PERSON, "2": Channel.ONLINE, "3": Channel.POSTAL}
_PAYMENTS = {"1": OnlinePayment.NATIONAL_PLATFORM, "2": OnlinePayment.PROVINCIAL_GATEWAY}


def facts(version: int) -> FactSet:
    """Give the facts of one version of August 2026."""
    return FactSet(
        as_of=AS_OF_V1 if version == 1 else AS_OF_V2,
        agencies=agencies(),
        procedures=[_procedure(row) for row in rows(PROCEDURES)],
        services=[_service(row) for row in rows(PROCEDURES) if row["Online"] != "INFO"],
        dossiers=[_dossier(row, version) for row in rows(DOSSIERS) if version == 2 or row["v1"] != "–"],
        petitions=[_petition(row) for row in rows(PETITIONS)],
        publications=[_publication(row) for row in rows(PUBLICATIONS)],
        external=[ExternalCounts(scope="province", period=AUGUST.key, national_report_count=15, portal_count=12)],
    )


def agencies() -> list[AgencyFact]:
    """Give the two departments with their groups, and the two communes."""
    return [
        AgencyFact(code="H99.A", level=ExecutingLevel.PROVINCE, unit_group="1"),
        AgencyFact(code="H99.B", level=ExecutingLevel.PROVINCE, unit_group="2"),
        AgencyFact(code="H99.M", level=ExecutingLevel.COMMUNE),
        AgencyFact(code="H99.N", level=ExecutingLevel.COMMUNE),
    ]


def rows(table: str) -> list[dict[str, str]]:
    """Read a table of cells between bars, by the names in its first line."""
    header, *lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return [dict(zip(header, line, strict=True)) for line in lines]


def _procedure(row: dict[str, str]) -> ProcedureFact:
    return ProcedureFact(
        code=row["Code"],
        levels=frozenset({_LEVELS[row["Level"]]}),
        agencies=frozenset(f"H99.{unit}" for unit in row["Agency"].split()),
        is_eligible=row["Eligible"] == "yes",
        has_fee=row["Fee"] == "yes",
        requires_document=row["Document"] == "yes",
        is_for_citizens=row["Citizen"] == "yes",
        complete_parts_count=6 if row["Code"] == "P8" else 7,
    )


def _service(row: dict[str, str]) -> ServiceFact:
    return ServiceFact(
        key=f"{row['Code']}-service",
        procedure_code=row["Code"],
        service_level=_ONLINE[row["Online"]],
        is_integrated=row["On DVCQG"] == "yes",
    )


def _dossier(row: dict[str, str], version: int) -> DossierFact:
    accepted_at, finished_at = _instant(row["Accepted"]), _instant(row["Finished"])
    known_at = FIRST_KNOWN.get(row["Id"], accepted_at or datetime(2026, 8, 27, 9, tzinfo=VIETNAM))
    is_known_result = row["er" if version == 2 else "er1"] == "1"
    has_fee = row["Proc"] in {"P1", "P3", "P5"}
    timeliness = row["Class v2"] if version == 2 or row["v1"] == "=" else row["v1"]
    return DossierFact(
        key=row["Id"],
        procedure_code=row["Proc"],
        resolving_agency=f"H99.{row['Unit']}",
        channel=_CHANNELS[row["ch"]],
        submitted_at=accepted_at or datetime(2026, 8, 27, 8, tzinfo=VIETNAM),
        accepted_at=accepted_at,
        finished_at=finished_at if version == 2 or (finished_at and finished_at < AUGUST.end) else None,
        known_at=known_at,
        synced_at=None if row["Id"] in NEVER_SYNCED else known_at,
        timeliness=Timeliness(timeliness),
        processing_time=Decimal(row["net"]) if row["net"] else None,
        entered_by=EnteredBy.OFFICER if row["Id"] in BY_OFFICER else EnteredBy.APPLICANT,
        has_component_file=row["cf"] == "1",
        has_result_file=is_known_result,
        is_reused=row["ru"] == "1",
        uses_personal_store=row["st"] == "1",
        uses_population_data=row["vn"] == "1",
        fee=FeeState.NONE if not has_fee else FeeState.ZERO if row["pay"] == "x" else FeeState.CHARGED,
        payment=_PAYMENTS.get(row["pay"], OnlinePayment.NONE),
        rating=RATED.get(row["Id"]),
        excluded_by=EXCLUDED.get(row["Id"], ""),
    )


def _petition(row: dict[str, str]) -> PetitionFact:
    received_at = datetime(2026, 8, 19, 9, tzinfo=VIETNAM)
    return PetitionFact(
        key=row["Id"],
        agency=f"H99.{row['Unit']}",
        received_at=received_at,
        known_at=received_at,
        answering=Answering(row["Answered"]),
        dossier_key="" if row["About"] == "–" else row["About"],
        likes_count=int(row["Likes"]),
        dislikes_count=int(row["Dislikes"]),
    )


def _publication(row: dict[str, str]) -> PublicationFact:
    return PublicationFact(
        decision=f"QĐ {row['Proc']}",
        procedure_code=row["Proc"],
        decided_on=_day(row["Decided"]),
        decision_due_on=_day(row["Decide by"]),
        public_due_on=_day(row["Public by"]),
        published_on=_day(row["Made public"]),
    )


def _day(text: str) -> date:
    day, month = text.split("/")
    return date(2026, int(month), int(day))


def _instant(text: str) -> datetime | None:
    if text == "–":
        return None
    day, clock = text.split()
    return datetime.fromisoformat(f"{_day(day)}T{clock}").replace(tzinfo=VIETNAM)
