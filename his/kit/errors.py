"""Findings of rules, and the one error class that callers' mistakes and the world's refusals raise."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What went wrong, in words that every transport maps to its own code by `STATUS`."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    CONFLICT = "conflict"
    DELETED = "deleted"
    STALE = "stale"
    PRECONDITION = "precondition-required"
    RULES = "rejected-by-rules"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too-large"
    TOO_MANY = "too-many"
    BUSY = "busy"


STATUS: dict[Kind, int] = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.DELETED: 410,
    Kind.STALE: 412,
    Kind.PRECONDITION: 428,
    Kind.RULES: 422,
    Kind.UNSUPPORTED: 400,
    Kind.TOO_LARGE: 413,
    Kind.TOO_MANY: 429,
    Kind.BUSY: 503,
}


class Severity(StrEnum):
    """How much a finding weighs: `error` stops the signature, the others never stop the typing."""

    ERROR = "error"  # Chặn
    WARNING = "warning"  # Cần sửa
    INFORMATION = "information"  # Nhắc


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule has to say.

    `code` is `SLICE-FAMILY-NN` and never reused; `message` is a Vietnamese sentence with the value and what to do;
    `expression` is the FHIRPath or form field concerned; `line` is the id of the charge, order or drug line, if any.
    """

    code: str
    severity: Severity
    message: str
    expression: str = ""
    line: str | None = None
    action: str = ""


class HisError(Exception):
    """A caller's mistake or a refusal of the world.

    `message` is a Vietnamese sentence that says what happened and the next step; it holds no personal data.
    Broken invariants are no HisError: they assert and become 500 with an incident number.
    """

    def __init__(self, kind: Kind, message: str, findings: Iterable[Finding] = (), *, field: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.field = field
        self.findings = tuple(findings)

    @property
    def status(self) -> int:
        """The HTTP status of this kind."""
        return STATUS[self.kind]


def invalid(field: str, message: str) -> HisError:
    """A mistake in one named field (400)."""
    return HisError(Kind.INVALID, message, field=field)


def not_found() -> HisError:
    """The same answer for a missing row and for another unit's row, so that neither can be told from the other."""
    return HisError(Kind.NOT_FOUND, "Không tìm thấy. Kiểm lại mã hoặc tìm theo tên.")


def refuse_errors(findings: Iterable[Finding]) -> None:
    """Raise `HisError(RULES)` with all findings when at least one is an error; otherwise do nothing."""
    found = tuple(findings)
    errors = [f for f in found if f.severity is Severity.ERROR]
    if errors:
        more = f" (và {len(errors) - 1} điều khác)" if len(errors) > 1 else ""
        raise HisError(Kind.RULES, errors[0].message + more, found)
