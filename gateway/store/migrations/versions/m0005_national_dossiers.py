"""National dossiers: answers as deliveries, the inbox in use, and since when the province has answered."""

from gateway.store.migrations.script import run_script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(__file__, "0005_national_dossiers.sql")
