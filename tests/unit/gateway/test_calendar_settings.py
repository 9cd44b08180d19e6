"""A province's own days and hours: read at start, every fault told with its line, facts made anew by them."""

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.bootstrap.indicators import counting_rules
from gateway.errors import ConfigurationError
from gateway.model.vocabulary import VIETNAM
from gateway.model.working_calendar import OfficeHours
from gateway.monitoring_config import MonitoringSettings

NOW = datetime(2026, 6, 1, tzinfo=VIETNAM)
STORM = "day,kind,label,source,agency\n2026-03-10,agency_closed,Bão,12/QĐ-UBND,H99.30\n"
HOURS = {"agency": "H99.30", "begins_on": "2026-03-01", "stretches": ["07:00-11:30", "13:30-17:00"]}


def settings(**calendar: Any) -> MonitoringSettings:
    return MonitoringSettings.model_validate({"calendar": calendar})


def table(folder: Path, text: str) -> Path:
    path = folder / "days.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_days_and_hours_reach_the_rules_and_name_them(tmp_path: Path) -> None:
    """Each one by itself, so that facts are made anew."""
    plain = counting_rules(MonitoringSettings())
    with_days = counting_rules(settings(file=table(tmp_path, STORM)))
    with_hours = counting_rules(settings(hours=[HOURS]))

    assert len({plain.name, with_days.name, with_hours.name}) == 3
    assert not with_days.calendars.of("H99.30.01", NOW).is_working_day(date(2026, 3, 10))
    assert with_days.calendars.of("H99.31", NOW).is_working_day(date(2026, 3, 10))
    assert (OfficeHours(time(7), time(11, 30)), OfficeHours(time(13, 30), time(17))) == with_hours.calendars.of(
        "H99.30", NOW
    ).hours_on(date(2026, 3, 2))
    assert with_hours.calendars.of("", NOW).hours_on(date(2026, 3, 2)) == plain.calendars.of("", NOW).hours_on(
        date(2026, 3, 2)
    )


FAULTY = [
    ("day,kind\n", ["monitoring.calendar.file line 1"]),
    (STORM + "2026-13-01,agency_closed,x,y,\n", ["monitoring.calendar.file line 3 day"]),
    (STORM + STORM.splitlines()[1] + "\n", ["days[H99.30 2026-03-10]"]),
    (STORM + "2026-03-14,holiday,x,y,\n2031-03-14,agency_closed,x,y,\n", ["days[2026-03-14]", "days[2031-03-14]"]),
]


@pytest.mark.parametrize(("text", "fields"), FAULTY)
def test_a_table_that_cannot_be_used_stops_the_start(tmp_path: Path, text: str, fields: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        counting_rules(settings(file=table(tmp_path, text)))
    assert len(fields) == len(caught.value.faults)
    assert all(one.field.endswith(field) for one, field in zip(caught.value.faults, fields, strict=True))


def test_a_table_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes(b"day\xff")
    for name in ("none.csv", "latin.csv"):
        with pytest.raises(ConfigurationError) as caught:
            counting_rules(settings(file=tmp_path / name))
        assert ["monitoring.calendar.file"] == [one.field for one in caught.value.faults]


def test_a_table_of_a_spreadsheet_is_read(tmp_path: Path) -> None:
    """With the mark that spreadsheets write, and an empty line in it."""
    text = "\ufeff" + STORM + "\n2026-03-11,agency_closed,Bão,12/QĐ-UBND,H99.30\n"
    calendar = counting_rules(settings(file=table(tmp_path, text))).calendars.of("H99.30", NOW)
    assert [False, False] == [calendar.is_working_day(date(2026, 3, day)) for day in (10, 11)]

    with pytest.raises(ConfigurationError) as caught:
        counting_rules(settings(file=table(tmp_path, text.replace("2026-03-11", "2026-03-99"))))
    assert ["monitoring.calendar.file line 4 day"] == [one.field for one in caught.value.faults]


def test_days_and_hours_are_told_at_once(tmp_path: Path) -> None:
    """A table that cannot be read hides no fault of the hours."""
    backwards = HOURS | {"stretches": ["13:00-17:00", "08:00-12:00"]}
    with pytest.raises(ConfigurationError) as caught:
        counting_rules(settings(file=table(tmp_path, "day\n"), hours=[backwards]))
    assert ["monitoring.calendar.file line 1", "monitoring.calendar.hours[H99.30 2026-03-01]"] == [
        one.field for one in caught.value.faults
    ]


@pytest.mark.parametrize("stretches", [[], ["7:00-11:30"], ["24:00-25:00"], ["07:00"]])
def test_hours_of_no_clock_are_refused(stretches: list[str]) -> None:
    with pytest.raises(ValidationError):
        settings(hours=[HOURS | {"stretches": stretches}])


def test_hours_that_run_backwards_stop_the_start() -> None:
    with pytest.raises(ConfigurationError) as caught:
        counting_rules(
            settings(hours=[HOURS, HOURS | {"agency": "H99.31", "stretches": ["13:00-17:00", "08:00-12:00"]}])
        )
    assert ["monitoring.calendar.hours[H99.31 2026-03-01]"] == [one.field for one in caught.value.faults]
