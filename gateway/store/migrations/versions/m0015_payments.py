"""What is owed for dossiers, every try to pay it, and what follows."""

from gateway.store.migrations.script import run_script

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0015_payments.sql")
