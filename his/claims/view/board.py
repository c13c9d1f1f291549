"""The board as values: funnel, causes, departments and ages, each number with the address of its dossiers; pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from his.claims.desk import FAULTY, OPEN, Group
from his.claims.rules.deadline import Due, due_of, working_days_between
from his.claims.view.words import (
    AGREED,
    RECEIVED,
    REVIEWED,
    RULE_BY_CODE,
    SENT,
    SIGNED,
    WAITS,
    due_word,
    owner_of,
)
from his.kit import clock
from his.kit.money import ZERO, vnd

Counts = Mapping[tuple[str, str], tuple[int, Decimal]]
AGES = ((0, 1, "0–1 ngày"), (2, 3, "2–3 ngày"), (4, 7, "4–7 ngày"), (8, 999, "trên 7 ngày"))
"""Working days since the visit ended: seven is the limit of the law."""
FAR_BACK = 60
_due = lru_cache(maxsize=4096)(due_of)
_age = lru_cache(maxsize=4096)(working_days_between)


@dataclass
class Sum:
    """Dossiers and đồng of a cell, the earliest limit, and how many are late."""

    claims: int = 0
    amount: Decimal = ZERO
    late: int = 0
    due: Due | None = None
    ages: list[tuple[int, Decimal]] = field(default_factory=lambda: [(0, ZERO)] * len(AGES))

    def add(self, group: Group, today: date) -> None:
        """Count one group."""
        self.claims += group.claims
        self.amount += group.amount
        due = _due(group.day, group.answered)
        if due is not None:
            self.late += group.claims if due.late(today) else 0
            self.due = due if self.due is None else min(self.due, due, key=lambda one: one.day)
        days = max(_age(group.day, today), 0)
        place = next(i for i, (low, high, _) in enumerate(AGES) if low <= days <= high)
        n, amount = self.ages[place]
        self.ages[place] = (n + group.claims, amount + group.amount)


def sums(groups: Iterable[Group], today: date, key: Callable[[Group], str]) -> dict[str, Sum]:
    """The groups summed by a key."""
    found: dict[str, Sum] = {}
    for group in groups:
        found.setdefault(key(group), Sum()).add(group, today)
    return found


def address(period: str, **query: Any) -> str:
    """The list of the desk narrowed to some dossiers."""
    chosen = {"period": period, "show": "list"} | {k: str(v) for k, v in query.items() if v not in ("", None)}
    return f"/claims?{urlencode(chosen)}"


def total(counts: Counts, states: Sequence[str], department: str | None = None) -> tuple[int, Decimal]:
    """Dossiers and đồng in some states, of one department or of all."""
    rows = [v for (s, d), v in counts.items() if s in states and department in (None, d)]
    return sum(n for n, _ in rows), sum((Decimal(amount) for _, amount in rows), ZERO)


def funnel(closed: int, counts: Counts, period: str, late: int) -> list[dict[str, str]]:
    """Closed, signed, sent, received, reviewed, agreed, and what the gateway returned; each with its đồng and its list."""
    every = total(counts, (*SIGNED, "draft", "reopened"))
    signed, sent, received = total(counts, SIGNED), total(counts, SENT), total(counts, RECEIVED)
    reviewed, agreed, returned = total(counts, REVIEWED), total(counts, AGREED), total(counts, ("rejected",))
    waiting = sent[0] - received[0] - returned[0]

    def step(label: str, value: tuple[int, Decimal], note: str, tone: str, state: str) -> dict[str, str]:
        words = f"{vnd(value[1])} · {note}" if note else vnd(value[1])
        return {
            "label": label, "value": str(value[0]), "note": words, "tone": tone, "href": address(period, state=state),
        }  # fmt: skip

    def behind(now: int, before: int, word: str) -> tuple[str, str]:
        return (f"{before - now} {word}", "warn") if before > now else ("", "")

    ended = (max(closed, every[0]), every[1])
    steps = [
        step("Lượt kết thúc", ended, "", "", ""),
        step("Đủ dữ liệu, đã ký", signed, *behind(signed[0], ended[0], "cần sửa"), state="signed"),
        step("Đã gửi", sent, *behind(sent[0], signed[0], "chờ gửi"), state="sent"),
        step("Cổng đã nhận", received, f"{waiting} chờ" if waiting else "", "info" if waiting else "", "received"),
        step("Đã giám định", reviewed, "", "", "decided"),
        step("Đã quyết toán", agreed, "", "", "agreed"),
        step("Cổng trả lại", returned, "", "stop" if returned[0] else "", "returned"),
    ]
    if late:
        steps[1] |= {"tone": "stop", "note": f"{vnd(signed[1])} · {late} quá hạn"}
    return steps


def causes(faults: Sequence[Group], waits: Sequence[Group], now: datetime) -> list[dict[str, Any]]:
    """The rows of the causes: late ones first, then the dearest; a blocked draft stands under its findings."""
    today = clock.day_of(now)
    told = sums(faults, today, lambda g: g.cause) | sums(
        [g for g in waits if g.cause != FAULTY], today, lambda g: g.cause
    )
    rows = [cause_row(code, found, now) for code, found in told.items()]
    return sorted(rows, key=lambda r: (not r["late"], -r["amount"], r["code"]))


def cause_row(code: str, found: Sum, now: datetime) -> dict[str, Any]:
    """One cause: severity chip, title, money at stake, who, until when, what can be done to the whole group."""
    state, _, reply = code.partition(":")
    row: dict[str, Any] = {
        "code": code,
        "id": code.replace(":", "-"),
        "claims": found.claims,
        "amount": found.amount,
        "due": due_word(found.due, now),
        "late": found.late,
        "blocks": state not in WAITS or state in ("rejected", "reopened"),
        "signs": state not in WAITS or state in ("rejected", "draft"),
        "sends": state in ("sealed", "unknown"),
    }
    if state in WAITS:
        title, owner, hint = WAITS[state]
        chip = {
            "rejected": ("Trả lại", "stop", "undo-2"), "reopened": ("Cần sửa", "warn", "triangle-alert")
        }.get(state, ("Đang chờ", "info", "clock"))  # fmt: skip
        small = (
            f"Cổng: mã {reply}"
            if reply
            else {
                "rejected": "cổng không nêu mã",
                "reopened": "đã gửi, nay sửa lại",
                "draft": "không còn điều chặn",
            }.get(state, "máy tự làm")
        )
        return row | {"chip": chip, "title": title, "small": small, "owner": owner, "hint": hint}
    rule = RULE_BY_CODE.get(code)
    small = f"{code} · {rule.basis.split(';')[0]}" if rule and rule.basis else code
    return row | {
        "chip": ("Chặn", "stop", "octagon-alert"), "title": rule.title if rule else code, "small": small,
        "owner": owner_of(code), "hint": "Sửa ở nơi nhập, rồi kiểm lại hồ sơ.",
    }  # fmt: skip


def departments(
    counts: Counts, waits: Sequence[Group], names: Mapping[str, str], period: str, now: datetime
) -> list[dict[str, Any]]:
    """The funnel department by department, with what is open and late there; each number opens its dossiers."""
    today = clock.day_of(now)
    opened = sums(waits, today, lambda g: g.department)
    codes = sorted({d for _, d in counts}, key=lambda code: -opened.get(code, Sum()).claims)
    steps = (("signed", SIGNED), ("sent", SENT), ("received", RECEIVED), ("decided", REVIEWED), ("agreed", AGREED))
    rows = []
    for code in codes:
        found = opened.get(code, Sum())
        cells = [
            _cell(total(counts, states, code), address(period, state=key, department=code or "-"))
            for key, states in (("", (*SIGNED, "draft", "reopened")), *steps, ("open", OPEN))
        ]
        rows.append(
            {"name": names.get(code, code or "Chưa ghi khoa"), "code": code, "cells": cells, "late": found.late}
        )
    return rows


def ages(
    groups: Sequence[Group], titles: Callable[[str], str], period: str, now: datetime, *, by_department: bool
) -> list[dict[str, Any]]:
    """How long open dossiers wait, by department or by cause: dossiers and đồng in each band of working days."""
    today = clock.day_of(now)
    told = sums(groups, today, lambda g: g.department if by_department else g.cause)
    bands = [age_days(low, high, today) for low, high, _ in AGES]
    rows = []
    for code, found in sorted(told.items(), key=lambda item: (-item[1].late, -item[1].amount)):
        narrowed = {"department": code or "-"} if by_department else {"cause": code}
        links = [
            address(period, state="open" if by_department else "", since=since, until=until, **narrowed)
            for since, until in bands
        ]
        cells = [_cell(value, link) for value, link in zip(found.ages, links, strict=True)]
        rows.append({"name": titles(code), "code": code, "cells": cells, "late": found.late, "claims": found.claims,
                     "amount": found.amount, "href": address(period, state="open" if by_department else "", **narrowed)})  # fmt: skip
    return rows


def _cell(value: tuple[int, Decimal], link: str) -> dict[str, Any]:
    return {"claims": value[0], "amount": value[1], "href": link if value[0] else ""}


def age_days(low: int, high: int, today: date) -> tuple[date | None, date | None]:
    """The days on which a visit ended that is between `low` and `high` working days ago; None is open."""
    hits = [
        day for n in range(FAR_BACK) if low <= working_days_between(day := today - timedelta(days=n), today) <= high
    ]
    return (min(hits) if high < AGES[-1][1] else None), (max(hits) if low else None)


def months(known: Sequence[str], now: datetime) -> list[tuple[str, str]]:
    """The months to choose from: the present one and those with claims."""
    present = f"{clock.local(now):%Y-%m}"
    return [(p, f"{p[5:]}/{p[:4]}") for p in dict.fromkeys([present, *known])]


def money_line(claims: int, amount: Decimal) -> str:
    """The sentence beside the title."""
    return f"đề nghị quỹ trả {vnd(amount)} chưa gửi xong" if claims else ""
