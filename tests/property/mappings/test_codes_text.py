"""What holds for every text: levels are stable, include each other, and proposals forget nobody."""

from hypothesis import given
from hypothesis import strategies as st

from mappings.codes.text import Level, equal_at, form, similar

VIETNAMESE = st.text("aăâeêioôơuưyđbcdghklmnpqrstvxAĂÂĐ ò́à̉ạ̃-–'’\u200b\u00a0\u0300\u0301\u0302\u031b", max_size=20)
TEXTS = VIETNAMESE | st.text(max_size=20)
FORGIVING = [level for level in Level if level is not Level.EXACT]


@given(TEXTS, st.sampled_from(FORGIVING))
def test_forms_are_stable(text: str, level: Level) -> None:
    """The form of a form is itself: what is stored is compared as it is."""
    assert form(form(text, level), level) == form(text, level)


@given(TEXTS, TEXTS)
def test_each_level_includes_the_stricter_ones(one: str, other: str) -> None:
    """What is equal at a level is equal at every more forgiving one."""
    equal = [equal_at(one, other, level) for level in Level]
    assert equal == sorted(equal)


@given(
    st.text("ab cd", max_size=9),
    st.lists(st.tuples(st.text("12", min_size=1, max_size=3), st.text("ab cd", max_size=9))),
)
def test_proposals_are_the_same_in_every_order(name: str, candidates: list[tuple[str, str]]) -> None:
    """Order of the candidates means nothing, scores fall, and equal scores push nobody out."""
    found = similar(name, candidates, 0.0)

    assert found == similar(name, candidates[::-1], 0.0)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(0 < one.score <= 1 for one in found)
    if not found or found[0].score < 1:
        sharing = [candidate for _, candidate in candidates if set(candidate.split()) & set(name.split())]
        assert len(found) == len(sharing)
