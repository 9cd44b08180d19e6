"""Tables of the command line."""

import pytest

from gateway.printing import show_table


def test_nothing_of_a_table_is_cut_off_and_nothing_is_markup(capsys: pytest.CaptureFixture[str]) -> None:
    """Codes are there to be copied, and a note with brackets is shown as it was written."""
    code = "H99.01-260105-0001700000000000000000000000000"
    show_table(("id", "dossier", "note"), [(7, code, "[red]nửa đêm[/red]"), (8, code, "x" * 150)], title="parked")
    shown = capsys.readouterr().out
    assert shown.count(code) == 2
    assert "[red]nửa đêm[/red]" in shown
    assert shown.count("x") == 150
