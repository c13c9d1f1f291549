"""What was asked and told while the gateway was away is found by its time."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_card_check_asked ON card_check (unit_id, asked_at)")
    op.execute("CREATE INDEX ix_parcel_check_in ON parcel (unit_id, created_at) WHERE kind = 'check-in'")
