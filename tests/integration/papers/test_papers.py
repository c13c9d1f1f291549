"""Papers on a real database and over HTTP: numbers, corrections, refusals, the dossier, and who sees HIV care."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from lxml import etree
from sqlalchemy import select

from his.audit.tables import AuditEntry
from his.claims import service as claims
from his.claims.stating import state_claim
from his.claims.store import load_dossier
from his.claims.tables import Claim
from his.claims.xml.envelope import check_tables, table_texts, wrap
from his.consultation import service as consultation
from his.encounters import service as encounters
from his.exchange import service as exchange
from his.kit import clock
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Database, Db
from his.kit.errors import Finding, HisError, Kind, Severity
from his.papers import service
from his.papers.tables import ClinicalPaper, HivRecord
from his.papers.terms import PaperKind
from tests.integration.consultation.test_sign_and_close import examined, who
from tests.integration.visits import UNIT, Cast, doctor_db, make_visit, queries, sign_in

FRAGMENT = {"HX-Request": "true"}


def day(days: int = 0) -> str:
    return (clock.day_of(clock.now()) + timedelta(days=days)).isoformat()


def typed(kind: PaperKind) -> dict[str, str]:
    """What a doctor types on each paper."""
    return {
        PaperKind.REFERRAL: {
            "destination_code": "97001", "reason_code": "2", "signs": "Đau ngực", "course": "Hai giờ", "results": "Chưa có",
            "condition": "Tỉnh", "plan": "Can thiệp mạch vành", "transport": "Xe cứu thương",
        },
        PaperKind.SICK_LEAVE: {
            "employer": "Công ty May", "insurance_number": "9700000001", "serial": "97002/26", "first_day": day(),
            "last_day": day(2),
        },
        PaperKind.FOLLOW_UP: {"appointment_at": f"{day(14)}T08:30"},
        PaperKind.ANTENATAL_LEAVE: {
            "diagnosis": "Dọa sảy", "employer": "Công ty May", "serial": "1", "first_day": day(), "last_day": day(6),
        },
        PaperKind.SUMMARY: {"course": "Ổn", "results": "Bình thường", "treatment": "Thuốc"},
        PaperKind.TUBERCULOSIS: {
            "site": "1", "history": "1", "hiv_status": "3", "bacteriology": "1", "resistance": "1", "treatment_type": "2",
            "started_on": day(-30), "regimen": "1", "result": "1",
        },
        PaperKind.HIV_CARE: {
            "client_type": "1", "confirmed_on": "2020-01-02", "sampled_by": "97002", "confirmed_by": "97001",
            "registration_reason": "1", "stage": "1", "risk_group": "1", "status_codes": "1;2", "regimen": "1.1",
            "arv_started_at_facility": "97001", "arv_started_on": "2020-02-03", "management_codes": "1;4",
            "tb_screening": "1", "tb_treatment_type": "0", "tb_result": "1", "ctx_started_on": "2020-03-04",
        },
    }[kind]  # fmt: skip


async def visit_to_refer(database: Database) -> tuple[Db, Cast]:
    cast, db = await make_visit(database), doctor_db(database)
    await examined(db, cast)
    follow_up = clock.day_of(clock.now()) + timedelta(days=14)
    ending = encounters.Conclusion(discharge_code="2", destination_code="97001", follow_up_on=follow_up)
    await encounters.set_conclusion(db, cast.id, ending, clock.now())
    return db, cast


async def issue(db: Db, cast: Cast, kind: PaperKind, **changes: str) -> Any:
    row, _ = await service.issue(db, cast.id, kind, typed(kind) | changes, cast.doctor, clock.now())
    return row


def fields(text: str) -> Mapping[str, str]:
    return {str(e.tag): e.text or "" for e in etree.fromstring(text.encode()).iter() if not len(e)}


async def test_issued_papers_stand_in_the_dossier_and_hiv_in_nothing_that_is_shown(database: Database) -> None:
    db, cast = await visit_to_refer(database)
    for kind in (
        PaperKind.REFERRAL, PaperKind.SICK_LEAVE, PaperKind.FOLLOW_UP, PaperKind.ANTENATAL_LEAVE, PaperKind.TUBERCULOSIS,
        PaperKind.HIV_CARE,
    ):  # fmt: skip
        await issue(db, cast, kind)
    now = clock.now()
    dossier = await load_dossier(db, cast.id)
    facts = state_claim(dossier, now, await service.issued_papers(db, cast.id))
    written = dict(table_texts(facts))
    assert {"XML6", "XML10", "XML11", "XML13", "XML14", "XML15"} <= set(written)
    referral, slip, leave = fields(written["XML13"]), fields(written["XML14"]), fields(written["XML11"])
    assert (referral["MA_CSKCB_DEN"], referral["SO_CHUYENTUYEN"]) == ("97001", referral["GIAY_CHUYEN_TUYEN"])
    assert referral["MA_BAC_SI"] == dossier.licenses[cast.doctor]
    assert slip["NGAY_HEN_KL"] == day(14).replace("-", "") + "0830"
    assert (leave["SO_NGAY_NGHI"], leave["MAU_SO"], len(leave["MA_BS"])) == ("3", "CT07", 10)
    lung = fields(written["XML15"])
    assert (lung["PHANLOAI_LAO_HIV"], lung["NGAYKD_HIV"], lung["BDDT_ARV"]) == ("1", "20200102", "20200203")
    assert not [
        f for f in check_tables(facts) if f.expression.split(".")[0] in {"XML6", "XML10", "XML11", "XML13", "XML15"}
    ]
    stored = str(claims.stored_facts(facts))
    assert "2020-01-02" not in stored
    assert "'hiv': None" in stored
    listed = await service.list_papers(db, cast.id)
    assert PaperKind.HIV_CARE not in {s.row.kind for s in listed}
    assert len(listed) == 5
    entries = await db.all(select(table(AuditEntry)).where(table(AuditEntry).c.entity_type == "Paper"))
    assert entries
    assert not any("hiv" in str(e.detail) for e in entries)
    await db.release()


async def test_numbers_corrections_and_withdrawals(database: Database) -> None:
    db, cast = await visit_to_refer(database)
    first = await issue(db, cast, PaperKind.REFERRAL)
    assert first.number.startswith("CT-")
    with pytest.raises(HisError) as twice:
        await issue(db, cast, PaperKind.REFERRAL)
    assert twice.value.kind is Kind.CONFLICT
    assert first.number in twice.value.message
    now = clock.now()
    with pytest.raises(HisError) as silent:
        await service.correct(db, first.id, PaperKind.REFERRAL, typed(PaperKind.REFERRAL), " ", cast.doctor, now)
    assert silent.value.field == "reason"
    again = typed(PaperKind.REFERRAL) | {"condition": "Mạch nhanh"}
    second = await service.correct(db, first.id, PaperKind.REFERRAL, again, "Ghi thiếu", cast.doctor, now)
    assert (second.number, second.revision, second.reason) == (first.number, 2, "Ghi thiếu")
    issued = dict(await service.issued_papers(db, cast.id))
    assert issued[PaperKind.REFERRAL].condition == "Mạch nhanh"  # type: ignore[attr-defined]
    with pytest.raises(HisError, match="đã thay bằng bản mới"):
        await service.withdraw(db, first.id, PaperKind.REFERRAL, "nhầm", now)
    await service.withdraw(db, second.id, PaperKind.REFERRAL, "nhầm người", now)
    assert await service.issued_papers(db, cast.id) == []
    states = sorted(s.row.state for s in await service.list_papers(db, cast.id))
    assert states == ["replaced", "withdrawn"]
    await db.release()


async def test_a_wrong_paper_names_every_field(database: Database) -> None:
    db, cast = await visit_to_refer(database)
    wrong = {"destination_code": "97002", "reason_code": "9", "signs": "x" * 4001}
    with pytest.raises(HisError) as refused:
        await service.issue(db, cast.id, PaperKind.REFERRAL, wrong, cast.doctor, clock.now())
    named = {f.expression for f in refused.value.findings}
    assert {"destination_code", "reason_code", "signs", "course", "plan", "transport"} <= named
    assert await service.list_papers(db, cast.id) == []
    await db.release()


def test_a_finding_about_hiv_is_said_without_what_it_says() -> None:
    found = Finding("CLM-FORM-61", Severity.ERROR, "Bảng XML6: thiếu Phác đồ", "XML6.MA_PHAC_DO_DIEU_TRI", "k")
    told = claims.discreet(found)
    assert "XML6" not in str(told)
    assert told.severity is Severity.ERROR
    other = Finding("CLM-FORM-11", Severity.ERROR, "Bảng XML1: thiếu Họ tên", "XML1.HO_TEN")
    assert claims.discreet(other) is other


async def test_the_page_issues_a_paper_with_few_queries_and_prints_it(
    client: httpx.AsyncClient, database: Database
) -> None:
    db, cast = await visit_to_refer(database)
    await sign_in(client, "doctor")
    base = f"/visit/{cast.id}/papers"
    page = await client.get(f"{base}?kind=referral")
    assert page.status_code == 200, page.text[:300]
    assert queries(page) <= 12
    assert 'value="97001"' in page.text  # the conclusion's destination is there already
    refused = await client.post(f"{base}/referral", data={"destination_code": "97001"}, headers=FRAGMENT)
    assert refused.status_code == 422
    assert "Tình trạng lúc chuyển: chưa có" in refused.text
    done = await client.post(f"{base}/referral", data=typed(PaperKind.REFERRAL), headers=FRAGMENT)
    assert done.status_code == 200, done.text[:300]
    (signed,) = await service.list_papers(db, cast.id)
    assert signed.row.number in done.text
    pdf = await client.get(f"/papers/{signed.row.id}.pdf")
    assert pdf.content.startswith(b"%PDF")
    taken = await client.post(f"/papers/{signed.row.id}/withdraw", data={"reason": "nhầm"}, headers=FRAGMENT)
    assert taken.status_code == 200
    assert "Đã thu hồi" in taken.text
    await sign_in(client, "nurse")
    assert (await client.get(base)).status_code == 200
    assert (await client.post(f"{base}/referral", data={}, headers=FRAGMENT)).status_code == 403
    await db.release()


async def test_only_the_right_to_hiv_care_opens_the_record(client: httpx.AsyncClient, database: Database) -> None:
    db, cast = await visit_to_refer(database)
    await sign_in(client, "hiv-doctor")
    address = f"/visit/{cast.id}/hiv-record"
    assert (await client.get(address)).status_code == 200
    done = await client.post(address, data=typed(PaperKind.HIV_CARE), headers=FRAGMENT)
    assert done.status_code == 200, done.text[:300]
    record = await db.model(HivRecord, select(table(HivRecord)).where(table(HivRecord).c.encounter_id == cast.id))
    assert record is not None
    for username in ("doctor", "nurse", "cashier", "unit-admin", "front-desk", "pharmacist"):
        await sign_in(client, username)
        assert (await client.get(address)).status_code == 403, username
        assert (await client.post(address, data={}, headers=FRAGMENT)).status_code == 403, username
        other = await client.get(f"/visit/{cast.id}/papers")
        assert record.number not in other.text
        assert (await client.get(f"/papers/{record.id}.pdf")).status_code in (403, 404)
        assert (await client.get(f"/visit/{cast.id}/papers?kind=hiv-care")).status_code in (403, 404)
    await db.release()


async def test_a_sealed_file_with_hiv_is_not_handed_to_the_desk(client: httpx.AsyncClient, database: Database) -> None:
    db, cast = await visit_to_refer(database)
    now = clock.now()
    addresses = []
    for revision, with_hiv in enumerate((False, True), 1):
        if with_hiv:
            await issue(db, cast, PaperKind.HIV_CARE)
        facts = state_claim(await load_dossier(db, cast.id), now, await service.issued_papers(db, cast.id))
        content = wrap("97002", now, table_texts(facts))
        claim = Claim(
            unit_id=UNIT, encounter_id=cast.id, patient_id=cast.patient.id, dossier_code=facts.dossier_code,
            number=f"T-{revision}", revision=revision, period="2026-11", sealed_at=now, facts=claims.stored_facts(facts),
        )  # fmt: skip
        parcel = exchange.new_parcel(UNIT, "dossier", "Claim", claim.id, facts.dossier_code, content, now)
        claim.parcel_id = parcel.id
        await db.apply(Changes().insert(claim, parcel), now)
        addresses.append(f"/claims/{claim.id}/dossier.xml")
    await sign_in(client, "unit-admin")
    answers = [await client.get(address) for address in addresses]
    assert [a.status_code for a in answers] == [200, 403]
    assert b"XML6" not in answers[0].content
    await db.release()


async def test_signing_writes_the_follow_up_slip(database: Database) -> None:
    cast, db = await make_visit(database), doctor_db(database)
    await examined(db, cast)
    follow_up = clock.day_of(clock.now()) + timedelta(days=7)
    await encounters.set_conclusion(db, cast.id, encounters.Conclusion(follow_up_on=follow_up), clock.now())
    await consultation.sign_visit(db, cast.id, await who(database, cast), clock.now())
    (signed,) = await service.list_papers(db, cast.id)
    assert (signed.row.kind, signed.row.content["appointment_at"][:10]) == ("follow-up", follow_up.isoformat())
    assert isinstance(signed.row, ClinicalPaper)
    await db.release()
