"""Staff as patients: the administrator's mark, and the way from a citizen number to a member of staff."""

from alembic import op

revision = "0025"
down_revision = "0024"

STATEMENTS = (
    """CREATE TABLE staff_patient (
        unit_id INTEGER NOT NULL, id UUID NOT NULL, version INTEGER NOT NULL, patient_id UUID NOT NULL, reason TEXT NOT NULL,
        marked_at TIMESTAMP WITH TIME ZONE NOT NULL, marked_by UUID NOT NULL, ended_at TIMESTAMP WITH TIME ZONE,
        ended_by UUID, PRIMARY KEY (unit_id, id), FOREIGN KEY (unit_id, patient_id) REFERENCES patient (unit_id, id))""",
    "CREATE UNIQUE INDEX ix_staff_patient ON staff_patient (unit_id, patient_id) WHERE ended_at IS NULL",
    "CREATE INDEX ix_practitioner_citizen ON practitioner (unit_id, citizen_number)",
    "ALTER TABLE staff_patient ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE staff_patient FORCE ROW LEVEL SECURITY",
    "CREATE POLICY unit ON staff_patient USING (unit_id = nullif(current_setting('his.unit', true), '')::int)",
    # A mark is ended, never taken out of the books.
    "GRANT SELECT, INSERT, UPDATE ON staff_patient TO his_app, his_worker",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
