"""May this person do this, here and now: registration in force, scope, registered hours."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from his.kit.errors import Finding, Severity
from his.kit.rulebook import Rule
from his.practice.terms import CHAPTERS, ENDING_DAYS, HANDS, DeedFacts, Registered

LAW = "Luật 15/2023/QH15 Điều 7, 19, 36; NĐ 96/2023/NĐ-CP (đăng ký hành nghề)"
REVIEW = "TT 12/2026/TT-BTC Điều 10 khoản 1 (phạm vi chuyên môn, thời gian làm việc đã đăng ký)"
FROM = date(2024, 1, 1)  # Law 15/2023/QH15 in force


def chapter_of(code: str) -> str:
    """The chapter of a service code of the price list such as 02.1898 (`02`), or an empty text."""
    return code[:2] if code[2:3] == "." and code[:2] in CHAPTERS else ""


def state_of(registered: Sequence[Registered], on: date) -> str:
    """valid, ending (within 60 days nothing holds any more), ended or not begun, none."""
    if not registered:
        return "none"
    if not any(one.holds(on) for one in registered):
        return "ended"
    return "valid" if any(one.holds(on + timedelta(days=ENDING_DAYS)) for one in registered) else "ending"


def _now(facts: DeedFacts) -> list[Registered]:
    return [one for one in facts.registered if one.holds(facts.at.date())]


def _in_force(facts: DeedFacts) -> Iterator[Finding]:
    if facts.registered and not _now(facts):
        ended = max((one.valid_to for one in facts.registered if one.valid_to), default=None)
        since = f" (hết {ended:%d/%m/%Y})" if ended and ended < facts.at.date() else ""
        message = (
            f"{facts.who} không có đăng ký hành nghề nào còn hiệu lực ngày {facts.at:%d/%m/%Y}{since}. "
            "Nhờ người khác làm, hoặc quản trị đơn vị gia hạn ở trang Người hành nghề."
        )
        yield Finding("PRA-LIST-01", Severity.ERROR, message, "PractitionerRole.period", facts.line)


def _known(facts: DeedFacts) -> Iterator[Finding]:
    if not facts.registered:
        message = f"{facts.who} chưa có đăng ký hành nghề tại đơn vị. Quản trị đơn vị khai ở trang Người hành nghề."
        yield Finding("PRA-LIST-02", Severity.WARNING, message, "PractitionerRole.practitioner", facts.line)


def _in_hours(facts: DeedFacts) -> Iterator[Finding]:
    holding = _now(facts)
    if facts.planned and holding and not any(one.works_at(facts.at) for one in holding):
        message = (
            f"{facts.who} làm lúc {facts.at:%H:%M %d/%m/%Y}, ngoài ngày giờ đã đăng ký. "
            "Kiểm lại giờ, hoặc ghi cấp cứu khi là cấp cứu."
        )
        yield Finding("PRA-TIME-01", Severity.WARNING, message, "PractitionerRole.availableTime", facts.line)


def _outside(facts: DeedFacts) -> bool:
    holding = _now(facts)
    return facts.kind in HANDS and bool(holding) and not any(one.covers(facts.chapter) for one in holding)


def _performed_in_scope(facts: DeedFacts) -> Iterator[Finding]:
    if _outside(facts):
        message = (
            f"{facts.service} thuộc {CHAPTERS[facts.chapter]}, ngoài phạm vi hành nghề đã đăng ký của {facts.who}. "
            "Người có phạm vi phù hợp làm và ký."
        )
        yield Finding("PRA-SCOPE-01", Severity.ERROR, message, "PractitionerRole.specialty", facts.line)


def _ordered_in_scope(facts: DeedFacts) -> Iterator[Finding]:
    if _outside(facts):
        message = (
            f"{facts.service} thuộc {CHAPTERS[facts.chapter]}, ngoài phạm vi của {facts.who}: "
            "người có phạm vi phù hợp phải thực hiện."
        )
        yield Finding("PRA-SCOPE-02", Severity.INFORMATION, message, "PractitionerRole.specialty", facts.line)


_PERSON: tuple[Rule[DeedFacts], ...] = (
    Rule("PRA-LIST-01", "Đăng ký hành nghề còn hiệu lực", LAW, Severity.ERROR, _in_force, FROM),
    Rule("PRA-LIST-02", "Đã khai đăng ký hành nghề", LAW, Severity.WARNING, _known, FROM),
    Rule("PRA-TIME-01", "Trong ngày giờ đã đăng ký", REVIEW, Severity.WARNING, _in_hours, FROM),
)
PERFORMING_RULES: tuple[Rule[DeedFacts], ...] = (
    *_PERSON,
    Rule("PRA-SCOPE-01", "Người thực hiện đúng phạm vi", LAW, Severity.ERROR, _performed_in_scope, FROM),
)
ORDERING_RULES: tuple[Rule[DeedFacts], ...] = (
    *_PERSON,
    Rule(
        "PRA-SCOPE-02", "Chỉ định ngoài phạm vi người chỉ định", REVIEW, Severity.INFORMATION, _ordered_in_scope, FROM
    ),
)
