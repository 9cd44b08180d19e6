"""Rotation of the key ring, and finding a person again."""

from gateway.store.migrations.script import run_script

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0012_vault.sql")
