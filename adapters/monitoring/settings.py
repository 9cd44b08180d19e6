"""Where publications are pushed to. Pure.

No receiver's interface is public: its address, its token and its patience are settings (monitoring notes §4.5).
"""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from adapters.transport.addresses import address_faults
from adapters.transport.secrets import Secret
from adapters.transport.settings import TransportSettings


class ReceiverSettings(BaseModel):
    """One receiver."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
    url: Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=500)]
    """The whole address to which publications are posted."""
    token: Secret
    """Sent as bearer token."""
    call_seconds: Annotated[float, Field(gt=0, le=600)] = 120.0
    """Time for one publication, which may have some megabytes."""
    transport: TransportSettings = TransportSettings(
        connect_seconds=10.0, silence_seconds=60.0, max_connections=2, max_answer_bytes=1 << 20, calls_per_second=2.0
    )
    is_test: bool = False
    """Allows plain HTTP to the loopback address, for sandboxes."""

    @property
    def system(self) -> str:
        """Name the receiver among the systems that are called."""
        return f"monitoring.{self.name}"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if faults := address_faults([("url", self.url)], is_test=self.is_test):
            raise ValueError("; ".join(faults))
        return self
