"""Sign-ins with a national identity."""

from gateway.store.migrations.script import run_script

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0008_identity.sql")
