"""Vital signs, diagnoses, notes and conclusion of a visit on a real database."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from his.encounters import service
from his.encounters.terms import Vitals
from his.kit import clock
from his.kit.db import Database
from his.kit.errors import HisError, Kind
from tests.integration.visits import doctor_db, make_visit


async def test_vitals_become_readings_and_weight(database: Database) -> None:
    cast, now = await make_visit(database), clock.now()
    db = doctor_db(database)
    vitals = Vitals(
        systolic=156,
        diastolic=92,
        pulse=84,
        temperature_c=Decimal("36.8"),
        spo2=97,
        weight_kg=Decimal(61),
        height_cm=Decimal(155),
    )
    row, findings = await service.record_vitals(db, cast.id, vitals, cast.doctor, now)
    assert row.systolic == 156
    assert {f.code for f in findings} == {"ENC-VS-04"}
    visit = await service.get_visit(db, cast.id)
    assert visit.encounter.weight_kg == 61
    readings = await service.read_visit_vitals(db, visit, await service.list_vitals(db, cast.id), now)
    by_code = {r.code: r for r in readings}
    assert by_code["systolic"].flag == "high"
    assert by_code["bmi"].value == Decimal("25.4")
    assert by_code["pulse"].flag == ""
    await db.release()


async def test_impossible_vitals_write_nothing(database: Database) -> None:
    cast = await make_visit(database)
    db = doctor_db(database)
    with pytest.raises(HisError) as refused:
        await service.record_vitals(db, cast.id, Vitals(pulse=840), cast.doctor, clock.now())
    assert refused.value.kind is Kind.RULES
    with pytest.raises(HisError) as empty:
        await service.record_vitals(db, cast.id, Vitals(), cast.doctor, clock.now())
    assert empty.value.kind is Kind.INVALID
    assert await service.list_vitals(db, cast.id) == []
    await db.release()


async def test_first_diagnosis_is_main_and_main_moves(database: Database) -> None:
    cast, now = await make_visit(database), clock.now()
    db = doctor_db(database)
    rows, _ = await service.set_diagnosis(db, cast.id, "i10", cast.doctor, now)
    assert [(d.code, d.role) for d in rows] == [("I10", "main")]
    rows, _ = await service.set_diagnosis(db, cast.id, "E11.9", cast.doctor, now)
    assert [(d.code, d.role) for d in rows] == [("I10", "main"), ("E11.9", "secondary")]
    rows, _ = await service.make_main(db, cast.id, rows[1].id, now)
    assert [(d.code, d.role) for d in rows] == [("E11.9", "main"), ("I10", "secondary")]
    rows, _ = await service.remove_diagnosis(db, cast.id, rows[0].id, now)
    assert [(d.code, d.role) for d in rows] == [("I10", "secondary")]
    stored = await service.list_diagnoses(db, cast.id)
    assert [(d.code, d.role) for d in stored] == [("I10", "secondary")]
    await db.release()


async def test_diagnosis_refusals(database: Database) -> None:
    cast, now = await make_visit(database, gender="male"), clock.now()
    db = doctor_db(database)
    with pytest.raises(HisError) as unknown:
        await service.set_diagnosis(db, cast.id, "Q99.99", cast.doctor, now)
    assert unknown.value.field == "code"
    await service.set_diagnosis(db, cast.id, "I10", cast.doctor, now)
    with pytest.raises(HisError) as twice:
        await service.set_diagnosis(db, cast.id, "I10", cast.doctor, now)
    assert {f.code for f in twice.value.findings} == {"ENC-DX-08"}
    with pytest.raises(HisError) as pregnant:
        await service.set_diagnosis(db, cast.id, "O80.9", cast.doctor, now)
    assert "ENC-DX-04" in {f.code for f in pregnant.value.findings}
    assert [d.code for d in await service.list_diagnoses(db, cast.id)] == ["I10"]
    await db.release()


async def test_favourites_are_counted(database: Database) -> None:
    now = clock.now()
    db = doctor_db(database)
    for codes in (("J20.9", "I10"), ("J20.9",), ("J20.9", "E11.9")):
        cast = await make_visit(database)
        for code in codes:
            await service.set_diagnosis(db, cast.id, code, cast.doctor, now)
    favourites = await service.list_favourites(db, cast.doctor)
    assert favourites[0][0] in ("J20.9", "I10")
    assert "Viêm phế quản" in dict(favourites)["J20.9"]
    await db.release()


async def test_notes_are_edited_until_signed(database: Database) -> None:
    cast, now = await make_visit(database), clock.now()
    db = doctor_db(database)
    notes = await service.save_notes(db, cast.id, {"history": "Ho khan", "exam": "Phổi rõ"}, cast.doctor, now)
    assert service.note_texts(notes) == {"history": "Ho khan", "exam": "Phổi rõ"}
    base = service.notes_version(notes)
    again = await service.save_notes(db, cast.id, {"exam": "Phổi rõ, không ran"}, cast.doctor, now, based_on=base)
    assert len(again) == 2
    with pytest.raises(HisError) as stale:
        await service.save_notes(db, cast.id, {"exam": "khác"}, cast.doctor, now, based_on=base)
    assert stale.value.kind is Kind.STALE
    exam = service.unsigned_notes(await service.list_notes(db, cast.id))["exam"]
    signed = await service.sign_note(db, exam.id, cast.doctor, now)
    assert signed.signed_at == now
    more = await service.save_note(db, cast.id, "exam", "Thêm: bụng mềm", practitioner_id=cast.doctor, now=now)
    kept = [n for n in more if n.kind == "exam"]
    assert {n.content for n in kept} == {"Phổi rõ, không ran", "Thêm: bụng mềm"}
    await db.release()


async def test_conclusion_and_stale_version(database: Database) -> None:
    cast, now = await make_visit(database), clock.now()
    db = doctor_db(database)
    soon = clock.day_of(now) + timedelta(days=28)
    first = await service.set_conclusion(
        db, cast.id, service.Conclusion(outcome_code="2", discharge_code="1", follow_up_on=soon), now, version=1
    )
    assert (first.outcome_code, first.follow_up_on, first.version) == ("2", soon, 2)
    with pytest.raises(HisError) as stale:
        await service.set_conclusion(db, cast.id, service.Conclusion(advice="Uống đủ nước"), now, version=1)
    assert stale.value.status == 412
    for wrong in (service.Conclusion(outcome_code="9"), service.Conclusion(follow_up_on=date(2020, 1, 1))):
        with pytest.raises(HisError) as refused:
            await service.set_conclusion(db, cast.id, wrong, now)
        assert refused.value.kind is Kind.INVALID
    await db.release()


async def test_cancelled_visit_takes_no_more(database: Database) -> None:
    cast, now = await make_visit(database), clock.now()
    db = doctor_db(database)
    gone = await service.cancel_visit(db, cast.id, "Người bệnh về", now)
    assert gone.status == "cancelled"
    with pytest.raises(HisError) as refused:
        await service.start_visit(db, cast.id, cast.doctor, now)
    assert refused.value.kind is Kind.CONFLICT
    await db.release()


async def test_other_unit_sees_nothing(database: Database) -> None:
    cast = await make_visit(database)
    stranger = doctor_db(database)
    stranger.scope = type(stranger.scope)(3, "test", "doctor")
    with pytest.raises(HisError) as missing:
        await service.get_visit(stranger, cast.id)
    assert missing.value.kind is Kind.NOT_FOUND
    await stranger.release()
