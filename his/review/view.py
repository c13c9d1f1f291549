"""What the review pages show of rows: short codes, words, chips; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from his.claims.rules import RULES as CLAIM_RULES
from his.kit import clock
from his.kit.rulebook import Rule
from his.kit.text import mask
from his.review.rules import RULES, chip_word, suggest_reason, why_looked_at
from his.review.service import Bench, Reason, is_locked
from his.review.tables import ReviewCase, ReviewLine
from his.review.terms import (
    DECISION_WORDS,
    DONE_STATES,
    OPEN_STATES,
    REPLY_WORDS,
    Approval,
    CaseState,
    Decision,
    ReplyKind,
    Verdict,
)

RULE_BY_CODE: dict[str, Rule[Any]] = {
    **{rule.code: rule for rule in CLAIM_RULES},
    **{rule.code: rule for rule in RULES},
}
GENDERS = {"male": "Nam", "female": "Nữ"}
SETTINGS = {
    "01": "khám ngoại trú", "02": "điều trị ngoại trú", "03": "điều trị nội trú", "04": "điều trị nội trú ban ngày",
    "05": "lĩnh thuốc theo hẹn", "06": "lưu tại trạm y tế", "07": "ngoại trú theo hẹn", "08": "ngoại trú mạn tính",
    "09": "nội trú dưới 4 giờ",
}  # fmt: skip
STATE_CHIPS: dict[str, tuple[str, str, str]] = {
    CaseState.RECEIVED: ("Chờ giám định", "info", "clock"),
    CaseState.IN_REVIEW: ("Đang giám định", "alt", "pen-line"),
    CaseState.ASKING: ("Chờ cơ sở trả lời", "warn", "info"),
    CaseState.CONFIRMING: ("Chờ người thứ hai", "warn", "clock"),
    CaseState.APPEALED: ("Cơ sở giải trình", "warn", "undo-2"),
    CaseState.DECIDED: ("Đã quyết", "ok", "check"),
    CaseState.FINAL: ("Đã chốt", "ok", "lock"),
    CaseState.REPLACED: ("Đã thay bản mới", "n", "history"),
}
SEVERITY_ORDER = {"error": 0, "warning": 1, "information": 2}
# The control of the pages says `refuse`, the rows say `reject`.
TO_CONTROL = {"reject": "refuse"}
FROM_CONTROL = {"refuse": Decision.REJECT}


@dataclass(frozen=True, slots=True)
class Pending:
    """A letter that was pressed but not written, because something is missing: `field` says what."""

    line: ReviewLine
    verdict: Verdict
    field: str
    message: str


def short_number(number: str) -> str:
    """`2610-004871` -> `004871`: the month stands in the head of the list."""
    return number.rpartition("-")[2]


def month_name(period: str) -> str:
    """`2026-10` -> `10/2026`."""
    year, _, month = period.partition("-")
    return f"{month}/{year}"


def read_decision(word: str) -> Decision:
    """The decision that the control of a page (or of the JSON) names; unknown words raise ValueError."""
    return FROM_CONTROL.get(word) or Decision(word)


def case_entry(case: ReviewCase, now: datetime, current: bool = False) -> dict[str, Any]:
    """A row of the list of dossiers: no name, no card number."""
    why = why_looked_at(case.draw, case.asked, case.finding_count)
    done = case.decided_at if case.state in DONE_STATES else None
    return {
        "id": case.id,
        "short": short_number(case.number),
        "number": case.number,
        "why": why,
        "unit": case.unit_name,
        "diagnosis": case.main_diagnosis,
        "day": case.arrived_at,
        "asked": case.asked,
        "approved": case.approved,
        "findings": case.finding_count,
        "state": STATE_CHIPS[case.state],
        "due": case.due_on,
        "left": days_left(case, now),
        "late": case.state in OPEN_STATES and case.due_on < clock.day_of(now),
        "done": done,
        "done_word": moment_word(done, now) if done else "",
        "current": current,
    }


def moment_word(moment: datetime, now: datetime) -> str:
    """`09:02` today, else `19/11`."""
    local = clock.local(moment)
    return f"{local:%H:%M}" if local.date() == clock.day_of(now) else f"{local:%d/%m}"


def days_left(case: ReviewCase, now: datetime) -> str:
    """`còn 7 ngày`, `hôm nay`, `quá 2 ngày`; empty for a decided case."""
    if case.state not in OPEN_STATES:
        return ""
    days = (case.due_on - clock.day_of(now)).days
    return "hôm nay" if days == 0 else f"còn {days} ngày" if days > 0 else f"quá {-days} ngày"


def banner(case: ReviewCase, now: datetime) -> dict[str, Any]:
    """The facts of the opened dossier; the only place where the name is shown."""
    birth = case.birth_date
    years = _years(birth, clock.day_of(case.arrived_at))
    left = days_left(case, now)
    return {
        "name": f"HS {case.number} · {case.patient_name}",
        "facts": [
            GENDERS.get(case.gender, "Giới tính khác"),
            f"{years} tuổi ({birth.year})",
            f"{case.main_diagnosis} {case.diagnosis_text}".strip(),
            f"{SETTINGS.get(case.care_setting, 'loại hình ' + case.care_setting)} {clock.local(case.arrived_at):%d/%m/%Y}",
            case.unit_name,
        ],
        "entitlement": case.entitlement_code,
        "rate": case.benefit_rate,
        "card": mask(case.card_number),
        "due": f"{case.due_on:%d/%m}" + (f", {left}" if left else ", đã xong"),
        "due_tone": "stop" if left.startswith("quá") else "",
        "round": case.round,
    }


def _years(birth: date, on: date) -> int:
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def worst(findings: Sequence[Mapping[str, Any]]) -> dict[str, str] | None:
    """The chip of a row: the gravest finding and two words."""
    if not findings:
        return None
    first = min(findings, key=lambda f: SEVERITY_ORDER.get(str(f["severity"]), 3))
    return {"severity": str(first["severity"]), "word": chip_word(str(first["code"]))}


def row(case: ReviewCase, line: ReviewLine, pending: Pending | None = None) -> dict[str, Any]:
    """A line of the grid; a pending letter is shown with what it still needs."""
    waits = pending is not None and pending.line.id == line.id
    verdict = pending.verdict if pending and waits else None
    decision = verdict.decision.value if verdict else line.decision
    quantity = line.quantity if line.approved_quantity is None else line.approved_quantity
    if verdict and verdict.approval.quantity is not None:
        quantity = verdict.approval.quantity
    needs = {"reason_code": "Chọn lý do", "approved_quantity": "Ghi số lượng"}
    return {
        "id": line.id,
        "version": line.version,
        "no": line.position,
        "name": line.name,
        "detail": line.detail,
        "quantity": line.quantity,
        "price": line.unit_price,
        "asked": line.asked,
        "approved_quantity": quantity,
        "amount": None if waits else line.approved,
        "decision": TO_CONTROL.get(decision, decision),
        "finding": worst(line.findings),
        "needs": needs.get(pending.field, "Xem lại") if pending and waits else "",
        "waits": _waits(verdict),
        "focus_quantity": bool(pending and waits and pending.field == "approved_quantity"),
        "locked": is_locked(case, line),
        "flag": line.disputed or bool(line.answer),
    }


def _waits(verdict: Verdict | None) -> str:
    """The pending letter as a query, so that the evidence of the row can be asked for again."""
    if verdict is None:
        return ""
    quantity = verdict.approval.quantity
    return "?" + urlencode({"decision": verdict.decision.value, "quantity": "" if quantity is None else str(quantity)})


def findings_of(findings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Finding cards with title, legal basis and the reason code that they point to."""
    shown = []
    for found in findings:
        code = str(found["code"])
        rule = RULE_BY_CODE.get(code)
        reason = suggest_reason(code)
        since = f"áp dụng từ {rule.valid_from:%d/%m/%Y}" if rule and rule.valid_from else ""
        why = [f"Lý do {reason}" if reason else "", rule.basis if rule else "", since]
        shown.append(
            {
                "severity": str(found["severity"]),
                "message": str(found["message"]),
                "code": code,
                "title": rule.title if rule else "",
                "why": " · ".join(part for part in why if part),
            }
        )
    return shown


def timeline(line: ReviewLine) -> list[dict[str, str]]:
    """The evidence of a line; times on the wall clock."""
    return [
        {
            "time": f"{clock.local(datetime.fromisoformat(step['at'])):%H:%M}" if step["at"] else "–",
            "text": step["text"],
            "state": step["state"],
        }
        for step in line.evidence
    ]


def suggestion(line: ReviewLine) -> tuple[str, str]:
    """Reason code and words that the line's gravest finding suggests; empty when there is none."""
    for found in sorted(line.findings, key=lambda f: SEVERITY_ORDER.get(str(f["severity"]), 3)):
        code = suggest_reason(str(found["code"]))
        if code:
            rule = RULE_BY_CODE.get(str(found["code"]))
            basis = f" ({rule.basis})" if rule and rule.basis else ""
            return code, f"{found['message']}{basis}"
    return "", ""


def completed(line: ReviewLine, verdict: Verdict, reasons: Sequence[Reason]) -> Verdict:
    """The verdict with what the line itself offers: its earlier reason, else that of its finding; words for a bare code."""
    code, words = verdict.reason_code, verdict.reason
    if not code:
        known, said = suggestion(line)
        code, words = (line.reason_code, words or line.reason) if line.reason_code else (known, words or said)
    if code and not words:
        words = next((r.name for r in reasons if r.code == code), "")
    return Verdict(verdict.decision, verdict.approval, code, words)


def evidence(
    bench: Bench, line: ReviewLine, reasons: Sequence[Reason], same: int, pending: Pending | None = None
) -> dict[str, Any]:
    """The panel beside the grid for one line."""
    verdict = pending.verdict if pending and pending.line.id == line.id else None
    code = verdict.reason_code if verdict else line.reason_code
    decision = verdict.decision if verdict else Decision(line.decision)
    return {
        "line": line,
        "no": line.position,
        "findings": findings_of([*line.findings, *(bench.case.findings if line.position == 1 else ())]),
        "timeline": timeline(line),
        "proofs": line.proofs,
        "reply_word": REPLY_WORDS[ReplyKind(line.reply)] if line.reply else "",
        "decision": decision.value,
        "decision_word": DECISION_WORDS[decision],
        "letter": {"accept": "A", "reduce": "G", "reject": "T", "ask": "H"}.get(decision.value, ""),
        "approval": verdict.approval
        if verdict
        else Approval(line.approved_quantity, line.approved_price, line.approved_rate),
        "reason_code": code,
        "reason_text": next((f"{r.code} {r.name}" for r in reasons if r.code == code), code),
        "reason": verdict.reason if verdict else line.reason,
        "same": same,
        "locked": is_locked(bench.case, line),
        "message": pending.message if verdict and pending else "",
        "needs_reason": bool(verdict and pending and pending.field == "reason_code"),
        "version": line.version,
    }


def current_line(bench: Bench) -> ReviewLine:
    """Where the cursor stands when a dossier opens: the first undecided line with a finding, else the first undecided."""
    answered = [x for x in bench.lines if x.disputed and not is_locked(bench.case, x)]
    open_lines = answered or [x for x in bench.lines if not x.decision]
    flagged = [x for x in open_lines if x.findings]
    return (flagged or open_lines or bench.lines)[0]


def read_number(text: str) -> Decimal | None:
    """`28`, `28,5`, `1.180` of a field as a number; None for an empty field. Raises decimal.InvalidOperation."""
    words = text.strip().replace("\u00a0", "")
    if not words:
        return None
    if "," in words:
        words = words.replace(".", "").replace(",", ".")
    elif words.count(".") == 1 and len(words.rpartition(".")[2]) == 3:
        words = words.replace(".", "")
    return Decimal(words)
