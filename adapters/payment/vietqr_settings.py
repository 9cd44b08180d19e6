"""What may differ between ways to be paid by transfer (payment notes §E). Pure."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from adapters.payment.peer_settings import Closed, Name
from mappings.payment.vietqr import ReferencePlace, Service


class Purpose(StrEnum):
    """What the payer's bank is asked to write as the text of the transfer."""

    REFERENCE = "reference"
    """Statements show this text and rarely the bill number, so this is how a payment is found again."""
    DOSSIER = "dossier"
    """The dossier's number and PHI, as in the worked example of §E.3."""


class VietQrSettings(Closed):
    """One way to be paid by transfer."""

    name: Name = "vietqr"
    reference_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,4}$")] = "LT"
    reference_length: Annotated[int, Field(ge=14, le=20)] = 15
    """Characters behind the prefix, the last of which checks the others: 15 hold 70 random bits."""
    reference_place: ReferencePlace = ReferencePlace.BILL_NUMBER
    purpose: Purpose = Purpose.REFERENCE
    service: Service = Service.TO_ACCOUNT
    is_dynamic: bool = True
    """A static code names no amount and may be paid again and again."""
    valid_seconds: Annotated[float, Field(gt=0, le=31 * 86_400)] | None = None
    """How long a code is shown; a transfer by it may come later all the same. None for no end."""
