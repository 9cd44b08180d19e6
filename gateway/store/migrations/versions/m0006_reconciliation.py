"""Reconciliation: runs, their counts, and the differences that they found."""

from gateway.store.migrations.script import run_script

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0006_reconciliation.sql")
