"""Money given back, and what persons have to do about payments."""

from gateway.store.migrations.script import run_script

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0018_payment_refunds.sql")
