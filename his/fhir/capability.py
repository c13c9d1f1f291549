"""The CapabilityStatement, derived from the declarations and the search parameters; made once per process."""

from datetime import datetime
from functools import cache
from typing import Any

import orjson

from his.fhir.dates import instant_text
from his.fhir.oauth import FHIR_PATH, security
from his.fhir.operations.declare import Operation
from his.fhir.operations.found import discover as operations
from his.fhir.parameters import DEFINITIONS, parameters
from his.fhir.profile_set import OURS
from his.fhir.registry import Registry
from his.fhir.resource_types import TYPES

INTERACTIONS = (
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
)
CONTROLS = (("_id", "token"), ("_lastUpdated", "date"), ("_has", "special"), ("_list", "special"))


def statement(registry: Registry, base: str, at: datetime) -> bytes:
    """http://hl7.org/fhir/R4/capabilitystatement.html of this server, as bytes."""
    return orjson.dumps(
        {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": instant_text(at),
            "kind": "instance",
            "software": {"name": "his"},
            "implementation": {"description": "Hệ thống thông tin bệnh viện: FHIR R4", "url": base},
            "fhirVersion": "4.0.1",
            "format": ["application/fhir+json", "application/fhir+xml", "json", "xml"],
            "patchFormat": ["application/json-patch+json", "application/fhir+json", "application/fhir+xml"],
            "rest": [
                {
                    "mode": "server",
                    "security": {
                        "cors": True,
                        **security(base.removesuffix(FHIR_PATH)),
                        "description": "Mã truy cập (Bearer) của máy khách hoặc phiên của người đã đăng nhập; "
                        "chỉ thấy dữ liệu của đơn vị mình.",
                    },
                    "resource": [_resource(registry, kind) for kind in sorted(TYPES)],
                    "interaction": [{"code": "transaction"}, {"code": "batch"}, {"code": "history-system"}],
                    "operation": [_operation(one) for one in operations().of_system()],
                }
            ],
        }
    )


def _resource(registry: Registry, kind: str) -> dict[str, Any]:
    known = parameters(kind)
    includes = [f"{kind}:{p.name}" for p in known.values() if p.is_reference]
    profiles = [one.address for one in OURS if one.type == kind]
    found: dict[str, Any] = {
        "type": kind,
        **({"supportedProfile": profiles} if profiles else {}),
        "documentation": _documentation(registry, kind),
        "interaction": [{"code": code} for code in INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "local"],
        "searchParam": [
            *({"name": name, "type": kind_} for name, kind_ in CONTROLS),
            *({"name": p.name, "type": p.fhir_type} for p in known.values()),
        ],
    }
    if declared := operations().of_type(kind):
        found["operation"] = [_operation(one) for one in declared]
    if includes:
        found["searchInclude"] = ["*", *includes]
    if revincludes := pointing().get(kind):
        found["searchRevInclude"] = revincludes
    return found


def _operation(declared: Operation) -> dict[str, Any]:
    return {"name": declared.name, "definition": declared.definition, "documentation": declared.documentation}


def _documentation(registry: Registry, kind: str) -> str:
    if registry.accept(kind):
        return "Nội dung đủ thông tin trở thành hồ sơ của đơn vị; thiếu thì được lưu riêng và gắn thẻ engine-only."
    if kind in registry.by_type:
        return "Do ứng dụng ghi; nội dung gửi qua FHIR được lưu riêng và gắn thẻ engine-only."
    return "Lưu, giữ phiên bản và tìm theo mã; gắn thẻ engine-only."


@cache
def pointing() -> dict[str, list[str]]:
    """For each type the references that name it among those they may point to."""
    found: dict[str, list[str]] = {}
    for source in sorted(DEFINITIONS):
        for p in parameters(source).values():
            for kind in p.possible if p.is_reference else ():
                found.setdefault(kind, []).append(f"{source}:{p.name}")
    return found
