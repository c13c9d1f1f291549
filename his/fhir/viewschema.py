"""The view in the database: the role `his_limited`, the functions that judge a row, and one policy on each engine table.

The policies are for `his_limited` alone: the service's own role pays nothing for them. `his.view` (view.py) and
`his.unit` stand in the transaction; without them there are no rows. An engine table that comes later is covered as soon
as its class says `engine` and has type and id; one that is not covered cannot be read by the role at all.
"""

from collections.abc import Iterable

from sqlalchemy import MetaData, Table

from his.fhir.compartment import DIRECTORY, SUBJECTS, subject_parameters
from his.fhir.sensitive import ADMINISTRATIVE, OF_THE_VISIT, RESTRICTED, RULES, Sensitive

ROLE = "his_limited"


def _texts(values: Iterable[str]) -> str:
    return "ARRAY[" + ", ".join("E'" + value.replace("\x1f", "\\x1f") + "'" for value in values) + "]"


def _compartment() -> str:
    by_names: dict[tuple[str, ...], list[str]] = {}
    for kind in sorted(SUBJECTS):
        by_names.setdefault(subject_parameters(kind), []).append(kind)
    cases = " ".join(
        f"WHEN kind = ANY ({_texts(kinds)}) THEN {_texts(names)}" for names, kinds in sorted(by_names.items())
    )
    return (
        "CREATE OR REPLACE FUNCTION his_compartment(kind text) RETURNS text[] LANGUAGE sql IMMUTABLE AS "
        f"$his$ SELECT CASE {cases} END $his$"
    )


def _rows(pick: str) -> str:
    """Rows of the table of sensitive records as SQL: kind, value (or range), first and last day."""

    def days(row: Sensitive) -> str:
        return f"date '{row.valid_from}', date '{row.valid_to or 'infinity'}'"

    if pick == "labels":
        found = [f"('{r.kind}', E'{code}\\x1f{system}', {days(r)})" for r in RULES for system, code in r.labels]
    else:
        found = [f"('{r.kind}', '{low}', '{high}', {days(r)})" for r in RULES for low, high in getattr(r, pick)]
    return "(VALUES " + ", ".join(found) + ")"


LABELS = f"{_rows('labels')} AS s(about, value, since, until)"
CODES = f"{_rows('icd')} AS s(about, low, high, since, until)"
DEPARTMENTS = f"{_rows('departments')} AS s(about, low, high, since, until)"
IN_FORCE = "current_date BETWEEN s.since AND s.until"

# What one record says of itself. A bare "restricted" counts only where no label says why.
_KINDS = f"""
CREATE OR REPLACE FUNCTION his_kinds(u int, kind text, key text) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $his$
DECLARE
  found text[];
BEGIN
  SELECT array_agg(DISTINCT s.about) INTO found FROM resource_index i JOIN {LABELS} ON i.value = s.value
  WHERE i.unit_id = u AND i.type = kind AND i.id = key AND i.param = '_security' AND {IN_FORCE};
  IF kind = 'Condition' THEN
    found := found || ARRAY(SELECT DISTINCT s.about FROM resource_index i
      JOIN {CODES} ON i.value >= s.low COLLATE "C" AND i.value < s.high COLLATE "C"
      WHERE i.unit_id = u AND i.type = kind AND i.id = key AND i.param = 'code' AND {IN_FORCE});
  END IF;
  IF found IS NULL OR found = '{{}}' THEN RETURN '{{}}'; END IF;
  IF found && {_texts(r.kind for r in RULES if r.kind != RESTRICTED)} THEN RETURN array_remove(found, '{RESTRICTED}'); END IF;
  RETURN found;
END
$his$"""

_TEXT_KINDS = f"""
CREATE OR REPLACE FUNCTION his_text_kinds(kind text, body text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = public AS $his$
DECLARE
  found text[] := ARRAY(SELECT DISTINCT s.about
    FROM jsonb_array_elements(CASE WHEN jsonb_typeof(body::jsonb #> '{{meta,security}}') = 'array'
                                   THEN body::jsonb #> '{{meta,security}}' ELSE '[]' END) l
    JOIN {LABELS} ON coalesce(l->>'code', '') || E'\\x1f' || coalesce(l->>'system', '') = s.value WHERE {IN_FORCE});
BEGIN
  IF kind = 'Condition' THEN
    found := found || ARRAY(SELECT DISTINCT s.about
      FROM regexp_matches(body, '"code"\\s*:\\s*"([A-Z][0-9][^"]*)"', 'g') m
      JOIN {CODES} ON m[1] COLLATE "C" >= s.low COLLATE "C" AND m[1] COLLATE "C" < s.high COLLATE "C" WHERE {IN_FORCE});
  END IF;
  RETURN CASE WHEN found && {_texts(r.kind for r in RULES if r.kind != RESTRICTED)}
              THEN array_remove(found, '{RESTRICTED}') ELSE found END;
END
$his$"""

# Whether a record is closed to a view: by what it says itself, and by the visit or patient it belongs to. `his_closed`
# (his/breakglass/schema.py) knows visits, and who gives the care; it is asked only for kinds that the view does not hold.
_HIDDEN = f"""
CREATE OR REPLACE FUNCTION his_hidden(u int, kind text, key text, v jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $his$
DECLARE
  own text[] := ARRAY(SELECT k FROM unnest(his_kinds(u, kind, key)) k WHERE NOT coalesce(v->'h' ? k, false));
  visits text[];
  patients text[];
BEGIN
  IF NOT own <@ {_texts(OF_THE_VISIT)} THEN RETURN true; END IF;
  IF own = '{{}}' AND (coalesce(v->'k' ? kind, false) OR kind = ANY ({_texts(ADMINISTRATIVE)})) THEN RETURN false; END IF;
  SELECT array_agg(DISTINCT split_part(i.value, E'\\x1f', 1)) FILTER (WHERE i.value LIKE E'%\\x1fEncounter'),
         array_agg(DISTINCT split_part(i.value, E'\\x1f', 1)) FILTER (WHERE i.value LIKE E'%\\x1fPatient')
    INTO visits, patients
  FROM resource_index i WHERE i.unit_id = u AND i.type = kind AND i.id = key
    AND (i.value LIKE E'%\\x1fEncounter' OR i.value LIKE E'%\\x1fPatient');
  IF kind = 'Encounter' THEN visits := visits || key; END IF;
  IF own = '{{}}' AND visits IS NULL AND patients IS NULL THEN RETURN false; END IF;
  RETURN his_closed(u, coalesce(visits, '{{}}'), coalesce(patients, '{{}}'), own, v);
END
$his$"""

_GRANTED = f"""
CREATE OR REPLACE FUNCTION his_granted(u int, kind text, key text, g jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $his$
BEGIN
  IF g ? 'p' AND kind = 'Patient' THEN
    IF key <> g->>'p' THEN RETURN false; END IF;
  ELSIF g ? 'p' AND NOT kind = ANY ({_texts(DIRECTORY)}) THEN
    IF NOT EXISTS (SELECT 1 FROM resource_index i WHERE i.unit_id = u AND i.type = kind AND i.id = key
                   AND i.param = ANY (his_compartment(kind)) AND i.value = (g->>'p') || E'\\x1fPatient') THEN
      RETURN false;
    END IF;
  END IF;
  RETURN NOT g ? 'w' OR NOT EXISTS (
    SELECT 1 FROM jsonb_array_elements(g->'w') w WHERE NOT EXISTS (
      SELECT 1 FROM resource_index i, jsonb_array_elements(w->1) r
      WHERE i.unit_id = u AND i.type = kind AND i.id = key AND i.param = w->>0 AND i.value >= (r->>0)
        AND CASE WHEN r->>1 IS NULL THEN i.value = (r->>0) ELSE i.value < (r->>1) END));
END
$his$"""

_SEES = f"""
CREATE OR REPLACE FUNCTION his_sees(kind text, key text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $his$
DECLARE
  u int := nullif(current_setting('his.unit', true), '')::int;
  v jsonb := nullif(current_setting('his.view', true), '')::jsonb;
BEGIN
  IF u IS NULL OR v IS NULL THEN RETURN false; END IF;
  IF NOT coalesce((v->>'sensitive')::boolean, false) AND his_hidden(u, kind, key, v)
     AND NOT (v ? 'o' AND NOT kind = ANY ({_texts(DIRECTORY)}) AND his_granted(u, kind, key, jsonb_build_object('p', v->>'o'))) THEN RETURN false; END IF;
  RETURN EXISTS (SELECT 1 FROM jsonb_array_elements(coalesce(v->'types'->kind, v->'types'->'*', '[]')) g
                 WHERE his_granted(u, kind, key, g.value));
END
$his$"""

# An older version may have spoken of another patient, another category, or worn a label that was taken off since.
_VERSION = f"""
CREATE OR REPLACE FUNCTION his_sees_version(kind text, key text, ver int, body text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $his$
DECLARE
  u int := nullif(current_setting('his.unit', true), '')::int;
  v jsonb := nullif(current_setting('his.view', true), '')::jsonb;
  own text[];
BEGIN
  IF NOT his_sees(kind, key) THEN RETURN false; END IF;
  IF EXISTS (SELECT 1 FROM resource_current c WHERE c.unit_id = u AND c.type = kind AND c.id = key AND c.version = ver
             AND NOT c.deleted) THEN
    RETURN true;
  END IF;
  IF NOT coalesce((v->>'sensitive')::boolean, false) AND body <> ''
     AND NOT (v ? 'o' AND strpos(body, 'Patient/' || (v->>'o') || '"') > 0) THEN
    own := ARRAY(SELECT k FROM unnest(his_text_kinds(kind, body)) k WHERE NOT coalesce(v->'h' ? k, false));
    IF NOT own <@ {_texts(OF_THE_VISIT)} THEN RETURN false; END IF;
    IF (own <> '{{}}' OR NOT kind = ANY ({_texts(ADMINISTRATIVE)})) AND his_closed(u,
         ARRAY(SELECT m[1] FROM regexp_matches(body, 'Encounter/([^"/]+)"', 'g') m)
           || CASE WHEN kind = 'Encounter' THEN ARRAY[key] ELSE '{{}}' END,
         ARRAY(SELECT m[1] FROM regexp_matches(body, 'Patient/([^"/]+)"', 'g') m), own, v) THEN RETURN false; END IF;
  END IF;
  RETURN EXISTS (SELECT 1 FROM jsonb_array_elements(coalesce(v->'types'->kind, v->'types'->'*', '[]')) g
    WHERE NOT g.value ? 'w' AND (NOT g.value ? 'p' OR kind = 'Patient' OR kind = ANY ({_texts(DIRECTORY)})
      OR strpos(body, 'Patient/' || (g.value->>'p') || '"') > 0)
      AND his_granted(u, kind, key, g.value));
END
$his$"""

FUNCTIONS = ";\n".join(
    (_compartment(), _KINDS, _TEXT_KINDS, _HIDDEN, _GRANTED, _SEES, _VERSION, "DROP FUNCTION IF EXISTS his_sensitive")
)


def create_role(known: bool) -> list[str]:
    """Statements that make the role, or keep it as it must be; the service roles may become it and inherit nothing."""
    kind = "NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
    return [
        f"{'ALTER' if known else 'CREATE'} ROLE {ROLE} {kind}",
        f"GRANT {ROLE} TO his_app, his_worker WITH INHERIT FALSE, SET TRUE",
    ]


def policies(metadata: MetaData) -> str:
    """What the role may read, and the policy on each table; safe to repeat."""
    lines = [f"GRANT USAGE ON SCHEMA public TO {ROLE}", f"GRANT INSERT ON audit_entry TO {ROLE}"]
    for table in metadata.sorted_tables:
        if _covered(table):
            sees = "his_sees(type, id)"
            if table.name == "resource_version":
                sees = "his_sees_version(type, id, version, content)"
            lines.append(f"GRANT SELECT ON {table.name} TO {ROLE}")
            lines.append(
                f"DO $do$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_policies WHERE schemaname = 'public' AND tablename = "
                f"'{table.name}' AND policyname = 'view') THEN CREATE POLICY view ON {table.name} AS RESTRICTIVE "
                f"TO {ROLE} USING ({sees}); END IF; END $do$"
            )
    return ";\n".join(lines)


def _covered(table: Table) -> bool:
    """An engine table whose rows belong to one resource; conditions of creates (`resource_key`) are nobody's to read."""
    return (
        bool(table.info.get("engine"))
        and {"unit_id", "type", "id"} <= set(table.columns.keys())
        and (table.name != "resource_key")
    )
