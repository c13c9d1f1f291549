"""The catalogue of the database against the rules of tenancy, each rule over every table; a bad table turns each rule red."""

import psycopg

from tests.architecture.test_tables import BAD, OPEN, QUERIES, offenders
from tests.faults import trial

TABLES = """SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'unit_id'
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"""


def broken(connection):
    """Rule -> what breaks it."""
    names = tuple(f"{name}_" for name in OPEN)  # constraints and indexes of the tables that are looked up first
    found = {rule: sorted(n for n in offenders(connection, rule) if not n.startswith(names)) for rule in QUERIES}
    return {rule: offending for rule, offending in found.items() if offending}


def test_every_table_of_a_unit_keeps_every_rule(clone):
    with psycopg.connect(clone["owner"]) as connection:
        tables = connection.execute(TABLES).fetchone()[0]
        got = {"broken": broken(connection), "rules": len(QUERIES)}
    trial.report("27", n=tables, expected={"broken": {}, "rules": len(BAD)}, got=got)


def test_each_rule_sees_the_table_that_breaks_it(clone):
    """The sabotage, rule by rule: what a careless migration would leave."""
    blind = []
    with psycopg.connect(clone["owner"]) as connection:
        for rule, statement in BAD.items():
            connection.execute(statement)
            if rule not in broken(connection):
                blind.append(rule)
            connection.rollback()
    assert blind == []
