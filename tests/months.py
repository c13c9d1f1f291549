"""Invented months of dossiers at an insurer, made by SQL in any number: what settlement is proven and measured on.

Ids grow with the number of the dossier, as the ids of the product grow with time.
"""

import json
from typing import Any

import psycopg

PAYER = 900
CARD = "GD4979700000001"
BASE = """
INSERT INTO patient (unit_id, id, version, person_id, code, name, birth_date, birth_precision, gender, citizen_number, phone,
  address, province_code, ward_code, old_address, ethnicity_code, occupation_code, nationality_code, guardian_name, guardian_phone,
  allergy_state, blood_group, birth_time, active, created_at, updated_at)
VALUES (%(unit)s, %(patient)s, 1, gen_random_uuid(), 'QT-' || left(%(patient)s, 8), '=HYPERLINK("x")', '1970-01-02', 'day', 'female', '', '',
  '', '97', '97033', '', '01', '00000', '000', '', '', 'none', '', '', true, now(), now())
"""
VISIT = """
INSERT INTO encounter SELECT (jsonb_populate_record(NULL::encounter, %(row)s::jsonb)).*
"""
CLAIMS = """
INSERT INTO claim (unit_id, id, version, encounter_id, patient_id, dossier_code, number, revision, standard, state, period,
  total_hospital, total_covered, insurer_share, copayment, self_paid, other_sources, facts, findings, sealed_at, receipt, received_at,
  department_code, ended_at)
SELECT %(unit)s, (lpad(to_hex(n), 8, '0') || substr(md5(%(tag)s || 'claim' || n), 9))::uuid, 1, %(encounter)s, %(patient)s, %(tag)s || n, %(number)s || lpad(n::text, 6, '0'),
  %(revision)s, '3176', 'decided', %(period)s, 0, 0, 0, 0, 0, 0, jsonb_build_object('pad', array_to_string(ARRAY(SELECT md5(n || ':' || g) FROM generate_series(1, %(pad)s) g), '')), '[]',
  %(at)s, 'GD', %(at)s, 'K01', %(at)s FROM generate_series(%(first)s, %(last)s) n
"""
CASES = """
INSERT INTO review_case (unit_id, id, version, payer_id, claim_id, dossier_code, revision, round, number, unit_code, unit_name, period,
  patient_name, birth_date, gender, card_number, entitlement_code, benefit_rate, main_diagnosis, diagnosis_text, care_setting,
  arrived_at, ended_at, received_at, due_on, state, finding_count, line_count, open_lines, total_hospital, total_covered, copayment,
  asked, approved, reduced, asking, undecided, findings, stated, decided_at)
SELECT %(unit)s, (lpad(to_hex(n), 8, '0') || substr(md5(%(tag)s || 'case' || n), 9))::uuid, 1, %(payer)s, (lpad(to_hex(n), 8, '0') || substr(md5(%(tag)s || 'claim' || n), 9))::uuid, %(dossier)s || n, %(revision)s,
  %(round)s, %(number)s || lpad(n::text, 6, '0'), '97002', 'BV', %(period)s, '=HYPERLINK("x")', '1970-01-02', 'female', %(card)s, '1.1', 80,
  'I10', '', (ARRAY['01','01','01','02','03','04','05','10'])[1 + (hashtext(%(seed)s || n) & 7)], %(at)s, %(at)s, %(at)s, '2027-01-01',
  %(state)s, 0, %(lines)s, 0, 0, 0, 0, 0, 0, 0, 0, 0, '[]',
  jsonb_build_object('treatment_days', 1, 'pad', array_to_string(ARRAY(SELECT md5(n || ':' || g) FROM generate_series(1, %(pad)s) g), '')), %(at)s
FROM generate_series(%(first)s, %(last)s) n
"""
LINES = """
INSERT INTO review_line (unit_id, id, version, payer_id, case_id, charge_id, position, claim_table, code, name, detail, unit,
  cost_group, quantity, unit_price, service_rate, cover_rate, amount_covered, benefit_rate, asked, approved, decision, reason_code,
  reason, findings, evidence, answer)
SELECT %(unit)s, uuidv7(), 1, %(payer)s, (lpad(to_hex(n), 8, '0') || substr(md5(%(tag)s || 'case' || n), 9))::uuid, gen_random_uuid(), p, 'XML3', 'S.' || p, 'Dịch vụ', '', 'lần',
  (ARRAY['1','2','3','4','8','13','15','10','12','7','19'])[1 + p %% 11], 1, v.covered, 100, CASE WHEN p %% 5 = 0 THEN 50 ELSE 100 END, v.covered,
  80, v.asked, CASE WHEN v.h < 6 THEN round(v.asked * v.h / 8, 2) ELSE v.asked END, CASE WHEN v.h < 6 THEN 'reduce' ELSE 'accept' END,
  CASE WHEN v.h < 6 THEN 'G' || v.h ELSE '' END, CASE WHEN v.h < 6 THEN 'Vượt giá' ELSE '' END, '[]', '[]', ''
FROM generate_series(%(first)s, %(last)s) n, generate_series(1, %(lines)s) p,
  LATERAL (SELECT abs(hashtext(%(seed)s || n || ':' || p)) AS x) h,
  LATERAL (SELECT h.x %% 60 AS h, (1000 + h.x %% 900000)::numeric / 4 AS covered, round((1000 + h.x %% 900000)::numeric / 5, 2) AS asked) v
"""
SUMS = """
UPDATE review_case c SET asked = s.asked, approved = s.approved, reduced = s.asked - s.approved, total_covered = s.covered,
  copayment = s.covered - s.asked, total_hospital = s.covered
FROM (SELECT case_id, sum(asked) AS asked, sum(approved) AS approved, sum(amount_covered) AS covered FROM review_line
  WHERE unit_id = %(unit)s GROUP BY 1) s
WHERE c.unit_id = %(unit)s AND c.id = s.case_id AND c.number LIKE %(number)s || '%%'
"""
STATISTICS = "ANALYZE claim, review_case, review_line"  # rows of a moment ago: without it both updates are quadratic
SHARES = """
UPDATE claim cl SET total_hospital = c.total_hospital, total_covered = c.total_covered, insurer_share = c.asked, copayment = c.copayment
FROM review_case c WHERE cl.unit_id = %(unit)s AND c.unit_id = cl.unit_id AND c.claim_id = cl.id AND c.number LIKE %(number)s || '%%'
"""


def make_cases(
    owner: psycopg.Connection[Any], period: str, last: int, *, first: int = 1, unit: int = 2, lines: int = 3, dossier: str = "",
    tag: str = "", round_number: int = 1, state: str = "decided", pad: int = 0,
) -> str:  # fmt: skip
    """Cases `first` to `last` of a month with random lines, decided at random; returns the tag of their ids.

    The same `dossier` with another `round_number` is the next decision of the same dossiers.
    """
    tag = tag or f"{period}-{round_number}-"
    patient, encounter = (owner.execute("SELECT md5(%s)::uuid::text", (f"{tag}{w}",)).fetchone()[0] for w in ("p", "e"))  # type: ignore[index]
    values = {
        "unit": unit, "payer": PAYER, "period": period, "first": first, "last": last, "lines": lines, "tag": tag, "seed": tag,
        "dossier": dossier or f"{period}-1-", "number": f"{tag}N", "round": round_number, "revision": round_number, "state": state,
        "at": f"{period}-15T03:00:00Z", "card": CARD, "patient": patient, "encounter": encounter, "pad": pad,
    }  # fmt: skip
    _visit_row(owner, values)
    with psycopg.ClientCursor(owner) as cursor:  # typed by the columns, not by the first use of a parameter
        for statement in (BASE, VISIT, CLAIMS, CASES, LINES, STATISTICS, SUMS, SHARES):
            cursor.execute(statement, values)
    return tag


def _visit_row(owner: psycopg.Connection[Any], values: dict[str, Any]) -> None:
    """Put an encounter into the values, every column that must not be empty filled by its type."""
    rows = owner.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'encounter' AND is_nullable = 'NO'"
    ).fetchall()
    plain = {"integer": 1, "boolean": False, "uuid": values["patient"], "date": "2026-01-01", "jsonb": {}, "numeric": 0}
    row = {name: values["at"] if kind.startswith("timestamp") else plain.get(kind, "x") for name, kind in rows}
    row |= {
        "unit_id": values["unit"],
        "id": values["encounter"],
        "patient_id": values["patient"],
        "dossier_code": values["tag"],
    }
    values["row"] = json.dumps(row)
