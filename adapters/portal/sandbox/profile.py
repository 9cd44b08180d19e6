"""Every choice of the simulated portal, with the default that the portal wire notes §13 recommend.

What public sources leave open is a setting here, so that the sandbox can be corrected in one place when an official
document settles it, and so that a client can be tried against every variant that might be true.
"""

from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class DstcodePolicy(StrEnum):
    """What a wrong or missing `dstcode` brings (§13-2)."""

    IGNORE = "ignore"
    NOT_FOUND = "not_found"


class CodeDialect(StrEnum):
    """How `error_code` is written (§13-6)."""

    INTEGER = "integer"
    STRING = "string"
    DOUBLE_ZERO = "double_zero"
    """Success is "00", other codes are plain strings, as the oldest client expects."""


class BatchPolicy(StrEnum):
    """What one bad record does to its batch (§13-10)."""

    ALL_OR_NOTHING = "all_or_nothing"
    ACCEPT_GOOD_ONES = "accept_good_ones"


class FieldProfile(StrEnum):
    """Which dossier fields are required (§13-13)."""

    CLASSIC = "classic"
    YEAR_2023 = "2023"
    """The newer fields marked bb* in §5.1 are required too."""


class PushResult(StrEnum):
    """What `result` is in answers to pushes (§13-12)."""

    ABSENT = "absent"
    EMPTY_LIST = "empty_list"


class NationalStatuses(StrEnum):
    """Which values of `TrangThai` the portal takes for its own dossiers (§6.3)."""

    FOLDED = "folded"
    """1, 2 and 5."""
    AS_IS = "as_is"
    """The ten statuses and 11."""


class ReadResult(StrEnum):
    """What `result` is in answers to reads that succeed (§1.6, §13.1-9)."""

    USUAL = "usual"
    MISSING = "missing"
    NULL = "null"
    OBJECT = "object"


class FieldType(StrEnum):
    """What the values of a field become."""

    NUMBER = "number"
    FLAG = "flag"
    NULL = "null"
    LIST = "list"
    OBJECT = "object"


class AdministrativeLevels(StrEnum):
    """Which generation of administrative units the catalogues show (§13-36)."""

    PRE_2025 = "pre_2025"
    POST_2025 = "post_2025"


class FileForm(StrEnum):
    """How the content of a file is given: base64, in every case but the last two (§1.8, §10)."""

    TEXT = "text"
    JSON_STRING = "json_string"
    REPLY = "reply"
    """As `result` of an ordinary reply."""
    SPOILED = "spoiled"
    """Cut off, with a sign that is none of base64."""
    EMPTY = "empty"


class CatalogueOddity(StrEnum):
    """What is wrong with a catalogue that is answered with success."""

    DUPLICATES = "duplicates"
    """Some items come twice, word for word."""
    CONTRADICTIONS = "contradictions"
    """Some codes come again with another name."""
    MISSING_CODES = "missing_codes"
    """Some items have no code: the key is missing or null."""
    ONE_SHORT = "one_short"
    """The last item is left out: a list of 5,000 has 4,999."""
    EMPTY = "empty"


class Wording(BaseModel):
    """The portal's sentences. Clients search them, so the fragments of §1.6 must stay in their places:
    "thành công" in every success, "đã tồn tại" and "không tồn tại" in the two answers about existence, and none of
    them anywhere else. `{codes}`, `{detail}`, `{name}`, `{limit}` are filled in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    success: str = "Thành công"
    push_success: str = "Đồng bộ hồ sơ thành công"
    progress_success: str = "Cập nhật tiến độ hồ sơ thành công"
    already_exists: str = "Hồ sơ {codes} đã tồn tại"
    does_not_exist: str = "Hồ sơ {codes} không tồn tại"
    invalid_record: str = "Hồ sơ {codes}: {detail}"
    unknown_procedure: str = "mã thủ tục {code} không có trong danh mục"
    bad_credentials: str = "Sai tên đăng nhập hoặc mật khẩu"
    bad_session: str = "Phiên làm việc không hợp lệ hoặc đã hết hạn"
    bad_unit: str = "Mã đơn vị không hợp lệ"
    malformed: str = "Dữ liệu gửi lên không đúng định dạng JSON"
    no_such_file: str = "Không tìm thấy tệp"
    unknown_service: str = "Dịch vụ {name} chưa được hỗ trợ"
    bad_parameter: str = "Thiếu hoặc sai tham số {name}"
    empty_batch: str = "Danh sách data không có bản ghi nào"
    batch_too_large: str = "Số lượng bản ghi vượt quá giới hạn {limit}"
    failure_prefix: str = ""
    """Put before every failed push; "Đồng bộ không thành công: " makes failures contain the success fragment."""


class PortalProfile(BaseModel):
    """One way in which the portal may behave. Frozen; `changed` gives another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # §13-1, -2: paths and addressing. Paths are fixed when the application is made.
    adapter_prefixes: tuple[str, ...] = ("XrdAdapter", "VXPAdapter")
    login_path: str = "mapi/login"
    data_path: str = "mapi/g"
    alias_paths: tuple[str, ...] = ("mapi/share",)
    dstcode: str = "VN:GOV:000.00.00.G22:vpcpdvcprovider"
    dstcode_policy: DstcodePolicy = DstcodePolicy.IGNORE
    is_dstcode_optional_on_login: bool = False

    # §1.3, §13-3 to -5: account and session.
    username: str = "demo_province"
    password: str = "demo-secret"  # noqa: S105 - the sandbox's own invented account
    session_seconds: float = Field(default=1800.0, gt=0)
    is_session_prolonged_by_use: bool = False
    max_sessions: int = Field(default=1000, ge=1)
    """Live sessions of the account; opening one more ends the oldest. 1 means that each login ends the one before."""
    is_session_checked: bool = True
    is_unit_required: bool = True
    accepted_units: tuple[str, ...] = ()
    """Values of `madonvi` that are served; empty means any."""

    # §1.6, §13-6 to -9, -12: answers.
    code_dialect: CodeDialect = CodeDialect.INTEGER
    already_exists_code: int = 3
    error_code: int = -1
    session_error_code: int = -1
    push_result: PushResult = PushResult.ABSENT
    read_result: ReadResult = ReadResult.USUAL
    is_reply_wrapped: bool = False
    """Every answer of the native paths comes as a JSON string inside {"message": "…"}, as facades do (§1.8)."""
    reply_content_type: str = "application/json; charset=utf-8"
    is_malformed_answered_500: bool = False
    wording: Wording = Wording()

    # §13-10, -11: batches.
    batch_policy: BatchPolicy = BatchPolicy.ALL_OR_NOTHING
    max_dossiers_per_call: int = Field(default=50, ge=1)
    max_steps_per_call: int = Field(default=100, ge=1)
    is_empty_batch_accepted: bool = False
    is_boolean_updating_accepted: bool = False
    """Whether `isUpdating` may also be a JSON boolean; natively it is the text "True" or "False" (§1.7)."""
    max_body_bytes: int = Field(default=32 * 1024 * 1024, ge=1024)

    # §13-13 to -17: what a record must look like.
    field_profile: FieldProfile = FieldProfile.CLASSIC
    never_empty_fields: tuple[str, ...] = ("MaHoSo", "MaTTHC", "NgayTiepNhan", "TrangThaiHoSo")
    is_type_checked: bool = True
    """Refuse numbers and booleans where the wire has text (§1.9)."""
    are_lengths_checked: bool = True
    max_lengths: dict[str, int] = Field(default_factory=dict)
    """Lengths that differ from §13-14, by field name, for instance {"GhiChu": 4000}."""
    are_dates_checked: bool = True
    are_code_values_checked: bool = False
    """Also hold other code fields to the tables of §7, not only `TrangThaiHoSo`."""
    are_unknown_fields_refused: bool = False
    is_unknown_procedure_accepted: bool = False
    required_code_prefix: str = ""
    """What the part of `MaHoSo` before the first "-" must contain (§5.5); empty means no check."""
    is_backward_status_noted: bool = True

    # §13-18, -20: progress.
    does_step_change_status: bool = True
    is_repeated_step_stored: bool = False
    is_nan_accepted: bool = False

    # §6.3: dossiers that were filed here.
    national_statuses: NationalStatuses = NationalStatuses.FOLDED
    national_status_types: tuple[str, ...] = ("2",)

    # §13-21 to -23: reads.
    is_listing_served: bool = False
    """Whether `TraCuuHoSo` with `tuNgay` lists codes by day of reception; no public source shows it."""
    is_listing_narrowed: bool = True
    """Whether the days are honoured; off, every dossier is listed."""
    is_listing_paged: bool = True
    """Whether `trang` is honoured; off, every page is the first one."""
    max_listing_page: int = Field(default=5000, ge=1)
    """Most records of a page, whatever `soLuong` asks for."""
    has_lookup_nested_lists: bool = True
    is_paging_honoured: bool = False
    procedure_mark_field: str = ""
    """Name of a field by which the lines of `LayDanhSachTTHC` tell that a record has changed; empty shows none."""
    catalogue_fields: dict[str, tuple[str, str]] = Field(default_factory=dict)
    """Other names for the fields of code and name, by service: most are not documented (§13-22)."""
    catalogue_sizes: dict[str, int] = Field(default_factory=dict)
    """How many items a catalogue has, by service: cut, or filled up with invented ones."""
    catalogue_oddities: dict[str, CatalogueOddity] = Field(default_factory=dict)
    unserved_services: tuple[str, ...] = ()
    """Services that this portal says it does not have."""
    file_form: FileForm = FileForm.TEXT
    technical_id_provider: str = "wso2is"
    unregistered_ending: str = "0"
    """Whoever's number ends so is not registered; empty means that everybody is."""
    administrative_levels: AdministrativeLevels = AdministrativeLevels.POST_2025

    # §13-32: load.
    latency_seconds: float = Field(default=0.0, ge=0)
    """Ordinary working time per call; above zero it also makes overlapping calls visible to the record."""
    max_calls_per_second: float | None = Field(default=None, gt=0)
    """Calls above this are answered 429 with Retry-After."""

    # §13-35.
    are_file_addresses_fetched: bool = False

    # §1.8: facades of provinces.
    is_facade_served: bool = False
    facade_prefix: str = "KetNoiMotCuaQuocGia"
    facade_add_path: str = "ThemMoi"
    facade_update_path: str = "CapNhat"
    facade_progress_path: str = "DongBoTienTrinh"
    facade_national_status_path: str = "DongBoTrangThaiHoSoKM"
    facade_push_path: str = "DongBoHoSoMC"
    """The form with `?isUpdating=True|False` in the query."""
    are_facade_reads_wrapped: bool = True
    are_facade_pushes_wrapped: bool = False

    # What an unannounced change of the portal may look like; no source tells of one, so all are empty.
    added_fields: dict[str, Any] = Field(default_factory=dict)
    """Fields put into every record of a result, with their values."""
    added_envelope_fields: dict[str, Any] = Field(default_factory=dict)
    """Fields put beside `error_code`."""
    renamed_fields: dict[str, str] = Field(default_factory=dict)
    """Fields of results that have another name from now on, wherever they stand."""
    retyped_fields: dict[str, FieldType] = Field(default_factory=dict)
    """Fields of results whose values are of another type, wherever they stand."""
    recoded_fields: dict[str, str] = Field(default_factory=dict)
    """Fields of results that hold another value, wherever they stand: a code that was never announced."""

    # The sandbox's own memory.
    are_revision_bodies_kept: bool = True
    max_revisions_per_dossier: int = Field(default=1000, ge=1)

    def changed(self, **changes: Any) -> Self:
        """Give a profile with some settings changed, checked. Raises ProfileError."""
        return self.parse({**self.model_dump(), **changes})

    @classmethod
    def parse(cls, values: object) -> Self:
        """Read a profile from plain values; what is not named keeps its default. Raises ProfileError."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            places = ["{}: {}".format(".".join(map(str, item["loc"])), item["msg"]) for item in error.errors()]
            raise ProfileError("; ".join(places)) from None


class ProfileError(ValueError):
    """A setting does not exist or cannot have that value; the message names it."""


FIXED_SETTINGS = frozenset(
    {
        "adapter_prefixes",
        "login_path",
        "data_path",
        "alias_paths",
        "max_body_bytes",
        "administrative_levels",
        "facade_prefix",
        "facade_add_path",
        "facade_update_path",
        "facade_progress_path",
        "facade_national_status_path",
        "facade_push_path",
    }
)
"""Settings that shape the application when it is made; changing them later would have no effect."""
