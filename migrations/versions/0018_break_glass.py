"""Openings of sensitive records: who, whose, why, until when, and the verdict of a second person."""

from alembic import op

revision = "0018"
down_revision = "0017"

STATEMENTS = (
    "ALTER TABLE web_session ADD COLUMN opened_patient VARCHAR NOT NULL DEFAULT ''",
    "ALTER TABLE web_session ADD COLUMN opened_until TIMESTAMP WITH TIME ZONE",
    """CREATE TABLE break_glass (
        unit_id INTEGER NOT NULL, id UUID NOT NULL, version INTEGER NOT NULL, patient_id UUID NOT NULL,
        account_id UUID NOT NULL, session_sha256 VARCHAR NOT NULL, reason_code VARCHAR NOT NULL, reason TEXT NOT NULL,
        opened_at TIMESTAMP WITH TIME ZONE NOT NULL, ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
        closed_at TIMESTAMP WITH TIME ZONE, reviewed_at TIMESTAMP WITH TIME ZONE, reviewed_by UUID,
        verdict VARCHAR NOT NULL, remark TEXT NOT NULL, PRIMARY KEY (unit_id, id),
        FOREIGN KEY (unit_id, patient_id) REFERENCES patient (unit_id, id),
        CONSTRAINT ck_break_glass_hour CHECK (ends_at <= opened_at + interval '60 minutes'),
        CONSTRAINT ck_break_glass_second_person CHECK (reviewed_by IS NULL OR reviewed_by <> account_id))""",
    "CREATE INDEX ix_break_glass_review ON break_glass (unit_id, reviewed_at, opened_at)",
    "ALTER TABLE break_glass ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE break_glass FORCE ROW LEVEL SECURITY",
    "CREATE POLICY unit ON break_glass USING (unit_id = nullif(current_setting('his.unit', true), '')::int)",
    # An opening is never taken back out of the books.
    "GRANT SELECT, INSERT, UPDATE ON break_glass TO his_app, his_worker",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
