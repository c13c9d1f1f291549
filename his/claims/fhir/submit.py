"""`Claim/$submit`: send a dossier of this unit to its insurer. http://hl7.org/fhir/R4/claim-operation-submit.html.

The dossier is made by the system from the visit; the Claim that is sent says which one (by id, claim number or dossier code) and
must agree with it in the total. A draft is checked, sealed and signed first; what blocks it comes back as issues.
"""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from his.claims import deeds, service, store
from his.claims.tables import Claim
from his.fhir.access import check
from his.fhir.build import filled, hl7, identifier, moment, reference
from his.fhir.extract import SEPARATOR
from his.fhir.http import Response
from his.fhir.operations.answers import resource
from his.fhir.operations.arguments import refused
from his.fhir.operations.collect import in_unit
from his.fhir.operations.declare import TYPE, Call, Input, Operation
from his.fhir.outcome import FhirError
from his.fhir.reader import Seen
from his.fhir.systems import CLAIM_NUMBER, DOSSIER
from his.kit.db import Db
from his.kit.errors import Finding, Severity

WAITING = ("draft", "rejected")
OVER = ("recalled", "replaced", "reopened")


async def submit(call: Call) -> Response:
    """The ClaimResponse: the insurer's, or that the dossier is queued."""
    check(call.caller, call.engine.registry, "read", "Claim")
    check(call.caller, call.engine.registry, "read", "ClaimResponse")
    sent = call.inputs.first("resource")
    assert sent is not None, "required"
    if sent.value.get("resourceType") != "Claim":
        raise refused(sent.place, "resource phải là Claim.", "invalid")
    at = call.engine.now()
    async with call.engine.database.scoped(call.caller.scope) as db:
        claim = await _find(db, sent.value, sent.place)
        _agree(claim, sent.value, sent.place)
        claim = await _send(db, claim, at)
    answered = await _answered(call, claim)
    await call.engine.reader.audit(Seen("claim:send-now", "Claim", str(claim.id), call.caller.scope))
    return Response(200, answered.encode()) if answered else resource(_queued(claim, at))


async def _find(db: Db, content: dict[str, Any], place: str) -> Claim:
    """The newest revision of the dossier; the same refusal for one that is not there and for one of another unit."""
    names = {str(one.get("system")): one.get("value") for one in _identifiers(content, place)}
    found: Claim | None = None
    identity = content.get("id")
    if isinstance(identity, str) and _uuid(identity):
        found = await store.get_claim(db, UUID(identity))
    if found is None:
        for system, column in ((CLAIM_NUMBER, "number"), (DOSSIER, "dossier_code")):
            value = names.get(system)
            if found is None and isinstance(value, str) and value:
                found = await store.find_claim(db, column, value)
    newest = await store.latest_claim(db, found.encounter_id) if found is not None else None
    if newest is None:
        raise FhirError(422, "not-found", "Không có hồ sơ này trong đơn vị.", f"{place}.identifier")
    return newest


def _identifiers(content: dict[str, Any], place: str) -> list[dict[str, Any]]:
    listed = content.get("identifier", [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise refused(f"{place}.identifier", "identifier phải là danh sách.", "structure")
    return listed[:20]


def _uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _agree(claim: Claim, content: dict[str, Any], place: str) -> None:
    """The total that was sent, if any, is the dossier's: nobody submits another sum than the statement's."""
    total = content.get("total")
    if total is None:
        return
    value = total.get("value") if isinstance(total, dict) else None
    try:
        same = value is not None and Decimal(str(value)) == claim.total_hospital
    except InvalidOperation:
        same = False
    if not same:
        raise FhirError(422, "business-rule", "Tổng tiền khác với hồ sơ của hệ thống.", f"{place}.total")


async def _send(db: Db, claim: Claim, at: datetime) -> Claim:
    """Seal a draft, hurry a waiting dossier; one that is on its way or answered stays as it is."""
    if claim.state in OVER:
        raise FhirError(409, "conflict", f"Hồ sơ {claim.number} đã thu hồi hoặc đang lập lại.", "Claim")
    if claim.state in WAITING:
        claim = await service.reseal(db, claim.id, None, at)
        blocks = [_finding(one) for one in claim.findings if one["severity"] == Severity.ERROR.value]
        if blocks:
            raise FhirError(422, "business-rule", "Hồ sơ còn điều chặn.", "Claim", findings=blocks)
    elif claim.state in ("sealed", "unknown"):
        await deeds.send_now(db, [claim.id], at)
    return claim


def _finding(stored: dict[str, Any]) -> Finding:
    return Finding(stored["code"], Severity.ERROR, stored["message"], stored.get("expression", ""))


async def _answered(call: Call, claim: Claim) -> str:
    """The text of the insurer's response to this dossier, "" while there is none."""
    sql = in_unit(call.caller.scope).add(
        "(SELECT c.content FROM resource_index i JOIN resource_current c ON c.unit_id = ctx.unit AND c.type = i.type "
        "AND c.id = i.id WHERE i.unit_id = ctx.unit AND i.type = 'ClaimResponse' AND i.param = 'request' "
        "AND i.value = %s AND NOT c.deleted ORDER BY c.updated_at DESC LIMIT 1) r",
        f"{claim.id}{SEPARATOR}Claim",
    )
    rows = await call.engine.reader.rows(sql)
    return str(rows[0][0]) if rows else ""


def _queued(claim: Claim, at: datetime) -> dict[str, Any]:
    return filled(
        resourceType="ClaimResponse",
        identifier=[identifier(CLAIM_NUMBER, claim.number)],
        status="active",
        type=hl7("claim-type", "institutional", "Institutional"),
        use="claim",
        patient=reference("Patient", claim.patient_id),
        created=moment(at),
        insurer={"display": "Bảo hiểm xã hội Việt Nam"},
        requestor=reference("Organization", claim.unit_id),
        request=reference("Claim", claim.id),
        outcome="queued",
        disposition=f"Hồ sơ {claim.number} đã ký, đang chờ cơ quan BHXH.",
    )


OPERATIONS = [
    Operation(
        name="submit",
        run=submit,
        types=("Claim",),
        levels=(TYPE,),
        inputs=(Input("resource", "Resource", required=True),),
        needs="create",
        changes=True,
        definition="http://hl7.org/fhir/OperationDefinition/Claim-submit",
        documentation="Gửi hồ sơ thanh toán của đơn vị: kiểm, ký, xếp hàng gửi; trả ClaimResponse.",
    )
]
