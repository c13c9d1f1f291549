"""Checks of a month before it is sent: coded, dated, with what to do."""

from collections.abc import Iterator
from typing import Final

from his.kit.errors import Finding, Severity
from his.kit.money import vnd
from his.kit.rulebook import Rule, assess
from his.settlement.rules.forms import NEW_FORMS_FROM
from his.settlement.terms import MonthFacts

SUMS = "TT 12/2026/TT-BTC, phụ lục I, mẫu 01/BH"


def has_dossiers(facts: MonthFacts) -> Iterator[Finding]:
    """A month without dossiers is not sent."""
    if not any(row.sums.cases for row in facts.figures.kinds):
        yield Finding(
            "STL-SEND-01",
            Severity.ERROR,
            f"Tháng {facts.figures.period} chưa có hồ sơ nào được cổng nhận. Gửi hồ sơ trước rồi lập bảng tổng hợp.",
        )


def is_over(facts: MonthFacts) -> Iterator[Finding]:
    """A month is sent after its last day."""
    if f"{facts.day:%Y-%m}" <= facts.figures.period:
        yield Finding(
            "STL-SEND-02", Severity.ERROR, f"Tháng {facts.figures.period} chưa hết. Gửi từ ngày 01 tháng sau."
        )


def earlier_months_are_locked(facts: MonthFacts) -> Iterator[Finding]:
    """Months are settled in their order, so that what is carried over has one place."""
    if facts.earlier_open:
        months = ", ".join(facts.earlier_open)
        yield Finding(
            "STL-SEND-03", Severity.ERROR, f"Tháng {months} đã gửi mà chưa khóa. Xong tháng trước rồi gửi tháng này."
        )


def no_later_month_is_locked(facts: MonthFacts) -> Iterator[Finding]:
    """What a month left open was carried into the months after it."""
    if facts.last_closed > facts.figures.period:
        yield Finding(
            "STL-SEND-05",
            Severity.ERROR,
            f"Tháng {facts.last_closed} đã khóa sau tháng này. Hồ sơ còn lại của tháng {facts.figures.period} "
            "nằm trong tháng mở tiếp theo, mở tháng đó để gửi.",
        )


def is_in_time(facts: MonthFacts) -> Iterator[Finding]:
    """Sent within the term."""
    if facts.day > facts.send_by:
        yield Finding(
            "STL-SEND-04",
            Severity.WARNING,
            f"Hạn gửi là {facts.send_by:%d/%m/%Y}, đã quá hạn. Gửi ngay và ghi lý do gửi muộn.",
        )


def nothing_is_left(facts: MonthFacts) -> Iterator[Finding]:
    """Undecided dossiers go to the next month."""
    figures = facts.figures
    if figures.left_cases:
        yield Finding(
            "STL-LEFT-01",
            Severity.INFORMATION,
            f"{figures.left_cases} hồ sơ ({vnd(figures.left_asked)}) chưa giám định xong. "
            "Chưa xong khi khóa tháng thì chuyển sang tháng sau.",
        )


def total_adds_up(facts: MonthFacts) -> Iterator[Finding]:
    """Column 2 = 3 + 6 + 7: what the hospital charged is the covered part, other sources and what the person pays."""
    for row in facts.figures.sections:
        s = row.sums
        found = s.asked + s.copayment + s.other_sources + s.self_paid
        if s.total_hospital != found:
            yield Finding(
                "STL-SUM-01",
                Severity.ERROR,
                f"{row.title}: tổng chi {vnd(s.total_hospital)} khác tổng các phần {vnd(found)}. "
                "Mở phần đối chiếu, sửa hồ sơ lệch.",
            )


def covered_adds_up(facts: MonthFacts) -> Iterator[Finding]:
    """Column 3 = 4 + 5: the covered part is what the fund pays and the co-payment."""
    if facts.uneven:
        shown = ", ".join(facts.uneven[:5])
        yield Finding(
            "STL-SUM-02",
            Severity.WARNING,
            f"{len(facts.uneven)} hồ sơ có T_TONGCHI_BH khác T_BHTT + T_BNCCT ({shown}). "
            "Kiểm lại nguồn khác và phần tự trả của các hồ sơ này.",
        )


def groups_add_up(facts: MonthFacts) -> Iterator[Finding]:
    """The cost groups are the same money as the dossiers."""
    asked = sum((g.asked for g in facts.figures.groups), start=facts.figures.total.asked * 0)
    if asked != facts.figures.total.asked:
        yield Finding(
            "STL-SUM-03",
            Severity.ERROR,
            f"Cộng theo nhóm chi phí {vnd(asked)} khác tổng đề nghị {vnd(facts.figures.total.asked)}. "
            "Mở phần đối chiếu, báo quản trị.",
        )


_ERR, _WARN, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFORMATION
_LAW = "Luật BHYT điều 32 khoản 2"
CHECKS: Final[tuple[Rule[MonthFacts], ...]] = (
    Rule("STL-SEND-01", "Tháng có hồ sơ", _LAW, _ERR, has_dossiers),
    Rule("STL-SEND-02", "Tháng đã hết", _LAW, _ERR, is_over),
    Rule("STL-SEND-03", "Khóa lần lượt từng tháng", "TT 12/2026/TT-BTC điều 14", _ERR, earlier_months_are_locked),
    Rule("STL-SEND-04", "Gửi trong 15 ngày đầu tháng sau", _LAW, _WARN, is_in_time),
    Rule("STL-SEND-05", "Tháng sau chưa khóa", "TT 12/2026/TT-BTC điều 14", _ERR, no_later_month_is_locked),
    Rule("STL-LEFT-01", "Hồ sơ chưa giám định xong", "TT 12/2026/TT-BTC điều 14", _INFO, nothing_is_left),
    Rule("STL-SUM-01", "Cột 2 = 3 + 6 + 7", SUMS, _ERR, total_adds_up),
    Rule("STL-SUM-02", "Cột 3 = 4 + 5", SUMS, _WARN, covered_adds_up, valid_from=NEW_FORMS_FROM),
    Rule("STL-SUM-03", "Nhóm chi phí bằng tổng", SUMS, _ERR, groups_add_up),
)


def assess_month(facts: MonthFacts) -> list[Finding]:
    """All findings of a month, by the rules in force on the day it is looked at."""
    return assess(CHECKS, facts, facts.day)
