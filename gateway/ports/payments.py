"""What a payment provider's adapter offers the gateway.

Errors are the RemoteError groups, with these meanings for money: `Rejected`: understood and refused, nothing can be
paid under this reference; `TransientFailure`, `RateLimited`, `CredentialsRefused`: certainly nothing happened;
`OutcomeUnknown`, `ContractBroken`: it may have happened, so the reference is asked about and never used again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from gateway.errors import GatewayError
from gateway.model.payment import Payer, PaymentFact, PaymentOrder, ProviderKind


class Capability(StrEnum):
    """What a provider can do."""

    OPEN = "open"
    NOTIFY = "notify"
    QUERY = "query"
    BILL = "bill"
    """Gives the payment voucher."""
    REFUND = "refund"
    LOOKUP = "lookup"
    """Asks what is due for a dossier, for payments that begin at the national portal."""
    SETTLEMENT = "settlement"
    CONFIRM = "confirm"
    """Wants to be told that the service is delivered, once a payment is committed (`ConfirmsResults`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An order that the provider took. A page or a code leads the payer on, or both."""

    pay_url: str = ""
    qr_content: str = ""
    """Content of the QR code that is to be shown; "" where a page is, or only a picture of the code."""
    qr_image: bytes = field(default=b"", repr=False)
    """The code as a PNG, where the provider gives its picture and not its content."""
    expires_at: datetime | None = None
    transaction: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawNotification:
    """A message of a provider exactly as it came. Query parameters keep their order and repeats."""

    method: str
    content_type: str
    body: bytes = field(repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Names in small letters."""


class Verdict(StrEnum):
    """What the gateway made of a notification; it decides the acknowledgement."""

    APPLIED = "applied"
    """Committed now, or before: the provider must not send it again."""
    REFUSED = "refused"
    """Not for us or not consistent: unknown reference, wrong amount, currency, partner or order."""
    FORGED = "forged"
    """Not verified; nothing was changed."""
    UNAVAILABLE = "unavailable"
    """Could not be stored now; the provider should send it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The provider's exact answer."""

    status: int
    content_type: str
    body: bytes


class NotificationRefused(GatewayError):
    """A notification that cannot be verified or read. `code` is a word from a closed list (bad_checksum, malformed,
    duplicate_member, too_large, unknown_partner, not_offered, not_authorised for a look-up without the right token,
    disowned when the provider, asked, says otherwise); never any content."""

    code = "notification_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAttempt:
    """What is known of an attempt when a provider is asked about it."""

    reference: str
    amount_vnd: int
    dossier_code: str
    opened_at: datetime
    """The instant that was sent when it was opened."""
    paid_at_text: str = ""
    """The instant of payment as the provider wrote it, once known."""
    transaction: str = ""
    payer: Payer | None = None
    """Who pays; set where a voucher is asked for, since some providers write it anew from what they are told."""
    procedure_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """The payer's voucher: the document itself, or where the provider shows it."""

    content: bytes = field(default=b"", repr=False)
    media_type: str = ""
    url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """A refund that two persons approved."""

    refund_id: str
    attempt: AskedAttempt
    amount_vnd: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFact:
    """What became of a refund. `is_done` None: not known yet."""

    is_done: bool | None
    transaction: str
    amount_vnd: int
    qr_content: str = ""
    """Where the payer scans a code to receive the money."""
    qr_image: bytes = field(default=b"", repr=False)
    """The code as a PNG, where the provider gives its picture and not its content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueAnswer:
    """What a look-up by dossier number is answered with; `order` None: nothing is due or payable online."""

    order: PaymentOrder | None
    is_known: bool = True
    """Whether the dossier is known at all."""


class PaymentProvider(Protocol):
    """One configured provider."""

    @property
    def name(self) -> str:
        """The name under which it is configured; part of callback addresses and a label."""
        ...

    @property
    def kind(self) -> ProviderKind: ...

    @property
    def partner_code(self) -> str:
        """Who we are there."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]: ...

    def make_reference(self, random_bytes: bytes, dossier_code: str) -> str:
        """Give the reference of a new attempt, in the form that the provider takes, from 16 random bytes."""
        ...

    async def open(self, order: PaymentOrder) -> Opened:
        """Open an order. Sent once: an unknown outcome is asked about, never sent again. Raises InvalidInput for what
        cannot be sent."""
        ...

    def read_notification(self, raw: RawNotification) -> PaymentFact:
        """Verify and read, fail closed. Pure, but for reading secrets and for the clock by which odd times are noticed.
        Raises NotificationRefused, and ConfigurationError when no secret can be read."""
        ...

    def acknowledge(self, raw: RawNotification, verdict: Verdict) -> Acknowledgement:
        """Give the exact acknowledgement, for anything that came, readable or not. Pure."""
        ...

    async def verify(self, raw: RawNotification, fact: PaymentFact, attempt: AskedAttempt) -> PaymentFact:
        """Confirm a fact that is not decisive, by the provider's own second way. Raises RemoteError groups, and
        NotificationRefused when the provider disowns it."""
        ...

    async def query(self, attempt: AskedAttempt) -> PaymentFact:
        """Ask what has become of an attempt."""
        ...

    async def bill(self, attempt: AskedAttempt) -> Bill | None:
        """Fetch the payer's voucher; None when there is none (yet)."""
        ...

    async def refund(self, order: RefundOrder) -> RefundFact:
        """Give money back. Sent once; unknown outcomes are asked about by `query_refund`."""
        ...

    async def query_refund(self, order: RefundOrder, transaction: str) -> RefundFact:
        """Ask what has become of a refund."""
        ...

    def read_lookup(self, raw: RawNotification) -> str:
        """Give the dossier code that a look-up asks about. Raises NotificationRefused."""
        ...

    def answer_lookup(self, due: DueAnswer) -> Acknowledgement:
        """Write what is due. Pure."""
        ...

    async def settlement(self, day: date) -> "SettlementFile | None":
        """Fetch the file of a day (in Viet Nam); None when it is not there yet. Raises IntegrityFailed for one that
        does not verify."""
        ...


class ConfirmsResults(Protocol):
    """A provider (Capability.CONFIRM) at which a transaction stays open until the merchant has confirmed it."""

    async def confirm(self, attempt: AskedAttempt, *, is_delivered: bool) -> None:
        """Tell what became of a committed payment; returns once the provider knows it. Telling it again does no harm,
        so every failure may be repeated. Raises RemoteError groups, Rejected where a person must look."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementFile:
    """A file as it came, with its side file; reading it is the gateway's."""

    name: str
    content: bytes = field(repr=False)
    sha256: str
