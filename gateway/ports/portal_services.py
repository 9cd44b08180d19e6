"""What the core asks of a national portal beside carrying dossiers: catalogues, questions, ratings, results, notices.

Everything speaks canonical words. Reads raise the RemoteError groups when they could not ask, and give an empty value
when the answer was "nothing": the two never look alike. Pushes return when the portal took the whole call, and raise
otherwise, as in `gateway.ports.portal`: TransientFailure, RateLimited, CredentialsRefused and Rejected had no effect,
OutcomeUnknown and ContractBroken with effect_possible may have had one. All pushes here may be repeated: the portal
must treat them as idempotent (portal wire notes §8.4), so an unknown outcome is settled by sending again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from gateway.model.procedure import ServiceLevel
from gateway.model.status import DossierStatus


class CatalogueName(StrEnum):
    """The portal's catalogues by our names; which service reads each is the adapter's knowledge."""

    AGENCIES = "agencies"
    SECTORS = "sectors"
    GENDERS = "genders"
    PROVINCES = "provinces"
    DISTRICTS = "districts"
    COMMUNES = "communes"
    COUNTRIES = "countries"
    ETHNIC_GROUPS = "ethnic-groups"
    RELIGIONS = "religions"
    MARITAL_STATUSES = "marital-statuses"
    APPLICANT_KINDS = "applicant-kinds"
    EXECUTING_LEVELS = "executing-levels"
    LEGAL_BASES = "legal-bases"
    FEES = "fees"
    PROCEDURE_TYPES = "procedure-types"
    PROCEDURE_GROUPS = "procedure-groups"
    PROCEDURES_BY_TYPE = "procedures-by-type"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueItem:
    """One item as it came, duplicates and contradictions included. `attributes` are its further fields by wire name."""

    code: str
    name: str
    attributes: tuple[tuple[str, str], ...] = ()


class CatalogueReader(Protocol):
    """Reads whole catalogues."""

    async def read_catalogue(self, name: CatalogueName) -> Sequence[CatalogueItem]:
        """Read a catalogue in full. Raises when it could not be read in full; Rejected with code "no_such_service"
        when this portal does not offer it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceApplication:
    """An agency that offers an online service, and how far; `level` None when the code is not known."""

    agency_code: str
    level: ServiceLevel | None
    level_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineService:
    """An online service (dịch vụ công) built on a procedure."""

    code: str
    name: str
    procedure_code: str
    procedure_name: str = ""
    issuing_agency_name: str = ""
    sector_name: str = ""
    applications: tuple[ServiceApplication, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationDecision:
    """A decision that published procedures. Its fields are not documented: kept as they came, flattened to text."""

    decision_id: str
    fields: tuple[tuple[str, str], ...]


class ServiceReader(Protocol):
    """Reads what belongs to procedures."""

    async def list_online_services(self) -> Sequence[OnlineService]: ...

    async def get_decision(self, decision_id: str) -> PublicationDecision | None: ...


class TechnicalIds(Protocol):
    """Finds the portal's technical id of a citizen or business."""

    async def find_technical_id(self, number: str) -> str | None:
        """Give the id for a tax code or identity number; None when the portal says that nobody registered with it."""
        ...


class QuestionSource(StrEnum):
    """Which list a question stands in."""

    CITIZENS = "citizens"
    """Sent by citizens and businesses through the portal."""
    AGENCIES = "agencies"
    """Compiled by ministries and agencies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswer:
    """One answer that the portal holds."""

    answer_id: str
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question as the portal holds it. Asker and texts are personal data: they are sealed and never shown in logs."""

    question_id: str
    source: QuestionSource
    sector_code: str = ""
    procedure_code: str = ""
    agency_code: str = ""
    agency_name: str = ""
    content: str = field(default="", repr=False)
    answers: tuple[QuestionAnswer, ...] = ()
    asker_name: str = field(default="", repr=False)
    asker_address: str = field(default="", repr=False)
    asker_email: str = field(default="", repr=False)
    asker_phone: str = field(default="", repr=False)
    is_importable: bool = True
    """False when the portal marks it as not to be imported (TRANGTHAI = 0)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerToPush:
    """The province's answer to a question of the portal."""

    question_id: str
    agency_code: str
    answered_by: str = field(repr=False)
    answerer_position: str
    answered_on: date
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalQuestionToPush:
    """A question of the province's own collection, without person."""

    local_question_id: int
    sector_code: str
    content: str
    agency_code: str
    agency_name: str


class QuestionDesk(Protocol):
    """Questions and answers, both ways."""

    async def list_questions(self, source: QuestionSource) -> Sequence[Question]: ...

    async def answers_of(self, question_id: str) -> Sequence[QuestionAnswer]: ...

    async def push_answers(self, answers: Sequence[AnswerToPush]) -> None: ...

    async def push_local_questions(self, questions: Sequence[LocalQuestionToPush]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Whole percents that add up to 100, or are all 0 when nobody rated."""

    very_satisfied: int
    satisfied: int
    not_satisfied: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingToPush:
    """Ratings of one survey question in one month, added up."""

    year: int
    month: int
    raters_count: int
    question: str
    officer_shares: Shares
    service_shares: Shares
    comments: str = field(default="", repr=False)
    procedure_code: str = ""
    agency_code: str
    agency_name: str


class RatingsChannel(Protocol):
    """Carries added-up ratings."""

    async def push_ratings(self, ratings: Sequence[RatingToPush]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsToPush:
    """Counts of dossiers of one agency in one month; percentages follow from them."""

    year: int
    month: int
    received_count: int
    carried_over_count: int
    processed_on_time_count: int
    processed_late_count: int
    pending_in_time_count: int
    pending_late_count: int
    note: str = ""
    agency_code: str
    agency_name: str
    kind: str = "1"


class StatisticsChannel(Protocol):
    """Carries monthly statistics."""

    async def push_statistics(self, statistics: Sequence[StatisticsToPush]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HandledDocument:
    """A document that goes with an answer to a nationally filed application, by reference."""

    attachment_id: str
    name: str = field(repr=False)
    component_code: str
    url: str
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalStatus:
    """What the province says of a dossier that was filed on the portal: one record, one call."""

    national_code: str
    """The code under which the portal filed it."""
    dossier_code: str
    technical_id: str
    content: str = field(repr=False)
    handled_at: datetime
    status: DossierStatus
    documents: tuple[HandledDocument, ...] = ()


class NationalStatusChannel(Protocol):
    """Tells the portal how its own dossiers fare."""

    @property
    def repeated_status_is_harmless(self) -> bool: ...

    async def push_national_status(self, status: NationalStatus) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedResult:
    """A kind of result that is looked for; `notation` narrows it to one document."""

    result_code: str
    notation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultQuery:
    """Who asks for whose results, and for which procedure."""

    owner_number: str = field(repr=False)
    requester_name: str = field(repr=False)
    requester_number: str = field(repr=False)
    is_asked_by_officer: bool
    procedure_code: str
    wanted: tuple[WantedResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file of the national store, by the path that only the store understands."""

    name: str = field(repr=False)
    path: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundResult:
    """A digitised result that the national store holds."""

    result_code: str
    name: str
    notation: str = field(repr=False)
    owning_agency_code: str
    files: tuple[StoredFile, ...] = ()


class ResultStore(Protocol):
    """The national store of digitised results (kho số hoá)."""

    async def find_results(self, query: ResultQuery) -> Sequence[FoundResult]: ...

    async def download_result(self, owning_agency_code: str, path: str) -> bytes:
        """Give the file's bytes. Raises ContractBroken when they are not what was announced or too large."""
        ...

    async def download_attachment(self, path: str) -> bytes:
        """Give a file that the portal named by path in a notice (`getfile`, §1.8)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDossiers:
    """A page of codes that the portal holds for the province; `next_page` None at the end."""

    codes: tuple[str, ...]
    next_page: int | None


class DossierListing(Protocol):
    """Lists what the portal holds. No public client does this: offered only where it is configured."""

    @property
    def has_listing(self) -> bool: ...

    async def list_dossiers(self, *, received_from: date, received_to: date, page: int) -> ListedDossiers:
        """Give the dossiers received in a half-open interval of Vietnamese days, a page at a time from 1 on."""
        ...


class DriftKind(StrEnum):
    """How a live reply differs from what is known of the portal."""

    NEW_FIELD = "new_field"
    MISSING_FIELD = "missing_field"
    CHANGED_TYPE = "changed_type"
    NEW_CODE = "new_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSighting:
    """One difference in one reply. `place` is a path of wire names without indexes; `example` is redacted: it tells
    type, length and character classes, or a code of a closed catalogue, never a value that may be a person's."""

    system: str
    operation: str
    kind: DriftKind
    place: str
    detail: str
    example: str = ""


class DriftWatch(Protocol):
    """Is told of sightings; must be quick and must not raise."""

    def __call__(self, sighting: DriftSighting, /) -> None: ...
