"""How fast a system may be called: gently after it opens, and never above a rate. Pure.

After an outage everything that waited is due at once. What comes back from maintenance is often weak, and others wait
for it too, so the rate grows in a straight line from a small share to the full rate. Calls are counted, not records:
a call carries a batch.

The bucket is shared by all processes through the store. It earns tokens with time and a call costs one. What was
earned before an opening does not count: a bucket that filled during an outage would be the very rush to be avoided.
"""

from dataclasses import dataclass
from datetime import datetime
from math import floor, isfinite

from gateway.sync.retry import raise_unmet

LONGEST_RAMP_MINUTES = 1_440.0
_CLOCK_SLACK_SECONDS = 10.0
"""A bucket's instant further ahead than this comes from a clock that was set back, and is not waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePolicy:
    """The rates of one system. Raises ValueError that lists everything wrong at once.

    `calls_per_second` None sets no limit in ordinary life; the ramp then grows towards `ramp_calls_per_second` and
    ends in no limit. `ramp_minutes` 0 means no ramp. `burst_seconds` is how long unused calls are saved up.
    """

    calls_per_second: float | None = None
    ramp_minutes: float = 10.0
    ramp_first_share: float = 0.05
    ramp_calls_per_second: float = 20.0
    burst_seconds: float = 1.0

    def __post_init__(self) -> None:
        limit = self.calls_per_second
        rules = {
            "calls_per_second must be above 0": limit is None or (isfinite(limit) and limit > 0),
            f"ramp_minutes must lie between 0 and {LONGEST_RAMP_MINUTES:.0f}": (
                0 <= self.ramp_minutes <= LONGEST_RAMP_MINUTES
            ),
            "ramp_first_share must be above 0 and at most 1": 0 < self.ramp_first_share <= 1,
            "ramp_calls_per_second must be above 0": (
                isfinite(self.ramp_calls_per_second) and self.ramp_calls_per_second > 0
            ),
            "burst_seconds must be above 0": isfinite(self.burst_seconds) and self.burst_seconds > 0,
        }
        raise_unmet(rules)

    @property
    def full_rate(self) -> float:
        """What the ramp grows towards, in calls per second."""
        return self.calls_per_second if self.calls_per_second is not None else self.ramp_calls_per_second


def share_at(policy: ReleasePolicy, opened_at: datetime | None, now: datetime) -> float:
    """Give the released share at an instant: from `ramp_first_share` at the opening to 1 when the ramp is over."""
    if opened_at is None or policy.ramp_minutes == 0:
        return 1.0
    passed = (now - opened_at).total_seconds() / (policy.ramp_minutes * 60)
    # Before the opening (another clock says that it is open) the first share.
    return policy.ramp_first_share + (1.0 - policy.ramp_first_share) * min(1.0, max(0.0, passed))


def rate_at(policy: ReleasePolicy, opened_at: datetime | None, now: datetime) -> float | None:
    """Give the rate in calls per second; None when nothing limits it."""
    share = share_at(policy, opened_at, now)
    return None if share >= 1.0 and policy.calls_per_second is None else share * policy.full_rate


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was saved up until `at`; `at` None for one that was never used."""

    tokens: float = 0.0
    at: datetime | None = None

    @property
    def calls_count(self) -> int:
        return max(0, floor(self.tokens))


def filled(bucket: Bucket, policy: ReleasePolicy, opened_at: datetime | None, now: datetime) -> Bucket:
    """Give the bucket with what was earned until now. It holds at least one call right after an opening."""
    rate = rate_at(policy, opened_at, now)
    if rate is None:
        return bucket
    capacity = max(1.0, rate * policy.burst_seconds)
    if bucket.at is None or (opened_at is not None and bucket.at < opened_at <= now):
        # The first calls after an opening: one at once, the rest is earned from the opening on.
        since, tokens = opened_at or now, 1.0
    else:
        since, tokens = bucket.at, bucket.tokens
    passed = (now - since).total_seconds()
    if passed < -_CLOCK_SLACK_SECONDS:
        return Bucket(min(capacity, tokens), now)
    if passed <= 0:
        return Bucket(min(capacity, tokens), since)
    earlier = rate_at(policy, opened_at, since)
    # The rate grows in a straight line, so its mean is that of both ends.
    mean = rate if earlier is None else (earlier + rate) / 2
    return Bucket(min(capacity, tokens + mean * passed), now)


@dataclass(frozen=True, slots=True)
class Taken:
    """The bucket to store, and how long to wait before asking again: 0 when the call may be made now."""

    bucket: Bucket
    wait_seconds: float = 0.0


def take(bucket: Bucket, policy: ReleasePolicy, opened_at: datetime | None, now: datetime) -> Taken:
    """Take one call's token, or tell how long until there is one."""
    rate = rate_at(policy, opened_at, now)
    if rate is None:
        return Taken(bucket)
    full = filled(bucket, policy, opened_at, now)
    if full.tokens >= 1.0:
        return Taken(Bucket(full.tokens - 1.0, full.at))
    return Taken(full, max(0.001, (1.0 - full.tokens) / rate))
