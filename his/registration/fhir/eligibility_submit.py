"""`CoverageEligibilityRequest/$submit`: ask the insurance authority about a card, now.

http://hl7.org/fhir/R4/coverageeligibilityrequest-operation-submit.html. The question goes the way of the front desk: kept as
evidence, asked again by the worker when the gateway does not answer; then the response says `queued`.
"""

from typing import Any
from uuid import UUID

from his.fhir.access import check
from his.fhir.build import filled, moment, reference
from his.fhir.http import Response
from his.fhir.operations.answers import resource
from his.fhir.operations.arguments import refused
from his.fhir.operations.declare import TYPE, Call, Input, Operation
from his.fhir.outcome import FhirError
from his.fhir.search import ID
from his.fhir.systems import CARD, CITIZEN_SYSTEMS, INSURANCE_SYSTEMS
from his.fhir.validator import validate
from his.kit.db import Db
from his.registration import service, store
from his.registration.fhir.coverage_eligibility_request import INSURER
from his.registration.tables import Coverage, Patient
from his.registration.terms import CardQuestion, Checked

NUMBERS = (frozenset({CARD}), CITIZEN_SYSTEMS, INSURANCE_SYSTEMS)
KIND = "CoverageEligibilityRequest"


async def submit(call: Call) -> Response:
    """The response to the request that was sent, or that it is queued."""
    check(call.caller, call.engine.registry, "read", "CoverageEligibilityResponse")
    check(call.caller, call.engine.registry, "read", "Patient")
    sent = call.inputs.first("resource")
    assert sent is not None, "required"
    request = sent.value
    if request.get("resourceType") != KIND:
        raise refused(sent.place, f"resource phải là {KIND}.", "invalid")
    validate(KIND, request)
    at = call.engine.now()
    async with call.engine.database.scoped(call.caller.scope) as db:
        patient = await _patient(db, request)
        number = await _number(db, request, patient)
        unit_code, _, _ = await store.officer_of(db, None)
        name, birth = _person(patient, request)
        question = CardQuestion(number, name, birth)
        patient_id = patient.id if patient else None
        checked = await service.check_card(db, question, at, unit_code=unit_code, patient_id=patient_id)
    stored = await call.engine.reader.read(call.caller.scope, "CoverageEligibilityResponse", str(checked.check_id))
    if stored is not None and not stored.deleted:
        return Response(200, stored.content.encode())
    return resource(_queued(checked, request, moment(at) or ""))


def _queued(checked: Checked, request: dict[str, Any], at: str) -> dict[str, Any]:
    """The gateway has not answered: the request stands and is asked again."""
    return filled(
        resourceType="CoverageEligibilityResponse",
        status="active",
        purpose=["validation"],
        patient=request["patient"],
        created=at,
        request=reference(KIND, checked.check_id),
        outcome="queued",
        disposition=checked.advice.sentence or None,
        insurer=INSURER,
    )


async def _patient(db: Db, request: dict[str, Any]) -> Patient | None:
    """The patient of the unit that is referred to; None for one that the request itself describes."""
    sent = str(request["patient"].get("reference", ""))
    if not sent or sent.startswith("#"):
        return None
    kind, _, identity = sent.rpartition("/")
    patient = await store.get_patient(db, UUID(identity)) if kind.endswith("Patient") and _is_uuid(identity) else None
    if patient is None:
        text = "Không có người bệnh này trong đơn vị."
        raise FhirError(422, "not-found", text, f"{KIND}.patient")
    return patient


def _is_uuid(text: str) -> bool:
    try:
        return bool(ID.match(text)) and str(UUID(text)) == text
    except ValueError:
        return False


async def _number(db: Db, request: dict[str, Any], patient: Patient | None) -> str:
    """Card, citizen or insurance number: of the request, of the card it refers to, of the patient on record."""
    described = [request["patient"].get("identifier")]
    described += [one.get("coverage", {}).get("identifier") for one in request.get("insurance") or ()]
    for systems in NUMBERS:
        for one in described:
            if isinstance(one, dict) and one.get("system") in systems and one.get("value"):
                return str(one["value"])
    if patient is not None:
        cards = await store.list_coverages(db, patient.id)
        named = {str(one.get("coverage", {}).get("reference", "")) for one in request.get("insurance") or ()}
        if number := _card(cards, named) or patient.citizen_number:
            return number
    raise FhirError(422, "required", "Thiếu số thẻ BHYT, mã số BHXH hoặc số CCCD để hỏi.", f"{KIND}.insurance")


def _card(cards: list[Coverage], named: set[str]) -> str:
    """The number of the card that the request names, else of the newest one."""
    chosen = [card for card in cards if f"Coverage/{card.id}" in named] or cards
    return chosen[0].card_number if chosen else ""


def _person(patient: Patient | None, request: dict[str, Any]) -> tuple[str, str]:
    """Name and birth as the gateway takes them (dd/mm/yyyy or yyyy)."""
    if patient is not None:
        precise = patient.birth_precision == "day"
        return patient.name, f"{patient.birth_date:%d/%m/%Y}" if precise else f"{patient.birth_date:%Y}"
    inside: dict[str, Any] = next(
        (one for one in request.get("contained") or () if one.get("resourceType") == "Patient"), {}
    )
    first: dict[str, Any] = next(iter(inside.get("name") or ()), {})
    name = first.get("text") or " ".join(part for part in (first.get("family"), *(first.get("given") or ())) if part)
    born = str(inside.get("birthDate", ""))
    if not name or not born:
        text = "Thiếu họ tên hoặc ngày sinh: gửi tham chiếu Patient hoặc Patient trong contained."
        raise FhirError(422, "required", text, f"{KIND}.patient")
    return str(name), "/".join(reversed(born.split("-"))) if len(born) == 10 else born[:4]


OPERATIONS = [
    Operation(
        name="submit",
        run=submit,
        types=(KIND,),
        levels=(TYPE,),
        inputs=(Input("resource", "Resource", required=True),),
        needs="create",
        changes=True,
        definition="http://hl7.org/fhir/OperationDefinition/CoverageEligibilityRequest-submit",
        documentation="Hỏi cổng BHXH về thẻ; cổng chưa trả lời thì outcome là queued và máy tự hỏi lại.",
    )
]
