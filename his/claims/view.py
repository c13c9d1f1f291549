"""What the claims desk shows: words, owners, deadlines, the funnel; pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from his.claims.desk import Cause, Dossier
from his.claims.rules import RULES
from his.kit import clock
from his.kit.money import ZERO, vnd
from his.kit.workdays import add_working_days

RULE_BY_CODE = {rule.code: rule for rule in RULES}
REPAIR_DAYS = 7  # working days to correct and sign after the visit ended (TT 12/2026/TT-BTC)
# State of a claim: words, state of ui.claim_chip.
STATES: dict[str, tuple[str, str]] = {
    "draft": ("Cần sửa", "draft"),
    "sealed": ("Đã ký, chờ gửi", "awaiting-send"),
    "submitting": ("Đang gửi", "sent"),
    "unknown": ("Chờ cổng trả lời", "sent"),
    "accepted": ("Cổng nhận", "accepted"),
    "rejected": ("Cổng trả lại", "returned"),
    "in-review": ("Đang giám định", "in-review"),
    "decided": ("Đã giám định", "settled"),
    "settled": ("Đã quyết toán", "settled"),
    "paid": ("Đã chi trả", "settled"),
    "recalled": ("Đã thu hồi", "returned"),
    "replaced": ("Đã thay bản mới", "draft"),
}
CHECKED = ("sealed", "submitting", "unknown", "accepted", "rejected", "in-review", "decided", "settled", "paid")
SENT = CHECKED[1:]
RECEIVED = ("accepted", "in-review", "decided", "settled", "paid")
FILTERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("", "Tất cả", ()),
    ("repair", "Cần sửa", ("draft", "rejected")),
    ("waiting", "Đang chờ", ("sealed", "submitting", "unknown")),
    ("received", "Cổng nhận", ("accepted",)),
    ("review", "Giám định", ("in-review",)),
    ("decided", "Đã giám định", ("decided", "settled", "paid")),
)
OWNERS = {
    "CLM-CARD": "Quầy tiếp đón", "CLM-DIAG": "Bác sĩ khám", "CLM-DOC": "Bác sĩ khám", "CLM-FORM": "Quầy tiếp đón",
    "CLM-LINE": "Viện phí", "CLM-LINE-32": "Khoa Dược", "CLM-LINE-33": "Khoa Dược", "CLM-STAFF": "Phòng KHTH",
    "CLM-STAY": "Bác sĩ khám", "CLM-SUM": "Viện phí", "CLM-TIME": "Bác sĩ khám",
}  # fmt: skip
WAITS = {
    "sealed": ("Đã ký, chờ gửi", "Tự gửi lại", "Máy tự gửi, không cần bấm lại."),
    "submitting": ("Đang gửi lên cổng", "Cổng BHXH", "Máy đang chờ câu trả lời."),
    "unknown": ("Đã gửi, chờ cổng trả lời", "Cổng BHXH", "Máy tự hỏi lại cổng trước khi gửi lần nữa."),
    "rejected": ("Cổng trả lại", "Phòng KHTH", "Sửa theo lời cổng rồi kiểm và ký lại."),
}


def owner_of(code: str) -> str:
    """Who repairs what a finding says."""
    hits = [prefix for prefix in OWNERS if code.startswith(prefix)]
    return OWNERS[max(hits, key=len)] if hits else "Phòng KHTH"


def repair_due(ended: datetime | None, now: datetime) -> date:
    """The day before which a dossier is to be corrected and sent: seven working days after the visit."""
    return add_working_days(clock.day_of(ended or now), REPAIR_DAYS)


def due_word(due: date, now: datetime) -> str:
    """`hôm nay`, `ngày mai`, `quá 2 ngày`, else the day."""
    left = (due - clock.day_of(now)).days
    if left < 0:
        return f"quá {-left} ngày"
    return {0: "hôm nay", 1: "ngày mai"}.get(left, f"{due:%d/%m/%Y}")


def funnel(closed: int, counts: Mapping[str, tuple[int, Any]], month: str, due: date | None) -> list[dict[str, str]]:
    """The six steps of the month: closed, checked, signed, sent, received, returned."""

    def number(states: Sequence[str]) -> int:
        return sum(counts.get(state, (0, 0))[0] for state in states)

    checked, sent, received = number(CHECKED), number(SENT), number(RECEIVED)
    signed = checked  # a clean dossier is signed when it is sealed
    returned, drafts = number(("rejected",)), number(("draft",))
    waiting = sent - received - returned
    total = max(closed, checked + drafts)

    def step(label: str, value: int, note: str, tone: str, link: str = "") -> dict[str, str]:
        return {"label": label, "value": str(value), "note": note, "tone": tone, "href": link}

    fix = f"sửa trước {due:%d/%m}" if due else "sửa và gửi lại"
    return [
        step("Lượt kết thúc", total, f"tháng {month}", ""),
        step("Đủ dữ liệu", checked, f"{drafts} thiếu" if drafts else "đủ cả", "warn" if drafts else "", "repair"),
        step("Đã ký số", signed, "ký khi kiểm xong", ""),
        step("Đã gửi", sent, f"{signed - sent} chờ gửi" if signed > sent else "gửi hết", "info", "waiting"),
        step("Cổng đã nhận", received, f"{waiting} chờ trả lời" if waiting else "nhận hết", "info", "received"),
        step("Cổng trả lại", returned, fix if returned else "không có", "stop" if returned else "", "repair"),
    ]


def cause_row(cause: Cause, now: datetime) -> dict[str, Any]:
    """A row of the causes: severity chip, title, money at stake, who, until when."""
    state, _, reply = cause.code.partition(":")
    due = repair_due(cause.oldest, now)
    row: dict[str, Any] = {
        "code": cause.code,
        "claims": cause.claims,
        "amount": cause.amount,
        "due": due_word(due, now),
        "late": due < clock.day_of(now),
        "blocks": state not in WAITS or state == "rejected",
    }
    if state in WAITS:
        title, owner, hint = WAITS[state]
        chip = ("Trả lại", "stop", "undo-2") if state == "rejected" else ("Đang chờ", "info", "clock")
        small = f"Cổng: mã {reply}" if reply else "máy tự làm" if state != "rejected" else "cổng không nêu mã"
        return row | {"chip": chip, "title": title, "small": small, "owner": owner, "hint": hint}
    rule = RULE_BY_CODE.get(cause.code)
    chip = ("Chặn", "stop", "octagon-alert")
    small = f"{cause.code} · {rule.basis.split(';')[0]}" if rule and rule.basis else cause.code
    title = rule.title if rule else cause.code
    return row | {
        "chip": chip, "title": title, "small": small, "owner": owner_of(cause.code),
        "hint": "Sửa ở nơi nhập, rồi kiểm lại hồ sơ.",
    }  # fmt: skip


def at_stake(counts: Mapping[str, tuple[int, Any]]) -> tuple[int, Decimal]:
    """How many dossiers the gateway has not accepted, and the insurer's share in them (đồng)."""
    open_states = ("draft", "sealed", "submitting", "unknown", "rejected")
    rows = [counts[state] for state in open_states if state in counts]
    return sum(n for n, _ in rows), sum((Decimal(amount) for _, amount in rows), ZERO)


def history(dossier: Dossier) -> list[dict[str, str]]:
    """States of the claim and steps of its parcel on one line of time."""
    rows = [(e.at, STATES.get(e.state, (e.state, ""))[0], e.detail) for e in dossier.events]
    words = {"queued": "Vào hộp gửi", "sending": "Đang gửi", "unknown": "Không có câu trả lời", "accepted": "Cổng nhận",
             "rejected": "Cổng trả lại"}  # fmt: skip
    told = {(at.replace(microsecond=0), word) for at, word, _ in rows}
    for step in dossier.steps:
        word = words.get(step.state, step.state)
        if (step.at.replace(microsecond=0), word) not in told or step.detail:
            rows.append((step.at, word, step.detail))
    merged = sorted(rows, key=lambda row: row[0])
    return [
        {
            "time": f"{clock.local(at):%H:%M %d/%m}",
            "text": f"{word}. {detail}" if detail else word,
            "state": "late" if word == "Không có câu trả lời" else "done",
        }
        for at, word, detail in merged
    ]


def findings_of(rows: Any) -> list[dict[str, str]]:
    """Finding cards of a dossier, blocking ones first, each with what to do and who does it."""
    found = rows if isinstance(rows, list) else []
    order = {"error": 0, "warning": 1, "information": 2}
    shown = []
    for row in sorted(found, key=lambda f: order.get(str(f["severity"]), 3)):
        rule = RULE_BY_CODE.get(str(row["code"]))
        shown.append(
            {
                "severity": str(row["severity"]),
                "message": str(row["message"]),
                "code": str(row["code"]),
                "title": rule.title if rule else "",
                "why": f"Nơi sửa: {owner_of(str(row['code']))}" + (f" · {rule.basis}" if rule and rule.basis else ""),
            }
        )
    return shown


def line_rows(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Lines of the dossier as it was sealed."""
    rows = []
    for kind, names in (("XML3", ("service_code", "service_name", "supply_code", "supply_name")), ("XML2", ())):
        for line in facts.get("services" if names else "drugs", ()):
            code = (line["service_code"] or line["supply_code"]) if names else line["drug_code"]
            name = (line["service_name"] or line["supply_name"]) if names else line["drug_name"]
            rows.append(
                {
                    "table": kind,
                    "code": code,
                    "name": name,
                    "quantity": Decimal(line["quantity"]),
                    "price": Decimal(line["unit_price_hospital"] if names else line["unit_price"]),
                    "amount": Decimal(line["amount_hospital"]),
                    "insurer": Decimal(line["insurer_share"]),
                    "copayment": Decimal(line["copayment"]),
                    "self_paid": Decimal(line["self_paid"]),
                }
            )
    return rows


def months(known: Sequence[str], now: datetime) -> list[tuple[str, str]]:
    """The months to choose from: the present one and those with claims."""
    present = f"{clock.local(now):%Y-%m}"
    return [(p, f"{p[5:]}/{p[:4]}") for p in dict.fromkeys([present, *known])]


def oldest_due(causes: Sequence[Cause], now: datetime) -> date | None:
    """The first deadline among returned dossiers."""
    dates = [repair_due(c.oldest, now) for c in causes if c.code.startswith("rejected") and c.oldest]
    return min(dates, default=None)


def money_line(claims: int, amount: Decimal) -> str:
    """The sentence beside the title."""
    return f"đề nghị quỹ trả {vnd(amount)} chưa gửi xong" if claims else ""
