"""Prints the whole schema as SQL, as the table classes describe it: `python -m his.schema`."""

import sys

from sqlmodel import SQLModel

from his.discovery import import_tables
from his.kit.schema import grants_ddl, policies_ddl, tables_ddl

EXTENSIONS = ["CREATE EXTENSION IF NOT EXISTS pg_trgm"]
FIND_PERSON = """CREATE FUNCTION find_person(citizen text, insurance text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT id FROM person WHERE (citizen <> '' AND citizen_number = citizen)
     OR (insurance <> '' AND insurance_number = insurance) ORDER BY (citizen_number = citizen) DESC NULLS LAST LIMIT 2
$$"""


def statements() -> list[str]:
    """Every statement of an empty database's schema, in order."""
    import_tables()
    metadata = SQLModel.metadata
    return [
        *EXTENSIONS,
        *tables_ddl(metadata),
        *policies_ddl(metadata),
        FIND_PERSON,
        *grants_ddl(metadata, closed=("person",)),
        "REVOKE UPDATE, DELETE ON audit_entry, audit_block, claim_rule_setting FROM his_app, his_worker",
        "REVOKE INSERT ON audit_block FROM his_app",
        "REVOKE UPDATE, DELETE ON parcel_event FROM his_app, his_worker",
        "REVOKE DELETE ON parcel, gateway_outage FROM his_app, his_worker",
        "REVOKE UPDATE, DELETE ON settlement_entry, settlement_event, settlement_payment FROM his_app, his_worker",
        "REVOKE ALL ON FUNCTION find_person(text, text) FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION find_person(text, text) TO his_app, his_worker",
    ]


if __name__ == "__main__":
    sys.stdout.write(";\n\n".join(statements()) + ";\n")
