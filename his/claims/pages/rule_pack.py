"""HTML of the rule pack: every rule with what the unit has made of it, one rule with its history, a change with its preview."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from his.claims import pack
from his.claims.pack import RULE_BY_CODE, Choice
from his.claims.rules.pack import RuleSetting, why_mandatory
from his.claims.tables import ClaimRuleSetting
from his.claims.terms import ClaimFacts
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.kit.errors import HisError, Kind, Severity, invalid, not_found
from his.kit.rulebook import Rule
from his.kit.text import clean, fold
from his.web.i18n import gettext as _
from his.web.page import Toast, render, toast_event

router = APIRouter()
Admin = Annotated[Caller, needs(Capability.UNIT_ADMIN)]
PAGE = 50
CHIPS = {
    Severity.ERROR: ("stop", "octagon-alert"),
    Severity.WARNING: ("warn", "triangle-alert"),
    Severity.INFORMATION: ("info", "info"),
}
TABLES = ("XML1", "XML2", "XML3", "XML4", "XML5")


def weights() -> dict[Severity, str]:
    """The three severities in the language of the reader."""
    return {Severity.ERROR: _("Chặn"), Severity.WARNING: _("Cần sửa"), Severity.INFORMATION: _("Nhắc")}


def table_of(rule: Rule[ClaimFacts]) -> str:
    """The table that a rule speaks of: its own for rules of form, else `claim` for what looks at the whole dossier."""
    return rule.table or "claim"


def _row(rule: Rule[ClaimFacts], chosen: dict[str, RuleSetting]) -> dict[str, Any]:
    setting = chosen.get(rule.code)
    locked = why_mandatory(rule)
    severity = setting.severity if setting and setting.severity else rule.severity
    return {
        "rule": rule,
        "severity": severity,
        "chip": (weights()[severity], *CHIPS[severity]),
        "locked": locked,
        "active": bool(locked) or setting is None or setting.active,
        "own": setting is not None,
        "table": table_of(rule),
    }


def _fits(row: dict[str, Any], table: str, severity: str, state: str, words: list[str]) -> bool:
    rule = row["rule"]
    if table and row["table"] != table:
        return False
    if severity and row["severity"] != severity:
        return False
    if state and state != ("own" if row["own"] else "off" if not row["active"] else "lawful"):
        return False
    text = fold(f"{rule.code} {rule.title} {rule.basis}")
    return all(word in text for word in words)


@router.get("/claims/rules")
async def rules(
    request: Request,
    caller: Admin,
    table: Annotated[str, Query(max_length=10)] = "",
    severity: Annotated[str, Query(max_length=20)] = "",
    state: Annotated[str, Query(max_length=10)] = "",
    q: Annotated[str, Query(max_length=60)] = "",
    page: Annotated[int, Query(ge=1, le=200)] = 1,
) -> Response:
    """Every rule of the dossier as the unit has it today; filters by table, severity, own choices and words."""
    if severity and severity not in set(Severity):
        raise invalid("severity", _("Mức là Chặn, Cần sửa hoặc Nhắc. Chọn lại."))
    chosen = (await pack.load_pack(caller.db)).on(day_of(caller.now))
    words = fold(clean(q)).split()
    rows = [_row(rule, chosen) for rule in RULE_BY_CODE.values()]
    rows.sort(key=lambda row: bool(row["locked"]))  # first what the unit may choose
    found = [row for row in rows if _fits(row, table, severity, state, words)]
    query = {k: v for k, v in (("table", table), ("severity", severity), ("state", state), ("q", q)) if v}
    context = {
        "rows": found[(page - 1) * PAGE : page * PAGE],
        "total": len(found),
        "all": len(rows),
        "own": sum(row["own"] for row in rows),
        "page": page,
        "size": PAGE,
        "url": f"/claims/rules?{urlencode(query)}",
        "filtered": bool(query),
        "table": table,
        "severity": severity,
        "state": state,
        "q": q,
        "tables": [("", _("Mọi bảng")), ("claim", _("Cả hồ sơ")), *((name, name) for name in TABLES)],
        "severities": [("", _("Mọi mức")), *((s.value, word) for s, word in weights().items())],
        "states": [("", _("Mọi quy tắc")), ("own", _("Đơn vị đã chỉnh"))],
        **await _one(caller, found[0]["rule"].code if found else ""),
    }
    return render(request, "claims/rules.html", context)


async def _one(caller: Caller, code: str, **more: Any) -> dict[str, Any]:
    """One rule with its history, and the form as it was filled."""
    rule = RULE_BY_CODE.get(code)
    if rule is None:
        return {"rule": None}
    history = await pack.list_settings(caller.db, code)
    today = day_of(caller.now)
    last = history[-1] if history else None
    return {
        "rule": rule,
        "row": _row(rule, pack.pack_of(history).on(today)),
        "history": [_step(row) for row in reversed(history)],
        "actives": [("1", _("Bật")), ("0", _("Tắt"))],
        "weights": [("", f"{_('Như luật')}: {weights()[rule.severity]}"), *((s.value, word) for s, word in weights().items())],
        "values": {
            "active": "0" if last and not last.active else "1",
            "severity": last.severity if last else "",
            "valid_from": today.isoformat(),
            "reason": "",
        },
        "errors": {},
        "seen": None,
        "today": today,
    } | more  # fmt: skip


def _step(row: ClaimRuleSetting) -> dict[str, str]:
    what = _("Bật") if row.active else _("Tắt")
    weight = f", {weights()[Severity(row.severity)]}" if row.severity else ""
    text = f"{what}{weight}: {row.reason} ({row.set_by_name})"
    return {"time": f"{row.valid_from:%d/%m/%Y}", "text": text, "state": "done"}


@router.get("/claims/rules/{code}")
async def rule(request: Request, caller: Admin, code: str) -> Response:
    """One rule beside the list."""
    if code not in RULE_BY_CODE:
        raise not_found()
    return render(request, "claims/_rule.html", await _one(caller, code))


def _choice(code: str, active: str, severity: str, valid_from: str) -> Choice:
    try:
        day = date.fromisoformat(valid_from)
    except ValueError as error:
        raise invalid("valid_from", _("Ngày áp dụng không đúng. Chọn lại ngày.")) from error
    return Choice(code, active == "1", severity, day)


async def _refused(request: Request, caller: Caller, code: str, values: dict[str, str], error: HisError) -> Response:
    """The form as it was filled, with the sentence beside its field."""
    if error.kind is not Kind.INVALID or code not in RULE_BY_CODE:
        raise error
    context = await _one(caller, code, values=values, errors={error.field: error.message})
    return render(request, "claims/_rule.html", context, 422)


@router.post("/claims/rules/{code}/preview")
async def preview(
    request: Request,
    caller: Admin,
    code: str,
    active: Annotated[str, Form(max_length=1)] = "1",
    severity: Annotated[str, Form(max_length=20)] = "",
    valid_from: Annotated[str, Form(max_length=10)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """What the change would have done to last month's dossiers; nothing is written."""
    values = {"active": active, "severity": severity, "valid_from": valid_from, "reason": reason}
    try:
        seen = await pack.preview(caller.db, _choice(code, active, severity, valid_from), caller.now)
    except HisError as error:
        return await _refused(request, caller, code, values, error)
    context = await _one(
        caller, code, values=values, seen=seen, month=f"{seen.period[5:]}/{seen.period[:4]}", shown=pack.SHOWN
    )
    return render(request, "claims/_rule.html", context)


@router.post("/claims/rules/{code}")
async def save(
    request: Request,
    caller: Admin,
    code: str,
    active: Annotated[str, Form(max_length=1)] = "1",
    severity: Annotated[str, Form(max_length=20)] = "",
    valid_from: Annotated[str, Form(max_length=10)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Keep the choice as one more row."""
    values = {"active": active, "severity": severity, "valid_from": valid_from, "reason": reason}
    who = caller.user
    try:
        choice = _choice(code, active, severity, valid_from)
        await pack.set_rule(caller.db, choice, reason, who.account_id, who.display_name, caller.now)
    except HisError as error:
        return await _refused(request, caller, code, values, error)
    context = await _one(caller, code)
    words = Toast(f"{_('Đã ghi, áp dụng từ')} {choice.valid_from:%d/%m/%Y}")
    return render(request, "claims/_rule.html", context, headers={"HX-Trigger": toast_event(words)})
