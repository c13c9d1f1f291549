"""Bed days from the eleventh day after an operation have a price line of their own (TT 39/2018/TT-BYT)."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.execute("ALTER TABLE bed ADD COLUMN later_service_code VARCHAR NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE bed_stay ADD COLUMN later JSONB NOT NULL DEFAULT '{}'")
