"""Words of the claims desk: states, owners, causes, limits; pure."""

from datetime import date, datetime

from his.claims.desk import Waiting
from his.claims.rules import RULES, deadline
from his.claims.rules.deadline import Due
from his.claims.tables import Claim
from his.kit import clock

RULE_BY_CODE = {rule.code: rule for rule in RULES}
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
    "reopened": ("Đang mở lại để sửa", "needs-explanation"),
    "recalled": ("Đã thu hồi", "returned"),
    "replaced": ("Đã thay bản mới", "draft"),
}
AGREED = ("settled", "paid")
REVIEWED = ("decided", *AGREED)
RECEIVED = ("accepted", "in-review", *REVIEWED)
SENT = ("submitting", "unknown", "rejected", *RECEIVED)
SIGNED = ("sealed", *SENT)
FILTERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("", "Tất cả", ()),
    ("open", "Chưa xong", ("draft", "rejected", "reopened", "sealed", "submitting", "unknown")),
    ("repair", "Cần sửa", ("draft", "rejected", "reopened")),
    ("waiting", "Đang chờ", ("sealed", "submitting", "unknown")),
    ("received", "Cổng nhận", RECEIVED),
    ("review", "Giám định", ("in-review",)),
    ("decided", "Đã giám định", REVIEWED),
    ("agreed", "Đã quyết toán", AGREED),
    ("recalled", "Đã thu hồi", ("recalled",)),
)
STEPS = {"signed": SIGNED, "sent": SENT, "returned": ("rejected",)}
"""Filters that only the steps of the funnel lead to."""
OWNERS = {
    "CLM-CARD": "Quầy tiếp đón", "CLM-DIAG": "Bác sĩ khám", "CLM-DOC": "Bác sĩ khám", "CLM-FORM": "Quầy tiếp đón",
    "CLM-LINE": "Viện phí", "CLM-LINE-32": "Khoa Dược", "CLM-LINE-33": "Khoa Dược", "CLM-STAFF": "Phòng KHTH",
    "CLM-STAY": "Bác sĩ khám", "CLM-SUM": "Viện phí", "CLM-TIME": "Bác sĩ khám",
}  # fmt: skip
WAITS = {
    "draft": ("Chưa ký được", "Phòng KHTH", "Kiểm lại và ký."),
    "sealed": ("Đã ký, chờ gửi", "Tự gửi lại", "Máy tự gửi; bấm Gửi ngay nếu không muốn chờ."),
    "submitting": ("Đang gửi lên cổng", "Cổng BHXH", "Máy đang chờ câu trả lời."),
    "unknown": ("Đã gửi, chờ cổng trả lời", "Cổng BHXH", "Máy tự hỏi lại cổng trước khi gửi lần nữa."),
    "rejected": ("Cổng trả lại", "Phòng KHTH", "Sửa theo lời cổng rồi kiểm và ký lại."),
    "reopened": ("Lượt khám đang mở lại", "Bác sĩ khám", "Bác sĩ sửa, ký lại; đóng lượt xong hồ sơ tự lập bản mới."),
}


def states_of(key: str) -> tuple[str, ...] | None:
    """The states behind a filter or a step of the funnel; None for an unknown one."""
    known = {name: states for name, _, states in FILTERS} | STEPS
    return known.get(key)


def owner_of(code: str) -> str:
    """Who repairs what a finding says."""
    hits = [prefix for prefix in OWNERS if code.startswith(prefix)]
    return OWNERS[max(hits, key=len)] if hits else "Phòng KHTH"


def due_word(due: Due | None, now: datetime) -> str:
    """`hôm nay`, `ngày mai`, `quá 2 ngày`, else the day; a dash where no law states a limit."""
    return "–" if due is None else day_word(due.day, clock.day_of(now))


def day_word(day: date, today: date) -> str:
    """A limit as a person says it on the day `today`."""
    left = (day - today).days
    if left < 0:
        return f"quá {-left} ngày"
    return {0: "hôm nay", 1: "ngày mai"}.get(left, f"{day:%d/%m/%Y}")


def due_of(waiting: Waiting) -> Due | None:
    """The limit of a dossier that waits."""
    answered = clock.day_of(waiting.answered_at) if waiting.answered_at else None
    return deadline.due_of(clock.day_of(waiting.ended_at), answered)


def due_of_claim(claim: Claim) -> Due | None:
    """The limit of a claim that is not accepted yet; None for one that is."""
    if claim.state not in WAITS:
        return None
    answered = clock.day_of(claim.received_at) if claim.state == "rejected" and claim.received_at else None
    return deadline.due_of(clock.day_of(claim.ended_at or claim.sealed_at), answered)
