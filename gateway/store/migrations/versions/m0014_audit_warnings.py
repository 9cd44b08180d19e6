"""Who was told of for having looked at unusually many citizens."""

from gateway.store.migrations.script import run_script

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0014_audit_warnings.sql")
