"""`Patient/$summary`: the International Patient Summary of a patient, as a document bundle.

http://hl7.org/fhir/uv/ips. Sections come from the record as it is stored: problems, allergies and medicines always (empty ones
say so), the others when there is something. Nothing is stored; the composition is written anew each time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import orjson

from his.fhir.access import check
from his.fhir.build import Json, concept, filled, hl7
from his.fhir.compartment import compartment
from his.fhir.conditional import several
from his.fhir.dates import instant_text
from his.fhir.extract import SEPARATOR
from his.fhir.http import Response
from his.fhir.jsontext import read_document
from his.fhir.operations.arguments import refused
from his.fhir.operations.collect import entry, in_unit, standing, texts_of
from his.fhir.operations.declare import INSTANCE, TYPE, Call, Input, Operation
from his.fhir.outcome import not_found
from his.fhir.reader import Seen
from his.fhir.systems import LOINC
from his.fhir.validator import has_code
from his.kit.ids import new_id

PROFILE = "http://hl7.org/fhir/uv/ips/StructureDefinition/"
BUNDLE, COMPOSITION = f"{PROFILE}Bundle-uv-ips", f"{PROFILE}Composition-uv-ips"
NEWEST = 100
ACTIVE = ("active", "recurrence", "relapse")
Found = tuple[str, str, str, dict[str, Any]]  # type, id, text, resource


def _current(resource: dict[str, Any]) -> bool:
    return has_code(resource.get("clinicalStatus"), *ACTIVE) or "clinicalStatus" not in resource


def _right(resource: dict[str, Any]) -> bool:
    wrong = has_code(resource.get("verificationStatus"), "entered-in-error", "refuted")
    return not wrong and resource.get("status") not in ("entered-in-error", "cancelled", "draft", "not-done")


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the summary: its LOINC code, what belongs to it, whether it stands there when it is empty."""

    title: str
    code: str
    display: str
    kinds: tuple[str, ...]
    holds: Callable[[dict[str, Any]], bool] = _right
    always: bool = False


SECTIONS = (
    Section("Vấn đề sức khỏe", "11450-4", "Problem list Reported", ("Condition",), lambda r: _right(r) and _current(r), True),
    Section("Dị ứng", "48765-2", "Allergies and adverse reactions Document", ("AllergyIntolerance",), always=True),
    Section(
        "Thuốc", "10160-0", "History of Medication use Narrative", ("MedicationRequest", "MedicationStatement"), always=True
    ),
    Section("Tiêm chủng", "11369-6", "History of Immunization note", ("Immunization",)),
    Section("Kết quả", "30954-2", "Relevant diagnostic tests/laboratory data note", ("Observation", "DiagnosticReport")),
    Section("Thủ thuật", "47519-4", "History of Procedures Document", ("Procedure",)),
    Section("Bệnh đã qua", "11348-0", "History of Past illness note", ("Condition",), lambda r: _right(r) and not _current(r)),
    Section("Thiết bị", "46264-8", "History of medical device use", ("DeviceUseStatement",)),
)  # fmt: skip


async def summary(call: Call) -> Response:
    """The document of one patient of the unit."""
    asked = call.inputs.get("profile")
    if asked is not None and str(asked).partition("|")[0] not in (BUNDLE, COMPOSITION):
        raise refused(call.inputs.place("profile"), f"Chỉ lập được {BUNDLE}.", "not-supported")
    identity = await _which(call)
    patient = await standing(call, "Patient", identity)
    kinds = sorted({kind for section in SECTIONS for kind in section.kinds if call.sees(kind)})
    found = await _record(call, identity, kinds) if kinds else []
    unit = ("Organization", str(call.caller.scope.unit_id))
    author = (await call.engine.reader.rows(texts_of(call.caller.scope, [unit]))) if call.sees(unit[0]) else []
    composition, shown = _composed(call, identity, found)
    entries = [
        f'{{"fullUrl":"urn:uuid:{composition["id"]}","resource":{orjson.dumps(composition).decode()}}}',
        entry(call.engine, "Patient", identity, patient.content),
        *(entry(call.engine, kind, key, text) for kind, key, text, _ in shown),
        *(entry(call.engine, row[0], row[1], row[2]) for row in author),
    ]
    detail = {"resources": len(entries)}
    await call.engine.reader.audit(Seen("summary", "Patient", identity, call.caller.scope, detail))
    at = instant_text(call.engine.now())
    head = (
        f'"meta":{{"profile":["{BUNDLE}"]}},"identifier":{{"system":"urn:ietf:rfc:3986","value":"urn:uuid:{new_id()}"}}'
    )
    text = f'{{"resourceType":"Bundle",{head},"type":"document","timestamp":"{at}","entry":[{",".join(entries)}]}}'
    return Response(200, text.encode())


async def _which(call: Call) -> str:
    """The patient of the path, or the one with this `identifier`."""
    sent = call.inputs.get("identifier")
    if call.identity:
        return call.identity
    if sent is None:
        raise refused(call.inputs.place("identifier"), "Thiếu identifier của người bệnh.", "required")
    check(call.caller, call.engine.registry, "search", "Patient")
    identity, more = await call.engine.find_one(call.caller.scope, "Patient", [("identifier", str(sent))])
    if more:
        raise several()
    if not identity:
        raise not_found()
    return identity


async def _record(call: Call, identity: str, kinds: list[str]) -> list[Found]:
    """The newest resources of each type in the patient's compartment, at most a hundred of a type. One query."""
    belongs = compartment("Patient")
    pairs = [(kind, parameter) for kind in kinds for parameter in belongs[kind]]
    sql = in_unit(call.caller.scope).add(
        "(SELECT x.type, x.id, x.content FROM (SELECT c.type, c.id, c.content, row_number() OVER "
        "(PARTITION BY c.type ORDER BY d.low DESC NULLS LAST, c.id DESC) AS n "
        "FROM (SELECT DISTINCT i.type, i.id FROM unnest(%s::text[], %s::text[]) k(type, param) JOIN resource_index i "
        "ON i.unit_id = ctx.unit AND i.type = k.type AND i.param = k.param AND i.value = %s) m "
        "JOIN resource_current c ON c.unit_id = ctx.unit AND c.type = m.type AND c.id = m.id "
        "CROSS JOIN LATERAL (SELECT max(t.low) AS low FROM resource_date t WHERE t.unit_id = ctx.unit "
        "AND t.type = c.type AND t.id = c.id) d WHERE NOT c.deleted) x WHERE x.n <= %s "
        "ORDER BY x.type, x.n LIMIT %s) r",
        [kind for kind, _ in pairs],
        [parameter for _, parameter in pairs],
        f"{identity}{SEPARATOR}Patient",
        NEWEST,
        NEWEST * len(kinds),
    )
    rows = await call.engine.reader.rows(sql)
    return [(row[0], row[1], row[2], read_document(row[2]).value) for row in rows]


def _composed(call: Call, identity: str, found: list[Found]) -> tuple[Json, list[Found]]:
    """The composition, and the resources its sections point to."""
    sections, shown = [], []
    for section in SECTIONS:
        held = [one for one in found if one[0] in section.kinds and section.holds(one[3])]
        if held or section.always:
            sections.append(_section(section, held))
            shown += held
    unit = {"reference": f"Organization/{call.caller.scope.unit_id}"}
    now = instant_text(call.engine.now())
    composition = filled(
        resourceType="Composition",
        id=str(new_id()),
        meta={"profile": [COMPOSITION]},
        language="vi",
        status="final",
        type=concept(LOINC, "60591-5", "Patient summary Document"),
        subject={"reference": f"Patient/{identity}"},
        date=now,
        author=[unit],
        title=f"Tóm tắt hồ sơ người bệnh, {now[:10]}",
        confidentiality="N",
        custodian=unit,
        section=sections,
    )
    return composition, shown


def _section(section: Section, held: list[Found]) -> Json:
    lines = "".join(f"<li>{escape(_words(resource))}</li>" for _, _, _, resource in held)
    inner = f"<ul>{lines}</ul>" if held else "<p>Không có thông tin trong hồ sơ của đơn vị.</p>"
    return filled(
        title=section.title,
        code=concept(LOINC, section.code, section.display),
        text={"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'},
        entry=[{"reference": f"{kind}/{key}"} for kind, key, _, _ in held],
        emptyReason=None if held else hl7("list-empty-reason", "unavailable", "Unavailable"),
    )


def _words(resource: dict[str, Any]) -> str:
    """What a reader is told of a resource: its code in words, its value, its day."""
    said: dict[str, Any] = next((resource[name] for name in _CODES if isinstance(resource.get(name), dict)), {})
    coded: dict[str, Any] = next((one for one in said.get("coding") or () if isinstance(one, dict)), {})
    words = str(said.get("text") or coded.get("display") or coded.get("code") or resource["resourceType"])
    quantity = resource.get("valueQuantity")
    if isinstance(quantity, dict) and "value" in quantity:
        words += f": {quantity['value']} {quantity.get('unit', '')}".rstrip()
    day = next((str(resource[name])[:10] for name in _DAYS if isinstance(resource.get(name), str)), "")
    return f"{words} ({day})" if day else words


_CODES = ("code", "medicationCodeableConcept", "vaccineCode")
_DAYS = (
    "onsetDateTime", "recordedDate", "authoredOn", "effectiveDateTime", "occurrenceDateTime", "performedDateTime", "issued",
)  # fmt: skip
OPERATIONS = [
    Operation(
        name="summary",
        run=summary,
        types=("Patient",),
        levels=(TYPE, INSTANCE),
        inputs=(Input("identifier", "string"), Input("profile", "canonical")),
        definition="http://hl7.org/fhir/uv/ips/OperationDefinition/summary",
        documentation="Tóm tắt hồ sơ người bệnh theo International Patient Summary, dạng Bundle document.",
    )
]
