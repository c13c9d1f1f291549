"""The worklist with a million dossiers: first page and a page far behind under every filter, p95 in milliseconds."""

import asyncio
import contextlib
import os
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from his.kit.db import Database, Db, Scope
from his.kit.embedded import Embedded
from his.migrate import migrate
from his.review import store
from his.review.service.worklist import read_filters
from tests.load.report import line

CASES = int(os.environ.get("HIS_BENCH_CASES", "1000000"))
MONTHS = 4
STEP = 25_000
BUDGET_MS = 300
PAYER, UNITS = 90, 200
UNIT = """INSERT INTO unit (id, code, name, kind, level, points, former_tier, is_station, province_code, ward_code, address,
  phone, head_number, payer_id, active) SELECT n, 'B' || n, 'Cơ sở ' || n, 'clinic', 'initial', 0, '', false, '97', '', '',
  '', '', %s, true FROM generate_series(1000, 999 + %s) n"""
OFFICER = UUID(int=77)
CASE = """
INSERT INTO review_case (
  unit_id, id, version, payer_id, claim_id, dossier_code, revision, round, number, unit_code, unit_name, period,
  patient_name, birth_date, gender, card_number, entitlement_code, benefit_rate, main_diagnosis, diagnosis_text,
  care_setting, arrived_at, ended_at, received_at, due_on, state, finding_count, line_count, open_lines,
  total_hospital, total_covered, copayment, asked, approved, reduced, asking, undecided, findings, stated, unit_level,
  category, open, flagged, error_count, draw, asked_vnd, band, deviation, visits_before, assigned_to, disputes, told,
  proofs)
  SELECT u.id AS unit_id, uuidv7() AS id, 1 AS version, %(payer)s AS payer_id, uuidv7() AS claim_id,
    'L' || n AS dossier_code, 1 AS revision, 1 AS round, '2601-' || lpad(n::text, 7, '0') AS number, 'X' AS unit_code,
    u.name AS unit_name, '2026-0' || (1 + h.a %% %(months)s) AS period, 'Nguyễn Văn ' || n AS patient_name,
    date '1970-01-01' AS birth_date, 'male' AS gender, 'GD4' || lpad((n %% 300000)::text, 12, '0') AS card_number,
    '1.1' AS entitlement_code, 80 AS benefit_rate, icd.code AS main_diagnosis, '' AS diagnosis_text,
    CASE WHEN h.b %% 10 < 8 THEN '01' WHEN h.b %% 10 = 8 THEN '02' ELSE '03' END AS care_setting,
    now() AS arrived_at, now() AS ended_at, now() AS received_at, date '2026-12-01' AS due_on,
    CASE WHEN h.c %% 5 = 0 THEN 'final' ELSE 'received' END AS state, (h.d %% 4 = 0)::int AS finding_count,
    8 AS line_count, 8 AS open_lines, 0 AS total_hospital, 0 AS total_covered, 0 AS copayment, a.asked, 0 AS approved,
    0 AS reduced, 0 AS asking, a.asked AS undecided, '[]'::jsonb AS findings, '{}'::jsonb AS stated,
    'initial' AS unit_level, left(icd.code, 3) AS category, h.c %% 5 <> 0 AS open, h.d %% 4 = 0 AS flagged,
    0 AS error_count, (h.e %% 10000) AS draw, a.asked AS asked_vnd, least(5, a.asked / 1000000) AS band,
    h.b %% 300 - 60 AS deviation, h.e %% 9 AS visits_before, CASE WHEN h.d %% 50 = 0 THEN %(officer)s::uuid END AS assigned_to,
    0 AS disputes, '{}'::jsonb AS told, '[]'::jsonb AS proofs
  FROM generate_series(%(first)s::int, %(last)s::int) n
  CROSS JOIN LATERAL (SELECT abs(hashint4(n)) AS a, abs(hashint4(n + 10000019)) AS b, abs(hashint4(n + 20000033)) AS c,
    abs(hashint4(n + 30000001)) AS d, abs(hashint4(n + 40000003)) AS e) h
  CROSS JOIN LATERAL (SELECT 20000 + h.d %% 9000000 AS asked) a
  CROSS JOIN LATERAL (SELECT (ARRAY['K29.7','I10','E11.9','J06.9','M54.5','J20.9','N39.0','A09'])[1 + h.e %% 8] AS code) icd
  JOIN unit u ON u.id = 1000 + h.b %% %(units)s
"""
FACET = """
INSERT INTO review_facet (unit_id, case_id, kind, value, payer_id, period, open, lines, decided, accepted, asked, taken)
SELECT c.unit_id, c.id, f.kind, f.value, c.payer_id, c.period, c.open, 1, 0, 0, c.asked, 0 FROM review_case c
CROSS JOIN LATERAL (VALUES
  ('doctor', 'BS-' || c.draw %% 400), ('drug', 'A' || lpad((c.draw %% 60)::text, 2, '0')),
  ('rule', CASE WHEN c.flagged THEN 'REV-' || c.draw %% 40 END)) f (kind, value)
WHERE f.value IS NOT NULL AND c.unit_id >= %(first)s AND c.unit_id < %(first)s + %(units)s / 8
"""
FILTERS: dict[str, dict[str, str]] = {
    "none": {}, "all": {"state": "all"}, "state": {"state": "final"}, "unit": {"unit": "1002"},
    "findings": {"findings": "with"}, "setting": {"setting": "03"}, "icd": {"icd": "K29.7"}, "category": {"icd": "K29"},
    "band": {"band": "5"}, "above": {"above": "5000000"}, "deviation": {"deviation": "50"}, "visits": {"visits": "5"},
    "sample": {"sample": "5"}, "seeded": {"sample": "5", "seed": "quý 4"}, "reviewer": {"reviewer": str(OFFICER)},
    "unassigned": {"reviewer": "none"}, "rule": {"rule": "REV-8"}, "doctor": {"doctor": "BS-7"}, "drug": {"drug": "A02"},
    "rule_and_drug": {"rule": "REV-8", "drug": "A08"}, "rule_unit_findings": {"rule": "REV-8", "unit": "1008", "findings": "with"},
    "nothing_found": {"rule": "REV-NEVER"}, "number": {"q": "2601-0500000", "period": "", "state": "all"},
}  # fmt: skip


def _at_once(owner: str, work: Iterable[tuple[str, Any]]) -> None:
    """Do statements with their values on as many connections as there are cores; the claims behind the cases are not made."""
    waiting = deque(work)

    def serve() -> None:
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("SET maintenance_work_mem = '512MB'")
            connection.execute("SET max_parallel_maintenance_workers = 0")
            with contextlib.suppress(IndexError):
                while True:
                    statement, values = waiting.popleft()
                    connection.execute(statement.encode(), values)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in [pool.submit(serve) for _ in range(os.cpu_count() or 1)]:
            done.result()


def _fill(owner: str) -> dict[str, float]:
    """Rows first, indexes after; seconds by step."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(UNIT, (PAYER, UNITS))
        found = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('review_case', 'review_facet') AND indexname LIKE 'ix_%'"
        ).fetchall()
        for name, _ in found:
            connection.execute(f"DROP INDEX {name}".encode())
    values = {"payer": PAYER, "units": UNITS, "months": MONTHS, "officer": str(OFFICER)}
    parts = [{**values, "first": n, "last": min(n + STEP - 1, CASES)} for n in range(1, CASES + 1, STEP)]
    tables = ("review_case", "review_facet")
    steps = {}
    for step, work in {
        "rows": [(CASE, part) for part in parts],
        "facets": [(FACET, {"first": n, "units": UNITS}) for n in range(1000, 1000 + UNITS, UNITS // 8)],
        "indexes": [(str(ddl), None) for _, ddl in found],
        "statistics": [(f"VACUUM (ANALYZE) {table}", None) for table in tables],
    }.items():
        start = time.perf_counter()
        _at_once(owner, work)
        steps[step] = round(time.perf_counter() - start, 1)
    return steps


async def _times(
    db: Db, query: dict[str, str], rounds: int, after: UUID | None = None
) -> tuple[list[float], int, UUID | None]:
    filters = read_filters({"period": "2026-02", **query})
    samples, found = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        found = await store.list_cases(db, filters, after, store.PAGE + 1)
        samples.append((time.perf_counter() - start) * 1000)
        await db.release()
    return samples, len(found), found[store.PAGE - 1].id if len(found) > store.PAGE else None


def _p95(samples: list[float]) -> float:
    return round(statistics.quantiles(samples, n=20)[18], 2)


async def _run(dsn: str, rounds: int) -> None:
    database = Database(dsn, size=2)
    await database.open()
    db = Db(database, Scope(PAYER, "bench", "insurance-officer", payer_id=PAYER))
    worst = 0.0
    await store.list_periods(db)  # the connection is open, as it is for an officer; no page of a filter was read yet
    for name, query in FILTERS.items():
        first, rows, after = await _times(db, query, rounds)
        values: dict[str, object] = {"rows": rows, "p50_ms": round(statistics.median(first), 2), "p95_ms": _p95(first)}
        if after is not None:
            for _ in range(20):  # 1,000 dossiers further on
                _, _, following = await _times(db, query, 1, after)
                after = following or after
            behind, _, _ = await _times(db, query, max(rounds // 4, 5), after)
            values["page_22_p95_ms"] = _p95(behind)
        worst = max(worst, _p95(first))
        line(f"worklist_{name}", cases=CASES, budget_ms=BUDGET_MS, **values)
    start = time.perf_counter()
    months = await store.list_periods(db)
    line("worklist_periods", cases=CASES, months=len(months), ms=round((time.perf_counter() - start) * 1000, 2))
    line("worklist", cases=CASES, budget_ms=BUDGET_MS, worst_p95_ms=worst, within=worst <= BUDGET_MS)
    await db.release()
    await database.close()


def measure(seconds: float) -> None:
    """Fill a scratch database and ask every filter; `seconds` bounds the rounds of a filter."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        scratch.chmod(0o755)
        embedded = Embedded(scratch, durable=False)
        embedded.start()
        try:
            dsns = migrate(embedded.conninfo(), scratch / "data")
            start = time.perf_counter()
            steps = _fill(embedded.conninfo())
            line("worklist_fill", cases=CASES, seconds=round(time.perf_counter() - start, 1), steps=steps)
            asyncio.run(_run(dsns["his_app"], max(int(seconds * 4), 20)))
        finally:
            embedded.discard()
