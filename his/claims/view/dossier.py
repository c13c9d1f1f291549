"""One dossier as its page shows it: clocks, history, findings, lines, and what a revision changed; pure."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from his.claims.desk import OPEN, Dossier
from his.claims.rules.deadline import TITLES, Due, dues
from his.claims.view.words import RULE_BY_CODE, STATES, day_word, owner_of
from his.kit import clock


def clocks(dossier: Dossier, now: datetime) -> list[dict[str, Any]]:
    """Every time limit of a dossier: title, last day, whether it is kept, over, or still running."""
    claim = dossier.claim
    ended = clock.day_of(claim.ended_at or dossier.ended_at or claim.sealed_at)
    answered = clock.day_of(claim.received_at) if claim.state == "rejected" and claim.received_at else None
    today = clock.day_of(now)
    return [_clock(due, dossier, today) for due in dues(ended, answered)]


def _clock(due: Due, dossier: Dossier, today: Any) -> dict[str, Any]:
    claim = dossier.claim
    done = claim.state not in OPEN
    moment = clock.day_of(claim.received_at) if done and claim.received_at else today
    late = due.late(moment)
    word = ("xong trễ" if late else "xong đúng hạn") if done else day_word(due.day, today)
    return {"title": TITLES[due.clock], "day": due.day, "word": word, "late": late, "done": done}


def history(dossier: Dossier) -> list[dict[str, str]]:
    """States of the claim and steps of its parcel on one line of time."""
    rows = [(e.at, STATES.get(e.state, (e.state, ""))[0], e.detail) for e in dossier.events]
    words = {"queued": "Vào hộp gửi", "sending": "Đang gửi", "unknown": "Không có câu trả lời", "accepted": "Cổng nhận",
             "rejected": "Cổng trả lại", "withdrawn": "Rút lại trước khi gửi"}  # fmt: skip
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
