"""How a claim rule is written: a check that says sentences, joined to code, title, basis and days by `rule`."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from his.claims.rules.reading import is_other
from his.claims.terms import ClaimFacts, DrugLine, Line, ServiceLine
from his.kit.errors import Finding, Severity
from his.kit.money import NBSP, vnd
from his.kit.rulebook import Rule

ERROR, WARNING, INFORMATION = Severity.ERROR, Severity.WARNING, Severity.INFORMATION

OUTPATIENT = frozenset({"01"})
INPATIENT = frozenset({"03", "04", "09"})
STAYING = frozenset({"03", "04", "06"})
# end of these is the last day of medicine or service, so they are judged on arrival (named reading 7)
JUDGED_ON_ARRIVAL = frozenset({"02", "05", "07", "08"})
UNINSURED = "9"
TEST_GROUPS = frozenset({"1", "2", "3"})
PERFORMED_GROUPS = TEST_GROUPS | {"8", "18"}
BED_GROUPS = frozenset({"14", "15", "16"})
BLOOD_GROUPS = frozenset({"7", "17"})
EXAM_GROUP = "13"
OUTSOURCED = ".K."


@dataclass(frozen=True, slots=True)
class Say:
    """One sentence of a check: the message, the field of the standard, the key of the charge line if any."""

    message: str
    field: str
    line: str | None = None
    action: str = ""


Check = Callable[[ClaimFacts], Iterable[Say]]


def rule(
    code: str,
    title: str,
    basis: str,
    *,
    severity: Severity = ERROR,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Callable[[Check], Rule[ClaimFacts]]:
    """Make the check a dated rule; `basis` names the CORE rule of the data standard and the legal text."""

    def build(check: Check) -> Rule[ClaimFacts]:
        def run(facts: ClaimFacts) -> Iterator[Finding]:
            for said in check(facts):
                yield Finding(code, severity, said.message, said.field, said.line, said.action)

        return Rule(code, title, basis, severity, run, valid_from, valid_to, table="claim")

    return build


def label(line: Line) -> str:
    """How a sentence names a line: `thuốc “Paracetamol 500 mg”`, `dịch vụ “Khám nội”`."""
    if isinstance(line, DrugLine):
        return f"thuốc “{line.drug_name or line.drug_code}”"
    if isinstance(line, ServiceLine):
        kind = "dịch vụ" if line.service_code else "vật tư"
        return f"{kind} “{line.name or line.code}”"
    return f"dòng {line.key}"


def table_of(line: Line) -> str:
    """The table that the line stands in."""
    return "XML2" if isinstance(line, DrugLine) else "XML3"


def about(line: Line, sentence: str, field: str, action: str = "") -> Say:
    """A sentence about one line: `Thuốc “…”: sentence`."""
    name = label(line)
    return Say(f"{name[0].upper()}{name[1:]}: {sentence}", f"{table_of(line)}.{field}", line.key, action)


def dong(amount: Decimal) -> str:
    """The amount for a sentence."""
    return vnd(amount) if amount.is_finite() else f"{amount}{NBSP}đ"


def at(moment: datetime) -> str:
    """`08:15 03/08/2026`."""
    return f"{moment:%H:%M %d/%m/%Y}"


def on(day: date) -> str:
    """`03/08/2026`."""
    return f"{day:%d/%m/%Y}"


def is_whole_percent(rate: Decimal) -> bool:
    """An integer from 0 to 100."""
    return rate.is_finite() and 0 <= rate <= 100 and rate == rate.to_integral_value()


def stay_start(facts: ClaimFacts) -> datetime:
    """From when hours of an inpatient stay count: admission, else arrival."""
    return facts.admitted_at or facts.arrived_at


def stay_length(facts: ClaimFacts) -> timedelta | None:
    """How long the stay lasted; None while it has not ended."""
    return None if facts.ended_at is None else facts.ended_at - stay_start(facts)


def judged_until(facts: ClaimFacts) -> datetime:
    """The last moment on which card and calendar are judged: arrival for medicine by appointment, else the end."""
    on_arrival = facts.care_setting in JUDGED_ON_ARRIVAL and not is_other("end_of_long_term", facts)
    if on_arrival or facts.ended_at is None:
        return facts.arrived_at
    return facts.ended_at


def checked_lines(facts: ClaimFacts) -> tuple[Line, ...]:
    """The lines that the checks written for XML2 look at: those of XML3 too, unless read literally (point 15)."""
    return facts.drugs if is_other("line_checks", facts) else facts.lines
