# ruff: noqa: F401, F811  # the fixture comes by name from the tests of the visit
"""Referral papers and appointment slips on a real database: kept with the visit, read by the claim, used once."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from his.claims.stating import state_claim
from his.claims.store import load_dossier
from his.encounters.tables import Encounter
from his.kit.db import Db
from his.kit.errors import HisError
from his.reception import service
from his.reception.terms import Paper, Way
from tests.integration.reception.test_register_visit import CARD, NOW, db, rows, visit_form


async def test_a_category_changed_by_hand_needs_a_reason(db: Db) -> None:
    form = await visit_form(db, 7, way=Way.REFERRAL, card=replace(CARD, card_number="GD4970971680007"))
    with pytest.raises(HisError) as caught:
        await service.register_visit(db, form, NOW)
    assert caught.value.findings[0].code == "REC-PAPER-01"
    card = replace(form.card, primary_facility_code="97003")
    paper = Paper("12/CV", NOW.date() - timedelta(days=1), "97003")
    done = await service.register_visit(db, replace(form, card=card, paper=paper), NOW)
    visit = (await rows(db, Encounter, id=done.encounter_id))[0]
    assert visit.entitlement_code == "1.3"
    assert visit.override_reason == f"Phiếu chuyển cơ sở số 12/CV ngày {paper.issued_on:%d/%m/%Y} của 97003"
    assert (visit.route["referral_paper"], visit.route["referred_from"]) == ("12/CV", "97003")
    assert state_claim(await load_dossier(db, visit.id), NOW).referral_paper == "12/CV"


async def test_an_appointment_slip_serves_once(db: Db) -> None:
    paper = Paper("HK-77", NOW.date() - timedelta(days=20))
    form = await visit_form(db, 71, way=Way.FOLLOW_UP, paper=paper, card=replace(CARD, card_number="GD4970971680071"))
    first = await service.register_visit(db, form, NOW)
    visit = (await rows(db, Encounter, id=first.encounter_id))[0]
    assert visit.entitlement_code in ("1.1", "1.5")
    again = replace(form, key=str(uuid4()), patient_id=first.patient_id, patient_version=1)
    with pytest.raises(HisError) as caught:
        await service.register_visit(db, again, NOW)
    assert caught.value.findings[0].code == "REC-PAPER-05"
    assert first.dossier_code in caught.value.findings[0].message
    other = replace(again, paper=replace(paper, number="HK-78"))
    assert (await service.register_visit(db, other, NOW)).encounter_id != first.encounter_id
