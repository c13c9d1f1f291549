"""What a unit does with claims: check in, seal, correct; and what an answer of the gateway means for a claim."""

import asyncio
import json
from dataclasses import asdict, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.billing.rules.arithmetic import SUMS
from his.claims import store
from his.claims.keys import signer_of
from his.claims.lookup import load_known
from his.claims.pack import load_pack
from his.claims.rules import Place, assess_check_in, assess_claim
from his.claims.stating import difference, state_claim
from his.claims.store import Dossier
from his.claims.tables import Claim, ClaimEvent
from his.claims.terms import ClaimFacts, ClaimView
from his.claims.xml.checkin_file import check_in_bytes
from his.claims.xml.envelope import RESTRICTED, seal_bytes
from his.claims.xml.standards import edition_on
from his.exchange import service as exchange
from his.exchange.tables import Parcel
from his.identity import service as identity
from his.kit import clock
from his.kit.changes import Changes, values
from his.kit.config import get_settings
from his.kit.db import Db
from his.kit.errors import Finding, HisError, Kind, Severity, not_found
from his.kit.ids import new_id
from his.papers import service as papers

RESTRICTED_CODE = "CLM-DOC-00"
RESTRICTED_SENTENCE = (
    "Một giấy kèm theo hồ sơ chưa đạt chuẩn. Nhờ bác sĩ được quyền xem giấy đó mở và sửa, rồi kiểm lại hồ sơ."
)
OPEN_STATES = ("draft", "rejected", "reopened")
RECALLED_ENTITLEMENT = "8"  # MA_DOITUONG_KCB of a dossier whose payment is taken back (QĐ 3276/QĐ-BYT)
RECEIVED = frozenset({"accepted", "in-review", "decided", "settled", "paid", "reopened", "recalled", "replaced"})
STATE_OF_PARCEL = {
    "queued": "sealed",
    "sending": "submitting",
    "unknown": "unknown",
    "accepted": "accepted",
    "rejected": "rejected",
}


def _json(value: Any) -> Any:
    """Facts as JSON: Decimal as text, dates in ISO form."""

    def plain(item: object) -> object:
        if isinstance(item, Decimal):
            return format(item, "f")
        if isinstance(item, date | datetime):
            return item.isoformat()
        raise TypeError(type(item).__name__)

    return json.loads(json.dumps(value, default=plain, ensure_ascii=False))


def stored_facts(facts: ClaimFacts) -> dict[str, Any]:
    """The facts as they are kept with the claim and shown at the desk and in review: nothing of HIV care is among them."""
    stored: dict[str, Any] = _json(asdict(replace(facts, papers=facts.papers.without_hiv())))
    return stored


def finding_rows(findings: list[Finding]) -> list[dict[str, Any]]:
    """Findings as they are stored with the claim; one about HIV care says only that somebody with the right must look."""
    return [_json(asdict(discreet(f))) for f in findings]


def discreet(finding: Finding) -> Finding:
    """The finding as everybody may read it."""
    if not finding.expression.startswith(f"{RESTRICTED}."):
        return finding
    return replace(finding, code=RESTRICTED_CODE, message=RESTRICTED_SENTENCE, expression="", line=None)


async def state_known(db: Db, dossier: Dossier, now: datetime) -> ClaimFacts:
    """The dossier as stated with its papers, and what the lists of the day know of it; two queries."""
    facts = state_claim(dossier, now, await papers.issued_papers(db, dossier.encounter.id))
    codes = [c.code for c in dossier.charges if c.source_id not in dossier.drugs]
    day = clock.day_of(facts.ended_at or now)
    return replace(facts, known=await load_known(db, facts, codes, dossier.coverages, day, dossier.encounter.id, now))


async def assess_visit(db: Db, encounter_id: UUID, now: datetime) -> list[Finding]:
    """What would stop the claim of a visit that is still going on: the rules that make sense so early, as the unit has
    set them; an uninsured visit has none."""
    dossier = await store.load_dossier(db, encounter_id, early=True)
    if dossier.encounter.coverage_id is None:
        return []
    facts = await state_known(db, dossier, now)
    return assess_claim(facts, clock.day_of(facts.ended_at or now), await load_pack(db), place=Place.ORDERING)


async def seal_changes(db: Db, changes: Changes, encounter_id: UUID, by: UUID | None, now: datetime) -> Claim | None:
    """Add the sealing of a visit's claim to a change set; call it inside `db.locking()`. None for an uninsured visit.

    A dossier with errors becomes a draft that carries its findings; a clean one is signed and put into the outbox.
    """
    dossier = await store.load_dossier(db, encounter_id)
    if dossier.encounter.coverage_id is None:
        return None
    previous = await store.latest_claim(db, encounter_id)
    if previous is not None and previous.state not in OPEN_STATES:
        raise HisError(Kind.CONFLICT, f"Hồ sơ {previous.number} đang ở trạng thái đã gửi, không lập lại được.")
    facts = await state_known(db, dossier, now)
    assert difference(dossier.charges, facts) == 0, "the dossier differs from the charges"
    findings = assess_claim(facts, clock.day_of(facts.ended_at or now), await load_pack(db), place=Place.CLOSE)
    clean = not any(f.severity is Severity.ERROR for f in findings)
    claim = _new_claim(dossier, facts, findings, previous.number if previous else "", previous, by, now)
    if clean:
        claim = await _seal(changes, dossier, facts, claim, now)
    if previous is None:
        claim.number = await _next_number(db, now)  # last: from here to the commit the unit's counter is locked
    changes.insert(claim)
    detail = "" if clean else f"{sum(f.severity is Severity.ERROR for f in findings)} điều chặn"
    changes.insert(
        ClaimEvent(
            unit_id=claim.unit_id, claim_id=claim.id, at=now, state=claim.state, actor=str(by or ""), detail=detail
        )
    )
    if previous is not None:
        changes.update(previous, state="replaced")
    changes.version(ClaimView(claim, dossier.charges, dossier.encounter, dossier.diagnoses), op="create")
    changes.audit("claim:seal" if clean else "claim:draft", "Claim", claim.id, revision=claim.revision)
    return claim


async def _next_number(db: Db, now: datetime) -> str:
    month = f"{clock.local(now):%y%m}"
    return f"{month}-{await identity.next_number(db, 'claim', month):06d}"


def _new_claim(
    dossier: Dossier,
    facts: ClaimFacts,
    findings: list[Finding],
    number: str,
    previous: Claim | None,
    by: UUID | None,
    now: datetime,
) -> Claim:
    totals = facts.totals
    return Claim(
        unit_id=dossier.encounter.unit_id,
        encounter_id=dossier.encounter.id,
        patient_id=dossier.patient.id,
        dossier_code=facts.dossier_code,
        number=number,
        revision=previous.revision + 1 if previous else 1,
        standard=edition_on(facts.ended_on).standard,
        state="draft",
        period=f"{facts.settlement_year}-{facts.settlement_month:02d}",
        department_code=dossier.encounter.department_code,
        ended_at=dossier.encounter.ended_at,
        total_hospital=totals.total_hospital,
        total_covered=totals.total_covered,
        insurer_share=totals.insurer_share,
        copayment=totals.copayment,
        self_paid=totals.self_paid,
        other_sources=totals.other_sources,
        facts=stored_facts(facts) | {"rules_told": rules_told(dossier)},
        findings=finding_rows(findings),
        sealed_at=now,
        sealed_by=by,
    )


def rules_told(dossier: Dossier) -> dict[str, list[dict[str, str]]]:
    """The rules that bore on each charge, as the statement tells them; its sums are told again from the figures."""
    return {
        str(charge.id): [step for step in charge.explanation if step["code"] not in SUMS] for charge in dossier.charges
    }


def next_revision(
    old: Claim, now: datetime, by: UUID | None, *, facts: dict[str, Any], findings: list[Finding]
) -> Claim:
    """The row after `old` with the same number, dossier code and money, a draft until it is signed."""
    again: dict[str, Any] = {
        "id": new_id(), "version": 1, "revision": old.revision + 1, "state": "draft", "parcel_id": None, "receipt": "",
        "received_at": None, "sealed_at": now, "sealed_by": by, "facts": _json(facts), "findings": finding_rows(findings),
    }  # fmt: skip
    return Claim(**{**values(old), **again})


async def _seal(changes: Changes, dossier: Dossier, facts: ClaimFacts, claim: Claim, now: datetime) -> Claim:
    signer = signer_of(get_settings().data_dir, dossier.unit.code)
    content = await asyncio.to_thread(lambda: signer.sign(seal_bytes(facts, now), now))
    parcel = exchange.new_parcel(
        claim.unit_id, "dossier", "Claim", claim.id, facts.dossier_code, content, now, standard=claim.standard
    )
    exchange.queue(changes, parcel, now)
    claim.state, claim.parcel_id = "sealed", parcel.id
    return claim


async def check_in_changes(db: Db, changes: Changes, encounter_id: UUID, now: datetime) -> bool:
    """Add the check-in of an insured visit (first cost) to a change set; False when it was told, or nothing is there yet.

    Basis: TT 12/2026/TT-BTC, form of the check-in table: told to the gateway when the first cost appears.
    """
    if await exchange.was_queued(db, "check-in", "Encounter", encounter_id):
        return False
    dossier = await store.load_dossier(db, encounter_id)
    facts = state_claim(dossier, now)
    if dossier.encounter.coverage_id is None or facts.first_order is None:
        return False
    if any(
        f.severity is Severity.ERROR
        for f in assess_check_in(facts, clock.day_of(facts.arrived_at), await load_pack(db))
    ):
        return False
    signer = signer_of(get_settings().data_dir, dossier.unit.code)
    content = await asyncio.to_thread(lambda: signer.sign(check_in_bytes(facts), now))
    parcel = exchange.new_parcel(
        dossier.encounter.unit_id, "check-in", "Encounter", encounter_id, facts.dossier_code, content, now
    )
    exchange.queue(changes, parcel, now)
    return True


async def reseal(db: Db, claim_id: UUID, by: UUID | None, now: datetime) -> Claim:
    """Check a draft or returned claim again and seal it as the next revision; the dossier code stays (MA_LK)."""
    old = await store.get_claim(db, claim_id)
    if old is None:
        raise not_found()
    changes = Changes()
    async with db.locking():
        if old.state == "reopened":
            raise HisError(
                Kind.CONFLICT, f"Lượt của hồ sơ {old.number} đang mở lại. Ký và đóng lượt, hồ sơ tự lập lại."
            )
        claim = await seal_changes(db, changes, old.encounter_id, by, now)
        assert claim is not None, "an insured visit has a claim"
        if _same_draft(old, claim):
            return old  # nothing was repaired: no revision that says the same again
        await db.apply(changes, now)
    return claim


def _same_draft(old: Claim, new: Claim) -> bool:
    """Does the new draft say what the old one said, with the same faults?"""
    moment = ("assessed_at",)
    said = [{k: v for k, v in claim.facts.items() if k not in moment} for claim in (old, new)]
    return old.state == new.state == "draft" and said[0] == said[1] and old.findings == new.findings


def _correct_receipt(changes: Changes, claim: Claim, parcel: Parcel, now: datetime) -> None:
    """A claim that was received keeps its state; only the receipt may turn out to have been another's."""
    if claim.receipt == parcel.receipt:
        return
    changes.update(claim, receipt=parcel.receipt, received_at=parcel.received_at or claim.received_at)
    detail = parcel.reply or f"Mã giao dịch {parcel.receipt}"
    changes.insert(
        ClaimEvent(unit_id=claim.unit_id, claim_id=claim.id, at=now, state=claim.state, actor="gateway", detail=detail)
    )


async def on_delivery(db: Db, parcel: Parcel, changes: Changes, now: datetime) -> None:
    """A parcel changed its state: the claim follows, and an accepted one goes to its reviewers."""
    claim = await store.get_claim(db, parcel.subject_id)
    state = STATE_OF_PARCEL[parcel.state]
    if claim is None or claim.parcel_id != parcel.id:
        return
    if claim.state in RECEIVED and state != "rejected":
        _correct_receipt(changes, claim, parcel, now)
        return
    if claim.state == state:
        return
    if state == "accepted" and claim.facts.get("entitlement") == RECALLED_ENTITLEMENT:
        state = "recalled"
    new = changes.update(claim, state=state, receipt=parcel.receipt, received_at=parcel.received_at)
    changes.insert(
        ClaimEvent(unit_id=claim.unit_id, claim_id=claim.id, at=now, state=state, actor="gateway", detail=parcel.reply)
    )
    if state in ("accepted", "recalled"):
        changes.dirty("submitted" if state == "accepted" else "recalled", new.id)
