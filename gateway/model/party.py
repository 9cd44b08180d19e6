"""People and organisations of a dossier: submitter, applicant and delegate are three different parties.

Everything in this module is personal data: it is sealed at rest and never logged.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from gateway.model.vocabulary import LongText, Name, ShortText

CLOSED = ConfigDict(extra="forbid")
"""Unknown fields are refused at the border: a misspelt field is a lost fact."""


class PartyKind(StrEnum):
    """Who applies (loại đối tượng; portal wire notes §7.2)."""

    CITIZEN = "citizen"
    BUSINESS = "business"
    STATE_AGENCY = "state_agency"
    ORGANISATION = "organisation"


class IdentifierType(StrEnum):
    """Which register a number belongs to (loại định danh; portal wire notes §7.7 and §13 row 26)."""

    PERSONAL_ID = "personal_id"
    OLD_ID_CARD = "old_id_card"
    PASSPORT = "passport"
    TAX_CODE = "tax_code"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """One number of a party in one register."""

    __pydantic_config__ = CLOSED

    type: IdentifierType
    number: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z./-]{0,29}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A person or organisation as the dossier states it (not verified against any register unless marked)."""

    __pydantic_config__ = CLOSED

    kind: PartyKind = PartyKind.CITIZEN
    name: Name
    identifiers: Annotated[tuple[Identifier, ...], Field(max_length=10)] = ()
    technical_id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._-]{0,100}$")] = ""
    """The portal's own id of the account (TechID), empty when the account is not known there."""
    is_verified_by_national_identity: bool = False
    email: Annotated[str, StringConstraints(pattern=r"^([^@\s]+@[^@\s]+)?$", max_length=254)] = ""
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9+(). -]{0,30}$")] = ""
    fax: Annotated[str, StringConstraints(pattern=r"^[0-9+(). -]{0,30}$")] = ""
    address: ShortText = ""
    other_information: LongText = ""
