"""Orders and results on a real database: prices, repeats, ranges, critical values, signing."""

from datetime import timedelta
from decimal import Decimal

import pytest

from his.kit import clock
from his.kit.db import Database
from his.kit.errors import HisError, Kind
from his.orders import service, store
from his.orders.terms import OrderLine, ResultEntry
from tests.integration.visits import doctor_db, make_visit

ELECTROLYTES, HBA1C, ECG = "23.0058.1487", "23.0083.1523", "02.0085.1778"


async def test_order_takes_the_price_of_the_day(database: Database) -> None:
    cast, now = await make_visit(database), clock.now()
    db = doctor_db(database)
    rows, findings = await service.order(db, cast.id, [OrderLine(ELECTROLYTES), OrderLine(HBA1C)], cast.doctor, now)
    assert [(r.service_code, r.price_vnd, r.payer) for r in rows] == [
        (ELECTROLYTES, Decimal("30200"), "insurance"),
        (HBA1C, Decimal("105300"), "insurance"),
    ]
    assert findings == []
    alone = await make_visit(database, insured=False)
    rows, _ = await service.order(db, alone.id, [OrderLine(ELECTROLYTES)], cast.doctor, now)
    assert rows[0].payer == "self"
    with pytest.raises(HisError) as unknown:
        await service.order(db, cast.id, [OrderLine("99.9999.9999")], cast.doctor, now)
    assert {f.code for f in unknown.value.findings} == {"ORD-PRICE-01"}
    await db.release()


async def test_repeat_in_the_visit_needs_a_reason(database: Database) -> None:
    cast, now = await make_visit(database), clock.now()
    db = doctor_db(database)
    await service.order(db, cast.id, [OrderLine(ELECTROLYTES)], cast.doctor, now)
    with pytest.raises(HisError) as twice:
        await service.order(db, cast.id, [OrderLine(ELECTROLYTES)], cast.doctor, now)
    assert {f.code for f in twice.value.findings} == {"ORD-DUP-01"}
    rows, _ = await service.order(db, cast.id, [OrderLine(ELECTROLYTES, reason="Mẫu vỡ hồng cầu")], cast.doctor, now)
    assert rows[0].reason == "Mẫu vỡ hồng cầu"
    with pytest.raises(HisError):
        await service.order(db, cast.id, [OrderLine(HBA1C), OrderLine(HBA1C)], cast.doctor, now)
    await db.release()


async def test_repeat_after_an_earlier_visit_is_a_warning_with_the_result(database: Database) -> None:
    now = clock.now()
    before = await make_visit(database, now=now - timedelta(days=41))
    db = doctor_db(database)
    then = now - timedelta(days=41)
    rows, _ = await service.order(db, before.id, [OrderLine(HBA1C)], before.doctor, then)
    entry = ResultEntry(rows[0].id, {"HBA1C": "8,1"})
    await service.record_result(db, before.id, entry, before.doctor, then)
    await service.sign_result(db, rows[0].id, before.doctor, then)
    cast = await make_visit(database, patient=before.patient, insured=False, now=now)
    rows, findings = await service.order(db, cast.id, [OrderLine(HBA1C)], cast.doctor, now)
    assert [f.code for f in findings] == ["ORD-DUP-02"]
    assert "41 ngày trước" in findings[0].message
    assert "8,1 %" in findings[0].message
    visit_orders = await service.list_requests(db, cast.id)
    shown = await service.assess_orders(db, cast.encounter, visit_orders, clock.day_of(now))
    assert [f.severity for f in shown] == ["warning"]
    await service.give_reason(db, rows[0].id, "Chỉnh liều, theo dõi", now)
    shown = await service.assess_orders(db, cast.encounter, await service.list_requests(db, cast.id), clock.day_of(now))
    assert [f.severity for f in shown] == ["information"]
    await db.release()


async def test_results_are_flagged_signed_and_acknowledged(database: Database) -> None:
    cast, now = await make_visit(database, gender="male"), clock.now()
    db = doctor_db(database)
    rows, _ = await service.order(db, cast.id, [OrderLine(ELECTROLYTES)], cast.doctor, now)
    request = rows[0]
    work = await store.list_work(db, "lab")
    assert request.id in {item.request.id for item in work}
    await service.start(db, request.id, cast.doctor, now)
    _, values, findings = await service.record_result(
        db, cast.id, ResultEntry(request.id, {"K": "7,1", "NA": "130", "CL": "101"}), cast.doctor, now
    )
    flags = {v.code: v.flag for v in values}
    assert flags["K"] == "critical-high"
    assert flags["NA"] == "low"
    assert flags["CL"] == ""
    assert all(v.low is not None and v.high is not None for v in values)
    assert "ORD-RES-04" in {f.code for f in findings}
    again = ResultEntry(request.id, {"K": "7.1", "NA": "130", "CL": ""})
    await service.record_result(db, cast.id, again, cast.doctor, now)
    assert {o.code for o in await service.list_observations(db, cast.id)} == {"K", "NA"}
    row, _ = await service.sign_result(db, request.id, cast.doctor, now)
    assert row.status == "completed"
    assert row.resulted_at == now
    notices = await service.list_notices(db, cast.id)
    assert [(n.name, n.told_to, n.acknowledged_at) for n in notices] == [("Kali máu", cast.doctor, None)]
    assert notices[0].id in {n.id for n in await service.list_open_notices(db)}
    await service.tell_notice(db, notices[0].id, cast.doctor, now, told_to=cast.doctor, read_back=True)
    with pytest.raises(HisError) as empty:
        await service.acknowledge_notice(db, notices[0].id, "  ", cast.doctor, now)
    assert empty.value.field == "action"
    done = await service.acknowledge_notice(db, notices[0].id, "Điện tim lại, chuyển cấp cứu", cast.doctor, now)
    assert done.read_back
    assert done.acknowledged_by == cast.doctor
    with pytest.raises(HisError) as again_refused:
        await service.record_result(db, cast.id, ResultEntry(request.id, {"K": "4"}), cast.doctor, now)
    assert again_refused.value.kind is Kind.CONFLICT
    await db.release()


async def test_an_empty_result_is_not_signed(database: Database) -> None:
    cast, now = await make_visit(database), clock.now()
    db = doctor_db(database)
    rows, _ = await service.order(db, cast.id, [OrderLine(HBA1C)], cast.doctor, now)
    with pytest.raises(HisError) as refused:
        await service.sign_result(db, rows[0].id, cast.doctor, now)
    assert {f.code for f in refused.value.findings} == {"ORD-RES-01"}
    with pytest.raises(HisError) as strange:
        await service.record_result(db, cast.id, ResultEntry(rows[0].id, {"XYZ": "1"}), cast.doctor, now)
    assert strange.value.field == "values"
    await db.release()


async def test_revoke_only_before_work_begins(database: Database) -> None:
    cast, now = await make_visit(database), clock.now()
    db = doctor_db(database)
    rows, _ = await service.order(db, cast.id, [OrderLine(HBA1C), OrderLine(ELECTROLYTES)], cast.doctor, now)
    gone = await service.revoke(db, rows[0].id, "Người bệnh không đồng ý", now)
    assert gone.status == "revoked"
    await service.start(db, rows[1].id, cast.doctor, now)
    with pytest.raises(HisError) as refused:
        await service.revoke(db, rows[1].id, "đổi ý", now)
    assert refused.value.kind is Kind.CONFLICT
    await db.release()


async def test_trend_keeps_the_last_values_in_order(database: Database) -> None:
    now = clock.now()
    first = await make_visit(database)
    db = doctor_db(database)
    for days, value in ((30, "5,1"), (20, "5,4"), (10, "5,8")):
        at = now - timedelta(days=days)
        cast = await make_visit(database, patient=first.patient, insured=False, now=at)
        rows, _ = await service.order(db, cast.id, [OrderLine(ELECTROLYTES)], cast.doctor, at)
        await service.record_result(db, cast.id, ResultEntry(rows[0].id, {"K": value}), cast.doctor, at)
        await service.sign_result(db, rows[0].id, cast.doctor, at)
    history = await service.list_history(db, first.patient.id, ["K", "NA"], each=2)
    assert [v.value_text for v in history["K"]] == ["5,4", "5,8"]
    assert "NA" not in history
    await db.release()
