"""Every choice of the simulated database. What the notes leave open (§20) is a setting, so that a newly learned fact
about the real one is a change of one line, and a client can be tried against every variant.
"""

from enum import StrEnum
from typing import Annotated, Any, Self

import msgspec

from adapters.population.sandbox.operations import DEFAULT_PATHS, KNOWN

Path = Annotated[str, msgspec.Meta(pattern=r"^/[!-~]*$")]
Span = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Status = Annotated[int, msgspec.Meta(ge=200, le=599)]
_SECRET = "sandbox-secret"  # noqa: S105 - of a simulation


class ReplyForm(StrEnum):
    """The payload profiles of §6."""

    FLAT = "flat"
    QCVN109 = "qcvn109"
    KINSHIP = "kinship"


class PrefixStyle(StrEnum):
    """How namespaces are declared in replies."""

    USUAL = "usual"
    """`soapenv` and `ns1`, as seen."""
    RANDOM = "random"
    DEFAULT = "default"
    """The payload in a default namespace, without any prefix."""


class TimeUnit(StrEnum):
    """What the header Timestamp counts; both were seen (§2.1)."""

    MILLISECONDS = "milliseconds"
    SECONDS = "seconds"
    EITHER = "either"


class NameMatching(StrEnum):
    """How names are compared (§20 U5)."""

    FOLDED = "folded"
    """By §13.1: without accents, blanks and case."""
    SPELT = "spelt"
    """With accents; only case and blanks are forgiven."""


class GatewayErrors(StrEnum):
    """How the province's platform says no (§10.1)."""

    WSO2_JSON = "wso2_json"
    WSO2_XML = "wso2_xml"


class WrapperFaults(StrEnum):
    """What the wrapper of §2.5 puts into `message` for a SOAP fault."""

    TEXT = "text"
    ENVELOPE = "envelope"


class TreeForm(StrEnum):
    """How citizens are listed in JSON replies (§14)."""

    MAPPED = "mapped"
    """One is an object, several are an array; as a mapper from XML gives it."""
    ALWAYS_ARRAY = "always_array"


class PopulationProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the database; those of `FIXED_SETTINGS` shape it when it is made."""

    # The people.
    people_seed: int = 1
    people_count: Annotated[int, msgspec.Meta(ge=0, le=900_000)] = 12_000

    # Addresses.
    paths: dict[str, Path] = {}
    """Operation to its path below each edge, where that is not the usual one; also what C06-BASIC signs."""

    # Admission.
    allowed_addresses: list[str] = []
    """Addresses or networks that may call; none named lets everybody (fault 101)."""
    licensed_procedures: list[str] | None = None
    unlicensed_procedures: list[str] = msgspec.field(default_factory=lambda: ["KHONG-CAP-PHEP"])
    licensed_officers: list[str] | None = None
    barred_officers: list[str] = msgspec.field(default_factory=lambda: ["can-bo-bi-khoa"])
    granted_services: list[str] = msgspec.field(default_factory=lambda: ["033", "037"])
    is_request_id_kept: bool = True
    """Whether a MaYeuCau serves once only (fault 003)."""
    request_id_max_length: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    is_order_checked: bool = True
    is_birth_date_required: bool = True
    """Of every question but 033 (§20 U11)."""
    calls_per_second: Annotated[float, msgspec.Meta(ge=0, le=1e6)] = 0.0
    """More is refused with fault 429; 0 sets no limit."""

    # Edges. C06-BASIC:
    c06_username: str = "TINH_TEST"
    c06_secret: str = _SECRET
    c06_time_unit: TimeUnit = TimeUnit.MILLISECONDS
    c06_window_seconds: Span = 300.0
    is_upper_hex_accepted: bool = False
    xroad_client: str = ""
    """Wanted in the header X-Road-Client when set."""
    api_key: str = ""
    """Wanted in the header ApiKey when set."""
    is_xroad_style: bool = False
    """Whether /c06 lies behind a security server: its own errors are JSON, its replies carry X-Road headers."""
    # LGSP-TOKEN:
    lgsp_access_key: str = "AK"
    lgsp_secret_key: str = _SECRET
    lgsp_app_name: str = "APP"
    lgsp_partner_code: str = "PC"
    lgsp_partner_code_cus: str = "PCC"
    lgsp_token_path: Path = "/getToken"  # noqa: S105 - an address
    auth_hash_header: str = "AuthHash"
    officer_keys: dict[str, str] = msgspec.field(
        default_factory=lambda: {"canbo.a": "khoa-a:mat-khau-a", "canbo.b": "khoa-b:mat-khau-b"}
    )
    """MaCanBo to `keyName:keyPass`."""
    # LGSP-REST:
    rest_user: str = "tinh-rest"
    rest_password: str = _SECRET
    rest_token_path: Path = "/api/v1/Authentication/Token"  # noqa: S105 - an address
    # LGSP-OAUTH2:
    oauth2_client_id: str = "tinh-oauth2"
    oauth2_client_secret: str = _SECRET
    oauth2_token_path: Path = "/token"  # noqa: S105 - an address
    # LGSP-NGSP:
    ngsp_token: str = "6f3c2b1a-0000-4000-8000-000000000999"  # noqa: S105 - of a simulation
    # LGSP-WRAP:
    wrap_success_code: str = "00"
    wrap_faults: WrapperFaults = WrapperFaults.TEXT
    token_seconds: Span = 3600.0
    gateway_errors: GatewayErrors = GatewayErrors.WSO2_JSON

    # Replies.
    reply_form: ReplyForm = ReplyForm.FLAT
    prefix_style: PrefixStyle = PrefixStyle.USUAL
    content_type: str = "text/xml; charset=utf-8"
    verification_root: Annotated[
        str, msgspec.Meta(pattern="^(KetQuaXacThuc|KetQuaXacThucResponse|XacThucThongTinCongDanResponse)$")
    ] = "KetQuaXacThuc"
    tree_form: TreeForm = TreeForm.MAPPED
    has_collection_attributes: bool = False
    """SoCongDan and others on CongdanCollection also in the flat form."""
    fault_http_status: Status = 500
    name_matching: NameMatching = NameMatching.FOLDED
    is_full_date_matched_by_year: bool = False
    """Whether a full birth date finds somebody of whom only the year is recorded."""
    is_vital_status_offered: bool = False
    redirect_url: str = "http://127.0.0.1:9/"
    """Where the hostile redirects point to."""
    latency_seconds: Span = 0.0

    def path_of(self, operation: str) -> str:
        """Give the path of an operation below each edge."""
        return self.paths.get(operation) or DEFAULT_PATHS[operation]

    def changed(self, **changes: Any) -> Self:
        """Give a profile with some settings changed, checked. Raises ProfileError."""
        return self.parse({**msgspec.to_builtins(self), **changes})

    @classmethod
    def parse(cls, values: object) -> Self:
        """Read a profile from plain values; what is not named keeps its default. Raises ProfileError."""
        try:
            profile = msgspec.convert(values, cls)
        except msgspec.ValidationError as error:
            raise ProfileError(str(error)) from None
        unknown = sorted(set(profile.paths) - KNOWN)
        if unknown:
            raise ProfileError(f"paths: no operation {', '.join(unknown)}")
        return profile

    def shown(self) -> dict[str, Any]:
        """Give the settings as plain values, without those that are secret."""
        return {name: value for name, value in msgspec.to_builtins(self).items() if name not in SECRET_SETTINGS}


class ProfileError(ValueError):
    """A setting does not exist or cannot have that value; the message names it."""


SECRET_SETTINGS = frozenset(
    {"c06_secret", "api_key", "lgsp_secret_key", "rest_password", "oauth2_client_secret", "ngsp_token", "officer_keys"}
)
FIXED_SETTINGS = frozenset(
    {"people_seed", "people_count", "paths", "lgsp_token_path", "rest_token_path", "oauth2_token_path"}
)
