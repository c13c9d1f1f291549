"""`$export` of a unit, of its patients, of a group: http://hl7.org/fhir/uv/bulkdata/export.html.

Kick-off answers 202 with Content-Location; the state stands at `$export/<job>`. Types that the client may not read and search are
left out; asked for by name they are refused.
"""

from datetime import datetime
from typing import Any

from his.exchange.bulk.answers import below, check_client, start
from his.exchange.bulk.filters import read_filters
from his.fhir.access import check
from his.fhir.compartment import compartment
from his.fhir.http import Response
from his.fhir.jsontext import read_document
from his.fhir.operations.arguments import refused
from his.fhir.operations.collect import asked_types, instant_of
from his.fhir.operations.declare import INSTANCE, SYSTEM, TYPE, Call, Input, Operation
from his.fhir.outcome import FhirError, not_found
from his.fhir.resource_types import TYPES
from his.fhir.search import ID

FORMATS = ("application/fhir+ndjson", "application/ndjson", "ndjson")
MOST_PATIENTS = 20_000


async def export(call: Call) -> Response:
    """Start an export, or answer about one."""
    if call.rest:
        return await below(call, "export")
    check_client(call.caller)
    asked = call.inputs.get("_outputFormat", FORMATS[0])
    if asked not in FORMATS:
        raise refused(call.inputs.place("_outputFormat"), f"Chỉ xuất được {FORMATS[0]}.", "not-supported")
    spec: dict[str, Any] = {"level": _level(call), "since": instant_of(call, "_since"), "until": _until(call)}
    if call.kind == "Group":
        spec["patients"] = await _members(call)
    sent = _patients(call)
    if sent is not None:
        among = spec.get("patients")
        spec["patients"] = sent if among is None else [one for one in sent if one in set(among)]
    spec["types"] = _types(call, spec["level"])
    spec["filters"] = await read_filters(call, spec["types"])
    spec["asked_at"] = call.engine.now().isoformat()
    return await start(call, "export", spec)


def _level(call: Call) -> str:
    return {"": "system", "Patient": "patient", "Group": "group"}[call.kind]


def _until(call: Call) -> str | None:
    since, until = instant_of(call, "_since"), instant_of(call, "_until")
    if since and until and datetime.fromisoformat(until) <= datetime.fromisoformat(since):
        raise refused(call.inputs.place("_until"), "_until phải sau _since.", "value")
    return until


def _types(call: Call, level: str) -> list[str]:
    """The types to export, by name; at least one that the client may read."""
    possible = sorted(TYPES) if level == "system" else sorted({"Patient", *compartment("Patient")})
    asked = asked_types(call)
    for one in asked:
        if one not in possible:
            raise refused(call.inputs.place("_type"), f"{one} không thuộc hồ sơ người bệnh.", "value")
        if not call.sees(one):
            raise FhirError(403, "forbidden", f"Tài khoản này không được xuất {one}.", call.inputs.place("_type"))
    types = sorted(asked) or [one for one in possible if call.sees(one)]
    if not types:
        raise FhirError(403, "forbidden", "Tài khoản này không được đọc loại tài nguyên nào.")
    return types


async def _members(call: Call) -> list[str]:
    """The patients that are members of the group now; 404 for a group that is not there."""
    check(call.caller, call.engine.registry, "read", "Group")
    stored = await call.engine.reader.read(call.caller.scope, "Group", call.identity)
    if stored is None or stored.deleted:
        raise not_found()
    group = read_document(stored.content).value
    found: dict[str, None] = {}
    for member in group.get("member") or ():
        kind, _, identity = str(member.get("entity", {}).get("reference", "")).rpartition("/")
        if not member.get("inactive") and kind.rpartition("/")[2] == "Patient" and ID.match(identity):
            found[identity] = None
    return _bounded(list(found), f"Group/{call.identity}")


def _patients(call: Call) -> list[str] | None:
    """The patients named by `patient`, None when none is named."""
    given = call.inputs.all("patient")
    found = []
    for sent in given:
        text = sent.value.get("reference") if isinstance(sent.value, dict) else None
        kind, _, identity = str(text).removeprefix(call.engine.base + "/").partition("/")
        if kind != "Patient" or not ID.match(identity):
            raise refused(sent.place, "patient cần Patient/mã.", "value")
        found.append(identity)
    return _bounded(list(dict.fromkeys(found)), "patient") if given else None


def _bounded(patients: list[str], place: str) -> list[str]:
    if len(patients) > MOST_PATIENTS:
        raise FhirError(413, "too-costly", f"Nhiều hơn {MOST_PATIENTS} người bệnh. Chia nhỏ nhóm.", place)
    return patients


_INPUTS = (
    Input("_outputFormat", "string"),
    Input("_since", "instant"),
    Input("_until", "instant"),
    Input("_type", "string", many=True),
    Input("_typeFilter", "string", many=True),
)
_GUIDE = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"
OPERATIONS = [
    Operation(
        name="export",
        run=export,
        levels=(SYSTEM,),
        inputs=_INPUTS,
        below=True,
        definition=f"{_GUIDE}export",
        documentation="Xuất mọi tài nguyên của đơn vị ra NDJSON, làm ở nền; hỏi trạng thái ở Content-Location.",
    ),
    Operation(
        name="export",
        run=export,
        types=("Patient",),
        levels=(TYPE,),
        inputs=(*_INPUTS, Input("patient", "Reference", many=True)),
        needs="search",
        definition=f"{_GUIDE}patient-export",
        documentation="Xuất hồ sơ của mọi người bệnh trong đơn vị, hoặc của những người nêu ở patient.",
    ),
    Operation(
        name="export",
        run=export,
        types=("Group",),
        levels=(INSTANCE,),
        inputs=(*_INPUTS, Input("patient", "Reference", many=True)),
        definition=f"{_GUIDE}group-export",
        documentation="Xuất hồ sơ của các người bệnh trong một Group.",
    ),
]
