"""Local accounts and their links to national identities."""

from gateway.store.migrations.script import run_script

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0009_account_links.sql")
