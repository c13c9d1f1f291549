"""A small invented hospital as FHIR: every kind of search parameter has something to find, several ways to be wrong."""

import random
from typing import Any

FAMILIES = ["Nguyễn", "Trần", "Lê", "Đặng", "Phạm-Hồ", "O'Brien", "Ng_uyen%"]
GIVEN = ["An", "Ánh", "Bình", "Thị Hà", "Văn Đức", "Quý 東", "Mỹ"]
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
CODES = [
    ("8480-6", "Huyết áp tâm thu"),
    ("8462-4", "Huyết áp tâm trương"),
    ("29463-7", "Cân nặng"),
    ("x,y|z$", "Lạ, | $"),
]
DATES = ["2020", "2020-02", "2020-02-29", "2020-02-29T08:30:00+07:00", "2020-02-29T01:30:15.250Z", "2021-12-31", "1999"]


def concept(chance: random.Random) -> dict[str, Any]:
    code, display = chance.choice(CODES)
    found: dict[str, Any] = {"coding": [{"system": LOINC, "code": code, "display": display}]}
    if chance.random() < 0.4:
        found["coding"].append({"code": code + "-local"})
    if chance.random() < 0.4:
        found["text"] = display + " (đo tại nhà)"
    return {"text": "Chỉ có chữ"} if chance.random() < 0.1 else found


def quantity(chance: random.Random) -> dict[str, Any]:
    value = chance.choice([5, 5.4, 100, 100.5, 99.49, 120, 0.001, -3])
    unit = chance.choice(
        [{"system": UCUM, "code": "mm[Hg]", "unit": "mmHg"}, {"system": UCUM, "code": "kg"}, {"unit": "viên"}, {}]
    )
    return {"value": value, **unit}


def period(chance: random.Random) -> dict[str, Any]:
    return chance.choice(
        [{"start": "2020-01-05", "end": "2020-03"}, {"start": "2020-02-29T08:00:00Z"}, {"end": "2019"}]
    )


def patient(chance: random.Random, n: int) -> dict[str, Any]:
    name = {"family": chance.choice(FAMILIES), "given": [chance.choice(GIVEN), chance.choice(GIVEN)]}
    if chance.random() < 0.3:
        name["text"] = "Bà " + name["family"]
    found: dict[str, Any] = {
        "resourceType": "Patient", "id": f"p{n}", "name": [name], "birthDate": chance.choice(["1980", "1980-05", "1999-12-31"]),
        "identifier": [{"system": "urn:id", "value": str(n % 7)}, {
            "type": {"coding": [{"system": "urn:types", "code": chance.choice(["MR", "SS"])}], "text": "Mã bệnh án"},
            "system": "urn:mrn", "value": f"v|{n % 5}"}],
        "telecom": [{"system": chance.choice(["phone", "email"]), "value": f"09{n % 4}"}],
        "gender": chance.choice(["male", "female", "other"]),
        "address": [{"city": chance.choice(["Huế", "Hà Nội"]), "line": ["12 Lê Lợi"], "country": "VN", "use": "home"}],
        "meta": chance.choice([{}, {"tag": [{"system": "urn:tags", "code": chance.choice("ab")}]},
                               {"profile": ["http://x.vn/p/one"], "source": "urn:s:1", "security": [{"code": "R"}]}]),
    }  # fmt: skip
    found |= chance.choice(
        [{}, {"deceasedBoolean": True}, {"deceasedBoolean": False}, {"deceasedDateTime": "2020-02-29"}]
    )
    if chance.random() < 0.4:
        found["text"] = {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">Ghi chú <b>số {n % 3}</b></div>',
        }
    if chance.random() < 0.5:
        found["link"] = [{"other": {"reference": f"Patient/p{chance.randrange(max(1, n))}"}, "type": "seealso"}]
    return found


def observation(chance: random.Random, n: int, patients: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resourceType": "Observation",
        "id": f"o{n}",
        "status": chance.choice(["final", "amended"]),
        "code": concept(chance),
    }
    found["subject"] = chance.choice([
        {"reference": f"Patient/p{chance.randrange(patients)}"}, {"reference": f"Patient/p{chance.randrange(patients)}"},
        {"reference": "Group/g1"}, {"reference": "http://elsewhere.org/fhir/Patient/p1"}, {"display": "ai đó"},
        {"identifier": {"system": "urn:id", "value": "5"}, "type": "Patient"},
        {"reference": "Patient/p1", "identifier": {"system": "urn:id", "value": "5"}},
    ])  # fmt: skip
    if chance.random() < 0.5:
        found["encounter"] = {"reference": f"Encounter/e{chance.randrange(20)}"}
    found |= chance.choice([{"valueQuantity": quantity(chance)}, {"valueCodeableConcept": concept(chance)}, {"valueString": "Âm tính rõ"},
                            {"valueDateTime": chance.choice(DATES[:5])}, {"valuePeriod": period(chance)}, {}])  # fmt: skip
    found |= chance.choice([{"effectiveDateTime": chance.choice(DATES)}, {"effectivePeriod": period(chance)},
                            {"effectiveInstant": "2020-02-29T01:30:15Z"}, {},
                            {"effectiveTiming": {"event": ["2020-02-29", "2021-01-01"]}}])  # fmt: skip
    if chance.random() < 0.5:
        found["component"] = [
            {"code": concept(chance), **chance.choice([{"valueQuantity": quantity(chance)}, {"valueCodeableConcept": concept(chance)}])}
            for _ in range(chance.choice([1, 2, 3]))
        ]  # fmt: skip
    return found


def encounter(chance: random.Random, n: int, patients: int) -> dict[str, Any]:
    return {
        "resourceType": "Encounter", "id": f"e{n}", "status": chance.choice(["finished", "planned"]), "class": {"system": "urn:c", "code": "AMB"},
        "subject": {"reference": f"Patient/p{chance.randrange(patients)}"}, "period": period(chance),
        "length": {"value": chance.choice([15, 30.5]), "unit": "phút", "system": UCUM, "code": "min"},
        "participant": [{"individual": {"reference": f"Practitioner/d{chance.randrange(3)}"}}],
        "location": [{"location": {"display": "Phòng 3"}}] if chance.random() < 0.5 else [{"location": {"reference": "Location/l1"}}],
    }  # fmt: skip


def others() -> list[dict[str, Any]]:
    doctors = [
        {"resourceType": "Practitioner", "id": f"d{n}", "name": [{"text": f"Bác sĩ {GIVEN[n]}"}], "active": n > 0}
        for n in range(3)
    ]
    places = [
        {"resourceType": "Location", "id": f"l{n}", "name": name, "alias": ["Nhà"], "status": "active",
         "position": {"latitude": at, "longitude": across}}
        for n, (name, at, across) in enumerate([("Huế", 16.4637, 107.5909), ("Hà Nội", 21.0278, 105.8342)])
    ]  # fmt: skip
    measure = {
        "resourceType": "Measure", "id": "m1", "status": "active", "url": "http://x.vn/Measure/one", "version": "1.2",
        "library": ["http://x.vn/Library/a|2", "http://x.vn/Library/b"], "title": "Chỉ số một",
        "useContext": [
            {"code": {"system": "urn:u", "code": "age"}, "valueRange": {"low": {"value": 5}, "high": {"value": 10}}},
            {"code": {"system": "urn:u", "code": "venue"}, "valueCodeableConcept": {"coding": [{"code": "home"}]}}],
    }  # fmt: skip
    report = {
        "resourceType": "MeasureReport", "id": "r1", "status": "complete", "type": "summary", "measure": "http://x.vn/Measure/one|1.2",
        "period": {"start": "2020", "end": "2020-06"},
    }  # fmt: skip
    invoice = {
        "resourceType": "Invoice", "id": "i1", "status": "issued", "subject": {"reference": "Patient/p1"},
        "totalGross": {"value": 150000, "currency": "VND"}, "totalNet": {"value": 120000.50, "currency": "VND"},
    }  # fmt: skip
    document = {
        "resourceType": "DocumentReference", "id": "dr1", "status": "current", "content": [{"attachment": {"contentType": "text/plain", "url": "http://x.vn/d/1"}}],
        "relatesTo": [{"code": "replaces", "target": {"reference": "DocumentReference/dr0"}}, {"code": "signs", "target": {"reference": "DocumentReference/dr2"}}],
    }  # fmt: skip
    group = {
        "resourceType": "Group",
        "id": "g1",
        "type": "person",
        "actual": True,
        "member": [{"entity": {"reference": "Patient/p2"}}],
    }
    return [*doctors, *places, measure, report, invoice, document, group]


def hospital(seed: int, patients: int = 40) -> list[dict[str, Any]]:
    """The resources of an invented hospital, the same for the same seed."""
    chance = random.Random(seed)
    found = [patient(chance, n) for n in range(patients)]
    found += [encounter(chance, n, patients) for n in range(20)]
    return found + [observation(chance, n, patients) for n in range(90)] + others()
