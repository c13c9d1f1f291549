"""Second factors, recovery codes, wrong sign-ins by address, and where a session was opened; accounts of a demonstration are exempt."""

from alembic import op

revision = "0017"
down_revision = "0016"

TABLES = ("account_factor", "recovery_code", "sign_in_address")
STATEMENTS = (
    "ALTER TABLE account ADD COLUMN factor_exempt BOOLEAN NOT NULL DEFAULT false",
    "ALTER TABLE account ADD COLUMN password_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE web_session ADD COLUMN address TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE web_session ADD COLUMN stage VARCHAR NOT NULL DEFAULT ''",
    # An installation that was filled with the invented province keeps its printed sign-ins.
    "UPDATE account SET factor_exempt = true WHERE EXISTS (SELECT 1 FROM api_client WHERE id = 'demo-client')",
    """CREATE TABLE account_factor (
        account_id UUID NOT NULL, secret TEXT NOT NULL, pending TEXT NOT NULL, confirmed_at TIMESTAMP WITH TIME ZONE,
        last_step BIGINT NOT NULL, PRIMARY KEY (account_id))""",
    """CREATE TABLE recovery_code (
        account_id UUID NOT NULL, code_sha256 VARCHAR NOT NULL, used_at TIMESTAMP WITH TIME ZONE,
        PRIMARY KEY (account_id, code_sha256))""",
    """CREATE TABLE sign_in_address (
        address VARCHAR NOT NULL, failed INTEGER NOT NULL, since TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (address))""",
    *(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO his_app, his_worker" for name in TABLES),
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
