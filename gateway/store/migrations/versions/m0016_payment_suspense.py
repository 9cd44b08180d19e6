"""Money that belongs to no request."""

from gateway.store.migrations.script import run_script

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0016_payment_suspense.sql")
