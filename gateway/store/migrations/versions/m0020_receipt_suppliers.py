"""What suppliers of electronic receipts are asked for."""

from gateway.store.migrations.script import run_script

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0020_receipt_suppliers.sql")
