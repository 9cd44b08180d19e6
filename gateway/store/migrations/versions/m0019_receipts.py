"""The numbers of statutory receipts, without a gap."""

from gateway.store.migrations.script import run_script

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0019_receipts.sql")
