"""What is agreed with every provider that is called. Pure.

No official document of any of them is public. Whatever the payment notes mark as unknown (§14) is a setting with the
recommended default.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from adapters.transport.secrets import Secret
from adapters.transport.settings import TransportSettings

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=500)]
UrlPath = Annotated[str, StringConstraints(pattern=r"^/[!-~]*$", max_length=300)]
Word = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.:\[\]-]{1,255}$")]
Seconds = Annotated[float, Field(gt=0, le=120)]
Secrets = Annotated[tuple[Secret, ...], Field(min_length=1, max_length=2)]
"""The newest first; two while one takes the other's place (U29)."""


class Closed(BaseModel):
    """A section that knows its members, and does not show what stands in it when it is faulty."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class PeerSettings(Closed):
    """Common to the payment platform, PayGov and KeyPay."""

    name: Name
    call_seconds: Seconds = 60.0
    page_life_seconds: Annotated[float, Field(gt=0, le=86_400)] = 900.0
    """How long a payment page lives (U16), where its provider does not say."""
    page_hosts: tuple[Host, ...] = ()
    """Hosts to which payers, and vouchers, may be led (pitfall 19); in small letters, `host` or `host:port`."""
    max_notification_bytes: Annotated[int, Field(ge=1024, le=1 << 20)] = 64 * 1024
    transport: TransportSettings = TransportSettings(
        connect_seconds=10.0,
        silence_seconds=60.0,
        max_answer_bytes=1 << 20,
        calls_per_second=20.0,
        # A busy provider may have taken an order, or given money back, all the same: 503 says nothing of money.
        statuses_without_effect=frozenset({429}),
    )
    is_test: bool = False
    """Allows plain HTTP to the loopback address, for sandboxes."""

    @property
    def system(self) -> str:
        return f"payment.{self.name}"
