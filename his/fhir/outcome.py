"""Errors of the FHIR interface: every refusal is an OperationOutcome with a code and, where known, a FHIRPath.

http://hl7.org/fhir/R4/operationoutcome.html; issue codes are those of the value set `issue-type`.
"""

from collections.abc import Iterable
from typing import Any

import orjson

from his.kit.errors import Finding, HisError, Kind

_KIND = {
    400: Kind.INVALID,
    401: Kind.UNAUTHENTICATED,
    403: Kind.FORBIDDEN,
    404: Kind.NOT_FOUND,
    409: Kind.CONFLICT,
    410: Kind.DELETED,
    412: Kind.STALE,
    413: Kind.TOO_LARGE,
    422: Kind.RULES,
    428: Kind.PRECONDITION,
    429: Kind.TOO_MANY,
    503: Kind.BUSY,
}
ISSUE: dict[Kind, str] = {
    Kind.INVALID: "invalid",
    Kind.UNAUTHENTICATED: "login",
    Kind.FORBIDDEN: "forbidden",
    Kind.NOT_FOUND: "not-found",
    Kind.CONFLICT: "conflict",
    Kind.DELETED: "deleted",
    Kind.STALE: "conflict",
    Kind.PRECONDITION: "required",
    Kind.RULES: "business-rule",
    Kind.UNSUPPORTED: "not-supported",
    Kind.TOO_LARGE: "too-long",
    Kind.TOO_MANY: "throttled",
    Kind.BUSY: "transient",
}


class FhirError(HisError):
    """A refusal that knows its HTTP status, its issue code and the FHIRPath of the element concerned."""

    def __init__(
        self, status: int, code: str, message: str, expression: str = "", findings: Iterable[Finding] = ()
    ) -> None:
        super().__init__(_KIND.get(status, Kind.UNSUPPORTED), message, findings, field=expression)
        self._status = status
        self.code = code

    @property
    def status(self) -> int:
        """The HTTP status; FHIR uses some that no other part of the system needs (405, 406, 415)."""
        return self._status


def not_found() -> FhirError:
    """The one answer for a resource that does not exist and for one of another unit."""
    return FhirError(404, "not-found", "Không tìm thấy tài nguyên này. Kiểm lại loại và mã.")


def issue(severity: str, code: str, text: str, expression: str = "", rule: str = "") -> dict[str, Any]:
    """One issue of an OperationOutcome."""
    out: dict[str, Any] = {"severity": severity, "code": code, "details": {"text": text}}
    if rule:
        out["details"]["coding"] = [{"system": "urn:his:rule", "code": rule}]
    if expression:
        out["expression"] = [expression]
    return out


def outcome(*issues: dict[str, Any]) -> bytes:
    """An OperationOutcome as bytes."""
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": list(issues)})


def issues_of(error: HisError, place: str = "") -> list[dict[str, Any]]:
    """The issues of a refusal; findings of rules carry their code. What names no place gets `place`."""
    if error.findings:
        return [
            issue(str(f.severity), "business-rule", f.message, f.expression or place, f.code) for f in error.findings
        ]
    code = error.code if isinstance(error, FhirError) else ISSUE[error.kind]
    return [issue("error", code, error.message, error.field or place)]


def outcome_of(error: HisError, place: str = "") -> bytes:
    """The OperationOutcome of a refusal."""
    return outcome(*issues_of(error, place))


def all_ok(text: str = "Đã ghi.") -> bytes:
    """What `Prefer: return=OperationOutcome` gets after a success."""
    return outcome(issue("information", "informational", text))
