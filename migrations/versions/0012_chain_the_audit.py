"""Audit entries: a part for each month, the request they belong to, and the sealed blocks that chain them (decision 0040)."""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))
