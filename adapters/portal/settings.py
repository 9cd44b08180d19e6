"""Settings of the portal adapter.

Whatever the portal does not document is a setting here (or in `WireRules`, for the records) with the recommended
default of portal wire notes §13, so that a province that learns better corrects a value and no code.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from adapters.portal.failures import Meaning, Wordings
from adapters.transport.settings import Seconds, TransportSettings
from gateway.ports.portal_services import CatalogueName
from mappings.portal.rules import WireRules

UrlPath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~/-]*$", max_length=500)]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$", max_length=100)]
BatchSize = Annotated[int, Field(ge=1, le=1000)]


class Family(StrEnum):
    """Name of the exchange's local adapter in front of every path; the two are interchangeable."""

    XRD = "XrdAdapter"
    VXP = "VXPAdapter"


class DestinationPlace(StrEnum):
    """Where the destination code (dstcode) of the exchange travels."""

    HEADER = "header"
    QUERY = "query"
    NONE = "none"


class UpdateSwitch(StrEnum):
    """How a provincial facade tells an update from a first push."""

    URLS = "urls"
    QUERY = "query"


class BatchRefusal(StrEnum):
    """What a refusal of a batch means for the records that it does not name."""

    ALL_OR_NOTHING = "all_or_nothing"
    """Nothing of the batch was stored: the others are sent again."""
    GOOD_ONES_KEPT = "good_ones_kept"
    """The others were stored."""


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Timeouts(_Closed):
    """Time of one whole call in seconds. Real portals answer slowly; other clients give up at 6 s or 60 s."""

    login_seconds: Seconds = 15.0
    list_seconds: Seconds = 120.0
    detail_seconds: Seconds = 30.0
    look_up_seconds: Seconds = 30.0
    push_seconds: Seconds = 60.0
    file_seconds: Seconds = 60.0


class NationalStatusForm(StrEnum):
    """How `TrangThai` of DongBoTrangThaiHoSo is written (portal wire notes §6.3)."""

    FOLDED = "folded"
    """1, 2 and 5 only: received for 4, 6, 9 and 10, supplement or refusal for 3, 7 and 8."""
    AS_IS = "as_is"
    """The ten statuses as in every other record."""
    AS_IS_REFUSED_11 = "as_is_refused_11"
    """The ten statuses, with 11 for refused."""


class Dialect(_Closed):
    """How answers are read."""

    wordings: Wordings = Wordings()
    success_codes: frozenset[str] = frozenset({"0"})
    """After normalisation: 0, "0" and "00" are all "0"."""
    code_meanings: dict[str, Meaning] = Field(default_factory=dict)
    """Meanings of single error codes once the portal's list is known; they win over every wording."""
    batch_refusal: BatchRefusal = BatchRefusal.ALL_OR_NOTHING
    look_up_absent_by_wording: bool = False
    """Whether a look-up that answers with an error code and "does not exist" proves absence. Off: only an empty
    result with a success code does, everything else means that it could not be asked."""
    plain_text_replies: bool = False
    """Whether a push may be answered with bare text instead of JSON; facades do."""
    steps_deduplicated: bool = True
    """Whether the portal stores a step once when all nine fields are equal (portal wire notes §13 row 20)."""


_FACADE = "KetNoiMotCuaQuocGia/"


def _catalogue_paths() -> dict[CatalogueName, str]:
    return {
        CatalogueName.SECTORS: f"{_FACADE}LayDanhMucLinhVuc",
        CatalogueName.PROCEDURE_TYPES: f"{_FACADE}LayDanhMucLoaiThuTuc",
        CatalogueName.PROCEDURE_GROUPS: f"{_FACADE}LayDanhMucNhomThuTuc",
        CatalogueName.PROCEDURES_BY_TYPE: f"{_FACADE}LayDanhMucThuTucThuocLoai",
    }


class Facade(_Closed):
    """A provincial service in front of the exchange: keeps the session itself, takes bare arrays, wraps answers."""

    create_path: UrlPath
    update_path: UrlPath
    steps_path: UrlPath
    own_list_path: UrlPath = f"{_FACADE}LayDanhSachTTHCDonVi"
    list_path: UrlPath = f"{_FACADE}LayDanhSachTTHC"
    detail_path: UrlPath = f"{_FACADE}LayThuTuc"
    look_up_path: UrlPath | None = None
    """No public facade offers a look-up; without one an unanswered push is parked for a person."""
    national_status_path: UrlPath | None = f"{_FACADE}DongBoTrangThaiHoSoKM"
    """None where the facade does not offer it; what it names is for sales-promotion notices in the one seen (§1.8)."""
    catalogue_paths: dict[CatalogueName, UrlPath] = Field(default_factory=_catalogue_paths)
    """The catalogues that the facade offers; the default is what one public client reads."""
    decision_path: UrlPath | None = f"{_FACADE}LayQDCB"
    technical_id_path: UrlPath | None = None
    """A facade takes the person's number in the address (…/TraCuuTechID?mstorcmnd=), where servers on the way keep
    it in their logs. So it is off until the operator has seen to those."""
    update_switch: UpdateSwitch = UpdateSwitch.URLS
    detail_key: Key = "maTTHC"
    look_up_key: Key = "mahoso"
    unit_key: Key | None = None
    """Query key of the unit code beside a push (MaDinhDanhDV in one facade)."""
    secret_headers: dict[Key, SecretStr] = Field(default_factory=dict)


class Warehouse(_Closed):
    """The store of digitised results (kho số hoá) and the portal's files, behind a provincial facade (portal wire notes
    §10, §1.8). It may stand beside the native form. The paths of the store are not public."""

    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#@]+$", max_length=500)] | None = None
    """None for the portal's own."""
    find_path: UrlPath | None = None
    download_path: UrlPath | None = None
    attachment_path: UrlPath | None = f"{_FACADE}getfile"
    """For files that the portal names by path in a notice."""
    secret_headers: dict[Key, SecretStr] = Field(default_factory=dict)
    success_codes: frozenset[str] = frozenset({"0"})
    """Values of `errorCode` that say success; which they are is not documented."""
    absent_codes: frozenset[str] = frozenset()
    """Values of `errorCode` that say that nothing was found. None by default: an empty list says so."""
    max_file_bytes: Annotated[int, Field(ge=1024, le=1 << 29)] = 10 * 1024 * 1024


class PortalSettings(_Closed):
    """Everything about one portal account."""

    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+$", max_length=500)]
    """Address of the province's own exchange server (or facade), without path of the family."""
    family: Family | None = Family.XRD
    """None when the base address already ends where the paths begin."""
    auth_path: UrlPath = "mapi/login"
    share_path: UrlPath = "mapi/g"
    """For lists (LayDanhSach…, LayDanhMuc…)."""
    integration_path: UrlPath = "mapi/g"
    """For records, look-ups and pushes."""
    destination_code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:._-]*$", max_length=200)] = ""
    destination_place: DestinationPlace = DestinationPlace.HEADER
    destination_on_login: bool = True
    provider_url: Annotated[str, StringConstraints(max_length=500)] = ""
    """Sent as query parameter providerurl when set; some exchanges want it."""
    unit_code: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]+(\.[0-9A-Z]+)*$", max_length=35)]
    """The calling province's own code (madonvi)."""
    username: str = ""
    password: SecretStr | None = None
    password_file: Path | None = None
    """Read at every login, so that a changed secret needs no restart."""
    session_life_seconds: Seconds = 600.0
    """How long a session is used; the portal states no life, and real clients renew after ten minutes."""
    timeouts: Timeouts = Timeouts()
    transport: TransportSettings = TransportSettings()
    max_dossiers_per_call: BatchSize = 50
    max_steps_per_call: BatchSize = 100
    """Assumed ceilings (portal wire notes §13 row 11). Real clients send 1 and 10: begin there with the real portal."""
    lists_own_procedures: bool = False
    """Read the list of the unit's own procedures (`LayDanhSachTTHCDonVi`) in place of the whole one; seen at a facade
    only."""
    technical_id_provider: Key = "wso2is"
    national_status_type: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,10}$")] = "2"
    """The envelope's `type` of a status of a nationally filed dossier; only this value is seen (§6.3)."""
    dialect: Dialect = Dialect()
    wire: WireRules = Field(default_factory=WireRules)
    national_status: NationalStatusForm = NationalStatusForm.FOLDED
    """How the status of a nationally filed dossier is written; implementations contradict each other (§6.3)."""
    is_national_status_repeatable: bool = True
    """Whether such a status may be told twice. Assumed: it states how things are."""
    has_dossier_listing: bool = False
    """Whether `TraCuuHoSo` lists dossiers by day of reception (tuNgay, denNgay, trang, soLuong). No public client does
    this; without it, dossiers that only the portal has cannot be found."""
    listing_page_size: Annotated[int, Field(ge=1, le=5000)] = 500
    max_listing_pages: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    """A portal that ignores the page would give the first one for ever; past this many it is not believed."""
    codes_path: Path | None = None
    """Another file of code tables; None for the packaged one."""
    facade: Facade | None = None
    warehouse: Warehouse | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        parts = urlsplit(self.base_url)
        if parts.username is not None or parts.password is not None:
            raise ValueError("base_url must not hold credentials")
        if self.password is not None and self.password_file is not None:
            raise ValueError("password and password_file exclude each other")
        if self.facade is None and not (self.username and (self.password or self.password_file)):
            raise ValueError("username and password (or password_file) are required without a facade")
        if self.facade is None and self.destination_place is not DestinationPlace.NONE and not self.destination_code:
            raise ValueError("destination_code is required unless destination_place is none")
        if self.warehouse is not None and self.warehouse.max_file_bytes * 4 // 3 > self.transport.max_answer_bytes:
            raise ValueError("warehouse.max_file_bytes in base64 is more than transport.max_answer_bytes allows")
        faults = self.wire.faults()
        if faults:
            raise ValueError("wire: " + "; ".join(map(str, faults)))
        return self

    @property
    def has_look_up(self) -> bool:
        """Whether a dossier can be asked about; a facade has to offer it."""
        return self.facade is None or self.facade.look_up_path is not None

    @property
    def takes_plain_text(self) -> bool:
        return self.dialect.plain_text_replies or self.facade is not None

    def read_password(self) -> str:
        """Give the password. Raises OSError when its file cannot be read."""
        if self.password_file is not None:
            return self.password_file.read_text(encoding="utf-8").strip("\r\n")
        return self.password.get_secret_value() if self.password is not None else ""
