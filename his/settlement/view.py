"""What the settlement pages show of rows: words, chips, the papers of a month, the next step of each side; pure."""

from datetime import date
from typing import Any

from his.kit.clock import day_of
from his.settlement.papers.summary import STEPS
from his.settlement.rules import allowed, form_of, quarter_form
from his.settlement.rules.figures import KINDS
from his.settlement.rules.forms import FORMS
from his.settlement.rules.forms import OTHER as OTHER_SECTION
from his.settlement.service import Month
from his.settlement.terms import CLOSED, Move, State, Sums

CHIPS: dict[State, tuple[str, str, str]] = {
    State.DRAFT: ("Chưa gửi", "warn", "clock"),
    State.SENT: ("Đã gửi", "info", "send"),
    State.RETURNED: ("Bị trả lại", "stop", "arrow-down"),
    State.DISPUTED: ("Chưa đồng ý", "stop", "triangle-alert"),
    State.AGREED: ("Chờ xác nhận", "alt", "users"),
    State.LOCKED: ("Đã khóa", "ok", "lock"),
    State.PAID: ("Đã chi trả", "ok", "circle-check"),
}
NEXT: dict[State, str] = {
    State.DRAFT: "Xem số, rồi cơ sở gửi tháng này cho cơ quan BHXH.",
    State.SENT: "Giám định viên xem số và thống nhất.",
    State.RETURNED: "Cơ sở sửa theo lý do bên dưới rồi gửi lại.",
    State.DISPUTED: "Giám định viên trả lời ý kiến của cơ sở.",
    State.AGREED: "Một giám định viên khác xác nhận; xác nhận là khóa tháng.",
    State.LOCKED: "Cơ quan BHXH chi trả và ghi chứng từ.",
    State.PAID: "Tháng này đã xong.",
}
LABELS: dict[str, str] = {"01-bh": "01/BH", "c79a": "C79a-HD", "c80a": "C80a-HD", "03-bh": "03/BH", "06-bh": "06/BH"}
REVIEWED, SETTLED, QUARTER = "Biên bản giám định", "Biên bản quyết toán", "Báo cáo quý"
PAPER_WORDS = (REVIEWED, SETTLED, QUARTER)
ROW_TITLES = (*KINDS.values(), OTHER_SECTION.title, *(s.title for dated in FORMS for s in dated.value.sections))


def state_chip(state: str) -> dict[str, str]:
    """Word, tone and icon of a state."""
    word, tone, icon = CHIPS[State(state)]
    return {"word": word, "tone": tone, "icon": icon}


def month_name(period: str) -> str:
    """`2026-10` -> `10/2026`."""
    return f"{period[5:]}/{period[:4]}"


def papers_of(period: str, state: State) -> list[dict[str, Any]]:
    """The papers that a month has in its state, each with its kinds of file."""
    found: list[dict[str, Any]] = [
        {"name": name, "label": LABELS[name], "words": "", "kinds": ("pdf", "xlsx", "csv")}
        for name in form_of(period).lists
    ]
    if state in CLOSED:
        found.append({"name": "03-bh", "label": LABELS["03-bh"], "words": REVIEWED, "kinds": ("pdf", "xlsx")})
        found.append({"name": "06-bh", "label": LABELS["06-bh"], "words": SETTLED, "kinds": ("pdf", "xlsx")})
    found.append({"name": "02-bh", "label": quarter_form(period), "words": QUARTER, "kinds": ("pdf", "xlsx")})
    return found


def month_context(month: Month, base: str, today: date) -> dict[str, Any]:
    """What both sides' pages of a month show; `base` is the address under which its papers and dialogs lie."""
    total = month.figures.total
    paid = month.row.paid if month.row else total.approved * 0
    undecided = total.asked - total.approved - total.reduced
    return {
        "month": month,
        "base": base,
        "today": today,
        "state_word": CHIPS[month.state][0],
        "tone": CHIPS[month.state][1],
        "state_icon": CHIPS[month.state][2],
        "next_words": NEXT[month.state],
        "name": month_name(month.period),
        "papers": papers_of(month.period, month.state),
        "may": {move.value: allowed(move, month.state) for move in Move},
        "closed": month.state in CLOSED,
        "kinds": [row for row in month.figures.kinds if row.sums != Sums()],
        "steps": [(e, STEPS[Move(e.action)]) for e in reversed(month.events)],
        "undecided": undecided,
        "paid": paid,
        "late": month.state in (State.DRAFT, State.RETURNED) and today > (month.due["send"] or today),
        "moved_since": _moved(month),
        "sent_on": day_of(month.row.sent_at) if month.row and month.row.sent_at else None,
    }


def _moved(month: Month) -> Any:
    """How much the asked sum moved since the month was sent, None when it did not."""
    if month.sent is None or month.sent.total.asked == month.figures.total.asked:
        return None
    return month.figures.total.asked - month.sent.total.asked
