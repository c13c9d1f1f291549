"""Orders with their state, who pays, and the findings with the buttons that answer them."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from his.billing.terms import Shares
from his.consultation.view.facts import short_name
from his.kit.errors import Finding, Severity
from his.orders.tables import ServiceRequest
from his.orders.terms import CHAPTERS
from his.web.charts import Part
from his.web.i18n import gettext as _

STATES: dict[str, tuple[str, str, str]] = {
    "active": ("chờ làm", "clock", "mut"),
    "in-progress": ("đang làm", "half", "info"),
    "completed": ("có kết quả", "circle-check", "ok"),
    "revoked": ("đã hủy", "x", "mut"),
}
DROP = frozenset({"PRE-ALLERGY-01", "PRE-PAIR-01", "PRE-TWICE-01", "PRE-HAND-01"})
ANSWERED = frozenset({"PRE-PAIR-01", "PRE-TWICE-01", "PRE-HAND-01", "PRE-DAYS-02"})


def order_rows(requests: Iterable[ServiceRequest], findings: Sequence[Finding] = ()) -> list[dict[str, Any]]:
    """Lines of the orders panel: the examination is not among them; finished tests of one chapter share a line."""
    said = {f.line: f.message for f in findings if f.severity is not Severity.INFORMATION}
    rows: list[dict[str, Any]] = []
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for request in requests:
        if request.kind == "exam" or request.status == "revoked":
            continue
        state, icon, tone = STATES[request.status]
        if request.status == "completed" and request.kind not in ("lab", "imaging", "functional"):
            state = "đã làm"
        name = short_name(request.service_name)
        key = (request.service_code[:2], request.status)
        if request.kind == "lab" and request.status != "active" and key[0] in CHAPTERS and key in groups:
            groups[key]["names"].append(name)
            continue
        row: dict[str, Any] = {
            "id": request.id,
            "names": [name],
            "state": _(state),
            "icon": icon,
            "tone": tone,
            "self_paid": request.payer == "self",
            "active": request.status == "active",
            "message": said.get(str(request.id), ""),
        }
        rows.append(row)
        if request.kind == "lab":
            groups[key] = row
    for row in rows:
        names: list[str] = row["names"]
        row["name"] = ", ".join(names)
    return rows


def split_parts(totals: Shares) -> list[Part]:
    """The money bar of a visit, short words for the side panel; parts without money are left out."""
    parts = [
        Part("fund", _("Quỹ"), totals.insurer_share),
        Part("copay", _("Cùng trả"), totals.copayment),
        Part("self", _("Tự"), totals.self_paid),
        Part("other", _("Khác"), totals.other_sources),
    ]
    return [part for part in parts if part.amount]


def finding_cards(findings: Iterable[Finding], visit_id: UUID, first: int = 1) -> list[dict[str, Any]]:
    """Cards of the list before signing: severity, sentence, code, at most three buttons, the number for Alt+n."""
    cards = []
    for index, finding in enumerate(findings, first):
        cards.append(
            {
                "severity": finding.severity.value,
                "message": finding.message,
                "code": finding.code,
                "actions": _actions(finding, visit_id),
                "index": index if index < 10 else None,
            }
        )
    return cards


def _actions(finding: Finding, visit_id: UUID) -> list[dict[str, Any]]:
    base = f"/visit/{visit_id}"
    code, line = finding.code, finding.line
    if code.startswith(("PRE-", "PHA-")):
        return _drug_actions(finding, base)
    label = _(finding.action) if finding.action else ""
    match finding.action:
        case "Thêm chẩn đoán" | "Sửa chẩn đoán" | "Đổi bệnh chính":
            return [{"label": label, "href": "#dx", "key": "F4"}]
        case "Ghi kết luận":
            return [{"label": label, "href": "#outcome_code"}]
        case "Ghi khám":
            return [{"label": label, "href": "#note-exam"}]
        case "Ghi sinh hiệu":
            return [_dialog(label, f"{base}/vitals/form")]
        case "Lưu vào bệnh án":
            attrs = {"hx-post": f"{base}/notes", "hx-include": "#notes-form", "hx-swap": "none"}
            return [{"label": label, "key": "Ctrl S", "attrs": attrs}]
        case "Ghi lý do":
            return [_dialog(label, f"{base}/orders/{line}/reason/form")]
        case "Mở kết quả":
            return [{"label": label, "href": f"/results/{visit_id}"}]
        case "Hủy chỉ định":
            question = f"{label}?|{_('Phòng thực hiện không làm nữa, tiền của dịch vụ không tính.')}|{label}"
            attrs = {"hx-post": f"{base}/orders/{line}/revoke", "hx-target": "#orders", "hx-swap": "outerHTML"}
            return [{"label": label, "kind": "stop", "attrs": {**attrs, "hx-confirm": question}}]
        case "Chuyển tự trả":
            attrs = {"hx-post": f"{base}/orders/{line}/payer", "hx-target": "#orders", "hx-swap": "outerHTML"}
            return [{"label": label, "attrs": attrs}]
    return []


def _dialog(label: str, url: str) -> dict[str, Any]:
    return {"label": label, "attrs": {"hx-get": url, "hx-target": "#modal"}}


def _drug_actions(finding: Finding, base: str) -> list[dict[str, Any]]:
    code, line = finding.code, finding.line
    if code == "PRE-ALLERGY-02":
        return [_dialog(_("Ghi dị ứng"), f"{base}/prescription/allergies")]
    if code == "PRE-CHILD-01":
        return [_dialog(_("Ghi sinh hiệu"), f"{base}/vitals/form")]
    actions: list[dict[str, Any]] = []
    if line and (code in DROP or code.startswith("PHA-")):
        attrs = {"hx-post": f"{base}/drugs/{line}/drop", "hx-swap": "none"}
        actions.append({"label": _("Bỏ thuốc"), "kind": "stop", "attrs": attrs})
    if line and code in ANSWERED and finding.severity is not Severity.INFORMATION:
        actions.append(_dialog(_("Ghi lý do"), f"{base}/drugs/{line}/reason/form?code={code}"))
    if not actions and line:
        actions.append({"label": _("Sửa liều"), "href": f"#rx-{line}"})
    return actions
