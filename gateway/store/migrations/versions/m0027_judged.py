"""Which dossiers were judged lately."""

from gateway.store.migrations.script import run_script

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0027_judged.sql")
