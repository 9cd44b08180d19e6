"""People who do not exist: one of each kind that a province meets (notes §18-7). Their numbers begin with 999."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account. `kind` is 1 citizen, 2 enterprise, 3 organisation; `level` is of the account, 0 for none."""

    key: str
    subject: str
    name: str
    kind: int = 1
    level: int = 2
    number: str = ""
    birth_date: str = ""
    """As YYYYMMDD, or shorter where only the year is known."""
    old_card: str = ""
    passport: str = ""
    nationality: str = ""
    tax_code: str = ""
    representative: str = ""
    email: str = ""
    is_locked: bool = False
    note: str = ""


def _subject(number: int) -> str:
    return f"1b1c0de0-0000-4000-8000-{number:012x}"


PEOPLE: tuple[Person, ...] = (
    Person(
        key="citizen-2",
        subject=_subject(1),
        name="Nguyễn Thị Thử",
        number="999199000001",
        birth_date="19990131",
        email="thu@dan.example",
        note="mức độ 02",
    ),
    Person(
        key="citizen-1",
        subject=_subject(2),
        name="Trần Văn Mẫu",
        number="999085000002",
        birth_date="19850615",
        level=1,
        note="mức độ 01",
    ),
    Person(
        key="minor",
        subject=_subject(3),
        name="Lê Thị Nhỏ",
        number="999315000003",
        birth_date="20150420",
        note="dưới 14 tuổi, có người giám hộ",
    ),
    Person(
        key="foreigner",
        subject=_subject(4),
        name="JANE EXAMPLE",
        number="NN9990000004",
        birth_date="19800229",
        passport="X9990004",
        nationality="Hoa Kỳ",
        note="người nước ngoài",
    ),
    Person(
        key="enterprise",
        subject=_subject(0xB2),
        name="Công ty TNHH Thử Nghiệm",
        kind=2,
        level=0,
        tax_code="9990000001",
        representative="Trần Văn Mẫu",
        email="lienhe@thu.example",
    ),
    Person(
        key="organisation",
        subject=_subject(0xC3),
        name="Hội Những Người Thử Nghiệm",
        kind=3,
        level=0,
        tax_code="9990000002",
        representative="Nguyễn Thị Thử",
    ),
    Person(
        key="locked",
        subject=_subject(7),
        name="Phạm Văn Khoá",
        number="999070000007",
        birth_date="19700707",
        is_locked=True,
        note="tài khoản bị khoá",
    ),
    Person(
        key="old-card",
        subject=_subject(8),
        name="Đỗ Thị Cũ",
        old_card="999000008",
        birth_date="19600808",
        level=1,
        note="chỉ có CMND 9 số",
    ),
    Person(
        key="year-only",
        subject=_subject(9),
        name="Hoàng Văn Năm",
        number="999052000009",
        birth_date="1952",
        note="chỉ có năm sinh",
    ),
    Person(
        key="long-name",
        subject=_subject(10),
        name="Nguyễn " + " ".join(["Hoàng Phương Thảo Nguyên"] * 10),
        number="999190000010",
        birth_date="19901010",
    ),
    Person(
        key="same-mail-1",
        subject=_subject(11),
        name="Bùi Thị Chung",
        number="999191000011",
        birth_date="19911111",
        email="chung@dan.example",
        note="chung hộp thư với người sau",
    ),
    Person(
        key="same-mail-2",
        subject=_subject(12),
        name="Bùi Văn Chung",
        number="999092000012",
        birth_date="19921212",
        email="chung@dan.example",
        note="chung hộp thư với người trước",
    ),
)

BY_KEY = {person.key: person for person in PEOPLE}
