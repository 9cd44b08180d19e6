"""What is counted for the national monitoring systems: facts about dossiers, cells, registers, publications."""

from gateway.store.migrations.script import run_script

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0021_indicators.sql")
