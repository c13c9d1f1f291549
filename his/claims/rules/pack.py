"""A unit's own choices about rules: on or off, how grave, from which day; and what the law does not let it choose.

Choices are rows in time: the newest row whose day has come counts, nothing is taken back. The day of a dossier is the
day on which its visit ended, so an old dossier is judged today as it was judged then.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from his.kit.errors import Finding, Severity
from his.kit.rulebook import Facts, Rule

# the longest prefix counts; the sentence is shown to the administrator
MANDATORY = {
    "CLM-FORM": "Cấu trúc bảng do QĐ 4750/QĐ-BYT quy định: cổng trả lại hồ sơ thiếu trường, quá độ dài, sai kiểu.",
    "CLM-FILE": "Khung tệp và chữ ký do QĐ 4750/QĐ-BYT quy định: cổng không nhận tệp sai.",
    "CLM-SUM": "Tổng của hồ sơ phải bằng các dòng (QĐ 4750/QĐ-BYT, CORE-062 đến CORE-074): cổng tính lại và trả về.",
    "CLM-LINE-01": "Thành tiền theo công thức của QĐ 4750/QĐ-BYT: cổng tính lại từng dòng.",
    "CLM-LINE-02": "Thành tiền theo công thức của QĐ 4750/QĐ-BYT: cổng tính lại từng dòng.",
    "CLM-LINE-05": "Bốn nguồn trả phải bằng thành tiền (QĐ 4750/QĐ-BYT): cổng tính lại từng dòng.",
    "CLM-LINE-40": "Một khoản chi gửi hai lần là đề nghị quỹ trả hai lần (Luật BHYT).",
    "CLM-PERSON-01": "Mã đợt điều trị nối mọi bảng (QĐ 4750/QĐ-BYT, CORE-008).",
    "CLM-CARD-09": "Không có thẻ thì quỹ không trả (Luật BHYT Điều 16).",
    "CLM-CHECKIN": "Check-in do QĐ 4750/QĐ-BYT quy định.",
}


def why_mandatory(rule: Rule[Any]) -> str:
    """Why a unit may not switch the rule off or make it milder; empty when it may. Rules that only inform are free."""
    hits = [prefix for prefix in MANDATORY if rule.code.startswith(prefix)]
    return MANDATORY[max(hits, key=len)] if hits and rule.severity is Severity.ERROR else ""


@dataclass(frozen=True, slots=True)
class RuleSetting:
    """One choice: `severity` None keeps the rule's own; it holds for visits that ended on `valid_from` or later."""

    code: str
    active: bool
    severity: Severity | None
    valid_from: date


@dataclass(frozen=True, slots=True)
class RulePack:
    """The choices of one unit in the order in which they were made."""

    settings: tuple[RuleSetting, ...] = ()

    def on(self, day: date) -> dict[str, RuleSetting]:
        """The choice that counts for each rule on a day."""
        chosen: dict[str, RuleSetting] = {}
        for setting in self.settings:
            held = chosen.get(setting.code)
            if setting.valid_from <= day and (held is None or held.valid_from <= setting.valid_from):
                chosen[setting.code] = setting
        return chosen

    def with_setting(self, setting: RuleSetting) -> "RulePack":
        """The pack as it would be with one more choice."""
        return RulePack((*self.settings, setting))


LAWFUL = RulePack()
"""No choice made: every rule as the law has it."""


def assess_with(rules: Iterable[Rule[Facts]], facts: Facts, on: date, pack: RulePack) -> list[Finding]:
    """All findings of the rules in force on the day as the unit has set them; mandatory rules are never silenced."""
    chosen = pack.on(on)
    found: list[Finding] = []
    for rule in rules:
        if not rule.holds(on):
            continue
        setting = chosen.get(rule.code) if chosen else None
        if setting is None or why_mandatory(rule):
            found += rule.check(facts)
        elif setting.active:
            weight = setting.severity
            found += (replace(f, severity=weight) if weight else f for f in rule.check(facts))
    return found
