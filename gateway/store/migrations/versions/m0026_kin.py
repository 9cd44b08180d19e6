"""What dossiers have in common beyond their applicant: who submitted them, their files, their result."""

from gateway.store.migrations.script import run_script

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0026_kin.sql")
