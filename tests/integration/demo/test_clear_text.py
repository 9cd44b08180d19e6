"""The demonstration's search finds what somebody has left in a table in the clear."""

from dataclasses import asdict
from typing import Any

import pytest

from adapters.identity.sandbox import PEOPLE as SIGN_ON_PEOPLE
from gateway.demo.clear_text import (
    citizens_of,
    people_filed,
    people_of_hub,
    people_of_portal,
    people_of_sign_ons,
    unloaded,
    values_of,
)
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
    person = asdict(SIGN_ON_PEOPLE[0])
    dates = {Value("birth_date", text) for text in ("19900203", "1990-02-03", "03/02/1990", "03021990")}

    assert {value.text for value in values_of([dossier])} == {
        *(NAME, NUMBER, "mau@example.vn", "Trần Văn Khác", "0900000001")
    }
    assert {Value("name", "Hồ Văn Ghi")} == people_of_portal([{"ChuHoSo": "Hồ Văn Ghi", "Email": None}])
    assert {Value("name", "Lê Thị Nộp Hồ Sơ"), Value("number", "999199000077")} == people_filed([filed])
    assert {Value("number", "999001"), Value("number", "999002"), Value("name", "Vũ Văn Hỏi"), *dates} == citizens_of(
        [citizen]
    )
    assert {Value("number", person["number"]), Value("email", person["email"])} <= people_of_sign_ons([person])
    assert {Value("number", NUMBER), Value("name", NAME)} == people_of_hub(
        {NUMBER: {"birthDate": "1990", "fullName": NAME}}
    )
    assert dates < people_of_hub({NUMBER: {"birthDate": "03/02/1990", "fullName": NAME}})
