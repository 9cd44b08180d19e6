"""What the composition root gives the consent endpoints."""

from dataclasses import dataclass

from gateway.engine.consents import ConsentDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentService:
    """Consents, and how large a webhook may be."""

    desk: ConsentDesk
    max_webhook_bytes: int
