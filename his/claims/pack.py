"""The rule pack of a unit: read it, change it from a day on, see beforehand what a change would do to last month."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import and_, func, select

from his.claims.rules import RULES, assess_claim
from his.claims.rules.pack import RulePack, RuleSetting, why_mandatory
from his.claims.tables import Claim, ClaimRuleSetting
from his.claims.terms import ClaimFacts
from his.kit import clock
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Db
from his.kit.errors import Severity, invalid, not_found
from his.kit.money import ZERO
from his.kit.rulebook import Rule
from his.kit.text import clean
from his.registration.tables import Patient

_setting, _claim, _patient = table(ClaimRuleSetting), table(Claim), table(Patient)
RULE_BY_CODE: dict[str, Rule[ClaimFacts]] = {rule.code: rule for rule in RULES}
MOST_SETTINGS = 2000
MOST_PREVIEWED = 2000
BATCH = 100
SHOWN = 50
_WEIGHT = {Severity.ERROR: 2, Severity.WARNING: 1, Severity.INFORMATION: 0}
_facts = TypeAdapter(ClaimFacts)


def read_stated(stated: Any) -> ClaimFacts:
    """The facts of a dossier as they were stored with it; raises pydantic.ValidationError when they are not."""
    return _facts.validate_python(stated)


def pack_of(rows: Iterable[ClaimRuleSetting]) -> RulePack:
    """The rows as the rules know them."""
    return RulePack(
        tuple(
            RuleSetting(r.rule_code, r.active, Severity(r.severity) if r.severity else None, r.valid_from) for r in rows
        )
    )


async def list_settings(db: Db, code: str = "") -> list[ClaimRuleSetting]:
    """The choices of the unit in scope in the order in which they were made; of one rule when `code` is given."""
    query = select(_setting).order_by(_setting.c.set_at, _setting.c.id).limit(MOST_SETTINGS)
    return await db.models(ClaimRuleSetting, query.where(_setting.c.rule_code == code) if code else query)


async def load_pack(db: Db) -> RulePack:
    """The rule pack of the unit in scope."""
    return pack_of(await list_settings(db))


@dataclass(frozen=True, slots=True)
class Choice:
    """What an administrator asks for: words of a form, not yet judged."""

    code: str
    active: bool
    severity: str
    valid_from: date


def judge_choice(choice: Choice, today: date) -> RuleSetting:
    """The choice as a setting. Raises NOT_FOUND for an unknown rule and INVALID, naming the field, for what may not be."""
    rule = RULE_BY_CODE.get(choice.code)
    if rule is None:
        raise not_found()
    try:
        severity = Severity(choice.severity) if choice.severity else None
    except ValueError as error:
        raise invalid("severity", "Mức là Chặn, Cần sửa hoặc Nhắc. Chọn lại.") from error
    locked = why_mandatory(rule)
    if locked and not choice.active:
        raise invalid("active", f"Không tắt được {rule.code}. {locked}")
    if locked and severity and _WEIGHT[severity] < _WEIGHT[rule.severity]:
        raise invalid("severity", f"Không hạ mức {rule.code} được. {locked}")
    if choice.valid_from < today:
        raise invalid("valid_from", f"Ngày áp dụng từ hôm nay ({today:%d/%m/%Y}) trở đi, hồ sơ cũ giữ cách kiểm cũ.")
    return RuleSetting(choice.code, choice.active, severity, choice.valid_from)


async def set_rule(db: Db, choice: Choice, reason: str, by: UUID, by_name: str, now: datetime) -> ClaimRuleSetting:
    """Add a choice of the unit in scope; raises INVALID without a reason. Nothing that was chosen before is removed."""
    setting = judge_choice(choice, clock.day_of(now))
    words = clean(reason)
    if len(words) < 5:
        raise invalid("reason", "Ghi lý do, ít nhất 5 ký tự: người sau cần biết vì sao.")
    row = ClaimRuleSetting(
        unit_id=db.unit_id,
        rule_code=setting.code,
        active=setting.active,
        severity=setting.severity.value if setting.severity else "",
        valid_from=setting.valid_from,
        reason=words,
        set_at=now,
        set_by=by,
        set_by_name=by_name,
    )
    changes = Changes().insert(row)
    changes.audit(
        "claim:rule", "ClaimRuleSetting", row.id, code=row.rule_code, active=row.active, severity=row.severity
    )
    await db.apply(changes, now)
    return row


@dataclass(frozen=True, slots=True)
class Effect:
    """One dossier on which the change would tell: findings of the rule before and after, blocked before and after."""

    claim_id: UUID
    number: str
    patient_name: str
    amount: Decimal
    before: int
    after: int
    blocked_before: bool
    blocked_after: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would have done to a month: dossiers looked at, those it tells on, đồng at stake."""

    period: str
    looked: int
    total: int
    effects: tuple[Effect, ...]

    @property
    def newly_blocked(self) -> list[Effect]:
        """Dossiers that would no longer be sent."""
        return [e for e in self.effects if e.blocked_after and not e.blocked_before]

    @property
    def newly_free(self) -> list[Effect]:
        """Dossiers that would be sent now."""
        return [e for e in self.effects if e.blocked_before and not e.blocked_after]

    @staticmethod
    def amount(effects: Iterable[Effect]) -> Decimal:
        """The insurer's share of these dossiers in đồng."""
        return sum((e.amount for e in effects), ZERO)


def last_month(today: date) -> str:
    """The month before the day: `2026-10`."""
    return f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"


def compare(facts: ClaimFacts, setting: RuleSetting, pack: RulePack) -> tuple[int, int, bool, bool] | None:
    """Findings of the rule before and after the change and whether the dossier is blocked; None when nothing changes.

    The change counts as if it had been in force on the day of the visit; every other rule stays as it was.
    """
    day = clock.day_of(facts.ended_at or facts.arrived_at)
    rule = RULE_BY_CODE[setting.code]
    if not rule.holds(day) or not list(rule.check(facts)):
        return None
    earlier = RuleSetting(setting.code, setting.active, setting.severity, day)
    before = assess_claim(facts, day, pack)
    after = assess_claim(facts, day, pack.with_setting(earlier))
    if before == after:
        return None
    mine = [sum(f.code == setting.code for f in found) for found in (before, after)]
    blocked = [any(f.severity is Severity.ERROR for f in found) for found in (before, after)]
    return mine[0], mine[1], blocked[0], blocked[1]


async def preview(db: Db, choice: Choice, now: datetime) -> Preview:
    """Run the rules again on the stored facts of last month's dossiers (newest revisions, at most `MOST_PREVIEWED`)."""
    today = clock.day_of(now)
    setting, pack, period = judge_choice(choice, today), await load_pack(db), last_month(today)
    newest = (
        select(_claim.c.dossier_code, func.max(_claim.c.revision).label("revision"))
        .where(_claim.c.period == period)
        .group_by(_claim.c.dossier_code)
    ).subquery()
    query = (
        select(_claim.c.id, _claim.c.number, _claim.c.insurer_share, _claim.c.facts, _patient.c.name)
        .select_from(_claim)
        .join(newest, and_(_claim.c.dossier_code == newest.c.dossier_code, _claim.c.revision == newest.c.revision))
        .join(_patient, and_(_patient.c.unit_id == _claim.c.unit_id, _patient.c.id == _claim.c.patient_id))
        .where(_claim.c.period == period)
        .order_by(_claim.c.id)
        .limit(MOST_PREVIEWED)
    )
    total = int(await db.scalar(select(func.count()).select_from(newest)))
    rows = await db.all(query)
    effects: list[Effect] = []
    for start in range(0, len(rows), BATCH):
        effects += await asyncio.to_thread(_effects, rows[start : start + BATCH], setting, pack)
    effects.sort(key=lambda e: (-e.amount, e.number))
    return Preview(period, len(rows), total, tuple(effects))


def _effects(rows: Iterable[Any], setting: RuleSetting, pack: RulePack) -> list[Effect]:
    found = []
    for row in rows:
        told = compare(read_stated(row.facts), setting, pack)
        if told:
            found.append(Effect(row.id, row.number, row.name, row.insurer_share, *told))
    return found
