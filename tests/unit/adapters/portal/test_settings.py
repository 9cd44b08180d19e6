"""Settings that cannot work are refused at the start, and secrets stay hidden."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.portal.diagnostics import SHOWN, describe
from adapters.portal.settings import PortalSettings
from mappings.portal.rules import Overlong
from mappings.portal.tables import load_tables
from tests.unit.adapters.portal.portal_settings import facade, native


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"username": ""}, "username and password"),
        ({"password": None}, "username and password"),
        ({"password_file": "/run/secrets/portal"}, "exclude each other"),
        ({"destination_code": ""}, "destination_code is required"),
        ({"base_url": "ftp://x"}, "base_url"),
        ({"base_url": "http://user:secret@host"}, "must not hold credentials"),
        ({"base_url": "http://host?x=1"}, "base_url"),
        ({"unit_code": "h99"}, "unit_code"),
        ({"auth_path": "mapi/login?x=1"}, "auth_path"),
        ({"max_dossiers_per_call": 0}, "max_dossiers_per_call"),
        ({"session_life_seconds": 0}, "session_life_seconds"),
        ({"timeouts": {"push_seconds": -1}}, "push_seconds"),
        ({"wire": {"limits": {"KhongCo": 5}}}, "limits.KhongCo"),
        ({"wire": {"overlong": "cut"}}, "overlong"),
        ({"wire": {"unknown": 1}}, "unknown"),
        ({"dialect": {"wordings": {"success": ["x"]}}}, "success"),
        ({"transport": {"statuses_without_effect": [200]}}, "statuses_without_effect"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_unusable_settings_are_refused(changes: dict[str, Any], expected: str) -> None:
    """Missing, contradictory, misspelt and impossible settings name themselves."""
    with pytest.raises(ValidationError, match=expected):
        native(**changes)


def test_a_facade_needs_no_account() -> None:
    """A facade keeps the session itself; its answers may be bare text."""
    assert (True, False) == (facade().takes_plain_text, native().takes_plain_text)


def test_settings_come_from_plain_values() -> None:
    """Everything can be written in a settings file as plain text, numbers and tables."""
    settings = native(
        family="VXPAdapter",
        wire={"limits": {"TrichYeuHoSo": 1000}, "overlong": "trim"},
        dialect={"code_meanings": {"7": "transient"}, "wordings": {"busy": ["bận"]}},
    )
    assert (Overlong.TRIM, 1000, 50) == (
        settings.wire.overlong,
        settings.wire.limits["TrichYeuHoSo"],
        settings.wire.limits["MaHoSo"],
    )
    assert ("bận",) == settings.dialect.wordings.busy


def test_a_password_file_is_read_anew_each_time(tmp_path: Path) -> None:
    """A changed secret needs no restart."""
    secret = tmp_path / "password"
    secret.write_text("one\n", encoding="utf-8")
    settings = native(password=None, password_file=secret)
    first = settings.read_password()
    secret.write_text("two\n", encoding="utf-8")
    assert ("one", "two") == (first, settings.read_password())


def test_the_password_is_not_shown() -> None:
    """Printed settings and the diagnostics hold no secret."""
    shown = repr(native()) + str(native().model_dump()) + str(describe(native(), load_tables()))
    assert "demo-secret" not in shown


def test_diagnostics_show_what_is_allowed_and_nothing_else() -> None:
    """The list names existing settings, and user, secret and file paths are not among them."""
    told = describe(native(), load_tables())
    assert {*SHOWN, "form", "profile", "codes"} == set(told)
    assert set(SHOWN) < set(PortalSettings.model_fields)
    assert not {"username", "password", "password_file", "codes_path", "facade"} & set(told)
    assert ("native", "2023", "portal.codes 1.0.0") == (told["form"], told["profile"], told["codes"])
    assert "facade" == describe(facade(), load_tables())["form"]
