"""The Retry-After header (RFC 9110 section 10.2.3): seconds, or the date when to come back. Pure."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_WAIT_SECONDS = 24 * 3600.0
"""A longer wish is cut to a day: it is more likely a wrong clock than a plan."""


def retry_after_seconds(value: str, now: datetime) -> float | None:
    """Give the wished wait in seconds from `now` (aware), between 0 and a day; None when there is none to be read."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), MAX_WAIT_SECONDS)
    try:
        instant = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return min(max((instant - now).total_seconds(), 0.0), MAX_WAIT_SECONDS)
