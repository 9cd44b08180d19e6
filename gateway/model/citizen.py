"""What the population database says of a citizen, in one form for every reply profile, and how a question ended.

Six outcomes are kept apart and never stand for each other: whoever reads "not found" may rely on the database having
been asked and having answered so.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.model.identity import PartialDate
from gateway.model.quick import Quick


class CitizenOutcome(StrEnum):
    """How a question about a citizen ended; a closed list, fit for labels."""

    FOUND = "found"
    """One record, of the number and name that were asked for. Of a verification: it exists and agrees."""
    PARTIAL = "partial"
    """One record, in which something that was asked for is not stated."""
    NOT_FOUND = "not_found"
    """No record of that number, name and birth date. Which of them differs is not told (population notes §7, §10.2)."""
    AMBIGUOUS = "ambiguous"
    """Several records; nobody picks one (§15 row 10)."""
    REFUSED = "refused"
    """The question was understood and is not allowed: by our policy, or over there."""
    UNAVAILABLE = "unavailable"
    """It could not be asked, or the answer cannot be relied on."""


class CitizenField(StrEnum):
    """What can be released of a record, one by one."""

    PERSONAL_NUMBER = "personal_number"
    OLD_CARD_NUMBER = "old_card_number"
    FULL_NAME = "full_name"
    SEX = "sex"
    BIRTH_DATE = "birth_date"
    ETHNICITY = "ethnicity"
    RELIGION = "religion"
    MARITAL_STATUS = "marital_status"
    BLOOD_GROUP = "blood_group"
    NATIONALITY = "nationality"
    BIRTH_REGISTRATION = "birth_registration"
    NATIVE_PLACE = "native_place"
    PERMANENT_RESIDENCE = "permanent_residence"
    CURRENT_RESIDENCE = "current_residence"
    FATHER = "father"
    MOTHER = "mother"
    SPOUSE = "spouse"
    REPRESENTATIVE = "representative"
    HOUSEHOLD_HEAD = "household_head"
    HOUSEHOLD_BOOK = "household_book"
    VITAL_STATUS = "vital_status"


SENSITIVE_FIELDS = frozenset(
    {
        CitizenField.ETHNICITY,
        CitizenField.RELIGION,
        CitizenField.MARITAL_STATUS,
        CitizenField.BLOOD_GROUP,
        CitizenField.FATHER,
        CitizenField.MOTHER,
        CitizenField.SPOUSE,
        CitizenField.REPRESENTATIVE,
        CitizenField.VITAL_STATUS,
    }
)
"""Need a permission of their own (population notes §19.2: sensitive, or treated as such)."""


class Sex(StrEnum):
    """Sex as the database codes it (§11.1); what is not known is no value."""

    MALE = "male"
    FEMALE = "female"


class MaritalStatus(StrEnum):
    """Marital status (§11.1). One code list tells divorced from widowed, another does not; both become `formerly`."""

    NEVER_MARRIED = "never_married"
    MARRIED = "married"
    FORMERLY_MARRIED = "formerly_married"


class VitalStatus(StrEnum):
    """Whether a person is recorded as dead or missing (§8, an assumption)."""

    NONE = "none"
    DEAD = "dead"
    MISSING = "missing"


class Coded(Quick, frozen=True, kw_only=True):
    """A code as received, and its name where the list is known."""

    code: str
    name: str = ""


class CitizenAddress(Quick, frozen=True, kw_only=True):
    """An address as received. Codes mean nothing without a day (§11.4); `detail` is legal text and never repaired.

    A unit is "" where the reply states none.
    """

    province_code: str = ""
    district_code: str = ""
    commune_code: str = ""
    detail: str = ""
    country: str = ""

    @property
    def unit_code(self) -> str:
        """The most exact code stated."""
        return self.commune_code or self.district_code or self.province_code


class CitizenRelative(Quick, frozen=True, kw_only=True):
    """A relative, or the head of the household with the citizen's relation to them."""

    full_name: str = ""
    personal_number: str = ""
    old_card_number: str = ""
    nationality: str = ""
    relation: str = ""


class CitizenRecord(Quick, frozen=True, kw_only=True):
    """One record; None and "" mean: not stated. Personal data throughout."""

    personal_number: str = ""
    old_card_number: str = ""
    full_name: str = ""
    sex: Sex | None = None
    birth_date: PartialDate | None = None
    ethnicity: Coded | None = None
    religion: Coded | None = None
    marital_status: MaritalStatus | None = None
    blood_group: str = ""
    nationality: str = ""
    birth_registration: CitizenAddress | None = None
    native_place: CitizenAddress | None = None
    permanent_residence: CitizenAddress | None = None
    current_residence: CitizenAddress | None = None
    father: CitizenRelative | None = None
    mother: CitizenRelative | None = None
    spouse: CitizenRelative | None = None
    representative: CitizenRelative | None = None
    household_head: CitizenRelative | None = None
    household_book: str = ""
    vital_status: VitalStatus | None = None


def is_stated(record: CitizenRecord, name: CitizenField) -> bool:
    """Tell whether a record states a field."""
    return getattr(record, name.value) not in (None, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a question is about, as the caller knows the person. Exactly one number is set.

    `full_name` is in its own spelling; `birth_date` may be a year, and None where the caller does not know it.
    """

    personal_number: str = field(default="", repr=False)
    """12 digits."""
    old_card_number: str = field(default="", repr=False)
    """9 digits."""
    full_name: str = field(repr=False)
    birth_date: PartialDate | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """On whose behalf the database is asked (§4: MaCanBo, MaDonVi, TaiKhoan, MaDVC)."""

    officer_code: str
    agency_code: str = ""
    login: str = ""
    procedure_code: str = ""
    """The procedure's code on the national portal; "" where a question belongs to none."""


class CitizenReply(Quick, frozen=True, kw_only=True):
    """What the database answered: its records, and where and when it was asked."""

    records: tuple[CitizenRecord, ...]
    request_id: str
    service_code: str
    edge: str
    profile: str
    """Which of the known forms the reply had."""
    data_time: datetime | None = None
    """The reply's own time of its data, where it states one."""
    notices: tuple[str, ...] = ()
    """What was noticed and did not stop the reading: words from a closed list, never content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationReply:
    """Whether a record of that number, name and (when it was sent) birth date exists."""

    exists: bool
    request_id: str
    service_code: str
    edge: str
