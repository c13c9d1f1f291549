"""Registrations of practice: who may do what here, on which days and hours, until when."""

from alembic import op

revision = "0021"
down_revision = "0020"

STATEMENTS = (
    """CREATE TABLE practice (
        unit_id INTEGER NOT NULL, id UUID NOT NULL, version INTEGER NOT NULL, practitioner_id UUID NOT NULL,
        scope TEXT NOT NULL, chapters VARCHAR NOT NULL, weekdays VARCHAR NOT NULL, opens_at TIME WITHOUT TIME ZONE,
        closes_at TIME WITHOUT TIME ZONE, valid_from DATE NOT NULL, valid_to DATE, PRIMARY KEY (unit_id, id),
        FOREIGN KEY (unit_id, practitioner_id) REFERENCES practitioner (unit_id, id),
        CONSTRAINT ck_practice_days CHECK (valid_to >= valid_from),
        CONSTRAINT ck_practice_hours CHECK ((opens_at IS NULL) = (closes_at IS NULL)))""",
    "CREATE INDEX ix_practice_practitioner ON practice (unit_id, practitioner_id, valid_from)",
    "ALTER TABLE practice ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE practice FORCE ROW LEVEL SECURITY",
    "CREATE POLICY unit ON practice USING (unit_id = nullif(current_setting('his.unit', true), '')::int)",
    # A registration is ended, never taken out of the books.
    "GRANT SELECT, INSERT, UPDATE ON practice TO his_app, his_worker",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
