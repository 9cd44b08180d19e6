"""Words for what is odd about a provider's message without being wrong: the closed list behind PaymentFact.notices."""

from enum import StrEnum


class Notice(StrEnum):
    """One oddity."""

    TWELVE_HOUR_CLOCK = "twelve_hour_clock"
    """The time would fit better twelve hours away: somebody over there writes hours as 01 to 12 (pitfall 14)."""
    UNREADABLE_TIME = "unreadable_time"
    """The time is no instant; what was written is kept."""
    UNKNOWN_RESULT = "unknown_result"
    """A result code without a row in the table."""
    CONFIGURATION_RESULT = "configuration_result"
    """A result code that means that something is set up wrongly."""
    UNKNOWN_STATE = "unknown_state"
    """A transaction state without a row in the table."""
    OTHER_MESSAGE_TYPE = "other_message_type"
    """The message calls itself something other than is configured."""
    PREVIOUS_SECRET = "previous_secret"  # noqa: S105 - a word, no secret
    """It verified with the older of two secrets."""
    UPPER_CASE_CHECKSUM = "upper_case_checksum"
    LEGACY_CHECKSUM = "legacy_checksum"
    """The checksum does not cover the result."""
    NO_CHECKSUM = "no_checksum"
    UNSIGNED_DOSSIER = "unsigned_dossier"
    """The dossier number stands only where no checksum covers it."""
    FOREIGN_BILL_ADDRESS = "foreign_bill_address"
    """The address of a bill leads to a host that is not trusted; it was dropped."""
    UNEXPECTED_FEE = "unexpected_fee"
    """A fee on top of the amount that was never asked for."""
