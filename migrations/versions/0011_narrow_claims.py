"""Wide documents of a dossier stand beside its row, and only open dossiers are found by state: settling a month rewrites 100,000 rows."""

from alembic import op

revision = "0011"
down_revision = "0010"

STATEMENTS = (
    # A row keeps a document of up to 2 kB inside; settlement reads and rewrites rows by the hundred thousand and never looks at it.
    "ALTER TABLE claim SET (toast_tuple_target = 128)",
    "ALTER TABLE review_case SET (toast_tuple_target = 128)",
    "DROP INDEX ix_claim_state",
    """CREATE INDEX ix_claim_open ON claim (unit_id, state)
    WHERE state IN ('draft', 'rejected', 'reopened', 'sealed', 'submitting', 'unknown')""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
