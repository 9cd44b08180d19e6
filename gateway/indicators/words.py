"""The closed words of the indicators: classes of timeliness, who entered a dossier, states, and reasons."""

from enum import StrEnum


class Timeliness(StrEnum):
    """How a dossier stands against its due date at the measuring instant; decided before it comes here.

    `within_maximum` has no due date but stayed within the longest published limit; `no_due` has none and no limit
    either; `invalid` has impossible times. The two last are left out of every indicator of time, and counted apart.
    """

    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"
    OPEN_IN_TERM = "open_in_term"
    OPEN_OVERDUE = "open_overdue"
    PAUSED = "paused"
    """Waits for its applicant, who was first asked in time."""
    PAUSED_OVERDUE = "paused_overdue"
    MULTI_SUPPLEMENT = "multi_supplement"
    """Not finished, and asked for more than one supplement: late in the national view (Decision 766)."""
    WITHDRAWN_IN_TIME = "withdrawn_in_time"
    WITHDRAWN_LATE = "withdrawn_late"
    STOPPED_IN_TIME = "stopped_in_time"
    STOPPED_LATE = "stopped_late"
    WITHIN_MAXIMUM = "within_maximum"
    NO_DUE = "no_due"
    INVALID = "invalid"


# A dossier that waits for a second supplement is late in the 766 index only; here the first request decides.
UNCLASSED = frozenset({Timeliness.NO_DUE, Timeliness.INVALID})
LATE = frozenset(
    {
        Timeliness.LATE,
        Timeliness.OPEN_OVERDUE,
        Timeliness.PAUSED_OVERDUE,
        Timeliness.WITHDRAWN_LATE,
        Timeliness.STOPPED_LATE,
    }
)
COMPLETED = frozenset({Timeliness.EARLY, Timeliness.ON_TIME, Timeliness.LATE})
OVERDUE = frozenset({Timeliness.OPEN_OVERDUE, Timeliness.PAUSED_OVERDUE})
OPEN = OVERDUE | {Timeliness.OPEN_IN_TERM, Timeliness.PAUSED, Timeliness.MULTI_SUPPLEMENT}


class EnteredBy(StrEnum):
    """Who filled the form in. Unknown counts as the applicant only where no rule of data quality says otherwise."""

    APPLICANT = "applicant"
    OFFICER = "officer"


class Rating(StrEnum):
    """The scale of three grades of Circular 32/2017/TT-BTTTT art. 12."""

    VERY_SATISFIED = "very_satisfied"
    SATISFIED = "satisfied"
    UNSATISFIED = "unsatisfied"


class FeeState(StrEnum):
    """What the fee lines of a dossier say: there are none, each is 0 đồng, or something is owed."""

    NONE = "none"
    ZERO = "zero"
    CHARGED = "charged"


class ServiceState(StrEnum):
    """Where an online service stands on the portal: đang kiểm thử, đang công khai, chờ dừng công khai, dừng."""

    TESTING = "testing"
    PUBLISHED = "published"
    ENDING = "ending"
    ENDED = "ended"


class Acceptance(StrEnum):
    """How an online submission stands against the limit for accepting, refusing or answering it."""

    IN_TIME = "in_time"
    LATE = "late"
    WAITING_IN_TERM = "waiting_in_term"
    WAITING_OVERDUE = "waiting_overdue"


class Answering(StrEnum):
    """How a petition stands against its limit."""

    IN_TIME = "in_time"
    OPEN_IN_TERM = "open_in_term"
    LATE = "late"


class Membership(StrEnum):
    """Which instant puts a dossier into a period."""

    RECEIVED_AT = "received_at"
    RECEIVED_OR_SUBMITTED = "received_or_submitted"


class View(StrEnum):
    """Whose count: the gateway's own, over all dossiers, or the national portal's, over those that reached it."""

    GATEWAY = "gateway"
    NATIONAL = "national"


class Reason(StrEnum):
    """Why a thing is not counted, or stands outside. Texts in Vietnamese and English: REASONS."""

    UNKNOWN = "unknown"
    EXCLUDED = "excluded"
    NOT_KNOWN_YET = "not_known_yet"
    NOT_ACCEPTED = "not_accepted"
    COUNTED_BY_COMPONENTS = "counted_by_components"
    NOT_SUBMITTED = "not_submitted"
    OTHER_PERIOD = "other_period"
    OTHER_SCOPE = "other_scope"
    NOT_SYNCED = "not_synced"
    NOT_ACTIVE = "not_active"
    NOT_ELIGIBLE = "not_eligible"
    NOT_FULL = "not_full"
    NOT_ONLINE_SERVICE = "not_online_service"
    NOT_INTEGRATED = "not_integrated"
    NOT_PROACTIVE = "not_proactive"
    NO_DOSSIER = "no_dossier"
    NO_ONLINE_DOSSIER = "no_online_dossier"
    NO_FINISHED_ONLINE_DOSSIER = "no_finished_online_dossier"
    NOT_ONLINE = "not_online"
    BY_OFFICER = "by_officer"
    NOT_FULLY_ONLINE = "not_fully_online"
    NO_CLASS = "no_class"
    LATE = "late"
    NOT_LATE = "not_late"
    NOT_COMPLETED = "not_completed"
    NOT_OPEN = "not_open"
    OTHER_CLASS = "other_class"
    NOT_REOPENED = "not_reopened"
    COUNTED_WITH_CASE = "counted_with_case"
    NO_PROCESSING_TIME = "no_processing_time"
    NO_DOCUMENT_REQUIRED = "no_document_required"
    NO_RESULT_FILE = "no_result_file"
    NO_COMPONENT_FILE = "no_component_file"
    NOT_REUSED = "not_reused"
    NO_PERSONAL_STORE = "no_personal_store"
    NO_POPULATION_DATA = "no_population_data"
    NOT_FOR_CITIZENS = "not_for_citizens"
    NO_FEE = "no_fee"
    FEE_ZERO = "fee_zero"
    NO_FEE_DOSSIER = "no_fee_dossier"
    NOT_PAID_ONLINE = "not_paid_online"
    NO_PAID_DOSSIER = "no_paid_dossier"
    NOT_RATED = "not_rated"
    NOT_SATISFIED = "not_satisfied"
    PETITION_OR_DISLIKE = "petition_or_dislike"
    MORE_DISLIKES = "more_dislikes"
    REPEATED = "repeated"
    NO_DECISION = "no_decision"
    DECIDED_LATE = "decided_late"
    PUBLISHED_LATE = "published_late"
    PARTS_MISSING = "parts_missing"
    NOT_SET_UP = "not_set_up"
    SET_UP_LATE = "set_up_late"


REASONS: dict[Reason, tuple[str, str]] = {
    Reason.UNKNOWN: ("không có trong dữ liệu", "not among the facts"),
    Reason.EXCLUDED: ("bị loại theo quy tắc chất lượng dữ liệu", "left out by a rule of data quality"),
    Reason.NOT_KNOWN_YET: ("chưa biết tại thời điểm tính", "not known yet at the time of the count"),
    Reason.NOT_ACCEPTED: ("chưa được tiếp nhận", "not accepted"),
    Reason.COUNTED_BY_COMPONENTS: ("tính theo hồ sơ thành phần", "counted by its component dossiers"),
    Reason.NOT_SUBMITTED: ("không có thời điểm nộp", "without a time of submission"),
    Reason.OTHER_PERIOD: ("ngoài kỳ", "outside the period"),
    Reason.OTHER_SCOPE: ("ngoài phạm vi", "outside the scope"),
    Reason.NOT_SYNCED: ("chưa đồng bộ lên Cổng DVCQG", "not synced to the national portal"),
    Reason.NOT_ACTIVE: ("không còn hiệu lực vào cuối kỳ", "not in force at the end of the period"),
    Reason.NOT_ELIGIBLE: ("chưa đủ điều kiện toàn trình", "not eligible for full online service"),
    Reason.NOT_FULL: ("chưa cung cấp toàn trình", "not offered as full online service"),
    Reason.NOT_ONLINE_SERVICE: ("chưa cung cấp trực tuyến", "not offered online"),
    Reason.NOT_INTEGRATED: ("chưa tích hợp trên Cổng DVCQG", "not integrated on the national portal"),
    Reason.NOT_PROACTIVE: ("không ở mức chủ động này", "not at this level of proactive service"),
    Reason.NO_DOSSIER: ("không phát sinh hồ sơ", "without a dossier"),
    Reason.NO_ONLINE_DOSSIER: ("không phát sinh hồ sơ trực tuyến", "without an online dossier"),
    Reason.NO_FINISHED_ONLINE_DOSSIER: (
        "không có hồ sơ hoàn thành trực tuyến",
        "without a dossier submitted and finished online",
    ),
    Reason.NOT_ONLINE: ("không nộp trực tuyến", "not submitted online"),
    Reason.BY_OFFICER: ("cán bộ nộp hộ", "entered by an officer"),
    Reason.NOT_FULLY_ONLINE: ("không hoàn toàn trực tuyến", "not online throughout"),
    Reason.NO_CLASS: ("không xác định được thời hạn", "without a usable due date"),
    Reason.LATE: ("quá hạn", "late"),
    Reason.NOT_LATE: ("không quá hạn", "not late"),
    Reason.NOT_COMPLETED: ("chưa hoàn thành hoặc đã rút", "not completed, or withdrawn"),
    Reason.NOT_OPEN: ("đã kết thúc", "no longer open"),
    Reason.OTHER_CLASS: ("thuộc nhóm khác", "in another class"),
    Reason.NOT_REOPENED: ("không mở lại", "not re-opened"),
    Reason.COUNTED_WITH_CASE: ("tính chung một vụ việc", "counted with the dossier that its case began with"),
    Reason.NO_PROCESSING_TIME: ("chưa có thời gian xử lý", "without a time of processing"),
    Reason.NO_DOCUMENT_REQUIRED: ("không yêu cầu kết quả bằng văn bản", "no document required as result"),
    Reason.NO_RESULT_FILE: ("chưa có kết quả điện tử", "without an electronic result"),
    Reason.NO_COMPONENT_FILE: ("chưa có tệp thành phần hồ sơ", "without a file of a component"),
    Reason.NOT_REUSED: ("không tái sử dụng dữ liệu", "no digitised data used again"),
    Reason.NO_PERSONAL_STORE: ("không dùng kho dữ liệu cá nhân", "personal store not used"),
    Reason.NO_POPULATION_DATA: ("không dùng dữ liệu dân cư", "population data not used"),
    Reason.NOT_FOR_CITIZENS: ("không dành cho cá nhân", "not for citizens"),
    Reason.NO_FEE: ("không có phí, lệ phí", "without a fee"),
    Reason.FEE_ZERO: ("được miễn, mọi khoản bằng 0", "exempt: each fee line is 0"),
    Reason.NO_FEE_DOSSIER: ("không có hồ sơ phát sinh phí", "without a dossier that owes a fee"),
    Reason.NOT_PAID_ONLINE: ("không thanh toán trực tuyến", "not paid online"),
    Reason.NO_PAID_DOSSIER: ("không có giao dịch trực tuyến", "without an online payment"),
    Reason.NOT_RATED: ("chưa đánh giá", "not rated"),
    Reason.NOT_SATISFIED: ("chưa hài lòng", "not satisfied"),
    Reason.PETITION_OR_DISLIKE: ("có phản ánh hoặc chưa hài lòng", "with a petition, or disliked"),
    Reason.MORE_DISLIKES: ("không hài lòng nhiều hơn hài lòng", "more dislikes than likes"),
    Reason.REPEATED: ("phản ánh lặp lại", "repeated petition"),
    Reason.NO_DECISION: ("không có quyết định công bố trong kỳ", "no publication decision in the period"),
    Reason.DECIDED_LATE: ("công bố muộn", "decided late"),
    Reason.PUBLISHED_LATE: ("công khai muộn", "made public late"),
    Reason.PARTS_MISSING: ("thiếu bộ phận cấu thành", "parts are missing"),
    Reason.NOT_SET_UP: ("không đưa vào vận hành trong kỳ", "did not go live in the period"),
    Reason.SET_UP_LATE: ("thiết lập quá hạn", "set up late"),
}


class NullReason(StrEnum):
    """Why an indicator has no value. Null is never 0."""

    ZERO_DENOMINATOR = "zero_denominator"
    ONE_PROCEDURE_ONLY = "one_procedure_only"
    SYNC_RATIO_UNKNOWN = "sync_ratio_unknown"
    NOT_COMPUTABLE = "not_computable"
    NOT_GIVEN = "not_given"
    NOT_APPLICABLE = "not_applicable"
