"""The demonstration's search finds what somebody has left in a table in the clear."""

from typing import Any

import pytest

from gateway.demo.clear_text import citizens_of, unloaded, values_of, values_of_day
from gateway.demo.needles import Finder, Value

NAME, NUMBER = "Nguyễn Thị Mẫu Đức", "999190000001"


@pytest.mark.parametrize(
    ("column", "written"), [("text", NAME), ("jsonb", f'{{"who": "{NUMBER}"}}'), ("bytea", NAME.upper().encode())]
)
async def test_a_value_in_a_table_is_found(pool: Any, dsn: str, column: str, written: object) -> None:
    finder = Finder([Value("name", NAME), Value("number", NUMBER)])
    before = [hit async for table, content in unloaded(dsn) for hit in finder.find(table, content)]
    await pool.execute(f"CREATE TABLE planted (content {column})")
    await pool.execute("INSERT INTO planted VALUES ($1)", written)

    after = [hit async for table, content in unloaded(dsn) for hit in finder.find(table, content)]

    assert ([], ["planted"]) == (before, [hit.place for hit in after])


def test_everybody_of_the_day_is_looked_for() -> None:
    """Parties of dossiers, the portal's records, applicants over there, citizens asked about, people of sandboxes."""
    party = {"name": NAME, "identifiers": [{"number": NUMBER}], "email": "mau@example.vn"}
    dossier = {"applicant": party, "submitter": None, "delegate": {"name": "Trần Văn Khác", "phone": "0900000001"}}
    filed = {"applicant_name": "Lê Thị Nộp Hồ Sơ", "applicant_number": "999199000077"}
    citizen = {"number": "999001", "card": "", "full_name": "Vũ Văn Hỏi", "born": "19900203", "household": ["999002"]}

    found = values_of_day([dossier], [{"ChuHoSo": "Hồ Văn Ghi"}], [filed], [citizen])

    assert {value.text for value in values_of([dossier])} == {
        *(NAME, NUMBER, "mau@example.vn", "Trần Văn Khác", "0900000001")
    }
    assert values_of([dossier]) | citizens_of([citizen]) <= found
    assert {Value("birth_date", text) for text in ("19900203", "1990-02-03", "03/02/1990", "03021990")} <= found
    assert {Value("name", "Hồ Văn Ghi"), Value("number", "999199000077"), Value("number", "999002")} <= found
    assert {"officer", "email"} <= {value.kind for value in found}
