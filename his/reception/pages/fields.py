"""The form of the desk: reading it, filling it from scan and record, turning it into a visit."""

import secrets
from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from his.kit.clock import local
from his.kit.errors import Finding, HisError, Severity, invalid, refuse_errors
from his.reception.rules.desk import GENDERS
from his.reception.rules.sources import compare
from his.reception.terms import DeskFields, FieldView, Paper, VisitForm, Way
from his.registration.rules.cards import is_question_number, question_birth
from his.registration.rules.patient import check_patient, tidy
from his.registration.rules.scan import parse_scan, read_date
from his.registration.tables import Patient
from his.registration.terms import CardForm, CardQuestion, PatientForm, Scan, ScanKind

TEXT_FIELDS = tuple(f.name for f in dataclass_fields(DeskFields) if f.name != "errors")
MAX = 2000
NO_BIRTH = "Ghi ngày sinh dd/mm/yyyy, hoặc chỉ năm sinh."


def new_key() -> str:
    """A fresh key of a form."""
    return secrets.token_urlsafe(16)


def read_fields(form: Mapping[str, Any]) -> DeskFields:
    """The fields that were sent, cut at their length; others are left aside."""
    values = {name: form[name][:MAX] for name in TEXT_FIELDS if isinstance(form.get(name), str)}
    values["key"] = values.get("key") or new_key()
    return DeskFields(**values)


def scan_of(fields: DeskFields) -> Scan | None:
    """The scan with which this form began, or None."""
    if not fields.scan_text:
        return None
    try:
        return parse_scan(fields.scan_text)
    except HisError:
        return None


def as_uuid(text: str) -> UUID | None:
    """The id in a field; None when it is empty or no id."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def birth_words(day: date | None, precision: str) -> str:
    """`14/03/1968`, `03/1968` or `1968`."""
    if day is None:
        return ""
    return {"year": f"{day:%Y}", "month": f"{day:%m/%Y}"}.get(precision, f"{day:%d/%m/%Y}")


def phone_words(number: str) -> str:
    """`0912 000 468`."""
    return f"{number[:4]} {number[4:7]} {number[7:]}".strip() if number.isdecimal() and len(number) == 10 else number


def _person_words(birth: str, gender: str) -> str:
    return " · ".join(word for word in (birth, GENDERS.get(gender, "")) if word)


def sources(scan: Scan | None, reply: Any, patient: Patient | None, chosen: Mapping[str, str]) -> dict[str, FieldView]:
    """Each identity field with its source; `chosen` says where the desk kept the record's value."""
    said = scan if scan is not None and scan.is_document else None
    document = "thẻ BHYT" if said is not None and said.kind is ScanKind.INSURANCE_CARD else "CCCD"
    stamp = f"{local(patient.updated_at):%d/%m/%Y}" if patient else ""
    typed_number = scan.citizen_number if scan is not None else ""

    def view(name: str, scanned: str, card: str, record: str) -> FieldView:
        return compare(scanned, card, record, document=document, chosen=chosen.get(name, ""), stamp=stamp)

    record_birth = birth_words(patient.birth_date, patient.birth_precision) if patient else ""
    known_gender = said.gender if said else patient.gender if patient else ""
    scan_birth = birth_words(said.birth_date, said.birth_precision) if said else ""
    return {
        "name": view("name", said.name if said else "", reply.name if reply else "", patient.name if patient else ""),
        "birth": view(
            "birth",
            _person_words(scan_birth, said.gender if said else ""),
            _person_words(reply.birth, reply.gender or known_gender) if reply and reply.birth else "",
            _person_words(record_birth, patient.gender if patient else ""),
        ),
        "citizen": view("citizen", typed_number, "", patient.citizen_number if patient else ""),
        "address": view("address", said.address if said else "", "", patient.address if patient else ""),
        "phone": view("phone", "", "", patient.phone if patient else ""),
        "occupation": view("occupation", "", "", patient.occupation_code if patient else ""),
    }


def fill(fields: DeskFields, scan: Scan | None, patient: Patient | None) -> DeskFields:
    """Values for a person just chosen: the document first, then the record; a new person takes what was typed."""
    views = sources(scan, None, patient, {})
    said = scan if scan is not None and (scan.is_document or patient is None) else None
    fields.name = views["name"].value or (scan.name if scan is not None and patient is None else "")
    fields.citizen, fields.address = views["citizen"].value, views["address"].value
    fields.birth = birth_words(said.birth_date, said.birth_precision) if said and said.birth_date else ""
    fields.gender = said.gender if said else ""
    if patient is not None:
        fields.patient_id, fields.patient_version = str(patient.id), str(patient.version)
        fields.birth = fields.birth or birth_words(patient.birth_date, patient.birth_precision)
        fields.gender = fields.gender or patient.gender
        fields.phone, fields.occupation = phone_words(patient.phone), patient.occupation_code
        fields.ethnicity, fields.nationality = patient.ethnicity_code, patient.nationality_code
        fields.guardian, fields.guardian_phone = patient.guardian_name, patient.guardian_phone
        fields.ward, fields.blood_group = patient.ward_code, patient.blood_group
        fields.birth_time = patient.birth_time
        fields.old_address = patient.old_address
        if views["address"].other and not patient.old_address:
            fields.old_address = patient.address  # the three-level address stays visible beside the new one
    elif scan is not None:
        fields.phone = phone_words(scan.phone)
        if scan.kind is ScanKind.NAME and scan.birth_year and not fields.birth:
            fields.birth = str(scan.birth_year)
    if scan is not None and scan.card_number:
        fields.card, fields.card_facility = scan.card_number, scan.primary_facility_code
        fields.card_from = birth_words(scan.valid_from, "day")
        fields.card_to = birth_words(scan.valid_to, "day")
    return fields


def patient_form(fields: DeskFields, province: str) -> PatientForm:
    """The patient as typed. Raises INVALID when the birth date cannot be read."""
    birth = read_date(fields.birth)
    if birth is None:
        raise invalid("birth", NO_BIRTH)
    return PatientForm(
        name=fields.name,
        birth_date=birth[0],
        birth_precision=birth[1],
        gender=fields.gender,
        citizen_number=fields.citizen,
        phone=fields.phone,
        address=fields.address,
        old_address=fields.old_address,
        province_code=province,
        ward_code=fields.ward,
        ethnicity_code=fields.ethnicity,
        occupation_code=fields.occupation,
        nationality_code=fields.nationality,
        guardian_name=fields.guardian,
        guardian_phone=fields.guardian_phone,
        blood_group=fields.blood_group,
        birth_time=fields.birth_time,
    )


def typed_card(fields: DeskFields) -> CardForm | None:
    """The card in the form when its number and both days are there."""
    start, end = read_date(fields.card_from), read_date(fields.card_to)
    if not fields.card or start is None or end is None:
        return None
    return CardForm(fields.card.upper().replace(" ", ""), start[0], end[0], fields.card_facility.strip())


def typed_paper(fields: DeskFields) -> Paper | None:
    """The paper in the form; None while its number is empty."""
    issued = read_date(fields.paper_on)
    if not fields.paper_number.strip():
        return None
    day = issued[0] if issued is not None and issued[1] == "day" else None
    return Paper(fields.paper_number.strip(), day, fields.paper_facility.strip().upper(), fields.paper_year == "1")


def question_of(fields: DeskFields, number: str, officer: tuple[str, str] = ("", "")) -> CardQuestion | None:
    """What the gateway can be asked with; None while number, name or birth date are missing."""
    birth = read_date(fields.birth)
    if not is_question_number(number) or not fields.name.strip() or birth is None:
        return None
    form = PatientForm(fields.name, birth[0], fields.gender, birth[1])
    return CardQuestion(number, fields.name.strip(), question_birth(form), *officer)


def _weight(text: str) -> Decimal | None:
    if not text.strip():
        return None
    try:
        weight = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise invalid("weight", "Cân nặng là số, ví dụ 12,5.") from None
    if not Decimal("0.3") <= weight <= Decimal(400):
        raise invalid("weight", "Cân nặng từ 0,3 đến 400 kg.")
    return weight


def _mistakes(fields: DeskFields, on: date) -> list[Finding]:
    """Everything that keeps the form from being read, at once: birth date, person, room."""
    found = []
    birth = read_date(fields.birth)
    if birth is None:
        found.append(Finding("REC-FORM-01", Severity.ERROR, NO_BIRTH, "birth"))
    form = PatientForm(
        fields.name, birth[0] if birth else on, fields.gender, citizen_number=fields.citizen, phone=fields.phone,
        blood_group=fields.blood_group, birth_time=fields.birth_time,
    )  # fmt: skip
    found += [f for f in check_patient(tidy(form), on) if f.severity is Severity.ERROR]
    if as_uuid(fields.room_id) is None:
        found.append(Finding("REC-FORM-02", Severity.ERROR, "Chọn phòng khám.", "room_id"))
    return found


def visit_form(fields: DeskFields, province: str, question: CardQuestion | None, on: date) -> VisitForm:
    """The visit to register. Raises RULES with every mistake beside its field, INVALID for a weight that is no number."""
    refuse_errors(_mistakes(fields, on))
    room = as_uuid(fields.room_id)
    assert room is not None
    patient = patient_form(fields, province)
    weight = _weight(fields.weight)
    check = as_uuid(fields.check_id)
    return VisitForm(
        key=fields.key,
        patient=patient,
        room_id=room,
        patient_id=as_uuid(fields.patient_id),
        patient_version=int(fields.patient_version) if fields.patient_version.isdecimal() else None,
        card=typed_card(fields),
        check_id=check,
        question=None if check else question,
        way=Way(fields.way) if fields.way in set(Way) else Way.AUTO,
        way_reason=fields.way_reason,
        paper=typed_paper(fields),
        reason=fields.reason,
        priority=fields.priority,
        weight_kg=weight,
        papers_later=fields.papers_later == "1",
    )
