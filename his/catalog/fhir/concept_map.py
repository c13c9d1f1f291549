"""`ConceptMap/$translate` where a list carries the codes of another list or of a foreign system.

http://hl7.org/fhir/R4/conceptmap-operation-translate.html. What is carried is wider than what carries it (a medicine and its
ATC group), so the equivalence is `wider`, and `narrower` the other way round.
"""

from his.catalog.fhir.asked import codings, day, key_of, note
from his.catalog.fhir.code_systems import KEYS, MAPS, SYSTEMS, Map, value_set_key
from his.catalog.store.concepts import translate
from his.fhir.build import coding as told
from his.fhir.http import Response
from his.fhir.operations.answers import parameters, parts, value
from his.fhir.operations.arguments import refused
from his.fhir.operations.declare import INSTANCE, TYPE, Call, Input, Operation
from his.fhir.outcome import FhirError


async def run(call: Call) -> Response:
    """The codes that a code is mapped to."""
    asked = codings(call)
    if len(asked) != 1:
        raise refused(asked[1].place, "Chỉ dịch được một mã một lần.", "value")
    coding, reverse = asked[0], call.inputs.get("reverse", False)
    if not coding.system:
        raise refused(call.inputs.place("system"), "Thiếu system của mã.", "required")
    way = _map(call, coding.system.partition("|")[0], reverse=reverse)
    async with call.engine.database.scoped(call.caller.scope) as db:
        found = await translate(db, way.key, way.column, coding.code, day(call), reverse=reverse, names=way.names)
    await note(call, "translate", way.id)
    out = [value("result", "Boolean", bool(found))]
    if not found:
        out.append(value("message", "String", f"Không có mã tương ứng với {coding.code[:100]}."))
    for one in found:
        if reverse:
            target = told(SYSTEMS[way.key], one.source, one.source_display)
        else:
            target = told(way.target, one.target, one.target_display)
        out.append(
            parts(
                "match",
                value("equivalence", "Code", "narrower" if reverse else "wider"),
                value("concept", "Coding", target),
                value("source", "Uri", way.url),
            )
        )
    return parameters(out)


def _map(call: Call, system: str, *, reverse: bool) -> Map:
    """The map asked for: by id, by `url`, or the one from the code's system to `targetsystem` (or `target`)."""
    url = call.inputs.get("url", "").partition("|")[0]
    wanted = call.inputs.get("targetsystem", "")
    if not wanted and (target := value_set_key(call.inputs.get("target", ""))):
        wanted = SYSTEMS[target]
    fitting = []
    for way in MAPS:
        ends = (SYSTEMS[way.key], way.target)
        source, target = reversed(ends) if reverse else ends
        if call.identity not in ("", way.id) or url not in ("", way.url):
            continue
        if source == system and wanted in ("", target):
            fitting.append(way)
    if call.identity and call.identity not in {way.id for way in MAPS}:
        raise FhirError(404, "not-found", "Không tìm thấy tài nguyên này. Kiểm lại loại và mã.")
    if not fitting:
        if system not in KEYS and not reverse:
            key_of(system, call.inputs.place("system"))
        name = "url" if url else "targetsystem" if wanted else "system"
        raise FhirError(404, "not-found", "Danh mục không có bảng chuyển mã này.", call.inputs.place(name))
    if len(fitting) > 1:
        names = ", ".join(way.target for way in fitting)
        raise refused(call.inputs.place("targetsystem"), f"Cần targetsystem, một trong: {names}.", "required")
    return fitting[0]


OPERATIONS = [
    Operation(
        name="translate",
        run=run,
        types=("ConceptMap",),
        levels=(TYPE, INSTANCE),
        inputs=(
            Input("url", "uri"),
            Input("code", "code"),
            Input("system", "uri"),
            Input("coding", "Coding"),
            Input("codeableConcept", "CodeableConcept"),
            Input("target", "uri"),
            Input("targetsystem", "uri"),
            Input("reverse", "boolean"),
            Input("date", "dateTime"),
        ),
        definition="http://hl7.org/fhir/OperationDefinition/ConceptMap-translate",
        documentation="Chuyển mã theo danh mục: thuốc sang ATC hoặc hoạt chất, dịch vụ sang nhóm chi phí, xã sang tỉnh.",
    )
]
