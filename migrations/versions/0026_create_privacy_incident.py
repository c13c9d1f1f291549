"""Breaches of personal data and their notice to the authority (Luật 91/2025/QH15 Điều 23)."""

from alembic import op

revision = "0026"
down_revision = "0025"

STATEMENTS = (
    """CREATE TABLE privacy_incident (
        unit_id INTEGER NOT NULL, id UUID NOT NULL, version INTEGER NOT NULL, title VARCHAR NOT NULL, what TEXT NOT NULL,
        happened_from TIMESTAMP WITH TIME ZONE NOT NULL, happened_to TIMESTAMP WITH TIME ZONE,
        found_at TIMESTAMP WITH TIME ZONE NOT NULL, found_by VARCHAR NOT NULL, actor VARCHAR NOT NULL,
        containment TEXT NOT NULL, recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, recorded_by UUID NOT NULL,
        notified_at TIMESTAMP WITH TIME ZONE, notified_how TEXT NOT NULL, closed_at TIMESTAMP WITH TIME ZONE,
        closed_by UUID, conclusion TEXT NOT NULL, PRIMARY KEY (unit_id, id),
        CONSTRAINT ck_privacy_incident_span CHECK (happened_to >= happened_from),
        CONSTRAINT ck_privacy_incident_notice CHECK (notified_at >= found_at))""",
    "CREATE INDEX ix_privacy_incident_found ON privacy_incident (unit_id, found_at)",
    "ALTER TABLE privacy_incident ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE privacy_incident FORCE ROW LEVEL SECURITY",
    "CREATE POLICY unit ON privacy_incident USING (unit_id = nullif(current_setting('his.unit', true), '')::int)",
    # A breach is closed, never taken out of the books.
    "GRANT SELECT, INSERT, UPDATE ON privacy_incident TO his_app, his_worker",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
