"""Statements beside dossiers, and questions."""

from gateway.store.migrations.script import run_script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0002_statements.sql")
