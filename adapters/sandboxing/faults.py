"""What can go wrong on purpose, as a closed vocabulary shared by every sandbox.

A fault kind says *what* happens; a `FaultSpec` says when (which operation, which item, how many calls, with what
probability) and with which measure (seconds, bytes, status). Kinds are grouped by the moment at which they strike,
because a sandbox takes at most one fault per moment of a call.

To add a kind (a later sandbox will want a wrong signature, a rotated key): add a member to `FaultKind`, name its
group in `GROUP_OF`, list its variants in `VARIANTS` when it has any, and let the sandbox that can do it declare it
as supported and ask the switchboard for it at the right moment. Nothing else changes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class FaultKind(StrEnum):
    """What happens."""

    REFUSE_CONNECTION = "refuse_connection"
    """The connection is closed before anything is read; nothing is done."""
    EXPIRED_CERTIFICATE = "expired_certificate"
    """New TLS connections are served a certificate that has run out."""
    WRONG_CERTIFICATE = "wrong_certificate"
    """New TLS connections are served a certificate for another name or from another issuer."""

    STALL_BEFORE_WORK = "stall_before_work"
    """Waits, then does the work and answers. The work is done even when the client has left meanwhile."""
    STALL_AFTER_WORK = "stall_after_work"
    """Does the work at once, then waits before the first byte of the answer."""
    STALL_BEFORE_BODY = "stall_before_body"
    """Does the work, sends the head of the answer, waits, then sends the body."""

    RATE_LIMITED = "rate_limited"
    """Answers 429 with Retry-After. Variants: seconds, http_date, none."""
    SERVER_ERROR = "server_error"
    """Answers a 5xx (`http_status`) with a plain text body."""
    MAINTENANCE = "maintenance"
    """Answers 503 with an HTML page, and Retry-After when `retry_after_seconds` is above zero."""
    HTML_PAGE = "html_page"
    """Answers 200 with an HTML page instead of the answer."""

    DROP_REPLY = "drop_reply"
    """Does the work, then closes without a byte. Variants: close, reset."""
    RESET_MID_ANSWER = "reset_mid_answer"
    """Does the work, sends half of the answer, then resets the connection."""
    SLOW_TRICKLE = "slow_trickle"
    """Does the work, then lets the body drip over `delay_seconds`."""
    MALFORMED_JSON = "malformed_json"
    """Does the work, then sends a body cut short with a matching length. Variants: cut, garbage, empty."""
    OVERSIZED_BODY = "oversized_body"
    """Does the work, then sends a valid answer behind `size_bytes` of white space, without a length."""
    WRONG_CONTENT_TYPE = "wrong_content_type"
    """Does the work and sends the right body under the label text/html."""

    UNFINISHED_HEAD = "unfinished_head"
    """Does the work, sends half of the head of the answer, waits `delay_seconds`, then hangs up."""
    SHORT_BODY = "short_body"
    """Does the work, states the whole length, sends half of the body, then ends the connection in good order."""

    CLOCK_SKEW = "clock_skew"
    """The Date header is off by `skew_seconds`."""

    BUSINESS_REJECTION = "business_rejection"
    """The system says no in its own dialect (`error_code`, `message`) without doing the work."""
    EXPIRED_SESSION = "expired_session"
    """The session of the call is forgotten, and the call is answered accordingly."""
    UNKNOWN_CODES = "unknown_codes"
    """Catalogue answers carry codes that no table knows."""
    DUPLICATES = "duplicates"
    """Lists carry some items twice."""
    REORDERED = "reordered"
    """Lists come in another order."""
    ODD_RESULT = "odd_result"
    """The result is not the usual array. Variants: missing, null, object."""
    ERROR_CODE_DIALECT = "error_code_dialect"
    """The outcome code comes in another form. Variants: string, double_zero, integer."""
    WRAPPED_REPLY = "wrapped_reply"
    """The whole answer comes as a JSON string inside another answer."""
    HOSTILE_REPLY = "hostile_reply"
    """The answer is replaced by what no honest system sends; each sandbox has its own list of variants."""


class FaultGroup(StrEnum):
    """The moment of a call at which a fault strikes; at most one fault of a group strikes one call."""

    CONNECTION = "connection"
    WAIT = "wait"
    INSTEAD = "instead"
    DELIVERY = "delivery"
    HEAD = "head"
    DIALECT = "dialect"
    """Asked for by the sandbox itself, kind by kind, where the kind means something."""


GROUP_OF: Mapping[FaultKind, FaultGroup] = MappingProxyType(
    {
        FaultKind.REFUSE_CONNECTION: FaultGroup.CONNECTION,
        FaultKind.EXPIRED_CERTIFICATE: FaultGroup.CONNECTION,
        FaultKind.WRONG_CERTIFICATE: FaultGroup.CONNECTION,
        FaultKind.STALL_BEFORE_WORK: FaultGroup.WAIT,
        FaultKind.RATE_LIMITED: FaultGroup.INSTEAD,
        FaultKind.SERVER_ERROR: FaultGroup.INSTEAD,
        FaultKind.MAINTENANCE: FaultGroup.INSTEAD,
        FaultKind.HTML_PAGE: FaultGroup.INSTEAD,
        FaultKind.STALL_AFTER_WORK: FaultGroup.DELIVERY,
        FaultKind.STALL_BEFORE_BODY: FaultGroup.DELIVERY,
        FaultKind.DROP_REPLY: FaultGroup.DELIVERY,
        FaultKind.RESET_MID_ANSWER: FaultGroup.DELIVERY,
        FaultKind.SLOW_TRICKLE: FaultGroup.DELIVERY,
        FaultKind.MALFORMED_JSON: FaultGroup.DELIVERY,
        FaultKind.OVERSIZED_BODY: FaultGroup.DELIVERY,
        FaultKind.WRONG_CONTENT_TYPE: FaultGroup.DELIVERY,
        FaultKind.UNFINISHED_HEAD: FaultGroup.DELIVERY,
        FaultKind.SHORT_BODY: FaultGroup.DELIVERY,
        FaultKind.CLOCK_SKEW: FaultGroup.HEAD,
        FaultKind.BUSINESS_REJECTION: FaultGroup.DIALECT,
        FaultKind.EXPIRED_SESSION: FaultGroup.DIALECT,
        FaultKind.UNKNOWN_CODES: FaultGroup.DIALECT,
        FaultKind.DUPLICATES: FaultGroup.DIALECT,
        FaultKind.REORDERED: FaultGroup.DIALECT,
        FaultKind.ODD_RESULT: FaultGroup.DIALECT,
        FaultKind.ERROR_CODE_DIALECT: FaultGroup.DIALECT,
        FaultKind.WRAPPED_REPLY: FaultGroup.DIALECT,
        FaultKind.HOSTILE_REPLY: FaultGroup.DIALECT,
    }
)

VARIANTS: Mapping[FaultKind, tuple[str, ...]] = MappingProxyType(
    {
        FaultKind.RATE_LIMITED: ("seconds", "http_date", "none"),
        FaultKind.DROP_REPLY: ("close", "reset"),
        FaultKind.MALFORMED_JSON: ("cut", "garbage", "empty"),
        FaultKind.ODD_RESULT: ("missing", "null", "object"),
        FaultKind.ERROR_CODE_DIALECT: ("string", "double_zero", "integer"),
    }
)
"""Allowed variants per kind; the first is what an empty variant means."""

TLS_KINDS = frozenset({FaultKind.EXPIRED_CERTIFICATE, FaultKind.WRONG_CERTIFICATE})
"""Kinds that only a runner with spare certificates can do."""

RAW_KINDS = frozenset({FaultKind.UNFINISHED_HEAD, FaultKind.SHORT_BODY})
"""Kinds that break HTTP itself; a sandbox that wants them declares them, and the exchange does them."""

HTTP_KINDS = frozenset(
    kind for kind, group in GROUP_OF.items() if group is not FaultGroup.DIALECT and kind not in TLS_KINDS | RAW_KINDS
)
"""Kinds that every sandbox spoken to over HTTP can do."""

SANDBOX_VARIANTS = frozenset({FaultKind.HOSTILE_REPLY})
"""Kinds whose variants are the sandbox's own; its switchboard checks them."""


def kinds_in(group: FaultGroup) -> frozenset[FaultKind]:
    """Give the kinds of a group."""
    return frozenset(kind for kind, its_group in GROUP_OF.items() if its_group is group)


class FaultSpecError(ValueError):
    """The description of a fault cannot be used. The message names the field and is safe to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpec:
    """One fault and when it strikes.

    `calls` None means until it is removed or `lasts_seconds` have passed. `skip` matching calls go by unharmed
    first. `operation`, `item_code` and `item_prefix` (how an item code begins) narrow the calls; a spec with any of
    them never strikes before the body was read.
    `probability` is drawn per matching call; a lost draw uses up neither `skip` nor `calls`. Raises FaultSpecError.
    """

    kind: FaultKind
    calls: int | None = None
    skip: int = 0
    operation: str | None = None
    item_code: str | None = None
    item_prefix: str | None = None
    probability: float = 1.0
    lasts_seconds: float | None = None
    delay_seconds: float = 1.0
    retry_after_seconds: int = 1
    http_status: int = 503
    size_bytes: int = 16 * 1024 * 1024
    skew_seconds: float = 3600.0
    error_code: int = -1
    message: str = "Hệ thống bận, đề nghị thực hiện lại"
    variant: str = ""
    after_work: bool = False
    """For faults that answer something else: do the work first, so that only the answer is lost."""

    def __post_init__(self) -> None:
        checks = (
            ("calls", self.calls is None or self.calls >= 1, "must be at least 1, or null for no limit"),
            ("skip", self.skip >= 0, "must not be negative"),
            ("probability", 0.0 < self.probability <= 1.0, "must be above 0 and at most 1"),
            ("lasts_seconds", self.lasts_seconds is None or self.lasts_seconds > 0, "must be above 0"),
            ("delay_seconds", self.delay_seconds >= 0, "must not be negative"),
            ("retry_after_seconds", self.retry_after_seconds >= 0, "must not be negative"),
            ("http_status", 500 <= self.http_status <= 599, "must be a 5xx"),
            ("size_bytes", self.size_bytes >= 0, "must not be negative"),
        )
        for name, holds, rule in checks:
            if not holds:
                raise FaultSpecError(f"{name}: {rule}")
        allowed = VARIANTS.get(self.kind, ())
        if self.variant and self.variant not in allowed and self.kind not in SANDBOX_VARIANTS:
            raise FaultSpecError(f"variant: {self.kind} allows {', '.join(allowed) or 'none'}")

    @property
    def effective_variant(self) -> str:
        """The variant, or the kind's first one when none was given."""
        return self.variant or VARIANTS.get(self.kind, ("",))[0]

    def as_dict(self) -> dict[str, Any]:
        """Give the spec as plain JSON values."""
        return asdict(self)


_TYPES: Mapping[str, tuple[type, ...]] = {
    "calls": (int, type(None)),
    "skip": (int,),
    "operation": (str, type(None)),
    "item_code": (str, type(None)),
    "item_prefix": (str, type(None)),
    "probability": (int, float),
    "lasts_seconds": (int, float, type(None)),
    "delay_seconds": (int, float),
    "retry_after_seconds": (int,),
    "http_status": (int,),
    "size_bytes": (int,),
    "skew_seconds": (int, float),
    "error_code": (int,),
    "message": (str,),
    "variant": (str,),
    "after_work": (bool,),
}


def parse_fault_spec(data: object) -> FaultSpec:
    """Read a spec from JSON values. Raises FaultSpecError on an unknown kind, field or type."""
    if not isinstance(data, dict):
        raise FaultSpecError("fault: must be an object")
    unknown = sorted(set(data) - {field.name for field in fields(FaultSpec)})
    if unknown:
        raise FaultSpecError(f"fault: unknown fields {', '.join(unknown)}")
    try:
        kind = FaultKind(data.get("kind", ""))
    except ValueError:
        raise FaultSpecError(f"kind: must be one of {', '.join(FaultKind)}") from None
    values = {name: value for name, value in data.items() if name != "kind"}
    for name, value in values.items():
        allowed = _TYPES[name]
        # True is an int to Python but not to anybody who wrote "calls": true by mistake.
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            raise FaultSpecError(f"{name}: has the wrong type")
    return FaultSpec(kind=kind, **values)
