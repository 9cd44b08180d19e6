"""Runs the SQL file of a migration step inside Alembic's transaction."""

from pathlib import Path

from alembic import op


def run_script(beside: str, name: str) -> None:
    """Run all statements of a file. They are split at lines that end with a semicolon; bodies with inner ones use `$$`
    blocks whose lines do not."""
    text = (Path(beside).parent / name).read_text(encoding="utf-8")
    statement: list[str] = []
    for line in text.splitlines():
        statement.append(line)
        if line.rstrip().endswith(";"):
            op.get_bind().exec_driver_sql("\n".join(statement).rstrip().removesuffix(";"))
            statement = []
