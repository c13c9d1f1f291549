"""`Patient/$match`: who of this unit may be the person described. http://hl7.org/fhir/R4/patient-operation-match.html.

The same search as at the front desk, and the person index of the installation: a record is found by the numbers of its person
even where the record itself does not carry them. Nobody of another unit is ever named.
"""

from datetime import date
from typing import Any

from his.fhir.dates import interval
from his.fhir.http import Response
from his.fhir.operations.arguments import refused
from his.fhir.operations.collect import asked_count, texts_of
from his.fhir.operations.declare import TYPE, Call, Input, Operation
from his.fhir.reader import Seen
from his.fhir.searching import bundle
from his.fhir.systems import CARD, CITIZEN_SYSTEMS, INSURANCE_SYSTEMS, PATIENT_CODE
from his.kit.db import Db
from his.registration import store
from his.registration.terms import Match, Scan, ScanKind

GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
PAGE, MOST = 20, 20


async def match(call: Call) -> Response:
    """Candidates, the best first, each with score and grade."""
    sent = call.inputs.first("resource")
    assert sent is not None, "required"
    if sent.value.get("resourceType") != "Patient":
        raise refused(sent.place, "resource phải là Patient.", "invalid")
    count = asked_count(call, PAGE, MOST, "count")
    scan = _described(sent.value, sent.place)
    async with call.engine.database.scoped(call.caller.scope) as db:
        found = await _candidates(db, scan)
    if call.inputs.get("onlyCertainMatches", False):
        found = [one for one in found if one.certain]
        found = found if len(found) == 1 else []  # several certain ones are not certain
    keys = [("Patient", str(one.known.id)) for one in found]
    rows = await call.engine.reader.rows(texts_of(call.caller.scope, keys)) if keys else []
    texts = {row[1]: row[2] for row in rows}
    entries = [_entry(call, one, texts[str(one.known.id)]) for one in found if str(one.known.id) in texts][:count]
    detail = {"seen": [str(one.known.id) for one in found]}
    await call.engine.reader.audit(Seen("match", "Patient", "", call.caller.scope, detail))
    return Response(200, bundle("searchset", [], entries, len(entries)))


async def _candidates(db: Db, scan: Scan) -> list[Match]:
    found = await store.find_matches(db, scan)
    persons = await store.find_person(db, scan.citizen_number, scan.insurance_number)
    known = await store.find_double(db, "", "", persons, None) if persons else None
    if known is None or any(one.known.id == known.id and one.certain for one in found):
        return found
    by_index = Match(known, 1, "Trùng người trong chỉ mục", "ok")
    return [by_index, *(one for one in found if one.known.id != known.id)]


def _described(resource: dict[str, Any], place: str) -> Scan:
    """What the Patient says of itself, as one scan; 400 when it says nothing to look for."""
    numbers = {"citizen": "", "insurance": "", "card": "", "code": ""}
    for n, one in enumerate(_objects(resource.get("identifier"), f"{place}.identifier")):
        system, value = str(one.get("system")), one.get("value")
        if not isinstance(value, str) or len(value) > 100:
            raise refused(f"{place}.identifier[{n}].value", "Định danh cần value.", "value")
        for name, systems in _SYSTEMS.items():
            if system in systems:
                numbers[name] = value
    phones = [
        p.get("value") for p in _objects(resource.get("telecom"), f"{place}.telecom") if p.get("system") == "phone"
    ]
    name, born = _name(resource, place), _born(resource, place)
    phone = next((p for p in phones if isinstance(p, str)), "")
    if not any((*numbers.values(), phone, name)):
        raise refused(place, "Cần ít nhất định danh, số điện thoại hoặc tên để đối chiếu.", "required")
    return Scan(
        kind=ScanKind.CITIZEN_CARD,  # whole words, and namesakes of any age
        text="",
        citizen_number=numbers["citizen"],
        insurance_number=numbers["insurance"] or numbers["card"][-10:],
        card_number=numbers["card"],
        patient_code=numbers["code"],
        phone=phone,
        name=name,
        birth_date=born if len(str(resource.get("birthDate", ""))) == 10 else None,
        birth_year=born.year if born else None,
    )


_SYSTEMS = {
    "citizen": CITIZEN_SYSTEMS,
    "insurance": INSURANCE_SYSTEMS,
    "card": frozenset({CARD}),
    "code": frozenset({PATIENT_CODE}),
}


def _objects(value: Any, place: str) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise refused(place, "Cần một danh sách đối tượng.", "structure")
    return value[:50]


def _name(resource: dict[str, Any], place: str) -> str:
    names = _objects(resource.get("name"), f"{place}.name")
    first = next(iter(names), {})
    given = first.get("given") or []
    if not isinstance(given, list):
        raise refused(f"{place}.name[0].given", "given phải là danh sách.", "structure")
    text = first.get("text") or " ".join(str(part) for part in (first.get("family"), *given) if part)
    return str(text)[:200]


def _born(resource: dict[str, Any], place: str) -> date | None:
    sent = resource.get("birthDate")
    if sent is None:
        return None
    if not isinstance(sent, str) or len(sent) not in (4, 7, 10) or interval(sent) is None:
        raise refused(f"{place}.birthDate", "birthDate không phải ngày.", "value")
    return date.fromisoformat((sent + "-01-01")[:10])


def _graded(one: Match) -> tuple[str, str]:
    """Grade and score by the reason of the match (rules/matching.py)."""
    if one.certain:
        return "certain", "1"
    if one.rank in (10, 20):
        return "probable", "0.8"
    return "possible", "0.5" if one.rank < 30 else "0.3"


def _entry(call: Call, one: Match, text: str) -> str:
    grade, score = _graded(one)
    search = f'{{"extension":[{{"url":"{GRADE}","valueCode":"{grade}"}}],"mode":"match","score":{score}}}'
    return f'{{"fullUrl":"{call.engine.base}/Patient/{one.known.id}","resource":{text},"search":{search}}}'


OPERATIONS = [
    Operation(
        name="match",
        run=match,
        types=("Patient",),
        levels=(TYPE,),
        inputs=(
            Input("resource", "Resource", required=True),
            Input("onlyCertainMatches", "boolean"),
            Input("count", "integer"),
        ),
        needs="search",
        definition="http://hl7.org/fhir/OperationDefinition/Patient-match",
        documentation="Tìm người bệnh của đơn vị giống người được mô tả: số CCCD, thẻ BHYT, mã, điện thoại, tên và ngày sinh.",
    )
]
