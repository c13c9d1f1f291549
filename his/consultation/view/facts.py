"""Who the patient is, what was measured, what the laboratory said."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup

from his.encounters.service import Visit
from his.encounters.terms import Flag, Reading, VitalCode
from his.kit.clock import day_of
from his.orders.tables import Observation
from his.prescriptions.tables import AllergyIntolerance
from his.web.filters import age, day, number, time
from his.web.i18n import gettext as _

GENDERS = {"male": "Nam", "female": "Nữ"}
SHORT_VITALS = {VitalCode.PULSE: "Mạch", VitalCode.TEMPERATURE: "Nhiệt độ", VitalCode.RESPIRATION: "Nhịp thở"}
_BRACKETS = re.compile(r"\s*(\[[^\]]*\]|\([^)]*\))")
_LEADING = re.compile(r"^(Định lượng|Định tính|Đo hoạt độ|Định nhóm)\s+", re.IGNORECASE)


def short_name(name: str) -> str:
    """`Định lượng Glucose [Máu]` -> `Glucose`: how staff say a service on a narrow line."""
    short = _LEADING.sub("", _BRACKETS.sub("", name)).strip()
    return (short[:1].upper() + short[1:]) if short else name


def short_diagnosis(name: str) -> str:
    """`Bệnh tăng huyết áp vô căn` -> `Tăng huyết áp vô căn`: the word says nothing beside a code of diseases."""
    short = name.removeprefix("Bệnh ")
    return short[:1].upper() + short[1:]


def banner(visit: Visit, allergies: Sequence[AllergyIntolerance], now: datetime) -> dict[str, Any]:
    """The parameters of the patient banner; the cost zone is filled when the bill is known."""
    patient, encounter, card = visit.patient, visit.encounter, visit.coverage
    on = day_of(now)
    gender = _(GENDERS.get(patient.gender, "Khác"))
    years = age(patient.birth_date, on)
    return {
        "name": patient.name,
        "facts": [
            gender,
            f"{years} ({day(patient.birth_date)})",
            f"{number(encounter.weight_kg)} kg" if encounter.weight_kg else "",
            f"Mã NB {patient.code}",
            f"Lượt {encounter.dossier_code}",
        ],
        "allergy": _allergy(visit, allergies),
        "payer": _payer(visit) if card else {"kind": "self", "title": _("Tự trả"), "text": _("không có thẻ BHYT")},
        "short": f"{gender} {years}",
        "deceased": patient.deceased_at is not None,
    }


def _allergy(visit: Visit, allergies: Sequence[AllergyIntolerance]) -> dict[str, str]:
    state = visit.patient.allergy_state
    if allergies:
        words = []
        for row in allergies:
            happened = [row.reaction, str(row.onset_year or "")]
            told = ", ".join(word for word in happened if word)
            words.append(f"{row.substance}: {told}" if told else row.substance)
        return {"state": "known", "text": "; ".join(words)}
    return {"state": "none" if state == "none" else "unasked", "text": ""}


def _payer(visit: Visit) -> dict[str, Any]:
    card = visit.coverage
    assert card is not None, "only insured visits have a card"
    checked = f" {time(card.checked_at)}" if card.checked_at else ""
    words = {"confirmed": _("dùng được"), "refused": _("không dùng được"), "provisional": _("chờ cổng trả lời")}
    text = f"{visit.encounter.entitlement_code} · {_('thẻ kiểm tra')}{checked}, {words.get(card.state, card.state)}"
    title = Markup('BHYT <span id="visit-rate"></span>')
    return {"kind": "insurance", "title": title, "text": text, "provisional": card.state == "provisional"}


def arrow(flag: Flag) -> str:
    """The icon of a flag, or an empty text."""
    if flag in (Flag.LOW, Flag.CRITICAL_LOW):
        return "arrow-down"
    return "arrow-up" if flag in (Flag.HIGH, Flag.CRITICAL_HIGH) else ""


def flag_word(flag: Flag) -> str:
    """The word of a flag; a critical one says so."""
    words = {
        Flag.LOW: _("thấp"),
        Flag.HIGH: _("cao"),
        Flag.CRITICAL_LOW: _("báo động"),
        Flag.CRITICAL_HIGH: _("báo động"),
        Flag.ABNORMAL: _("bất thường"),
    }
    return words.get(flag, "")


def vital_pairs(readings: Iterable[Reading]) -> list[dict[str, str]]:
    """Lines of the vital signs panel: blood pressure is one line, its flag the worse of the two."""
    by_code = {r.code: r for r in readings}
    lines: list[dict[str, str]] = []
    high, low = by_code.pop(VitalCode.SYSTOLIC, None), by_code.pop(VitalCode.DIASTOLIC, None)
    if high and low:
        worse = max((high, low), key=lambda r: (r.flag.critical, r.flag is not Flag.NORMAL))
        lines.append(_line(_("Huyết áp"), f"{number(high.value)}/{number(low.value)}", worse.flag))
    for reading in by_code.values():
        unit = " %" if reading.code == VitalCode.SPO2 else ""
        name = SHORT_VITALS.get(VitalCode(reading.code), "BMI" if reading.code == VitalCode.BMI else "SpO₂")
        lines.append(_line(_(name), f"{number(reading.value)}{unit}", reading.flag))
    return lines


def result_pairs(values: Iterable[Observation], most: int = 6) -> list[dict[str, str]]:
    """Lines of the results panel: what is out of range first, then the latest."""
    rows = sorted(values, key=lambda v: (not Flag(v.flag).critical, not v.flag, -v.issued_at.timestamp()))
    shown = []
    for row in rows[:most]:
        percent = " %" if row.unit == "%" else ""
        shown.append(
            _line(row.name.removesuffix(" máu"), f"{row.value_text.replace('.', ',')}{percent}", Flag(row.flag))
        )
    return shown


def _line(name: str, value: str, flag: Flag) -> dict[str, str]:
    return {"name": name, "value": value, "icon": arrow(flag), "word": flag_word(flag), "tone": "stop" if flag else ""}
