"""The tamper-evident record of looks at personal data."""

from gateway.store.migrations.script import run_script

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0011_audit.sql")
