"""From what was typed to a paper: lengths, days, numbers and codes by the description of the form; and the first draft."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from his.kit.stated import WALL_CLOCK
from his.papers.terms import FORMS, Input, Item, PaperKind, VisitOffer

FIRST_HOUR = "07:30"  # when a unit opens; a slip without a time means the morning
TRUE = frozenset({"1", "on", "true"})


def _read(item: Item, text: str) -> Any:
    """The value of one field; raises ValueError with the sentence that says what is wrong."""
    if item.input is Input.CHECK:
        return text.casefold() in TRUE
    if item.input is Input.CODES:
        return tuple(part.strip() for part in text.replace(",", ";").split(";") if part.strip())
    if item.input is Input.CHOICE:
        if text not in {value for value, _ in item.choices}:
            raise ValueError("không có trong danh sách. Chọn lại.")
        return text
    if item.input is Input.NUMBER:
        if not (text.isascii() and text.isdecimal()):
            raise ValueError(f"“{text[:20]}” không phải số nguyên. Gõ bằng chữ số.")
        return int(text)
    try:
        if item.input is Input.DAY:
            return _in_range(date.fromisoformat(text))
        if item.input is Input.INSTANT:
            at = datetime.fromisoformat(text)
            _in_range(at.date())
            return at if at.tzinfo else at.replace(tzinfo=WALL_CLOCK)
    except ValueError as error:
        raise ValueError(f"“{text[:20]}” không phải ngày giờ đúng. Chọn lại trên lịch.") from error
    return text


def _in_range(day: date) -> date:
    if not 1900 <= day.year <= 2200:
        raise ValueError(day)
    return day


def read_paper(kind: PaperKind, typed: Mapping[str, str]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Values by attribute, and what is wrong as (field, sentence); unknown names are left out."""
    values: dict[str, Any] = {}
    errors: list[tuple[str, str]] = []
    for item in FORMS[kind]:
        text = typed.get(item.name, "").strip()
        if not text:
            if item.required:
                errors.append((item.name, f"{item.label}: chưa có. Điền rồi cấp giấy."))
        elif len(text) > item.size:
            errors.append((item.name, f"{item.label}: dài {len(text)} ký tự, chuẩn chỉ nhận {item.size}. Rút gọn."))
        else:
            try:
                values[item.name] = _read(item, text)
            except ValueError as error:
                errors.append((item.name, f"{item.label}: {error}"))
    return values, errors


def typed_again(kind: PaperKind, content: Mapping[str, Any]) -> dict[str, str]:
    """The stored content as it stands in the form, for a correction."""
    out = {}
    for item in FORMS[kind]:
        value = content.get(item.name)
        if item.input is Input.CHECK:
            out[item.name] = "1" if value else ""
        elif item.input is Input.CODES:
            out[item.name] = ";".join(value or ())
        else:
            out[item.name] = "" if value is None else str(value)[: 16 if item.input is Input.INSTANT else None]
    return out


def first_draft(kind: PaperKind, offer: VisitOffer) -> dict[str, str]:
    """What the visit already says, so that the doctor types little."""
    day = offer.today.isoformat() if offer.today else ""
    serial = f"{offer.facility_code}/{offer.today:%y}" if offer.today else ""
    told = {
        "treatment": offer.treatment, "diagnosis": offer.diagnosis, "advice": offer.advice, "results": offer.results,
        "course": offer.history, "guardian_name": offer.guardian_name, "first_day": day, "serial": serial,
        "insurance_number": offer.insurance_number, "department_code": offer.department_code,
        "archive_number": offer.dossier_code,
    }  # fmt: skip
    if kind is PaperKind.REFERRAL:
        told |= {
            "destination_code": offer.destination, "signs": offer.exam, "services": offer.services[:1024],
            "drugs": offer.drugs[:1024], "reason_code": {"2": "2", "5": "3"}.get(offer.discharge_type, ""),
        }  # fmt: skip
    if kind is PaperKind.FOLLOW_UP and offer.follow_up_on:
        told["appointment_at"] = f"{offer.follow_up_on.isoformat()}T{FIRST_HOUR}"
    if kind is PaperKind.BIRTH:
        told |= {
            "mother_name": offer.patient_name, "mother_ethnicity": offer.ethnicity_code,
            "mother_born_on": offer.birth_date.isoformat() if offer.birth_date else "",
            "mother_citizen_number": offer.citizen_number, "mother_residence": offer.address,
            "mother_number": offer.insurance_number, "mother_card": offer.card_number, "place": offer.facility_name,
            "writer": offer.doctor_name, "children": "1",
        }  # fmt: skip
    names = {item.name: item.size for item in FORMS[kind]}
    return {name: text[: names[name]] for name, text in told.items() if text and name in names}
