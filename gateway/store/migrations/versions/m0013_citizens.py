"""Questions about citizens: how many were asked, and replies for a few minutes."""

from gateway.store.migrations.script import run_script

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0013_citizens.sql")
