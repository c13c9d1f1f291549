"""Whose visits are closed to whom, in the database: the one answer that FHIR's policy (his/fhir/viewschema.py) and pages ask.

`his_closed(unit, visits, patients, own, right)`: `own` are kinds that a record says of itself, `right` is what
`his.identity.callers.right_of` wrote: `h` kinds held, `c` who gives care, `o` the patient opened by break-glass, `r` results are
being entered. The rows that decide are those of his/fhir/sensitive.py; who counts as a carer is decision 0041.
"""

from his.fhir.sensitive import MENTAL, STAFF
from his.fhir.viewschema import CODES, DEPARTMENTS, IN_FORCE

_UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_CODED = f's.about = \'{MENTAL}\' AND %s >= s.low COLLATE "C" AND %s < s.high COLLATE "C" AND {IN_FORCE}'


def _coded(column: str) -> str:
    column = f'{column} COLLATE "C"'
    return _CODED % (column, column)


_IDS = f"""
CREATE OR REPLACE FUNCTION his_ids(found text[]) RETURNS uuid[] LANGUAGE sql IMMUTABLE AS $his$
  SELECT coalesce(array_agg(x::uuid), '{{}}') FROM unnest(found) x WHERE x ~ '{_UUID}'
$his$"""

_MENTAL = f"""
CREATE OR REPLACE FUNCTION his_mental(u int, visits text[]) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $his$
BEGIN
  RETURN EXISTS (SELECT 1 FROM diagnosis d JOIN {CODES} ON {_coded("d.code")}
                 WHERE d.unit_id = u AND d.encounter_id = ANY (his_ids(visits)))
    OR EXISTS (SELECT 1 FROM encounter e JOIN {DEPARTMENTS} ON {_coded("e.department_code")}
               WHERE e.unit_id = u AND e.id = ANY (his_ids(visits)))
    OR EXISTS (SELECT 1 FROM encounter e
               CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(e.bed_trail) = 'array' THEN e.bed_trail ELSE '[]' END) b
               JOIN {DEPARTMENTS} ON {_coded("(b->>'department')")}
               WHERE e.unit_id = u AND e.id = ANY (his_ids(visits)))
    OR EXISTS (SELECT 1 FROM unnest(visits) x
               JOIN resource_index c ON c.unit_id = u AND c.type = 'Condition' AND c.param = 'encounter'
                AND c.value = x || E'\\x1fEncounter'
               JOIN resource_index k ON k.unit_id = u AND k.type = 'Condition' AND k.id = c.id AND k.param = 'code'
               JOIN {CODES} ON {_coded("k.value")});
END
$his$"""

_STAFF = """
CREATE OR REPLACE FUNCTION his_staff(u int, people uuid[]) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $his$
BEGIN
  RETURN EXISTS (SELECT 1 FROM staff_patient s WHERE s.unit_id = u AND s.patient_id = ANY (people) AND s.ended_at IS NULL)
    OR EXISTS (SELECT 1 FROM patient p
               JOIN practitioner r ON r.unit_id = p.unit_id AND r.citizen_number = p.citizen_number AND r.active
               WHERE p.unit_id = u AND p.id = ANY (people) AND p.citizen_number <> '');
END
$his$"""

# A doctor of the visit; its room while it runs; the ward while the patient lies there; who ordered or did something in it;
# nurses while it runs; any doctor while it runs and is nobody's yet.
_CARES = """
CREATE OR REPLACE FUNCTION his_cares(u int, visits uuid[], people uuid[], who text, results boolean) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $his$
DECLARE
  me uuid := nullif(split_part(who, '|', 1), '')::uuid;
  place uuid := nullif(split_part(who, '|', 2), '')::uuid;
  nurse boolean := split_part(who, '|', 3) = 'nurse';
BEGIN
  IF coalesce(who, '') = '' THEN RETURN false; END IF;
  RETURN EXISTS (
    SELECT 1 FROM encounter e
    CROSS JOIN LATERAL (SELECT e.status IN ('arrived', 'in-progress') AND e.signed_at IS NULL AND e.ended_at IS NULL
                               AND e.closed_at IS NULL AS runs) r
    WHERE e.unit_id = u AND (e.id = ANY (visits) OR e.patient_id = ANY (people))
      AND (r.runs OR e.id = ANY (visits))
      AND (me IN (e.practitioner_id, e.signed_by)
           OR r.runs AND (nurse OR place = e.room_id OR e.practitioner_id IS NULL)
           OR e.admitted_at IS NOT NULL AND e.ended_at IS NULL AND e.department_code <> ''
              AND e.department_code = (SELECT d.department_code FROM practitioner d WHERE d.unit_id = u AND d.id = me AND d.active)
           OR EXISTS (SELECT 1 FROM service_request s WHERE s.unit_id = u AND s.encounter_id = e.id
                      AND (me IN (s.ordered_by, s.performed_by) OR results AND s.status IN ('active', 'in-progress')))));
END
$his$"""

_CLOSED = f"""
CREATE OR REPLACE FUNCTION his_closed(u int, visits text[], patients text[], own text[], v jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $his$
DECLARE
  ids uuid[] := his_ids(visits);
  people uuid[] := his_ids(patients);
  mental boolean := '{MENTAL}' = ANY (own);
  staff boolean := '{STAFF}' = ANY (own);
BEGIN
  IF NOT mental AND NOT coalesce(v->'h' ? '{MENTAL}', false) AND visits <> '{{}}' THEN mental := his_mental(u, visits); END IF;
  people := people || ARRAY(SELECT e.patient_id FROM encounter e WHERE e.unit_id = u AND e.id = ANY (ids));
  staff := staff OR his_staff(u, people);
  IF NOT mental AND NOT staff THEN RETURN false; END IF;
  IF v->>'o' = ANY (people::text[]) THEN RETURN false; END IF;
  IF coalesce(v->>'c', '') = '' THEN RETURN true; END IF;
  -- The history of a mental illness is not for whoever treats something else; that of a colleague who is treated now is.
  IF mental THEN
    RETURN NOT his_cares(u, ids, CASE WHEN visits = '{{}}' THEN people ELSE '{{}}' END, v->>'c', coalesce((v->>'r')::boolean, false));
  END IF;
  RETURN NOT his_cares(u, ids, people, v->>'c', coalesce((v->>'r')::boolean, false));
END
$his$"""

_PAGES = {
    "paper_id": "clinical_paper",
    "note_id": "note",
    "request_id": "service_request",
    "source_id": "service_request",
    "prescription_id": "prescription",
    "line_id": "medication_request",
    "supply_id": "supply_use",
    "notice_id": "critical_notice",
    "stay_id": "bed_stay",
}
"""Tables whose rows belong to a visit, by the parameter of an address that names one."""

_PAGE = """
CREATE OR REPLACE FUNCTION his_page_closed(u int, names jsonb, v jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $his$
DECLARE
  visits text[] := ARRAY(SELECT names->>'encounter_id' WHERE names ? 'encounter_id');
  patients text[] := ARRAY(SELECT names->>'patient_id' WHERE names ? 'patient_id');
BEGIN
  %s
  IF names ? 'allergy_id' THEN
    patients := patients || ARRAY(SELECT t.patient_id::text FROM allergy_intolerance t
                                  WHERE t.unit_id = u AND t.id = ANY (his_ids(ARRAY[names->>'allergy_id'])));
  END IF;
  RETURN his_closed(u, visits, patients, '{}', v);
END
$his$""" % "\n  ".join(  # noqa: UP031  # SQL full of braces
    f"IF names ? '{name}' THEN visits := visits || ARRAY(SELECT t.encounter_id::text FROM {table} t "
    f"WHERE t.unit_id = u AND t.id = ANY (his_ids(ARRAY[names->>'{name}']))); END IF;"
    for name, table in _PAGES.items()
)

FUNCTIONS = ";\n".join((_IDS, _MENTAL, _STAFF, _CARES, _CLOSED, _PAGE))
"""Safe to repeat; the owner of the database runs them after the migrations."""
