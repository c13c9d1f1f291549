"""Stays in beds that are entered late, corrected or cancelled, with the reason."""

from alembic import op

revision = "0023"
down_revision = "0022"

STATEMENTS = (
    "ALTER TABLE bed_stay ADD COLUMN status VARCHAR NOT NULL DEFAULT 'lain', "
    "ADD COLUMN recorded_at TIMESTAMP WITH TIME ZONE, ADD COLUMN corrected_at TIMESTAMP WITH TIME ZONE, "
    "ADD COLUMN corrected_by UUID, ADD COLUMN correct_reason TEXT NOT NULL DEFAULT ''",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
