"""Everything that may differ between registrations at the payment platform (payment notes §A, §14). Pure.

What is common to all providers stands in `peer_settings`; what the messages are made of in `PlatformRules`.
"""

from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from adapters.payment.peer_settings import Closed, Host, PeerSettings, Seconds, Url
from adapters.transport.addresses import address_faults
from adapters.transport.secrets import Secret
from adapters.transport.settings import TransportSettings
from mappings.payment.platform_rules import PlatformRules

Template = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=500)]


class BillTime(StrEnum):
    """Which time a voucher is asked for with (U11)."""

    CONFIRM = "confirm"
    """The time of the payment, as the platform wrote it."""
    INIT = "init"


class SigningSecret(Closed):
    """One secret. The first of the list seals what is sent; all that are still accepted verify what comes (U29)."""

    secret: Secret
    accepted_until: AwareDatetime | None = None
    """End of the overlap, for the older of two; None for no end."""


class LookupSettings(Closed):
    """Look-ups by the national portal (U7). Without a token the network alone keeps strangers out."""

    token: Secret | None = None


class SettlementSettings(Closed):
    """The daily file (U18)."""

    address: Template
    """With `{partner}` and `{date}` (yyyyMMdd); the side file is at the same address and `.sha256`."""
    max_bytes: Annotated[int, Field(ge=1024, le=1 << 28)] = 16 * 1024 * 1024

    def address_of(self, partner: str, date: str) -> str:
        return self.address.replace("{partner}", partner).replace("{date}", date)


class PlatformSettings(PeerSettings):
    """One registration of a partner."""

    name: str = "platform"
    init_url: Url
    """No production address is public, and routing differs (U1): direct, LGSP, NDXP or VXP."""
    query_url: Url
    bill_url: Url | None = None
    """None where no vouchers are fetched."""
    rules: PlatformRules
    secrets: Annotated[tuple[SigningSecret, ...], Field(min_length=1, max_length=2)]
    access_token: Secret | None = None
    """Sent as a bearer token where an adapter in between wants one (§A.1)."""
    lookup: LookupSettings | None = None
    """None: the national portal does not ask."""
    settlement: SettlementSettings | None = None
    page_life_seconds: Annotated[float, Field(gt=0, le=1800)] = 900.0
    """How long a payment page lives (U16): 15 minutes, 30 at most."""
    bill_hosts: tuple[Host, ...] = ()
    """Hosts from which vouchers are fetched (UrlBienLai); in small letters, `host` or `host:port`."""
    bill_origins: dict[Host, Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=300)]] = Field(
        default_factory=dict
    )
    """Where an allowed host is to be reached instead: the address of a Security Server, without a path (§A.6)."""
    bill_times: Annotated[tuple[BillTime, ...], Field(min_length=1, max_length=2)] = (BillTime.CONFIRM, BillTime.INIT)
    """In the order in which they are tried (U11)."""
    max_bill_bytes: Annotated[int, Field(ge=1024, le=1 << 26)] = 8 * 1024 * 1024
    call_seconds: Seconds = 60.0
    transport: TransportSettings = TransportSettings(
        connect_seconds=10.0,
        silence_seconds=60.0,
        max_answer_bytes=16 * 1024 * 1024,
        calls_per_second=20.0,
        # A busy platform may have taken an order all the same, so 503 says nothing about money (§9.2 no. 5).
        statuses_without_effect=frozenset({429}),
        read_retry_first_seconds=0.5,
        read_retry_max_seconds=5.0,
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        settlement = self.settlement
        addresses: list[tuple[str, str | None]] = [
            ("init_url", self.init_url),
            ("query_url", self.query_url),
            ("bill_url", self.bill_url),
            ("settlement.address", None if settlement is None else settlement.address_of("P", "20250101")),
            *((f"bill_origins.{host}", origin) for host, origin in self.bill_origins.items()),
        ]
        faults = address_faults(addresses, is_test=self.is_test)
        if settlement is not None and not all(part in settlement.address for part in ("{partner}", "{date}")):
            faults.append("settlement.address must hold {partner} and {date}")
        if any(urlsplit(origin).path not in ("", "/") for origin in self.bill_origins.values()):
            faults.append("bill_origins must hold addresses without a path")
        if not set(self.bill_origins) <= set(self.bill_hosts):
            faults.append("bill_origins must name hosts of bill_hosts only")
        if not self.page_hosts:
            faults.append("page_hosts must name where payers may be led")
        if len(set(self.bill_times)) < len(self.bill_times):
            faults.append("bill_times must not repeat itself")
        most = max(self.max_bill_bytes, 0 if settlement is None else settlement.max_bytes)
        if self.transport.max_answer_bytes < most:
            faults.append("transport.max_answer_bytes must leave room for vouchers and daily files")
        if self.secrets[0].accepted_until is not None:
            faults.append("the first of secrets must have no end")
        if faults:
            raise ValueError("; ".join(faults))
        return self
