"""Runs over the procedure catalogue, lists that are kept whole, publication decisions."""

from gateway.store.migrations.script import run_script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0004_catalogues.sql")
