"""Facts of the record that the claim standard asks for: blood group, hour of birth, accident, newborns, traditional medicine, anaesthesia."""

from alembic import op

revision = "0013"
down_revision = "0012"

COLUMNS = (
    ("patient", "birth_time", "VARCHAR"),
    ("patient", "blood_group", "VARCHAR"),
    ("encounter", "accident_code", "VARCHAR"),
    ("encounter", "admission_reason", "TEXT"),
    ("encounter", "newborn_weights", "VARCHAR"),
    ("diagnosis", "traditional_code", "VARCHAR"),
    ("service_request", "anaesthesia", "VARCHAR"),
    ("medication_request", "dosage_form", "TEXT"),
)


def upgrade() -> None:
    for table, column, kind in COLUMNS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind} NOT NULL DEFAULT ''")
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT")
    op.execute("ALTER TABLE encounter ADD COLUMN war_wound BOOLEAN NOT NULL DEFAULT false")
    op.execute("ALTER TABLE encounter ALTER COLUMN war_wound DROP DEFAULT")
