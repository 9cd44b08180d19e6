"""The endpoints that tell what codes mean, through the running API."""

from pathlib import Path
from typing import Any

import pytest

from gateway.errors import ConfigurationError
from gateway.store.clients import Scope
from gateway.vault.keyring import FileKeyRing
from mappings.codes.directory import load_code_directory
from tests.support.api import ApiUnderTest, running_api

UNITS = "/v1/administrative-units:resolve"
AGENCIES = "/v1/agencies:resolve"


async def test_a_code_is_resolved_on_each_side_of_the_change(api: ApiUnderTest) -> None:
    """One code, two units; and where the old one went."""
    before = await api.get(f"{UNITS}?code=18859&on=2025-06-30&to=2025-07-01")
    after = await api.get(f"{UNITS}?code=18859&on=2025-07-01")

    assert (200, 200) == (before.status, after.status)
    assert ("valid", "Phường Bắc Lý", "Tỉnh Quảng Bình") == (
        before.json["standing"],
        before.json["unit"]["name"],
        before.json["unit"]["province_name"],
    )
    assert ("merged", "Phường Đồng Thuận") == (before.json["move"]["change"], before.json["move"]["target"]["name"])
    assert "Phường Đồng Thuận" == after.json["unit"]["name"]
    assert after.json["move"] is None


async def test_a_split_unit_is_held(api: ApiUnderTest) -> None:
    """No target, the candidates with their agreement, and the guess marked as one for display."""
    move = (await api.get(f"{UNITS}?code=06622&on=2025-06-30&to=2025-07-01&level=commune")).json["move"]

    assert ("split", None) == (move["change"], move["target"])
    assert ["06613", "06625"] == [candidate["unit"]["code"] for candidate in move["candidates"]]
    assert 1 == sum(candidate["is_display_guess"] for candidate in move["candidates"])


async def test_a_written_rule_decides_a_split(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """The province's own reviewed rule names the side of a hamlet, with its source; another hamlet is still held."""
    rules = tmp_path / "splits.toml"
    rules.write_text(
        """[[rules]]
old_code = "06622"
place = "Thôn Pàn Phạ"
new_code = "06613"
valid_from = 2025-07-01
source = "Quyết định thử nghiệm"
reviewed_by = "Văn phòng thử nghiệm"
""",
        encoding="utf-8",
    )
    async with running_api(pool, key_ring, codes=load_code_directory(rules)) as api:
        path = f"{UNITS}?code=06622&on=2025-06-30&to=2025-07-01&place="
        decided = (await api.get(path + "thôn pàn phạ")).json["move"]
        assert ("06613", "Quyết định thử nghiệm") == (decided["target"]["code"], decided["rule_source"])
        assert (await api.get(path + "Thôn Khác")).json["move"]["target"] is None


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("rules = 3", "rules"),
        ("rules = [", "codes.split_rules_file"),
        ("[[rules]]\nold_code = '06622'", "rules[0].place"),
    ],
)
def test_rules_that_cannot_be_used_stop_the_start(tmp_path: Path, text: str, field: str) -> None:
    """Named by their place in the file."""
    (tmp_path / "splits.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_code_directory(tmp_path / "splits.toml")
    assert field in [fault.field for fault in caught.value.faults]


async def test_nothing_found_is_an_answer(api: ApiUnderTest) -> None:
    """An unknown code and a level that does not fit are told by the standing."""
    for query in ("code=99999&on=2025-06-30", "code=01840&on=2025-06-30&level=province"):
        answered = await api.get(f"{UNITS}?{query}")
        assert (200, "unknown", None) == (answered.status, answered.json["standing"], answered.json["unit"])


async def test_an_agency_is_resolved_for_a_day(api: ApiUnderTest) -> None:
    """A closed province's code has its successor from the day on which it was closed."""
    before = (await api.get(f"{AGENCIES}?code=000.00.01.H46&on=2025-06-30")).json
    after = (await api.get(f"{AGENCIES}?code=000.00.01.H46&on=2025-07-01")).json

    assert ("open", None, "H46.01") == (before["standing"], before["successor"], before["proposed_other_form"])
    assert ("closed", "bracketed") == (after["standing"], after["evidence"])
    assert {"level1_code": "H50", "code": None, "since": "2025-07-01"} == after["successor"]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (f"{UNITS}?code=1840&on=2025-06-30", ["/query/code"]),
        (f"{UNITS}?code=01840", ["/query/on"]),
        (f"{UNITS}?code=01840&on=20250630", ["/query/on"]),
        (f"{UNITS}?code=01840&on=2025-06-31", ["/query/on"]),
        (f"{UNITS}?code=01840&on=1751241600&to=x", ["/query/on", "/query/to"]),
        (f"{UNITS}?code=01840&on=2025-06-30&level=ward", ["/query/level"]),
        (f"{UNITS}?code=01840&on=2025-06-30&street=x", ["/query/street"]),
        (f"{AGENCIES}?code=h14&on=2025-06-30", ["/query/code"]),
        (f"{AGENCIES}?code=Z00A&on=2025-06-30", ["/query/code"]),
        (f"{AGENCIES}?code=H14%0A&on=2025-06-30", ["/query/code"]),
        (f"{AGENCIES}?code=H14.{'1' * 32}&on=2025-06-30", ["/query/code"]),
    ],
)
async def test_a_bad_question_names_its_field(api: ApiUnderTest, path: str, fields: list[str]) -> None:
    """The day is required, and whatever breaks a grammar is refused by field and rule, without the value."""
    answered = await api.get(path)

    assert "invalid-parameter" == answered.problem
    assert fields == sorted(answered.fields)
    assert b"1751241600" not in answered.body


async def test_the_scope_is_needed(api: ApiUnderTest) -> None:
    """A client without catalogues:read may not ask."""
    poor = api.with_token(await api.register("poor", scopes=frozenset({Scope.PROCEDURES_READ})))
    for path in (f"{UNITS}?code=01840&on=2025-06-30", f"{AGENCIES}?code=H14&on=2025-06-30"):
        assert "insufficient-scope" == (await poor.get(path)).problem


async def test_a_process_without_tables_says_so(pool: Any, key_ring: FileKeyRing) -> None:
    """Not being able to look is never answered as nothing found."""
    async with running_api(pool, key_ring, codes=None) as api:
        assert "unavailable" == (await api.get(f"{UNITS}?code=01840&on=2025-06-30")).problem
