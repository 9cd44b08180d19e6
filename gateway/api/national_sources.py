"""What answers questions that callers put to the portal at once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.ports.portal_services import ResultStore, TechnicalIds


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalReads:
    """Who is asked. `is_open` tells whether the portal may be called now; `results` None: no store is configured."""

    technical_ids: TechnicalIds
    results: ResultStore | None
    is_open: Callable[[], Awaitable[bool]]
