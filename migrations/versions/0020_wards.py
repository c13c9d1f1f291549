"""Beds of the wards, stays in them, and what a visit and a bed-day charge say of them."""

from alembic import op

revision = "0020"
down_revision = "0019"

POLICY = "USING (unit_id = nullif(current_setting('his.unit', true), '')::int)"
STATEMENTS = (
    """CREATE TABLE bed (
        unit_id INTEGER NOT NULL, id UUID NOT NULL, version INTEGER NOT NULL, department_code VARCHAR NOT NULL,
        code VARCHAR NOT NULL, kind VARCHAR NOT NULL, service_code VARCHAR NOT NULL, day_service_code VARCHAR NOT NULL,
        valid_from DATE NOT NULL, valid_to DATE, PRIMARY KEY (unit_id, id),
        CONSTRAINT uq_bed_department_code_code_valid_from UNIQUE (unit_id, department_code, code, valid_from),
        CONSTRAINT ck_bed_days CHECK (valid_to IS NULL OR valid_to >= valid_from))""",
    """CREATE TABLE bed_stay (
        unit_id INTEGER NOT NULL, id UUID NOT NULL, version INTEGER NOT NULL, encounter_id UUID NOT NULL,
        patient_id UUID NOT NULL, bed_id UUID NOT NULL, department_code VARCHAR NOT NULL, bed_code VARCHAR NOT NULL,
        stretcher BOOLEAN NOT NULL, service_code VARCHAR NOT NULL, service_name TEXT NOT NULL,
        cost_group VARCHAR NOT NULL, price_vnd NUMERIC(18, 2) NOT NULL, insured_price_vnd NUMERIC(18, 2) NOT NULL,
        cover_rate INTEGER NOT NULL, reason TEXT NOT NULL, started_at TIMESTAMP WITH TIME ZONE NOT NULL,
        ended_at TIMESTAMP WITH TIME ZONE, placed_by UUID, left_by UUID, PRIMARY KEY (unit_id, id),
        FOREIGN KEY (unit_id, encounter_id) REFERENCES encounter (unit_id, id),
        FOREIGN KEY (unit_id, bed_id) REFERENCES bed (unit_id, id),
        CONSTRAINT ck_bed_stay_moments CHECK (ended_at IS NULL OR ended_at >= started_at))""",
    "CREATE INDEX ix_bed_stay_visit ON bed_stay (unit_id, encounter_id)",
    "CREATE INDEX ix_bed_stay_bed ON bed_stay (unit_id, department_code, bed_code, started_at)",
    "CREATE INDEX ix_bed_stay_open ON bed_stay (unit_id, department_code) WHERE ended_at IS NULL",
    *(
        statement
        for name in ("bed", "bed_stay")
        for statement in (
            f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY unit ON {name} {POLICY}",
            # Neither a bed nor a stay is taken back out of the books.
            f"GRANT SELECT, INSERT, UPDATE ON {name} TO his_app, his_worker",
        )
    ),
    "ALTER TABLE encounter ADD COLUMN bed_trail JSONB NOT NULL DEFAULT '[]'",
    "CREATE INDEX ix_encounter_lying ON encounter (unit_id, department_code, admitted_at) "
    "WHERE admitted_at IS NOT NULL AND ended_at IS NULL",
    "ALTER TABLE charge ADD COLUMN bed_codes VARCHAR NOT NULL DEFAULT ''",
    "ALTER TABLE charge ADD COLUMN finished_at TIMESTAMP WITH TIME ZONE",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
