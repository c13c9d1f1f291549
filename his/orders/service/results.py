"""Results: begin, type, sign. Values stand in `observation` with the range that held for this patient."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from his.catalog import service as catalog
from his.catalog.rules import limits_for
from his.catalog.tables import LabTest
from his.encounters import service as encounters
from his.encounters.rules import age_days, sex_letter
from his.encounters.service import Visit
from his.encounters.terms import Flag
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.db import Db
from his.kit.errors import Finding, HisError, Kind, invalid, refuse_errors
from his.kit.rulebook import assess
from his.kit.text import clean, clean_lines
from his.orders import store
from his.orders.rules import RESULT_RULES, judge_value
from his.orders.service.notices import raise_changes
from his.orders.tables import Observation, ServiceRequest
from his.orders.terms import ANAESTHESIA, RESULT_KINDS, Judged, ReportView, ResultEntry, ResultFacts
from his.practice import service as practice
from his.practice.rules import PERFORMING_RULES
from his.scheduling import service as scheduling
from his.scheduling.terms import TicketState


async def start(db: Db, request_id: UUID, practitioner_id: UUID | None, now: datetime) -> ServiceRequest:
    """Sample taken or procedure begun (NGAY_TH_YL); an order already begun stays as it is."""
    row = _open(await store.get_request(db, request_id))
    if row.status == "in-progress":
        return row
    changes = Changes().audit("order:start", "ServiceRequest", request_id)
    new = changes.update(row, status="in-progress", performed_at=now, performed_by=practitioner_id)
    await db.apply(changes.version(new), now)
    return new


def _open(row: ServiceRequest) -> ServiceRequest:
    if row.status == "revoked":
        raise HisError(Kind.CONFLICT, "Chỉ định này đã hủy, không nhập kết quả được.")
    if row.status == "completed":
        raise HisError(Kind.CONFLICT, "Kết quả này đã ký, không sửa được. Chỉ định lại nếu cần làm lại.")
    return row


async def expected_tests(db: Db, requests: Sequence[ServiceRequest]) -> dict[str, list[LabTest]]:
    """The analytes to type for these orders, by service code."""
    codes = {r.service_code for r in requests if r.kind == "lab"}
    found: dict[str, list[LabTest]] = {}
    for test in await catalog.list_lab_tests(db, codes) if codes else []:
        found.setdefault(test.service_code, []).append(test)
    return found


async def get_lab_tests(db: Db, codes: Sequence[str]) -> dict[str, LabTest]:
    """Analytes by code."""
    return await catalog.get_lab_tests(db, codes)


def judge(test: LabTest, text: str, visit: Visit, now: datetime) -> Judged:
    """A typed value of an analyte for this patient on this day."""
    patient = visit.patient
    limits = limits_for(test.ranges, age_days(patient.birth_date, day_of(now)), sex_letter(patient.gender))
    return judge_value(text, limits)


async def record_results(
    db: Db, encounter_id: UUID, entries: Sequence[ResultEntry], practitioner_id: UUID | None, now: datetime
) -> tuple[list[ServiceRequest], list[Observation], list[Finding]]:
    """Type the results of several orders of a visit; they may be typed again until they are signed.

    Gives the orders, the values, and what the result rules say. Raises INVALID for an analyte that does not belong to
    the service, CONFLICT for an order that is signed or revoked.
    """
    visit = await encounters.get_visit(db, encounter_id)
    requests = {r.id: _open(r) for r in await store.list_chosen(db, encounter_id, [e.request_id for e in entries])}
    tests = await expected_tests(db, list(requests.values()))
    old = {(o.service_request_id, o.code): o for o in await store.list_observations_of(db, list(requests))}
    changes = Changes()
    rows, values, findings = [], [], []
    for entry in entries:
        request = requests[entry.request_id]
        judged = _judge_entry(entry, tests.get(request.service_code, []), visit, now)
        for test, value in judged:
            known = old.get((request.id, test.code))
            values.append(_write_value(changes, visit, request, test, value, known, practitioner_id, now))
        rows.append(_write_request(changes, request, entry, practitioner_id, now))
        findings += assess(RESULT_RULES, _facts(rows[-1], tests, judged), on=day_of(now))
    await db.apply(changes.audit("result:record", "Encounter", encounter_id, count=len(values)), now)
    return rows, [v for v in values if v is not None], findings


def _judge_entry(
    entry: ResultEntry, tests: Sequence[LabTest], visit: Visit, now: datetime
) -> list[tuple[LabTest, Judged]]:
    known = {t.code: t for t in tests}
    strange = [code for code in entry.values if code not in known]
    if strange:
        raise invalid("values", f"Chỉ số {strange[0][:20]} không thuộc dịch vụ này.")
    return [(known[code], judge(known[code], text[:200], visit, now)) for code, text in entry.values.items()]


def _facts(
    request: ServiceRequest, tests: Mapping[str, Sequence[LabTest]], judged: Sequence[tuple[LabTest, Judged]]
) -> ResultFacts:
    expected = tuple(t.code for t in tests.get(request.service_code, []))
    return ResultFacts(
        request.kind,
        request.service_name,
        tuple((t.code, t.name, j) for t, j in judged),
        expected,
        request.conclusion,
        request.description,
        str(request.id),
    )


def _write_request(
    changes: Changes, request: ServiceRequest, entry: ResultEntry, practitioner_id: UUID | None, now: datetime
) -> ServiceRequest:
    if entry.anaesthesia and entry.anaesthesia not in dict(ANAESTHESIA):
        raise invalid("anaesthesia", "Phương pháp vô cảm không có trong danh mục. Chọn lại.")
    new = changes.update(
        request,
        status="in-progress",
        anaesthesia=entry.anaesthesia or request.anaesthesia,
        performed_at=request.performed_at or now,
        performed_by=request.performed_by or practitioner_id,
        device_code=clean(entry.device_code) or request.device_code,
        description=clean_lines(entry.description) or request.description,
        conclusion=clean_lines(entry.conclusion) or request.conclusion,
    )
    changes.version(new)
    return new


def _write_value(  # one row out of many parts, called once
    changes: Changes,
    visit: Visit,
    request: ServiceRequest,
    test: LabTest,
    value: Judged,
    known: Observation | None,
    practitioner_id: UUID | None,
    now: datetime,
) -> Observation | None:
    fields: dict[str, Any] = {
        "value_number": value.number,
        "value_text": value.text,
        "low": value.low,
        "high": value.high,
        "flag": value.flag.value,
        "issued_at": now,
        "performer_id": practitioner_id,
    }
    if known is not None:
        if not value.text:
            changes.delete(known)
            return None
        return changes.update(known, **fields)
    if not value.text:
        return None
    row = Observation(
        unit_id=request.unit_id,
        service_request_id=request.id,
        encounter_id=request.encounter_id,
        patient_id=visit.patient.id,
        code=test.code,
        name=test.name,
        unit=test.unit,
        **fields,
    )
    changes.insert(row)
    return row


async def record_result(
    db: Db, encounter_id: UUID, entry: ResultEntry, practitioner_id: UUID | None, now: datetime
) -> tuple[list[ServiceRequest], list[Observation], list[Finding]]:
    """Type the result of one order; see `record_results`."""
    return await record_results(db, encounter_id, [entry], practitioner_id, now)


async def sign_results(
    db: Db, encounter_id: UUID, request_ids: Sequence[UUID], practitioner_id: UUID | None, now: datetime
) -> tuple[list[ServiceRequest], list[Finding]]:
    """Sign what was typed: the results become visible to the doctor, critical values raise notices to who ordered.

    Raises RULES when a result is empty or has no conclusion, CONFLICT when it is signed already.
    """
    visit = await encounters.get_visit(db, encounter_id)
    requests = [_open(r) for r in await store.list_chosen(db, encounter_id, request_ids)]
    tests = await expected_tests(db, requests)
    values: dict[UUID, list[Observation]] = {}
    for value in await store.list_observations_of(db, request_ids):
        values.setdefault(value.service_request_id, []).append(value)
    by_code = {t.code: t for group in tests.values() for t in group}
    changes = Changes()
    findings: list[Finding] = []
    rows: list[ServiceRequest] = []
    for request in requests:
        own = values.get(request.id, [])
        judged = [(by_code[v.code], judge(by_code[v.code], v.value_text, visit, now)) for v in own if v.code in by_code]
        findings += assess(RESULT_RULES, _facts(request, tests, judged), on=day_of(now))
        rows.append(_sign_one(changes, request, own, practitioner_id, now))
        thresholds = {t.code: j.threshold for t, j in judged}
        critical = [v for v in own if Flag(v.flag).critical]
        changes.merge(raise_changes(request, [(v, thresholds.get(v.code)) for v in critical], now))
    findings += await _performed(db, visit, requests, practitioner_id, now)
    refuse_errors(findings)
    await _call_back(db, changes, encounter_id, set(request_ids), now)
    await db.apply(changes, now)
    return rows, findings


async def _performed(
    db: Db, visit: Visit, requests: Sequence[ServiceRequest], practitioner_id: UUID | None, now: datetime
) -> list[Finding]:
    """Is whoever signs registered for what was done."""
    encounter = visit.encounter
    planned = not encounter.route.get("emergency") and encounter.admitted_at is None
    deeds = [
        practice.deed(r.service_code, r.service_name, r.kind, now, planned=planned, line=str(r.id)) for r in requests
    ]
    return await practice.judge(db, PERFORMING_RULES, practitioner_id, deeds)


async def _call_back(db: Db, changes: Changes, encounter_id: UUID, signed: set[UUID], now: datetime) -> None:
    """When the last awaited result is signed, the person goes back into the doctor's queue."""
    ticket = await scheduling.ticket_of_visit(db, encounter_id)
    if ticket is None or ticket.state != TicketState.AWAITING_RESULTS:
        return
    awaited = [
        r
        for r in await store.list_requests(db, encounter_id)
        if r.kind in RESULT_KINDS and r.status in ("active", "in-progress") and r.id not in signed
    ]
    if not awaited:
        scheduling.move(changes, ticket, TicketState.WAITING, now, fact="Đủ kết quả")


def _sign_one(
    changes: Changes,
    request: ServiceRequest,
    values: Sequence[Observation],
    practitioner_id: UUID | None,
    now: datetime,
) -> ServiceRequest:
    new = changes.update(
        request,
        status="completed",
        performed_at=request.performed_at or now,
        performed_by=request.performed_by or practitioner_id,
        resulted_at=now,
        read_by=practitioner_id,
    )
    for value in values:
        changes.version(changes.update(value, issued_at=now, performer_id=practitioner_id), op="create")
    changes.version(new)
    changes.version(ReportView(new, [v.id for v in values]), op="create")
    changes.audit("result:sign", "ServiceRequest", request.id)
    return new


async def sign_result(
    db: Db, request_id: UUID, practitioner_id: UUID | None, now: datetime
) -> tuple[ServiceRequest, list[Finding]]:
    """Sign the result of one order; see `sign_results`."""
    row = await store.get_request(db, request_id)
    rows, findings = await sign_results(db, row.encounter_id, [request_id], practitioner_id, now)
    return rows[0], findings
