"""The invented people: repeatable, found by what identifies them, and of numbers that nobody has."""

from adapters.population.sandbox import SEEDS, NameMatching, PopulationProfile
from adapters.population.sandbox.people import MAX_PEOPLE, Populace
from adapters.population.sandbox.questions import Question
from adapters.population.sandbox.register import Register, folded

PROFILE = PopulationProfile()


def test_people_follow_from_the_seed_alone() -> None:
    """Two populaces of one seed are equal, of another seed differ."""
    first, second = list(Populace(1, 40).some(0, 40)), list(Populace(1, 4_000).some(0, 40))
    assert first == second
    assert first != list(Populace(2, 40).some(0, 40))


def test_everybody_is_found_by_number_and_card() -> None:
    """The number leads back to the person; all numbers and cards differ and begin with 999."""
    populace = Populace(1, 10_000)
    people = list(populace.some(0, 10_000))
    assert 10_000 == len({person.number for person in people})
    cards = [person.card for person in people if person.card]
    assert len(cards) == len(set(cards))
    assert all(person == populace.by_number(person.number) for person in people)
    assert all(person == populace.by_card(person.card) for person in people if person.card)
    assert all(len(text) in (9, 12) and text.startswith("999") for text in (*cards, *(p.number for p in people)))


def test_strangers_are_not_found() -> None:
    """A serial beyond the count, another digit in front of it, and another prefix are nobody."""
    populace = Populace(1, 8)
    known = populace.at(0).number
    assert populace.by_number(known[:5] + str((int(known[5]) + 1) % 10) + known[6:]) is None
    assert populace.by_number("001" + known[3:]) is None
    assert populace.by_number("999085000001") is None
    assert sum(populace.by_number(f"99908500{serial:04}") is not None for serial in range(10_000)) <= 8


def test_the_last_positions_exist() -> None:
    """The largest populace has people to its end."""
    populace = Populace(3, 10**9)
    assert MAX_PEOPLE == populace.count
    last = populace.at(MAX_PEOPLE - 1)
    assert last == populace.by_number(last.number)


def test_most_numbers_agree_with_sex_and_birth_year() -> None:
    """§12.1 holds of more than nine in ten, and not of all."""
    people = list(Populace(1, 4_000).some(0, 4_000))
    agreeing = [
        person
        for person in people
        if person.number[4:6] == person.born[2:4] and (int(person.number[3]) % 2 == 1) == (person.sex == "2")
    ]
    assert 0.9 < len(agreeing) / len(people) < 1.0


def test_households_name_each_other() -> None:
    """Everybody in a household names the same members, and its head leads them."""
    register = Register(1, 400)
    for person in register.populace.some(0, 400):
        members = register.household(person)
        assert person in members
        assert all(member.household == person.household for member in members)
        assert person.head is not None
        assert members[0].number == person.head.number


def test_both_eras_of_addresses_occur() -> None:
    """Some addresses have a district, most have none, some an empty one."""
    districts = {p.permanent.district for p in Populace(1, 400).some(0, 400) if p.permanent is not None}
    assert {None, ""} < districts
    assert "180" in districts


def ask(number: str = "", card: str = "", name: str = "", born: str = "") -> Question:
    return Question(operation="TraCuuThongTinCongDan", number=number, card=card, name=name, born=born)


def test_every_named_person_is_found_by_number_but_the_cancelled() -> None:
    """Number, name in any spelling of accents, and birth date together find exactly one."""
    register = Register(1, 0)
    for key, person in SEEDS.items():
        found = register.find(ask(person.number, name=folded(person.full_name), born=person.born), PROFILE)
        assert ([] if key == "cancelled" else [person]) == found, key


def test_birth_dates_are_compared_as_far_as_they_are_known() -> None:
    """A year finds a full date; a full date does not find a bare year unless it is so set."""
    register, plain, year_only = Register(1, 0), SEEDS["plain"], SEEDS["year_only"]
    assert [plain] == register.find(ask(plain.number, name=plain.full_name, born="1985"), PROFILE)
    assert [] == register.find(ask(plain.number, name=plain.full_name, born="1986"), PROFILE)
    question = ask(year_only.number, name=year_only.full_name, born="19480101")
    assert [] == register.find(question, PROFILE)
    assert [year_only] == register.find(question, PROFILE.changed(is_full_date_matched_by_year=True))


def test_old_cards_find_one_or_two() -> None:
    """A changed number is found by its old card, two people may have had the same."""
    register, changed = Register(1, 0), SEEDS["found_by_old_card"]
    assert [changed] == register.find(ask(card="999000018", name=changed.full_name, born=changed.born), PROFILE)
    twins = [SEEDS["two_matches_1"], SEEDS["two_matches_2"]]
    assert twins == register.find(ask(card="999000012", name="ĐẶNG VĂN SONG", born="19720815"), PROFILE)
    zeros = SEEDS["leading_zeros"]
    assert [zeros] == register.find(ask(card="000000016", name=zeros.full_name, born="1900"), PROFILE)


def test_names_fold_as_the_notes_want() -> None:
    """The vectors of §13.1."""
    vectors = {
        "Nguyễn Văn Đức": "NGUYENVANDUC",
        "Trần  Thị\u00a0Ánh": "TRANTHIANH",
        "Le\u0302 Thi\u0323 Hu\u031bo\u031b\u0300ng": "LETHIHUONG",
        "H’Hen Niê": "HHENNIE",
        "K'Brôi": "KBROI",
        "Ksor Y-Bhăm": "KSORYBHAM",
        "Ðức Ɖức": "DUCDUC",
    }
    assert vectors == {name: folded(name) for name in vectors}


def test_names_can_be_compared_with_accents() -> None:
    """Then NGUYEN is not NGUYỄN, and case and blanks are still forgiven."""
    register, plain = Register(1, 0), SEEDS["plain"]
    spelt = PROFILE.changed(name_matching=NameMatching.SPELT)
    assert [] == register.find(ask(plain.number, name="NGUYEN VAN AN"), spelt)
    assert [plain] == register.find(ask(plain.number, name=" nguyễn  văn an"), spelt)
