"""Mapping sets, the codes that were seen, and which load translated a delivery."""

from gateway.store.migrations.script import run_script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0003_mapping_sets.sql")
