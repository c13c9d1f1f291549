"""`CodeSystem/$lookup` and `CodeSystem/$validate-code` on the lists.

http://hl7.org/fhir/R4/codesystem-operation-lookup.html, codesystem-operation-validate-code.html.
"""

from his.catalog.fhir.asked import Coding, codings, day, instance, key_of, note
from his.catalog.fhir.code_systems import SYSTEMS, TITLES
from his.catalog.fhir.lists import Lists
from his.catalog.store.concepts import get_concepts
from his.catalog.terms import Concept
from his.fhir.build import Json
from his.fhir.http import Response
from his.fhir.operations.answers import parameters, parts, value
from his.fhir.operations.arguments import refused
from his.fhir.operations.declare import INSTANCE, TYPE, Call, Input, Operation
from his.fhir.outcome import FhirError
from his.fhir.registry import Served
from his.kit.text import fold

VALUE_OF = {"string": "String", "code": "Code", "boolean": "Boolean", "integer": "Integer"}


def shown(concept: Concept, language: str) -> str:
    """The display in the language asked for: English where the list knows it, Vietnamese otherwise."""
    return concept.english if language.lower().startswith("en") and concept.english else concept.display


async def lookup(call: Call) -> Response:
    """What is known of one code; 404 names the code or the system that is not known."""
    asked = codings(call)
    if len(asked) != 1:
        raise refused(asked[1].place, "Chỉ hỏi được một mã.", "value")
    coding = asked[0]
    if not coding.system:
        raise refused(call.inputs.place("system"), "Thiếu system của mã.", "required")
    key = key_of(coding.system, call.inputs.place("system") if call.inputs.first("system") else coding.place)
    async with call.engine.database.scoped(call.caller.scope) as db:
        concept = (await get_concepts(db, key, [coding.code], day(call))).get(coding.code)
    await note(call, "lookup", key)
    if concept is None:
        raise FhirError(404, "not-found", f"Bộ mã {TITLES[key]} không có mã {coding.code[:100]}.", coding.place)
    language = call.inputs.get("displayLanguage", "")
    wanted = {found.value for found in call.inputs.all("property")}
    out = [value("name", "String", TITLES[key]), value("display", "String", shown(concept, language))]
    if not wanted or "designation" in wanted:
        out += designations(concept)
    out += [one for one in _properties(concept) if not wanted or one["part"][0]["valueCode"] in wanted]
    return parameters(out)


def designations(concept: Concept) -> list[Json]:
    """The names of a concept by language."""
    names = (("vi", concept.display), ("en", concept.english))
    return [
        parts("designation", value("language", "Code", tongue), value("value", "String", name))
        for tongue, name in names
        if name
    ]


def _properties(concept: Concept) -> list[Json]:
    told = [("inactive", "boolean", not concept.active), *concept.properties]
    return [
        parts("property", value("code", "Code", name), value("value", VALUE_OF[kind], content))
        for name, kind, content in told
    ]


async def validate_code(call: Call) -> Response:
    """Is the code in the list on the day, and is its display right?"""
    url = call.inputs.get("url", "")
    named = instance(call) or (key_of(url, call.inputs.place("url")) if url else "")
    asked = [(coding, named or _key(call, coding)) for coding in codings(call, "url")]
    answers = await answers_of(call, asked)
    await note(call, "validate-code", asked[0][1])
    return verdict(answers)


async def answers_of(call: Call, asked: list[tuple[Coding, str]]) -> list[tuple[bool, str, str]]:
    """What is to be said of each code in its list; one query a list."""
    on, language = day(call), call.inputs.get("displayLanguage", "")
    known: dict[str, dict[str, Concept]] = {}
    async with call.engine.database.scoped(call.caller.scope) as db:
        for key in dict.fromkeys(key for _, key in asked):
            known[key] = await get_concepts(db, key, [coding.code for coding, of in asked if of == key], on)
    return [
        judged(coding, known[key], language)
        if coding.system.partition("|")[0] in ("", SYSTEMS[key])
        else (False, f"Mã {coding.code[:100]} thuộc bộ mã khác.", "")
        for coding, key in asked
    ]


def _key(call: Call, coding: Coding) -> str:
    if not coding.system:
        raise refused(call.inputs.place("url"), "Thiếu url của bộ mã.", "required")
    return key_of(coding.system, coding.place)


def judged(coding: Coding, found: dict[str, Concept], language: str) -> tuple[bool, str, str]:
    """Is this code right, what is wrong with it, and its display in the list."""
    concept = found.get(coding.code)
    if concept is None:
        return False, f"Không có mã {coding.code[:100]}.", ""
    display = shown(concept, language)
    if not concept.active:
        return False, f"Mã {concept.code} không còn hiệu lực vào ngày này.", display
    if coding.display and fold(coding.display) not in (fold(concept.display), fold(concept.english)):
        return False, f"Tên của mã {concept.code} là: {display}.", display
    return True, "", display


def verdict(answers: list[tuple[bool, str, str]]) -> Response:
    """The answer of a validation: right when one of the codes is right."""
    right, message, display = next((one for one in answers if one[0]), answers[0])
    out = [value("result", "Boolean", right)]
    if message:
        out.append(value("message", "String", message))
    if display:
        out.append(value("display", "String", display))
    return parameters(out)


CODED = (Input("code", "code"), Input("coding", "Coding"), Input("date", "dateTime"))
_LISTS = Lists("CodeSystem")
SERVED = Served("CodeSystem", _LISTS.read, _LISTS.search, beside=True, owns=SYSTEMS.__contains__)
OPERATIONS = [
    Operation(
        name="lookup",
        run=lookup,
        types=("CodeSystem",),
        levels=(TYPE,),
        inputs=(*CODED, Input("system", "uri"), Input("displayLanguage", "code"), Input("property", "code", many=True)),
        definition="http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup",
        documentation="Tên và thuộc tính của một mã trong danh mục, vào ngày date (mặc định hôm nay).",
    ),
    Operation(
        name="validate-code",
        run=validate_code,
        types=("CodeSystem",),
        levels=(TYPE, INSTANCE),
        inputs=(
            *CODED,
            Input("codeableConcept", "CodeableConcept"),
            Input("url", "uri"),
            Input("display", "string"),
            Input("displayLanguage", "code"),
        ),
        definition="http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code",
        documentation="Mã có trong danh mục và còn hiệu lực không, tên kèm theo có đúng không.",
    ),
]
