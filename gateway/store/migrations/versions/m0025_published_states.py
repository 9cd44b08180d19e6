"""Publications of numbers as they stood at a period's end, beside those of now."""

from gateway.store.migrations.script import run_script

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0025_published_states.sql")
