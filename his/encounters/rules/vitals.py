"""Vital signs: plausible numbers, ranges by age, body mass index."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from his.encounters.terms import Flag, Reading, VitalCode, VitalFacts, VitalLimit
from his.kit.errors import Finding, Severity
from his.kit.rulebook import Rule

# Beyond these a number is a slip of the pen, whatever the age (lowest and highest survivable readings, rounded outward).
POSSIBLE: dict[str, tuple[str, Decimal, Decimal]] = {
    VitalCode.PULSE: ("Mạch", Decimal(0), Decimal(350)),
    VitalCode.SYSTOLIC: ("Huyết áp tâm thu", Decimal(0), Decimal(320)),
    VitalCode.DIASTOLIC: ("Huyết áp tâm trương", Decimal(0), Decimal(220)),
    VitalCode.TEMPERATURE: ("Nhiệt độ", Decimal(20), Decimal(45)),
    VitalCode.RESPIRATION: ("Nhịp thở", Decimal(0), Decimal(150)),
    VitalCode.SPO2: ("SpO₂", Decimal(0), Decimal(100)),
    "weight": ("Cân nặng", Decimal("0.3"), Decimal(400)),
    "height": ("Chiều cao", Decimal(20), Decimal(260)),
}
ORDER = (
    VitalCode.SYSTOLIC,
    VitalCode.DIASTOLIC,
    VitalCode.PULSE,
    VitalCode.TEMPERATURE,
    VitalCode.RESPIRATION,
    VitalCode.SPO2,
    VitalCode.BMI,
)
BASIS = "QĐ 4750/QĐ-BYT (bảng XML5, CAN_NANG của XML1); khoảng theo tuổi của danh mục sinh hiệu"


def compute_bmi(weight_kg: Decimal | None, height_cm: Decimal | None) -> Decimal | None:
    """kg/m², one decimal; None when weight or height is missing."""
    if not weight_kg or not height_cm:
        return None
    metres = height_cm / 100
    return (weight_kg / (metres * metres)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def flag_value(
    value: Decimal,
    low: Decimal | None,
    high: Decimal | None,
    critical_low: Decimal | None = None,
    critical_high: Decimal | None = None,
) -> Flag:
    """Where the value lies; a limit itself is still inside, an alarm limit itself already alarms."""
    if critical_low is not None and value <= critical_low:
        return Flag.CRITICAL_LOW
    if critical_high is not None and value >= critical_high:
        return Flag.CRITICAL_HIGH
    if low is not None and value < low:
        return Flag.LOW
    return Flag.HIGH if high is not None and value > high else Flag.NORMAL


def limit_for(code: str, age_days: int, limits: tuple[VitalLimit, ...]) -> VitalLimit | None:
    """The range of a vital sign at an age, or None."""
    return next((x for x in limits if x.code == code and x.age_from_days <= age_days <= x.age_to_days), None)


def read_vitals(facts: VitalFacts) -> list[Reading]:
    """Every measured vital sign with its flag, in the order they are written; the body mass index is computed."""
    values = dict(facts.values)
    bmi = compute_bmi(values.get("weight"), values.get("height"))
    if bmi is not None:
        values[VitalCode.BMI] = bmi
    readings = []
    for code in ORDER:
        value = values.get(code)
        if value is None:
            continue
        limit = limit_for(code, facts.age_days, facts.limits)
        flag = Flag.NORMAL
        if limit is not None:
            flag = flag_value(value, limit.low, limit.high, limit.critical_low, limit.critical_high)
        name = limit.name if limit else POSSIBLE[code][0] if code in POSSIBLE else "BMI"
        readings.append(Reading(code, name, limit.unit if limit else "", value, flag, limit))
    return readings


def _written(value: Decimal) -> str:
    text = format(value.normalize(), "f")
    return text.replace(".", ",")


def _impossible(facts: VitalFacts) -> Iterator[Finding]:
    for code, (name, lowest, highest) in POSSIBLE.items():
        value = facts.values.get(code)
        if value is not None and not lowest <= value <= highest:
            message = (
                f"{name} {_written(value)} ngoài khoảng {_written(lowest)} – {_written(highest)}. Đo hoặc nhập lại."
            )
            yield Finding("ENC-VS-01", Severity.ERROR, message, code)


def _pressure(facts: VitalFacts) -> Iterator[Finding]:
    high, low = facts.values.get(VitalCode.SYSTOLIC), facts.values.get(VitalCode.DIASTOLIC)
    if (high is None) != (low is None):
        yield Finding("ENC-VS-02", Severity.ERROR, "Huyết áp cần đủ hai số. Nhập số còn thiếu.", VitalCode.SYSTOLIC)
    elif high is not None and low is not None and low >= high:
        message = f"Huyết áp {_written(high)}/{_written(low)}: số dưới phải nhỏ hơn số trên. Nhập lại."
        yield Finding("ENC-VS-02", Severity.ERROR, message, VitalCode.DIASTOLIC)


def _critical(facts: VitalFacts) -> Iterator[Finding]:
    for reading in read_vitals(facts):
        if reading.flag.critical:
            side = "thấp" if reading.flag is Flag.CRITICAL_LOW else "cao"
            message = (
                f"{reading.name} {_written(reading.value)} {reading.unit}: {side} tới mức báo động. Báo bác sĩ ngay."
            )
            yield Finding("ENC-VS-03", Severity.WARNING, message, reading.code)


def _outside(facts: VitalFacts) -> Iterator[Finding]:
    for reading in read_vitals(facts):
        if reading.flag in (Flag.LOW, Flag.HIGH):
            side = "thấp" if reading.flag is Flag.LOW else "cao"
            message = f"{reading.name} {_written(reading.value)} {reading.unit}: {side} so với tuổi."
            yield Finding("ENC-VS-04", Severity.INFORMATION, message, reading.code)


VITAL_RULES: tuple[Rule[VitalFacts], ...] = (
    Rule("ENC-VS-01", "Sinh hiệu ngoài khoảng có thể", BASIS, Severity.ERROR, _impossible),
    Rule("ENC-VS-02", "Hai số huyết áp", BASIS, Severity.ERROR, _pressure),
    Rule("ENC-VS-03", "Sinh hiệu ở mức báo động", BASIS, Severity.WARNING, _critical),
    Rule("ENC-VS-04", "Sinh hiệu ngoài khoảng của tuổi", BASIS, Severity.INFORMATION, _outside),
)
