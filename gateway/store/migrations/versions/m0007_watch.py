"""Gates and announced outages of systems, and contract drift."""

from gateway.store.migrations.script import run_script

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0007_watch.sql")
