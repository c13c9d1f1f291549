"""What a project, the budget or a donor pays for a line (T_NGUONKHAC), and the four sources on the charge."""

from alembic import op

revision = "0014"
down_revision = "0013"

UNIT = "nullif(current_setting('his.unit', true), '')::int"
SOURCES = ("other_state_budget", "other_foreign_aid", "other_domestic_donors", "other_remaining")
STATEMENTS = (
    """CREATE TABLE donation (
    unit_id INTEGER NOT NULL,
    id UUID NOT NULL,
    version INTEGER NOT NULL,
    encounter_id UUID NOT NULL,
    source_id UUID NOT NULL,
    mode VARCHAR NOT NULL,
    state_budget NUMERIC(18, 2) NOT NULL,
    foreign_aid NUMERIC(18, 2) NOT NULL,
    domestic_donors NUMERIC(18, 2) NOT NULL,
    remaining NUMERIC(18, 2) NOT NULL,
    donor TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_by UUID,
    PRIMARY KEY (unit_id, id),
    CONSTRAINT uq_donation_encounter_id_source_id UNIQUE (unit_id, encounter_id, source_id),
    FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id))""",
    "ALTER TABLE donation ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE donation FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY unit ON donation USING (unit_id = {UNIT})",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON donation TO his_app, his_worker",
    *(f"ALTER TABLE charge ADD COLUMN {name} NUMERIC(18, 2) NOT NULL DEFAULT 0" for name in SOURCES),
    "ALTER TABLE charge NO FORCE ROW LEVEL SECURITY",
    "UPDATE charge SET other_remaining = other_sources WHERE other_sources <> 0",
    "ALTER TABLE charge FORCE ROW LEVEL SECURITY",
    *(f"ALTER TABLE charge ALTER COLUMN {name} DROP DEFAULT" for name in SOURCES),
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
