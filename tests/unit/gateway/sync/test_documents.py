"""The generated documents say what the code says."""

from pathlib import Path

import pytest

from docs.generate import DOCUMENTS, ROOT, errors_document, main, stale_documents, states_document
from gateway import errors
from gateway.errors import GatewayError
from gateway.model.delivery import DELIVERY_TRANSITIONS
from gateway.model.status import TRANSITIONS


def test_the_documents_in_the_repository_are_fresh() -> None:
    """Whoever changes a table draws the documents anew."""
    assert [] == stale_documents(ROOT / "docs")


def test_every_move_is_drawn() -> None:
    """Diagrams show exactly the moves of the tables."""
    drawn = {line.split(":")[0].strip() for line in states_document().splitlines() if " --> " in line}
    moves = {
        f"{state} --> {other}"
        for transitions in (TRANSITIONS, DELIVERY_TRANSITIONS)
        for state, following in transitions.items()
        for other in following
    }
    assert moves == {line for line in drawn if "[*]" not in line}


def test_every_error_is_listed() -> None:
    """The table holds the whole hierarchy."""

    listed = {line.split("`")[1] for line in errors_document().splitlines() if line.startswith("| `")}
    ours = {
        name for name, member in vars(errors).items() if isinstance(member, type) and issubclass(member, GatewayError)
    }
    assert ours == listed
    assert "OutcomeUnknown" in listed


def test_writing_and_checking(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Missing or changed documents fail the check by name, and writing mends exactly those."""
    where = ["--folder", str(tmp_path)]
    assert 1 == main(["--check", *where])
    assert 0 == main(where)
    assert 0 == main(["--check", *where])
    (tmp_path / "errors.md").write_text("old", encoding="utf-8")
    capsys.readouterr()
    assert 1 == main(["--check", *where])
    assert "errors.md is stale" in capsys.readouterr().err
    assert 0 == main(where)
    assert f"wrote {tmp_path / 'errors.md'}\n" == capsys.readouterr().out
    assert set(DOCUMENTS) == {path.name for path in tmp_path.iterdir()}
