"""Every error of the gateway, grouped by what to do next.

The groups are the vocabulary of the sync core: an adapter turns whatever a national system did into exactly one
of them, and the core decides from the group alone. Nothing found is a value, never an error; not being able to
look is always an error. Messages are safe to show: they name field, rule and value class, never a value that
could belong to a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where (JSON pointer or setting), which rule, what class of value was found."""

    field: str
    rule: str
    found: str = ""

    def __str__(self) -> str:
        found = f" (found {self.found})" if self.found else ""
        return f"{self.field}: {self.rule}{found}"


class GatewayError(Exception):
    """Root of the hierarchy. `code` is stable and may be matched by programs; `message` may be shown to anybody."""

    code = "gateway_error"

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        if code:
            self.code = code


class ConfigurationError(GatewayError):
    """The installation is set up wrongly. Stops the start; lists every fault at once."""

    code = "configuration"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults) or "configuration is not usable")
        self.faults = tuple(faults)


class InvalidInput(GatewayError):
    """The caller's input breaks a rule; answered with 4xx and the faults."""

    code = "invalid_input"

    def __init__(self, message: str, faults: Sequence[Fault] = (), *, code: str = "") -> None:
        super().__init__(message, code=code)
        self.faults = tuple(faults)


class StoreUnavailable(GatewayError):
    """The database cannot be reached or cannot write now; nothing was accepted. Answered with 503 and Retry-After."""

    code = "store_unavailable"


class IntegrityFailed(GatewayError):
    """Something that must verify did not (a sealed record, a signature). Refuse and alert; never go on."""

    code = "integrity_failed"


class AuditBroken(IntegrityFailed):
    """The audit chain's end is not what the gateway wrote, so nothing can be written behind it: nothing is looked at
    until an operator has decided. Answered with 503."""

    code = "audit_broken"


class RemoteError(GatewayError):
    """A call to a national system did not give a usable answer.

    `system` and `operation` name the call with words from closed lists, so they may be used as labels.
    """

    code = "remote_error"

    def __init__(self, message: str, *, system: str, operation: str, code: str = "") -> None:
        super().__init__(message, code=code)
        self.system = system
        self.operation = operation


class TransientFailure(RemoteError):
    """The call had certainly no effect (refused connection, 503 before work, maintenance page). Retry by schedule."""

    code = "transient"


class RateLimited(RemoteError):
    """The other side asks for patience; no effect. `retry_after_seconds` is its wish, None when it gave none."""

    code = "rate_limited"

    def __init__(
        self, message: str, *, system: str, operation: str, retry_after_seconds: float | None = None, code: str = ""
    ) -> None:
        super().__init__(message, system=system, operation=operation, code=code)
        self.retry_after_seconds = retry_after_seconds


class CredentialsRefused(RemoteError):
    """Login or session was refused even after one renewal. No effect; retry slowly and alert."""

    code = "credentials_refused"


class Rejected(RemoteError):
    """The other side understood and said no; repeating the same content is pointless. Park, a person decides.

    `remote_code` is the foreign code as text. The foreign message is not kept here: it may quote a person.
    """

    code = "rejected"

    def __init__(self, message: str, *, system: str, operation: str, remote_code: str = "", code: str = "") -> None:
        super().__init__(message, system=system, operation=operation, code=code)
        self.remote_code = remote_code


class ContractBroken(RemoteError):
    """The answer cannot be understood (malformed, oversized, wrong shape). Park or settle by a query, and alert.

    `effect_possible` is True when the request had been sent in full, so the remote effect may have happened.
    """

    code = "contract_broken"

    def __init__(self, message: str, *, system: str, operation: str, effect_possible: bool, code: str = "") -> None:
        super().__init__(message, system=system, operation=operation, code=code)
        self.effect_possible = effect_possible


class OutcomeUnknown(RemoteError):
    """The request was (perhaps partly) sent and no answer came; the effect may have happened. Query before a resend."""

    code = "outcome_unknown"


class Unmapped(GatewayError):
    """A value has no valid translation; the delivery is held and the missing rows are listed for the operator.

    `missing` names table and code, e.g. ("procedure", "1.999001"): codes only, never a person's data.
    """

    code = "unmapped"

    def __init__(self, missing: Sequence[tuple[str, str]]) -> None:
        super().__init__("no mapping for " + ", ".join(f"{table} {value}" for table, value in missing))
        self.missing = tuple(missing)
