"""Parts of JSON answers that every slice shares."""

from collections.abc import Iterable

from pydantic import BaseModel

from his.kit.errors import Finding, Severity


class FindingOut(BaseModel):
    """What a rule said: its code, weight, Vietnamese sentence, the line concerned and the next action."""

    code: str
    severity: str
    message: str
    line: str | None = None
    action: str = ""


def shown_findings(findings: Iterable[Finding]) -> list[FindingOut]:
    """Findings as JSON."""
    return [
        FindingOut(code=f.code, severity=Severity(f.severity).value, message=f.message, line=f.line, action=f.action)
        for f in findings
    ]
