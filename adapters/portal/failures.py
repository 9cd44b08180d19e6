"""What the portal's replies mean, as a table (portal wire notes §1.6, §11.4, §13 rows 4 to 10, 19, 20).

A reply says two things: a code (zero, another one, or none at all) and Vietnamese words. `RULES` is read from top to
bottom and the first row that fits decides. Where code and words contradict each other nobody is believed: the effect
is settled by a query. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import ConfigDict, StringConstraints

from gateway.ports.portal_services import CatalogueName


class Operation(StrEnum):
    """The calls of the adapter; a closed list, fit for labels."""

    LOGIN = "login"
    LIST_PROCEDURES = "list_procedures"
    GET_PROCEDURE = "get_procedure"
    LOOK_UP = "look_up"
    CREATE = "create"
    UPDATE = "update"
    STEPS = "steps"
    LIST_CITIZENS_QUESTIONS = "list_citizens_questions"
    LIST_AGENCIES_QUESTIONS = "list_agencies_questions"
    GET_ANSWERS = "get_answers"
    PUSH_ANSWERS = "push_answers"
    PUSH_LOCAL_QUESTIONS = "push_local_questions"
    PUSH_RATINGS = "push_ratings"
    PUSH_STATISTICS = "push_statistics"
    PUSH_NATIONAL_STATUS = "push_national_status"
    LIST_DOSSIERS = "list_dossiers"
    LIST_UNIT_PROCEDURES = "list_unit_procedures"
    LIST_ONLINE_SERVICES = "list_online_services"
    GET_DECISION = "get_decision"
    FIND_TECHNICAL_ID = "find_technical_id"
    FIND_RESULTS = "find_results"
    DOWNLOAD_RESULT = "download_result"
    DOWNLOAD_ATTACHMENT = "download_attachment"
    READ_AGENCIES = "read_agencies"
    READ_SECTORS = "read_sectors"
    READ_GENDERS = "read_genders"
    READ_PROVINCES = "read_provinces"
    READ_DISTRICTS = "read_districts"
    READ_COMMUNES = "read_communes"
    READ_COUNTRIES = "read_countries"
    READ_ETHNIC_GROUPS = "read_ethnic_groups"
    READ_RELIGIONS = "read_religions"
    READ_MARITAL_STATUSES = "read_marital_statuses"
    READ_APPLICANT_KINDS = "read_applicant_kinds"
    READ_EXECUTING_LEVELS = "read_executing_levels"
    READ_LEGAL_BASES = "read_legal_bases"
    READ_FEES = "read_fees"
    READ_PROCEDURE_TYPES = "read_procedure_types"
    READ_PROCEDURE_GROUPS = "read_procedure_groups"
    READ_PROCEDURES_BY_TYPE = "read_procedures_by_type"


class Meaning(StrEnum):
    """What a reply says."""

    SUCCESS = "success"
    ALREADY_EXISTS = "already_exists"
    DOES_NOT_EXIST = "does_not_exist"
    REJECTED = "rejected"
    NO_SUCH_SERVICE = "no_such_service"
    SESSION_REFUSED = "session_refused"
    CREDENTIALS_REFUSED = "credentials_refused"
    TRANSIENT = "transient"
    CONTRADICTION = "contradiction"
    UNREADABLE = "unreadable"


class CodeClass(StrEnum):
    """What kind of error code a reply carries."""

    ZERO = "zero"
    OTHER = "other"
    NONE = "none"


class Wording(StrEnum):
    """What the words of a reply speak of."""

    SUCCESS = "success"
    FAILURE = "failure"
    EXISTS = "exists"
    ABSENT = "absent"
    SESSION = "session"
    BUSY = "busy"
    UNSUPPORTED = "unsupported"


Phrase = Annotated[str, StringConstraints(min_length=2, max_length=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wordings:
    """The phrases that count, compared in composed form without case."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    success: tuple[Phrase, ...] = ("thành công",)
    failure: tuple[Phrase, ...] = ("không thành công", "chưa thành công", "thất bại", "không hợp lệ")
    """Read first and taken out, so that "không thành công" is never seen as "thành công"."""
    exists: tuple[Phrase, ...] = ("đã tồn tại",)
    absent: tuple[Phrase, ...] = ("không tồn tại", "chưa tồn tại")
    session: tuple[Phrase, ...] = ("phiên", "session")
    session_except: tuple[Phrase, ...] = ("phiên bản", "phiên họp", "phiên dịch")
    """Phrases that hold a word of `session` and mean something else (version, meeting, interpreting)."""
    busy: tuple[Phrase, ...] = ("bảo trì", "quá tải", "hệ thống bận", "đang bận", "thử lại sau")
    """Maintenance, overload, "try again later": with an error code, nothing was done."""
    unsupported: tuple[Phrase, ...] = ("chưa được hỗ trợ", "không được hỗ trợ", "chưa hỗ trợ", "dịch vụ không tồn tại")
    """With an error code: this portal does not have the service that was asked for."""
    dossier: tuple[Phrase, ...] = ("hồ sơ",)
    """Words for the dossier itself, so that "does not exist" is understood of it."""
    other_subjects: tuple[Phrase, ...] = ("thủ tục", "tthc", "lĩnh vực", "thành phần", "đơn vị")
    """Words for other things that may not exist (procedure, sector, component, unit): a refusal then."""


CATALOGUE_OPERATIONS: Mapping[CatalogueName, Operation] = MappingProxyType(
    {name: Operation("read_" + name.value.replace("-", "_")) for name in CatalogueName}
)
"""Which operation reads which catalogue."""
STATEMENTS = frozenset(
    {
        Operation.PUSH_ANSWERS,
        Operation.PUSH_LOCAL_QUESTIONS,
        Operation.PUSH_RATINGS,
        Operation.PUSH_STATISTICS,
    }
)
"""Pushes beside dossiers; repeating them is harmless."""
_STATUSES = frozenset({Operation.PUSH_NATIONAL_STATUS})
PUSHES = frozenset({Operation.CREATE, Operation.UPDATE, Operation.STEPS}) | STATEMENTS | _STATUSES
READS = frozenset(
    {
        Operation.LIST_PROCEDURES,
        Operation.GET_PROCEDURE,
        Operation.LOOK_UP,
        Operation.LIST_CITIZENS_QUESTIONS,
        Operation.LIST_AGENCIES_QUESTIONS,
        Operation.GET_ANSWERS,
        Operation.LIST_DOSSIERS,
        Operation.LIST_UNIT_PROCEDURES,
        Operation.LIST_ONLINE_SERVICES,
        Operation.GET_DECISION,
        Operation.FIND_TECHNICAL_ID,
        Operation.FIND_RESULTS,
        Operation.DOWNLOAD_RESULT,
        Operation.DOWNLOAD_ATTACHMENT,
        *CATALOGUE_OPERATIONS.values(),
    }
)
LISTS = frozenset(
    {
        *(Operation.LIST_PROCEDURES, Operation.LIST_UNIT_PROCEDURES, Operation.LIST_ONLINE_SERVICES),
        *(Operation.LIST_DOSSIERS, *CATALOGUE_OPERATIONS.values()),
    }
)
"""Reads whose result is a list whatever it holds: an object in its place is no list of one."""
ALL = frozenset(Operation)
_LOGIN = frozenset({Operation.LOGIN})
_CREATES = frozenset({Operation.CREATE})
_STEPS = frozenset({Operation.STEPS})
_NEED_DOSSIER = frozenset({Operation.UPDATE, Operation.STEPS})
_BUSINESS = PUSHES | READS
_CORE = frozenset(
    {
        *(Operation.CREATE, Operation.UPDATE, Operation.STEPS),
        *(Operation.LOOK_UP, Operation.LIST_PROCEDURES, Operation.GET_PROCEDURE),
    }
)
_MAY_BE_MISSING = _BUSINESS - _CORE
"""Services that a portal or facade may lack. Of the others the same words speak of something inside a record."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: for these calls, this class of code and this wording (None: any), the reply means `meaning`."""

    operations: frozenset[Operation]
    code: CodeClass
    wording: Wording | None
    meaning: Meaning
    why: str
    unless: frozenset[Wording] = field(default_factory=frozenset)


_C, _W, _M = CodeClass, Wording, Meaning
_UNLESS_SUCCESS = frozenset({Wording.SUCCESS})

RULES: tuple[Rule, ...] = (
    # A success code. Words against it are believed as little as the code.
    Rule(
        _BUSINESS,
        _C.ZERO,
        _W.SESSION,
        _M.CONTRADICTION,
        "zero, and the session is complained of",
        frozenset({_W.SUCCESS}),
    ),
    Rule(ALL, _C.ZERO, _W.FAILURE, _M.CONTRADICTION, "zero, and words of failure"),
    Rule(PUSHES, _C.ZERO, _W.EXISTS, _M.CONTRADICTION, "zero, and the record is said to exist", _UNLESS_SUCCESS),
    Rule(PUSHES, _C.ZERO, _W.ABSENT, _M.CONTRADICTION, "zero, and the record is said to be missing"),
    Rule(ALL, _C.ZERO, None, _M.SUCCESS, "success code"),
    # Another code.
    Rule(_LOGIN, _C.OTHER, _W.BUSY, _M.TRANSIENT, "the portal is busy or closed"),
    Rule(_LOGIN, _C.OTHER, _W.SUCCESS, _M.CONTRADICTION, "an error code, and words of success"),
    Rule(_LOGIN, _C.OTHER, None, _M.CREDENTIALS_REFUSED, "the login was refused"),
    Rule(_BUSINESS, _C.OTHER, _W.SESSION, _M.SESSION_REFUSED, "the session is not valid any more"),
    Rule(_BUSINESS, _C.OTHER, _W.SUCCESS, _M.CONTRADICTION, "an error code, and words of success"),
    Rule(_CREATES, _C.OTHER, _W.EXISTS, _M.ALREADY_EXISTS, "a first push of a dossier that is there"),
    Rule(_NEED_DOSSIER, _C.OTHER, _W.ABSENT, _M.DOES_NOT_EXIST, "an update or step of a dossier that is not there"),
    Rule(_STEPS, _C.OTHER, _W.EXISTS, _M.ALREADY_EXISTS, "a step that the portal has"),
    Rule(_BUSINESS, _C.OTHER, _W.BUSY, _M.TRANSIENT, "the portal is busy or closed"),
    Rule(_MAY_BE_MISSING, _C.OTHER, _W.UNSUPPORTED, _M.NO_SUCH_SERVICE, "the portal has no such service"),
    Rule(_BUSINESS, _C.OTHER, None, _M.REJECTED, "refused"),
    # No code: only clear words decide.
    Rule(_BUSINESS, _C.NONE, _W.SESSION, _M.SESSION_REFUSED, "the session is not valid any more", _UNLESS_SUCCESS),
    Rule(PUSHES, _C.NONE, _W.FAILURE, _M.REJECTED, "refused in words"),
    Rule(_CREATES, _C.NONE, _W.EXISTS, _M.ALREADY_EXISTS, "a first push of a dossier that is there"),
    Rule(_NEED_DOSSIER, _C.NONE, _W.ABSENT, _M.DOES_NOT_EXIST, "an update or step of a dossier that is not there"),
    Rule(_STEPS, _C.NONE, _W.EXISTS, _M.ALREADY_EXISTS, "a step that the portal has"),
    Rule(_BUSINESS, _C.NONE, _W.BUSY, _M.TRANSIENT, "the portal is busy or closed"),
    Rule(_BUSINESS, _C.NONE, _W.SUCCESS, _M.SUCCESS, "success in words"),
    Rule(ALL, _C.NONE, None, _M.UNREADABLE, "neither code nor known words"),
)


def meaning_of(operation: Operation, code: CodeClass, wordings: frozenset[Wording]) -> Meaning:
    """Give the meaning of a reply by the first row that fits."""
    for rule in RULES:
        if (
            operation in rule.operations
            and code is rule.code
            and (rule.wording is None or rule.wording in wordings)
            and not rule.unless & wordings
        ):
            return rule.meaning
    return Meaning.UNREADABLE
