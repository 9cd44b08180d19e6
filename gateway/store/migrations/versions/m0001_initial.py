"""Clients, dossiers with sealed history, outbox and lanes, feed, procedures, system states, subscriptions."""

from gateway.store.migrations.script import run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0001_initial.sql")
