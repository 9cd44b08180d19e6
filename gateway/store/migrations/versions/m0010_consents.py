"""Consents of citizens to share data."""

from gateway.store.migrations.script import run_script

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0010_consents.sql")
