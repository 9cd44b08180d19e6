"""Everything that may differ between the ways to the population database.

No official definition of the service is public. What the population notes mark as assumed or unknown (§20) is a setting
here with the recommended default. The edge, that is who stands between the province and the database, is one of the
profiles of §2.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from adapters.population.forms import ALL_FORMS, Form
from adapters.transport.addresses import address_faults
from adapters.transport.secrets import Secret
from adapters.transport.settings import TransportSettings
from mappings.population.questions import NameForm

Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=500)]
UrlPath = Annotated[str, StringConstraints(pattern=r"^/[!-~]*$", max_length=300)]
Word = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
Header = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,60}$")]
ServiceCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{3}$")]
Seconds = Annotated[float, Field(gt=0, le=300)]


class Operation(StrEnum):
    """The operations by their names on the wire (§3); a closed list, fit for labels."""

    label: str
    """The name in small letters."""

    VERIFY = "XacThucThongTinCongDan"
    LOOK_UP = "TraCuuThongTinCongDan"
    RECORD = "CungCapThongTinCongDan"
    HOUSEHOLD = "CungCapThongTinHoGiaDinh"
    BLOOD_GROUP = "CungCapThongTinNhomMau"
    KINSHIP = "XacMinhThongTinNhanThan"
    GUARDIAN = "XacMinhThongTinNguoiGiamHo"
    HOUSEHOLD_HEAD = "XacMinhThongTinChuHo"
    CURRENT_RESIDENCE = "XacMinhThongTinNoiOHienTai"
    MARITAL_STATUS = "XacMinhTinhTrangHonNhan"
    VITAL_STATUS = "XacMinhTinhTrangChetMatTich"

    def __init__(self, _: str) -> None:
        self.label = self.name.lower()


class RequestForm(StrEnum):
    """Known shapes of a request."""

    STANDARD = "standard"
    """The contract's (§4)."""
    LETTER_761 = "letter_761"
    """Verification as a mock after letter 761/VPCP-KSTT has it: other root, `MaDichVu`, no birth date (§7)."""
    GTEL = "gtel"
    """One vendor's kinship request: other namespace, flat birth date, all children always there (§4)."""


class TimestampUnit(StrEnum):
    """Both are seen with the same scheme (§15 row 9)."""

    MILLISECONDS = "milliseconds"
    SECONDS = "seconds"


class _Closed(BaseModel):
    # A fault in a section must not show the secrets beside it.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class PlainEdge(_Closed):
    """SOAP without credentials of its own: a trusted line, or a client certificate, is what counts."""

    profile: Literal["plain"] = "plain"


class C06Edge(_Closed):
    """The service bus itself: Basic with a hash over path, user, time and secret (§2.1)."""

    profile: Literal["c06_basic"]
    username: Word
    secret: Secret
    timestamp_unit: TimestampUnit = TimestampUnit.MILLISECONDS
    timestamp_header: Header = "Timestamp"
    hashed_paths: dict[Operation, UrlPath] = Field(default_factory=dict)
    """Service path that is hashed, where it is not the path that is called."""
    sends_esb_headers: bool = False
    """`ESB_SOURCE_TYPE` and `ESB_SOURCE_USERNAME`, seen in one client."""
    api_key: Secret | None = None


class OfficerKey(_Closed):
    """The account of one officer at the provincial platform."""

    name: Word
    password: Secret


class LgspTokenEdge(_Closed):
    """Token for a long-lived secret in a header, and a hash for each officer (§2.2)."""

    profile: Literal["lgsp_token"]
    token_path: UrlPath = "/getToken"  # noqa: S105 - no password
    access_key: Word
    secret_key: Secret
    app_name: Word
    partner_code: Word
    partner_code_cus: Word
    secret_header: Header = "lgspaccesstoken"  # noqa: S105 - no password
    officer_header: Header = "AuthHash"
    officers: Annotated[dict[Word, OfficerKey], Field(min_length=1)]
    """By officer code. An officer without a row cannot ask."""


class RestEdge(_Closed):
    """JSON questions without SOAP (§2.3), with a login, or with a fixed bearer in the manner of §2.6.

    The form of the answer is unknown: SOAP text, and a JSON tree of the same elements, bare or inside `data`, are read.
    """

    profile: Literal["lgsp_rest"]
    token_path: UrlPath = "/api/v1/Authentication/Token"  # noqa: S105 - no password
    username: Word | None = None
    password: Secret | None = None
    fixed_token: Secret | None = None
    user_name_service: Annotated[str, StringConstraints(pattern=r"^[!-~]{0,200}$")] = ""
    members: Literal["rest", "wire"] = "rest"
    """Names of the question's members: those of §2.3, or the wire's own as in §2.5."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.fixed_token is None) == (self.username is None) or (self.username is None) != (self.password is None):
            raise ValueError("either username and password or fixed_token must be set")
        return self


class OAuth2Edge(_Closed):
    """Client credentials at the provincial platform, then bearer (§2.4), or a fixed bearer."""

    profile: Literal["oauth2"]
    token_path: UrlPath = "/token"  # noqa: S105 - no password
    client_id: Word | None = None
    client_secret: Secret | None = None
    fixed_token: Secret | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.fixed_token is None) == (self.client_id is None) or (self.client_id is None) != (
            self.client_secret is None
        ):
            raise ValueError("either client_id and client_secret or fixed_token must be set")
        return self


class WrapEdge(_Closed):
    """JSON to one address, SOAP text inside the JSON that comes back (§2.5)."""

    profile: Literal["lgsp_wrap"]
    ok_codes: tuple[Annotated[str, StringConstraints(max_length=20)], ...] = ("0", "00", "")
    """Values of `error_code` that mean success (§20 U9); a number counts as its digits."""
    bearer: Secret | None = None


class WsseLogin(_Closed):
    """A UsernameToken in every question, with a nonce and an instant of its own."""

    username: Word
    password: Secret
    form: Literal["digest", "text"] = "digest"
    """`digest` proves the password by SHA-1 over nonce, instant and password, as the token's profile has it."""


class WsseSigning(_Closed):
    """The pair, as PEM, that body and timestamp of every question are signed with: RSA or an elliptic curve."""

    key_file: Path
    certificate_file: Path
    key_password: Secret | None = None


class WsseVerification(_Closed):
    """Whose signatures count over there. Without a signature over body and timestamp there is no answer."""

    certificate_files: Annotated[tuple[Path, ...], Field(min_length=1, max_length=10)]
    """As PEM; old and new ones side by side. They count themselves: no authority's word is taken."""
    leeway_seconds: Annotated[float, Field(ge=0, le=600)] = 60.0
    """How far the clock over there may be off."""
    refuses_repeats: bool = True
    """Refuse a signature that this process has seen before."""


class Wsse(_Closed):
    """WS-Security in the envelope (§19.3). No client was seen to use it; each part stands by itself."""

    login: WsseLogin | None = None
    timestamp_life_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    """0 sends no timestamp."""
    signing: WsseSigning | None = None
    must_understand: bool = True
    verify: WsseVerification | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.signing is not None and not self.timestamp_life_seconds:
            raise ValueError("timestamp_life_seconds must be above 0 where signing is set")
        return self


Edge = PlainEdge | C06Edge | LgspTokenEdge | RestEdge | OAuth2Edge | WrapEdge


class PopulationTransport(TransportSettings):
    """Limits of the exchanges (§15, §18 N4, §20 U14, U19)."""

    connect_seconds: Seconds = 3.0
    silence_seconds: Seconds = 10.0
    max_answer_bytes: Annotated[int, Field(ge=1024, le=1 << 20)] = 256 * 1024
    calls_per_second: Annotated[float, Field(gt=0, le=100_000)] | None = 5.0


class PopulationSettings(_Closed):
    """The way to the population database."""

    base_url: Url
    edge: Annotated[Edge, Field(discriminator="profile")]
    default_path: UrlPath = "/dancuquocgia"
    paths: dict[Operation, UrlPath] = Field(default_factory=dict)
    """Path of an operation; others go to `default_path` (§1: one operation, one path; real paths: §20 U1)."""
    operations: Annotated[frozenset[Operation], Field(min_length=1)] = frozenset({Operation.VERIFY, Operation.LOOK_UP})
    """What is granted. Others are refused here, before anything is sent."""
    service_codes: dict[Operation, ServiceCode] = Field(default_factory=lambda: {Operation.VERIFY: "033"})
    default_service_code: ServiceCode = "037"
    verification_form: Literal[RequestForm.STANDARD, RequestForm.LETTER_761] = RequestForm.STANDARD
    kinship_form: Literal[RequestForm.STANDARD, RequestForm.GTEL] = RequestForm.STANDARD
    name_form: NameForm = NameForm.COMPACT
    reply_forms: Annotated[tuple[Form, ...], Field(min_length=1)] = ALL_FORMS
    request_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,10}$")] = ""
    """Before every request id; the province's code, say."""
    request_id_length: Annotated[int, Field(ge=24, le=50)] = 36
    """Longest request id over there (§20 U4)."""
    default_procedure_code: Annotated[str, StringConstraints(max_length=100)] = "VPCP"
    """`MaDVC` of a question that belongs to no procedure; the constant of two clients (§4)."""
    needs_birth_date: frozenset[Operation] = frozenset(set(Operation) - {Operation.VERIFY})
    """Operations that are not asked without one (§20 U11)."""
    sends_birth_date_to_verify: bool = True
    sends_login: bool = False
    """`TaiKhoan` and, as `0`, `SoDienThoai`: one client (§4)."""
    sends_agency: bool = True
    content_type: Annotated[str, StringConstraints(pattern=r"^(application|text)/xml; charset=utf-8$")] = (
        "application/xml; charset=utf-8"
    )
    sends_soap_action: bool = True
    """`SOAPAction: ""` (§20 U3)."""
    xroad_client: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,20}(/[!-~]{1,100}){3}$")] | None = None
    """`INSTANCE/CLASS/MEMBER/SUBSYSTEM` where the edge is an X-Road security server (§2.7)."""
    wsse: Wsse | None = None
    """WS-Security in the envelopes of a SOAP edge."""
    token_margin_seconds: Annotated[float, Field(ge=0, le=3600)] = 300.0
    """A token is renewed this long before its end (§15 row 12)."""
    token_life_seconds: Annotated[float, Field(gt=0, le=86_400)] = 3600.0
    """Used where the answer states no life."""
    verify_seconds: Seconds = 10.0
    look_up_seconds: Seconds = 15.0
    max_parallel: Annotated[int, Field(ge=1, le=100)] = 2
    """Calls at once for the province's account (§20 U14), of this process."""
    transport: PopulationTransport = PopulationTransport()
    is_test: bool = False
    """Allows plain HTTP to the loopback address, for sandboxes."""

    @property
    def system(self) -> str:
        return "population"

    def path_of(self, operation: Operation) -> str:
        """Give the path that an operation is called at."""
        return self.paths.get(operation, self.default_path)

    def service_code_of(self, operation: Operation) -> str:
        """Give the integration code (`MaTichHop`) of an operation."""
        return self.service_codes.get(operation, self.default_service_code)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        faults = address_faults([("base_url", self.base_url)], is_test=self.is_test)
        if len(self.request_prefix) + 20 > self.request_id_length:
            faults.append("request_prefix must leave 20 characters of request_id_length")
        is_json = self.edge.profile in ("lgsp_rest", "lgsp_wrap")
        if is_json and self.operations - {Operation.LOOK_UP, Operation.VERIFY}:
            faults.append("operations must be VERIFY and LOOK_UP only, as the edge's JSON names no others")
        if is_json and self.wsse is not None:
            faults.append("wsse must not be set, as the edge's questions are no envelopes")
        if faults:
            raise ValueError("; ".join(faults))
        return self
