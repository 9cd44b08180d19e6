"""Providers' daily files, what comparing them gave, and who explained it."""

from gateway.store.migrations.script import run_script

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0017_settlement.sql")
