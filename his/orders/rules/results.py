"""Results: reading a typed value, its flag for sex and age, what must be there before signing."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from his.catalog.terms import Limits
from his.encounters.rules import flag_value
from his.encounters.terms import Flag
from his.kit.errors import Finding, Severity
from his.kit.rulebook import Rule
from his.kit.text import clean, fold
from his.orders.terms import CHAPTERS, RESULT_KINDS, Judged, ResultFacts

XML4 = "QĐ 4750/QĐ-BYT (bảng XML4: GIA_TRI, MO_TA, KET_LUAN, MA_BS_DOC_KQ)"
SAFETY = "TT 49/2018/TT-BYT; quy định báo kết quả báo động của cơ sở"
FROM = date(2024, 7, 1)
MOST = Decimal("99999999999")


def read_number(text: str) -> Decimal | None:
    """The number in a typed value: comma or dot as the decimal mark (a dot before three digits is still decimal)."""
    plain = clean(text).replace(" ", "").replace(",", ".")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) <= MOST else None


def judge_value(text: str, limits: Limits | None) -> Judged:
    """A typed value against the range that holds for this patient (None = no range, never flagged)."""
    written, number = clean(text), read_number(text)
    if limits is None:
        return Judged(number, written, None, None, Flag.NORMAL)
    if number is None:
        wrong = bool(limits.expected) and fold(written) != fold(limits.expected)
        return Judged(None, written, None, None, Flag.ABNORMAL if wrong else Flag.NORMAL)
    flag = flag_value(number, limits.low, limits.high, limits.critical_low, limits.critical_high)
    threshold = {Flag.CRITICAL_LOW: limits.critical_low, Flag.CRITICAL_HIGH: limits.critical_high}.get(flag)
    return Judged(number, written, limits.low, limits.high, flag, threshold)


def report_title(kind: str, codes: Sequence[str], names: Sequence[str]) -> str:
    """The title of a result form: laboratory forms by chapter of the price list, the others by their own name."""
    if kind == "lab" and codes:
        return CHAPTERS.get(codes[0][:2], "Xét nghiệm")
    return names[0] if names else ""


def _values(facts: ResultFacts) -> Iterator[Finding]:
    if facts.kind != "lab":
        return
    given = {code for code, _, judged in facts.values if judged.text}
    if facts.expected_codes and not given:
        message = f"{facts.service_name}: chưa có trị số nào. Nhập kết quả rồi ký."
        yield Finding("ORD-RES-01", Severity.ERROR, message, "Observation.value", facts.line)
    elif not facts.expected_codes and not facts.conclusion and not given:
        message = f"{facts.service_name}: chưa có kết luận. Ghi kết luận rồi ký."
        yield Finding("ORD-RES-01", Severity.ERROR, message, "DiagnosticReport.conclusion", facts.line)


def _partial(facts: ResultFacts) -> Iterator[Finding]:
    given = {code for code, _, judged in facts.values if judged.text}
    missing = [code for code in facts.expected_codes if code not in given]
    if given and missing:
        message = f"{facts.service_name}: còn trống {', '.join(missing[:6])}. Bổ sung nếu có làm."
        yield Finding("ORD-RES-02", Severity.INFORMATION, message, "Observation.value", facts.line)


def _texts(facts: ResultFacts) -> Iterator[Finding]:
    if facts.kind in RESULT_KINDS and facts.kind != "lab" and not facts.conclusion:
        message = f"{facts.service_name}: chưa có kết luận của người đọc. Ghi kết luận rồi ký."
        yield Finding("ORD-RES-03", Severity.ERROR, message, "DiagnosticReport.conclusion", facts.line)


def _critical(facts: ResultFacts) -> Iterator[Finding]:
    for _, name, judged in facts.values:
        if judged.flag.critical:
            message = (
                f"{name} {judged.text}: mức báo động. Ký xong máy báo bác sĩ chỉ định, gọi điện và ghi người nghe."
            )
            yield Finding("ORD-RES-04", Severity.WARNING, message, "Observation.interpretation", facts.line)


RESULT_RULES: tuple[Rule[ResultFacts], ...] = (
    Rule("ORD-RES-01", "Kết quả có trị số", XML4, Severity.ERROR, _values, FROM),
    Rule("ORD-RES-02", "Chỉ số còn trống", XML4, Severity.INFORMATION, _partial, FROM),
    Rule("ORD-RES-03", "Kết luận của người đọc", XML4, Severity.ERROR, _texts, FROM),
    Rule("ORD-RES-04", "Kết quả báo động", SAFETY, Severity.WARNING, _critical, FROM),
)
