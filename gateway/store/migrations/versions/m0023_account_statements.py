"""Account statements that daily files are held against."""

from gateway.store.migrations.script import run_script

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0023_account_statements.sql")
