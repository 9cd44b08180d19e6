"""Everything that may differ between registrations with a share-consent hub.

No specification of the hub is public. Whatever the electronic identity notes §7 mark as seen in one client only, or as
unknown (§21 U16, U17), is a setting here with the recommended default.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from adapters.transport.addresses import address_faults
from adapters.transport.secrets import Secret
from adapters.transport.settings import TransportSettings
from gateway.model.consent import HubResult

Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=500)]
UrlPath = Annotated[str, StringConstraints(pattern=r"^/[!-~]*$", max_length=300)]
Word = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
Member = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,60}$")]
Seconds = Annotated[float, Field(gt=0, le=20)]
"""Below the limits that the engine of consents sets to a call."""
_SERVICE_ROOT = "/gw/api/tcdn/biometric-share-info/api/agent"


class BodyForm(StrEnum):
    """How a request's members stand in its body; both are seen in one client (§7.2)."""

    PLAIN = "plain"
    """`{"citizenPid": …}`."""
    WRAPPED = "wrapped"
    """`{"serviceCode": …, "data": {"citizenPid": …}}`."""


class AskForm(StrEnum):
    """How the hub is asked about a transaction; each is seen in one partner's facade (§7.2)."""

    POST = "post"
    """POST with the code in the body."""
    GET = "get"
    """GET with the code as last part of the path."""


class Part(StrEnum):
    """What the string to be signed may be made of."""

    PARTNER = "partner"
    TIMESTAMP = "timestamp"
    NONCE = "nonce"
    BODY = "body"
    BODY_SHA256 = "body_sha256"
    METHOD = "method"
    PATH = "path"


class Encoding(StrEnum):
    """How a digest is written."""

    HEX = "hex"
    BASE64 = "base64"


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClientSettings(_Closed):
    """Credentials as plain headers (§7.2)."""

    client_id: Word
    secret: Secret


class HmacSettings(_Closed):
    """Signed requests (§7.5). The string to sign is unknown (U17); the default is what one client signs."""

    partner_code: Word
    key: Secret
    parts: Annotated[tuple[Part, ...], Field(min_length=1)] = (Part.PARTNER, Part.TIMESTAMP, Part.NONCE, Part.BODY)
    separator: Annotated[str, StringConstraints(pattern=r"^[ -~\n]{0,3}$")] = ":"
    encoding: Encoding = Encoding.HEX


class PartnerSettings(_Closed):
    """Login at the intermediary gateway (§7.5)."""

    username: Word
    password: Secret
    login_path: UrlPath = "/api/v1/auth/token"
    refresh_path: UrlPath = "/api/v1/auth/refresh"
    life_seconds: Annotated[float, Field(gt=0, le=86_400)] = 1800.0
    """Used where the answer states no life."""
    refresh_life_seconds: Annotated[float, Field(gt=0, le=31 * 86_400)] = 604_800.0
    renew_at_life: Annotated[float, Field(gt=0, le=0.95)] = 0.8
    """Renewed when this share of the life has passed."""


class WebhookSettings(_Closed):
    """What the hub sends (§7.4). The types of share events are unknown (U16): patterns with `*`."""

    keys: Annotated[tuple[Secret, ...], Field(min_length=1, max_length=2)]
    """Shared keys, the newest first; two while the key is being changed."""
    signature_header: Word = "X-Webhook-Signature"
    signature_prefix: Annotated[str, StringConstraints(pattern=r"^[!-~]{0,20}$")] = "sha256="
    transcode_types: tuple[Word, ...] = ("*_WEBHOOK_TRANSCODE", "*_WEBHOOK_TRANSCODE_*")
    result_types: tuple[Word, ...] = ("*_WEBHOOK_RESULT", "*_WEBHOOK_RESULT_*")
    max_body_bytes: Annotated[int, Field(ge=1024, le=1 << 20)] = 64 * 1024


class LinkSettings(_Closed):
    """Addresses that lead to the application and back (§7.3)."""

    universal_base: Url
    """`{base}/share/{txnId}`; the production host is unknown (U16)."""
    share_path: UrlPath = "/share/"
    return_names: tuple[Member, ...] = ("transitionCode", "transition_code", "transactionCode")


class ConsentSettings(_Closed):
    """Everything about one registration."""

    name: Name = "vneid"
    base_url: Url
    org_code: Word
    """Sent as `?code=` of the first call."""
    start_path: UrlPath = f"{_SERVICE_ROOT}/init"
    status_path: UrlPath = f"{_SERVICE_ROOT}/get-transaction"
    data_path: UrlPath | None = f"{_SERVICE_ROOT}/get-data"
    """None where the answer about the status holds the data as well."""
    service_code: Word = "biometric-share-info"
    body_form: BodyForm = BodyForm.PLAIN
    ask_form: AskForm = AskForm.POST
    pid_member: Member = "citizenPid"
    code_member: Member = "transactionCode"
    """Name under which the transaction code is sent; a partner's facade calls it `tnx`."""
    client: ClientSettings | None = None
    partner: PartnerSettings | None = None
    hmac: HmacSettings | None = None
    webhook: WebhookSettings
    links: LinkSettings
    results: dict[Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_]{1,30}$")], HubResult] = Field(
        default_factory=lambda: {
            "0": HubResult.AGREED,
            "1": HubResult.FAILED,
            "2": HubResult.PENDING,
            "3": HubResult.DECLINED,
        }
    )
    """What `status` of a transaction means (§7.5). The numbers of the application's return are others and not used."""
    expired_words: tuple[Word, ...] = ("errorcode4005",)
    """Words in an answer about a transaction that mean that the citizen was too late; lower case."""
    subject_member: Member = "citizenPid"
    data_member: Member | None = None
    """Where the data set stands inside the answer; None for the answer itself. Its layout is unknown (U16)."""
    kept: Annotated[frozenset[Member], Field(min_length=1)] = frozenset({"fullName", "birthDate", "gender"})
    """Fields that the agreement covers (Decree 69/2024/NĐ-CP Art. 18); everything else is dropped unread."""
    agreement_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    purpose: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    start_seconds: Seconds = 10.0
    read_seconds: Seconds = 10.0
    transport: TransportSettings = TransportSettings(
        connect_seconds=3.0,
        silence_seconds=10.0,
        max_answer_bytes=1 << 20,
        calls_per_second=20.0,
        statuses_without_effect=frozenset({429, 503}),
    )
    is_test: bool = False
    """Allows plain HTTP to the loopback address, for sandboxes."""

    @property
    def system(self) -> str:
        return f"consent.{self.name}"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        addresses = [("base_url", self.base_url), ("links.universal_base", self.links.universal_base)]
        faults = address_faults(addresses, is_test=self.is_test)
        if self.client is None and self.partner is None and self.hmac is None:
            faults.append("one of client, partner and hmac must be set")
        if self.subject_member in self.kept:
            faults.append("kept must not name subject_member: the personal number is compared and not handed on")
        if HubResult.AGREED not in self.results.values():
            faults.append("results must name what means agreed")
        if any(word != word.lower() for word in self.expired_words):
            faults.append("expired_words must be lower case")
        if faults:
            raise ValueError("; ".join(faults))
        return self
