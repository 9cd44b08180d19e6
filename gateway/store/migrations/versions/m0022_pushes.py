"""Publications that are pushed to receivers, and their receipts."""

from gateway.store.migrations.script import run_script

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0022_pushes.sql")
