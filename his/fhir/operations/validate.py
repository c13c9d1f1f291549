"""`$validate`: would this resource be taken? Answers an OperationOutcome and writes nothing.

http://hl7.org/fhir/R4/resource-operation-validate.html. The same validator as for writes; a profile that is named is checked
like one that the resource claims.
"""

from typing import Any

import orjson

from his.fhir.access import check
from his.fhir.http import Response
from his.fhir.jsontext import decode, read_document
from his.fhir.operations.arguments import refused
from his.fhir.operations.collect import standing
from his.fhir.operations.declare import INSTANCE, TYPE, Call, Input, Operation
from his.fhir.outcome import FhirError, issue, issues_of, not_found, outcome
from his.fhir.profiles import resources
from his.fhir.resource_types import TYPES
from his.fhir.search import ID
from his.fhir.validator import validate
from his.kit.errors import HisError

MODES = ("create", "update", "delete", "profile")
WRITES = ("create", "update", "read")
BASE = "http://hl7.org/fhir/StructureDefinition/"


async def run(call: Call) -> Response:
    """Validate the resource that was sent, or the one that stands under the id."""
    if not any(call.caller.may(action, call.kind) for action in WRITES):
        raise FhirError(403, "forbidden", f"Tài khoản này không được kiểm {call.kind}.", call.kind)
    if call.caller.scope.unit_id is None or not call.engine.registry.visible(call.kind, call.caller.scope):
        raise not_found()
    mode = call.inputs.get("mode", "profile" if call.inputs.first("profile") else "")
    if mode and mode not in MODES:
        raise refused(call.inputs.place("mode"), f"mode chỉ nhận {', '.join(MODES)}.", "code-invalid")
    sent = call.inputs.first("resource")
    if mode == "delete":
        return await _deletable(call)
    if sent is None:
        if not call.identity:
            raise refused("Parameters.parameter.where(name='resource')", "Thiếu tài nguyên cần kiểm.", "required")
        resource = read_document(decode((await _stored(call)).encode())).value
    else:
        resource = sent.value
    return Response(200, outcome(*judge(call, resource, mode)))


async def _stored(call: Call) -> str:
    check(call.caller, call.engine.registry, "read", call.kind)
    return (await standing(call, call.kind, call.identity)).content


async def _deletable(call: Call) -> Response:
    """Whether the resource stands there, so that a delete would find it; its owner decides about the rest."""
    if not call.identity:
        raise refused(call.inputs.place("mode"), "mode=delete cần địa chỉ Loại/mã/$validate.", "required")
    await _stored(call)
    if not call.caller.may("delete", call.kind):
        return Response(200, outcome(issue("error", "forbidden", f"Tài khoản này không được xóa {call.kind}.")))
    return Response(200, outcome(issue("information", "informational", "Xóa được.")))


def judge(call: Call, resource: dict[str, Any], mode: str) -> list[dict[str, Any]]:
    """The issues of a resource; one that says so when there are none."""
    kind = resource.get("resourceType")
    if kind != call.kind:
        return [issue("error", "invalid", f"Nội dung là {kind}, địa chỉ là {call.kind}.", "resourceType")]
    issues = list(_identity(call, resource, mode))
    asked = [value.value for value in call.inputs.all("profile")]
    known = _profiles(call)
    for profile in asked:
        bare = str(profile).partition("|")[0]
        if bare.startswith(BASE) and bare.removeprefix(BASE) in TYPES and bare != BASE + call.kind:
            issues.append(
                issue("error", "invalid", f"Hồ sơ {bare} không dành cho {call.kind}.", f"{kind}.meta.profile")
            )
        elif bare != BASE + call.kind and bare not in known:
            text = f"Hệ thống không có hồ sơ {bare[:200]} nên chưa kiểm được theo hồ sơ này."
            issues.append(issue("error", "not-supported", text, f"{kind}.meta.profile"))
    claimed = [p for p in asked if str(p).partition("|")[0] in known]
    try:
        validate(call.kind, _claiming(resource, claimed))
    except HisError as error:
        issues += issues_of(error)
    return issues or [issue("information", "informational", "Không thấy lỗi.")]


def _identity(call: Call, resource: dict[str, Any], mode: str) -> list[dict[str, Any]]:
    sent = resource.get("id")
    path = f"{call.kind}.id"
    if sent is not None and not (isinstance(sent, str) and ID.match(sent)):
        return [issue("error", "value", "id chỉ gồm chữ, số, gạch nối và dấu chấm, tối đa 64 ký tự.", path)]
    if call.identity and sent not in (None, call.identity):
        return [issue("error", "invalid", "id trong nội dung phải bằng id trong địa chỉ.", path)]
    if mode == "update" and sent is None:
        return [issue("error", "required", "Cập nhật cần id trong nội dung.", path)]
    return []


def _claiming(resource: dict[str, Any], profiles: list[str]) -> dict[str, Any]:
    """A copy that claims these profiles besides its own."""
    meta = resource.get("meta", {})
    if not profiles or not isinstance(meta, dict):
        return resource
    own = meta.get("profile", [])
    listed = [*own, *(p for p in profiles if p not in own)] if isinstance(own, list) else own
    return {**resource, "meta": {**meta, "profile": listed}}


def _profiles(call: Call) -> frozenset[str]:
    """The canonical addresses of this system's own profiles of the type, read once per address."""
    key = (call.engine.base, call.kind)
    if key not in _KNOWN:
        written = (
            orjson.loads(text) for _, text in resources(call.engine.registry, call.engine.base, call.engine.now())
        )
        _KNOWN[key] = frozenset(
            one["url"]
            for one in written
            if one["resourceType"] == "StructureDefinition" and one.get("type") == call.kind
        )
    return _KNOWN[key]


_KNOWN: dict[tuple[str, str], frozenset[str]] = {}


OPERATIONS = [
    Operation(
        name="validate",
        run=run,
        types=tuple(sorted(TYPES)),
        levels=(TYPE, INSTANCE),
        inputs=(Input("resource", "Resource"), Input("mode", "code"), Input("profile", "canonical", many=True)),
        needs="",
        definition="http://hl7.org/fhir/OperationDefinition/Resource-validate",
        documentation="Kiểm tài nguyên trước khi gửi: cấu trúc, mã bắt buộc, ràng buộc; không ghi gì.",
    )
]
