"""The people whom tests and demonstrations know by name (§17). All are invented.

§17 offers numbers of a real province or the prefix 100; these have the prefix 999 instead, which no province and no
country has. It has no leading zeros, so a number that must be kept as text is shown by `leading_zeros`: everything
after the prefix is zeros but the serial, and the old card begins with 000.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from adapters.population.sandbox.person import Address, NameForm, Person, Relative, Vital, relative_of
from adapters.population.sandbox.places import places

_OLD_HOME = places("before")[3].address("KHU 2")
_NEW_HOME = places("after")[5].address("THÔN NÀ PÁN")
_FATHER = Relative(("NGUYỄN", "VĂN", "TƯ"), "VN", "", "")
_MOTHER = Relative(("TRẦN", "THỊ", "NĂM"), "VN", "", "")

_PLAIN = Person(
    number="999085000001",
    card="999000001",
    name=("NGUYỄN", "VĂN", "AN"),
    born="19850312",
    sex="1",
    ethnicity="01",
    religion="00",
    marital="1",
    blood="04",
    birth_place=_NEW_HOME,
    native_place=_NEW_HOME,
    permanent=_NEW_HOME,
    current=_NEW_HOME,
    father=_FATHER,
    mother=_MOTHER,
    book="",
)


def _like_plain(number: str, family: str, middle: str, given: str, born: str, **others: object) -> Person:
    """Give a person of the usual kind with some particulars; the sex follows from the number's parity."""
    facts = {"card": "", "sex": "21"[int(number[3]) % 2 == 0], **others}
    return replace(_PLAIN, number=number, name=(family, middle, given), born=born, **facts)  # type: ignore[arg-type]


def _nothing_but(number: str, family: str, middle: str, given: str, born: str) -> Person:
    """Give a person of whom every other element is there and empty."""
    nowhere, nobody = Address("", "", "", "", ""), Relative(("", "", ""), "", "", "")
    person = Person(number=number, card="", name=(family, middle, given), born=born, nationality="")
    person = replace(person, sex="", ethnicity="", religion="", marital="", blood="", book="", head_relation="")
    person = replace(person, birth_place=nowhere, native_place=nowhere, permanent=nowhere, current=nowhere)
    return replace(person, father=nobody, mother=nobody, spouse=nobody, guardian=nobody, head=nobody)


def _household() -> dict[str, Person]:
    """Give the six of one household: a couple, his mother, three children."""
    man = _like_plain("999081000021", "TRƯƠNG", "VĂN", "LỤC", "19810202", card="999000021", marital="2")
    woman = _like_plain("999183000022", "ĐINH", "THỊ", "SÁU", "19830606", card="999000022", marital="2")
    mother = _like_plain("999155000023", "HỒ", "THỊ", "CẢ", "1955", marital="4")
    children = [
        _like_plain("999206000024", "TRƯƠNG", "THÀNH", "NHẤT", "20060101"),
        _like_plain("999311000025", "TRƯƠNG", "THỊ", "NHÌ", "20110909"),
        _like_plain("999217000026", "TRƯƠNG", "MINH", "BA", "20171231"),
    ]
    members = [man, woman, mother, *children]
    numbers = tuple(member.number for member in members)
    head = relative_of(man)
    made = []
    for member, relation in zip(members, ("CH01", "CH02", "CH04", "CH03", "CH03", "CH03"), strict=True):
        person = replace(member, household=numbers, head=head, head_relation=relation, current=_OLD_HOME)
        if relation == "CH03":
            person = replace(person, father=head, mother=relative_of(woman))
        if person.born >= "2008":
            person = replace(person, guardian=relative_of(woman))
        made.append(person)
    made[0] = replace(made[0], spouse=relative_of(woman), mother=relative_of(mother))
    made[1] = replace(made[1], spouse=relative_of(man))
    made[2] = replace(made[2], father=None, mother=None)
    names = ("household_head", "household_spouse", "household_parent", "household_child_1", "household_child_2")
    return dict(zip((*names, "household_child_3"), made, strict=True))


def _all() -> dict[str, Person]:
    abroad = Address(None, None, None, "BERLIN, CỘNG HÒA LIÊN BANG ĐỨC", "DE")
    twin = _like_plain("999072000012", "ĐẶNG", "VĂN", "SONG", "19720815", card="999000012")
    people = {
        "plain": _PLAIN,
        "year_only": _like_plain("999148000002", "TRẦN", "THỊ", "BƯỞI", "1948"),
        "name_in_given_only": _like_plain("999090000003", "LÊ", "QUANG", "HUY", "19900701", card="999000003"),
        "three_part_name": _like_plain(
            "999192000004", "PHẠM", "THỊ THANH", "HẰNG", "19921130", name_form=NameForm.SPLIT, card="999000004"
        ),
        "swapped_name": _like_plain("999088000031", "ĐỖ", "HỮU", "THỤY", "19880410", name_form=NameForm.SWAPPED),
        "apostrophe": _like_plain("999195000005", "", "", "H’BIA NIÊ KĐĂM", "19950915", ethnicity="12"),
        "born_2000_or_later": _like_plain("999204000006", "VŨ", "ĐỨC", "MINH", "20040229"),
        "registered_abroad": _like_plain("999199000007", "ĐỖ", "LINH", "CHI", "19990520", birth_place=abroad),
        "address_before_merger": _like_plain(
            "999078000008", "HOÀNG", "VĂN", "LỘC", "19780117", permanent=_OLD_HOME, current=_OLD_HOME
        ),
        "address_after_merger": _like_plain("999182000009", "NÔNG", "THỊ", "XUÂN", "19821020"),
        "no_relatives": _like_plain("999070000010", "BÙI", "VĂN", "ĐƠN", "19700505", father=None, mother=None),
        "empty_elements": _nothing_but("999165000011", "NGÔ", "THỊ", "KHUYẾT", "19650303"),
        "two_matches_1": twin,
        "two_matches_2": replace(twin, number="999072000013"),
        "deceased": _like_plain("999140000014", "LÝ", "THỊ", "NHÀN", "19401111", vital=Vital.DEAD),
        "missing": _like_plain("999061000015", "CAO", "VĂN", "VẮNG", "19610808", vital=Vital.MISSING),
        "leading_zeros": _like_plain("999000000016", "CHU", "VĂN", "KHÔNG", "1900", card="000000016"),
        "number_disagrees": _like_plain("999175000017", "MAI", "VĂN", "LỆCH", "19800220", sex="1"),
        "found_by_old_card": _like_plain("999077000018", "TẠ", "QUANG", "ĐỔI", "19770727", card="999000018"),
        "cancelled": _like_plain("999060000019", "PHAN", "VĂN", "HỦY", "19600616", is_cancelled=True),
        "stale_district": _like_plain(
            "999093000020", "LÂM", "DUY", "CŨ", "19930404", permanent=replace(_NEW_HOME, district="180")
        ),
    }
    people.update(_household())
    return {
        key: person if person.household else replace(person, household=(person.number,))
        for key, person in people.items()
    }


SEEDS: Mapping[str, Person] = MappingProxyType(_all())
"""Name in tests to the person."""
