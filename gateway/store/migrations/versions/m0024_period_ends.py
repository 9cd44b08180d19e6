"""Since when facts hold, and when their dossiers were filed: for numbers as they stood at a period's end."""

from gateway.store.migrations.script import run_script

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0024_period_ends.sql")
