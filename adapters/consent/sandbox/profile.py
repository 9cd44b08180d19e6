"""Every choice of the simulated hub. What the notes leave open (§7, §21 U16 and U17) is a setting, so that a newly
learned fact about the real hub is a change of one line, and a client can be tried against every variant.
"""

from enum import StrEnum
from typing import Annotated, Any, Self

import msgspec

Path = Annotated[str, msgspec.Meta(pattern=r"^/[!-~]*$")]
Count = Annotated[int, msgspec.Meta(ge=0, le=100)]
Span = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
_ROOT = "/gw/api/tcdn/biometric-share-info/api/agent"


class AnswerForm(StrEnum):
    """How answers are dressed."""

    BARE = "bare"
    ENVELOPED = "enveloped"
    """`{"status":"01","message":…,"data":{…}}` (§7.5)."""
    FACADE = "facade"
    """`{"responseCode":200,"description":…,"responseTime":…,"data":{…}}` (§7.2)."""


class WireType(StrEnum):
    """How a number is written."""

    NUMBER = "number"
    TEXT = "text"


class SignatureForm(StrEnum):
    """How webhooks are signed; the notes do not say which of the first three is right."""

    HEX = "hex"
    UPPER_HEX = "upper_hex"
    BASE64 = "base64"
    BAD = "bad"
    """Made with another key."""
    MISSING = "missing"
    REWRITTEN = "rewritten"
    """Made over the same document in other bytes."""


class Spelling(StrEnum):
    """How the application's return is written (§7.3)."""

    PATH = "path"
    PATH_TWICE = "path_twice"
    PATH_WITHOUT_RESULT = "path_without_result"
    TRANSITION_CODE = "transitionCode"
    TRANSITION_CODE_SNAKE = "transition_code"
    TRANSACTION_CODE = "transactionCode"
    QUERY_TWICE = "query_twice"
    QUERY_WITHOUT_RESULT = "query_without_result"


class HubProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the hub; those of `FIXED_SETTINGS` shape the application when it is made."""

    # Addresses (§7.2, §7.5). Those of status and data are not known.
    start_path: Path = f"{_ROOT}/init"
    status_path: Path = f"{_ROOT}/get-transaction"
    data_path: Path = f"{_ROOT}/get-data"
    token_path: Path = "/api/v1/auth/token"  # noqa: S105 - an address
    refresh_path: Path = "/api/v1/auth/refresh"

    # Admission.
    org_code: str = "H99"
    is_client_checked: bool = True
    client_id: str = "tinh-thu-nghiem"
    client_secret: str = "sandbox-secret"  # noqa: S105 - of a simulation
    is_token_checked: bool = False
    username: str = "doi-tac"
    password: str = "sandbox-password"  # noqa: S105 - of a simulation
    token_seconds: Span = 1800.0
    refresh_seconds: Span = 604_800.0
    is_hmac_checked: bool = False
    partner_code: str = "TINH-TN"
    hmac_key: str = "sandbox-hmac-key"
    hmac_skew_seconds: Span = 300.0
    are_refusals_http_errors: bool = False
    """Whether refusals come with HTTP 400 or 401 instead of 200."""

    # Answers.
    answer_form: AnswerForm = AnswerForm.BARE
    state_type: WireType = WireType.NUMBER
    is_txn_id_in_first_answer: bool = False
    is_data_in_status: bool = False
    added_fields: dict[str, Any] = {}
    """Members put into every answer and webhook; no client may mind them."""
    latency_seconds: Span = 0.0

    # Consents.
    consent_seconds: Span = 300.0
    """How long the citizen has (§7.5)."""
    expired_word: str = "errorcode4005"
    subject_instead: str = ""
    """Whose data is released whoever agreed; the hub's own mistake (N166)."""

    # Webhooks (§7.4).
    webhook_url: str = ""
    """Where they go; none are sent while it is empty."""
    webhook_key: str = "sandbox-webhook-key"
    webhook_signature: SignatureForm = SignatureForm.HEX
    webhook_copies: Annotated[int, msgspec.Meta(ge=1, le=10)] = 1
    """How often each is sent though it was answered with 200."""
    webhook_first_attempt: Annotated[int, msgspec.Meta(ge=0, le=1)] = 1
    webhook_max_attempts: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5
    webhook_retry_seconds: Span = 5.0
    is_webhook_order_swapped: bool = False
    """RESULT before TRANSCODE."""
    is_result_webhook_sent: bool = True
    webhook_transcode_type: str = "SHARE_WEBHOOK_TRANSCODE"
    webhook_result_type: str = "SHARE_WEBHOOK_RESULT"
    webhook_state_type: WireType = WireType.NUMBER

    # The application's return (§7.3).
    return_url: str = ""
    return_spelling: Spelling = Spelling.TRANSITION_CODE
    return_claims: Annotated[str, msgspec.Meta(pattern="^[0-9]?$")] = ""
    """The result in the return whatever was decided; a lie of somebody's device (N164)."""

    def changed(self, **changes: Any) -> Self:
        """Give a profile with some settings changed, checked. Raises ProfileError."""
        return self.parse({**msgspec.to_builtins(self), **changes})

    @classmethod
    def parse(cls, values: object) -> Self:
        """Read a profile from plain values; what is not named keeps its default. Raises ProfileError."""
        try:
            return msgspec.convert(values, cls)
        except msgspec.ValidationError as error:
            raise ProfileError(str(error)) from None

    def shown(self) -> dict[str, Any]:
        """Give the settings as plain values, without those that are secret."""
        return {name: value for name, value in msgspec.to_builtins(self).items() if name not in SECRET_SETTINGS}


class ProfileError(ValueError):
    """A setting does not exist or cannot have that value; the message names it."""


SECRET_SETTINGS = frozenset({"client_secret", "password", "hmac_key", "webhook_key"})
FIXED_SETTINGS = frozenset({"start_path", "status_path", "data_path", "token_path", "refresh_path"})
