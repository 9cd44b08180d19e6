"""What an attacker, or a provider gone wrong, may send: a closed list, each with the rows of notes §17 that it plays.

An armed attack strikes one sign-on and is gone. rows.py says where each strikes and what a right client makes of it.
"""

from collections import Counter, deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from adapters.identity.sandbox.profile import Mode


class Attack(StrEnum):
    """What happens."""

    # Callback.
    UNKNOWN_STATE = "unknown_state"
    CODE_AND_ERROR = "code_and_error"
    DUPLICATED_CODE = "duplicated_code"
    DUPLICATED_STATE = "duplicated_state"
    SCRIPT_IN_ERROR = "script_in_error"
    FOREIGN_ISSUER = "foreign_issuer"
    MISSING_ISSUER = "missing_issuer"
    INVENTED_CODE = "invented_code"
    OVERLONG_CODE = "overlong_code"
    # Token answer.
    TOKEN_SERVER_ERROR = "token_server_error"  # noqa: S105
    TOKEN_HTML = "token_html"  # noqa: S105
    TOKEN_REDIRECT = "token_redirect"  # noqa: S105
    TOKEN_BOMB = "token_bomb"  # noqa: S105
    TOKEN_OVERSIZED = "token_oversized"  # noqa: S105
    MAC_TOKEN = "mac_token"  # noqa: S105
    TOKEN_MEMBERS_TWICE = "token_members_twice"  # noqa: S105
    NO_ACCESS_TOKEN = "no_access_token"  # noqa: S105
    NO_ID_TOKEN = "no_id_token"  # noqa: S105
    EXPIRES_AS_TEXT = "expires_as_text"
    EXPIRES_AS_WORD = "expires_as_word"
    EXPIRES_NEGATIVE = "expires_negative"
    # ID token.
    ALG_NONE = "alg_none"
    HS256_WITH_PUBLIC_KEY = "hs256_with_public_key"
    RS512 = "rs512"
    FLIPPED_SIGNATURE = "flipped_signature"
    SWAPPED_PAYLOAD = "swapped_payload"
    EMBEDDED_JWK = "embedded_jwk"
    FOREIGN_JKU = "foreign_jku"
    EMBEDDED_X5C = "embedded_x5c"
    UNKNOWN_CRIT = "unknown_crit"
    NO_KEY_ID_AMONG_TWO = "no_key_id_among_two"
    NO_KEY_ID = "no_key_id"
    UNKNOWN_KEY_ID = "unknown_key_id"
    STRANGERS_KEY = "strangers_key"
    WEAK_KEY = "weak_key"
    ENCRYPTION_KEY = "encryption_key"
    ISSUER_WITH_SLASH = "issuer_with_slash"
    ISSUER_IN_OTHER_CASE = "issuer_in_other_case"
    ISSUER_OF_ANOTHER = "issuer_of_another"
    WRONG_AUDIENCE = "wrong_audience"
    STRANGER_IN_AUDIENCE = "stranger_in_audience"
    FOREIGN_AUTHORISED_PARTY = "foreign_authorised_party"
    JUST_EXPIRED = "just_expired"
    EXPIRED = "expired"
    ISSUED_IN_FUTURE = "issued_in_future"
    ISSUED_LONG_AGO = "issued_long_ago"
    NOT_YET_VALID = "not_yet_valid"
    NONCE_MISSING = "nonce_missing"
    NONCE_WRONG = "nonce_wrong"
    EXPIRY_AS_TEXT = "expiry_as_text"
    EXPIRY_NOT_A_NUMBER = "expiry_not_a_number"
    EXPIRY_HUGE = "expiry_huge"
    SUBJECT_MISSING = "subject_missing"
    SUBJECT_EMPTY = "subject_empty"
    SUBJECT_NUMBER = "subject_number"
    SUBJECT_LONG = "subject_long"
    SUBJECT_NOT_ASCII = "subject_not_ascii"
    WRONG_TOKEN_DIGEST = "wrong_token_digest"  # noqa: S105
    TOKEN_17K = "token_17k"  # noqa: S105
    TOKEN_200K = "token_200k"  # noqa: S105
    TOKEN_5M = "token_5m"  # noqa: S105
    FIVE_PARTS = "five_parts"
    DUPLICATE_MEMBERS = "duplicate_members"
    INVALID_UTF8 = "invalid_utf8"
    DEEP_NESTING = "deep_nesting"
    LOGOUT_TOKEN = "logout_token"  # noqa: S105
    ACCESS_TOKEN_TYPE = "access_token_type"  # noqa: S105
    OTHER_CLIENT = "other_client"
    ACR_MISSING = "acr_missing"
    ACR_UNKNOWN = "acr_unknown"
    ACR_TOO_LOW = "acr_too_low"
    AUTHENTICATION_UNDATED = "authentication_undated"
    AUTHENTICATION_OLD = "authentication_old"
    # Userinfo.
    FOREIGN_SUBJECT = "foreign_subject"
    USERINFO_REFUSED = "userinfo_refused"
    USERINFO_UNSIGNED_JWT = "userinfo_unsigned_jwt"
    USERINFO_STRANGERS_JWT = "userinfo_strangers_jwt"
    KIND_UNKNOWN = "kind_unknown"
    KIND_MISSING = "kind_missing"
    NUMBER_TOO_SHORT = "number_too_short"
    NUMBER_WITH_SPACES = "number_with_spaces"
    NUMBER_AS_NUMBER = "number_as_number"
    NUMBER_IN_ARABIC_DIGITS = "number_in_arabic_digits"
    OLD_CARD_BESIDE = "old_card_beside"
    NAME_DECOMPOSED = "name_decomposed"
    NAME_WITH_CONTROLS = "name_with_controls"
    NAME_ENDLESS = "name_endless"
    BIRTHDAY_IMPOSSIBLE = "birthday_impossible"
    BIRTHDAY_EMPTY = "birthday_empty"
    UPSTREAM_MISSING = "upstream_missing"
    UPSTREAM_OLD = "upstream_old"
    LOAS_100K = "loas_100k"
    UNKNOWN_CLAIM = "unknown_claim"
    LOGOUT_ELSEWHERE = "logout_elsewhere"
    # Sealed answers.
    SEALED_TO_ANOTHER = "sealed_to_another"
    CODE_SEALED_TO_ANOTHER = "code_sealed_to_another"
    DAMAGED_KEY = "damaged_key"
    ODD_LENGTH = "odd_length"
    BAD_PADDING = "bad_padding"
    SEALED_TEXT = "sealed_text"
    SEALED_ARRAY = "sealed_array"
    REORDERED_BLOCKS = "reordered_blocks"
    PLAIN_TOKEN = "plain_token"  # noqa: S105
    PLAIN_USERINFO = "plain_userinfo"
    PLAIN_CODE = "plain_code"
    MEMBERS_IN_ERROR = "members_in_error"
    SEALED_ERROR = "sealed_error"


class Stage(StrEnum):
    """At which answer it strikes."""

    CALLBACK = "callback"
    TOKEN = "token"  # noqa: S105
    ID_TOKEN = "id_token"  # noqa: S105
    USERINFO = "userinfo"


@dataclass(frozen=True, slots=True)
class Row:
    """One attack of the list."""

    rows: str
    stage: Stage
    modes: frozenset[Mode]
    must_be_refused: bool = True
    needs: str = ""
    """What the client must know for it to be one: a word of the profile or of the client's own settings."""


class AttackBoard:
    """Which attacks are armed, and how often each has struck."""

    def __init__(self) -> None:
        self._armed: deque[Attack] = deque()
        self.struck: Counter[str] = Counter()

    def arm(self, attack: Attack, count: int = 1) -> None:
        """Have the next `count` sign-ons struck, after those that wait already."""
        self._armed.extend([attack] * count)

    def take(self) -> Attack | None:
        """Give what strikes the sign-on that is about to be answered."""
        return self._armed.popleft() if self._armed else None

    def note(self, attack: Attack) -> None:
        """Note that it was sent."""
        self.struck[attack.value] += 1

    def clear(self) -> None:
        self._armed.clear()
        self.struck.clear()

    def as_dict(self) -> dict[str, Any]:
        return {"armed": [attack.value for attack in self._armed], "struck": dict(self.struck)}
