"""`ValueSet/$expand` and `ValueSet/$validate-code` on the lists.

http://hl7.org/fhir/R4/valueset-operation-expand.html, valueset-operation-validate-code.html. A value set is a whole list, or
one that is sent: systems of ours, whole or as enumerated codes, less enumerated codes. Anything else is refused by name.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from his.catalog.fhir.asked import Coding, codings, day, key_of, note, text_of
from his.catalog.fhir.code_system import CODED, answers_of, shown, verdict
from his.catalog.fhir.code_systems import SYSTEMS, TITLES, VALUE_SET, value_set_key
from his.catalog.fhir.lists import Lists
from his.catalog.rules import query_words
from his.catalog.store.concepts import get_concepts, list_concepts
from his.catalog.terms import Concept
from his.fhir.build import Json, filled
from his.fhir.dates import instant_text
from his.fhir.http import Response
from his.fhir.jsontext import read_document
from his.fhir.operations.answers import resource
from his.fhir.operations.arguments import refused
from his.fhir.operations.declare import INSTANCE, TYPE, Call, Input, Operation
from his.fhir.outcome import FhirError, not_found
from his.fhir.registry import Served
from his.kit.db import Db
from his.kit.ids import new_id
from his.kit.text import tokens

MOST = 1000
MOST_OFFSET = 1_000_000
MOST_CODES = 1000


@dataclass(slots=True)
class Definition:
    """A value set, understood: whole lists, or codes of a list; `left_out` are codes that do not belong to it."""

    url: str
    title: str
    whole: list[str] = field(default_factory=list)
    codes: dict[str, list[str]] = field(default_factory=dict)
    left_out: dict[str, set[str]] = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        """The lists it draws from."""
        return list(dict.fromkeys([*self.whole, *self.codes]))


async def definition(call: Call) -> Definition:
    """The value set asked for: by id, by `url`, or sent as `valueSet`; a list of ours, or one the unit has stored."""
    sent, url = call.inputs.first("valueSet"), call.inputs.first("url")
    if sum(1 for one in (sent, url, call.identity) if one) != 1:
        given = sent or url
        place = given.place if given else call.inputs.place("url")
        raise refused(place, "Cần đúng một trong url, valueSet hoặc mã trong địa chỉ.", "required")
    if sent is not None:
        return _composed(sent.value, sent.place)
    key = call.identity if call.identity in SYSTEMS else value_set_key(str(url.value)) if url else ""
    if key:
        return Definition(VALUE_SET + key, TITLES[key], [key])
    identity = call.identity or await _stored_as(call, str(url.value if url else ""))
    stored = await call.engine.reader.read(call.caller.scope, "ValueSet", identity) if identity else None
    if stored is not None and not stored.deleted:
        return _composed(read_document(stored.content).value, "ValueSet")
    if url is None:
        raise not_found()
    raise FhirError(404, "not-found", f"Hệ thống không có tập mã {str(url.value)[:200]}.", url.place)


async def _stored_as(call: Call, url: str) -> str:
    """The id under which the unit has stored the value set of this address, "" when it has none."""
    if "url" not in call.engine.registry.parameters("ValueSet") or "," in url:
        return ""
    identity, more = await call.engine.find_one(call.caller.scope, "ValueSet", [("url", url.partition("|")[0])])
    return "" if more else identity


def _composed(content: dict[str, Any], place: str) -> Definition:
    if content.get("resourceType") != "ValueSet":
        raise refused(place, "valueSet phải là ValueSet.", "invalid")
    found = Definition(text_of(content, "url", place), text_of(content, "title", place))
    compose = content.get("compose")
    includes = compose.get("include") if isinstance(compose, dict) else None
    if not isinstance(compose, dict) or not isinstance(includes, list) or not includes:
        raise refused(f"{place}.compose.include", "Tập mã cần compose.include.", "required")
    for n, part in enumerate(includes[:50]):
        key, codes = _part(part, f"{place}.compose.include[{n}]")
        if codes is None:
            found.whole.append(key)
        else:
            found.codes.setdefault(key, []).extend(codes)
    excludes = compose.get("exclude", [])
    if not isinstance(excludes, list):
        raise refused(f"{place}.compose.exclude", "exclude phải là danh sách.", "structure")
    for n, part in enumerate(excludes[:50]):
        where = f"{place}.compose.exclude[{n}]"
        key, codes = _part(part, where)
        if codes is None:
            raise refused(where, "exclude cần danh sách concept.", "not-supported")
        found.left_out.setdefault(key, set()).update(codes)
    return found


def _part(part: Any, place: str) -> tuple[str, list[str] | None]:
    if not isinstance(part, dict):
        raise refused(place, "Mỗi phần của compose phải là một đối tượng.", "structure")
    for name in ("filter", "valueSet"):
        if part.get(name):
            raise refused(f"{place}.{name}", f"compose không nhận {name}.", "not-supported")
    key = key_of(text_of(part, "system", place), f"{place}.system")
    listed = part.get("concept")
    if listed is None:
        return key, None
    if not isinstance(listed, list) or len(listed) > MOST_CODES or not all(isinstance(one, dict) for one in listed):
        raise refused(f"{place}.concept", f"concept phải là danh sách, tối đa {MOST_CODES} mã.", "structure")
    return key, [text_of(one, "code", f"{place}.concept[{n}]") for n, one in enumerate(listed)]


async def expand(call: Call) -> Response:
    """One page of the codes that have all words of `filter`; too many without `count` is refused (too-costly)."""
    wanted = await definition(call)
    offset, count = _window(call)
    words = query_words(call.inputs.get("filter", ""))
    async with call.engine.database.scoped(call.caller.scope) as db:
        total, page = await _page(db, wanted, words, day(call), offset, count)
    await note(call, "expand", ",".join(wanted.keys))
    language, wordy = call.inputs.get("displayLanguage", ""), call.inputs.get("includeDesignations", False)
    at = instant_text(call.engine.now())
    return resource(
        filled(
            resourceType="ValueSet",
            url=wanted.url,
            title=wanted.title,
            status="active",
            expansion={
                **filled(identifier=f"urn:uuid:{new_id()}", timestamp=at),
                "total": total,
                "offset": offset,
                **filled(
                    parameter=_repeated(call), contains=[_contained(key, one, language, wordy) for key, one in page]
                ),
            },
        )
    )


def _window(call: Call) -> tuple[int, int | None]:
    offset, count = call.inputs.get("offset", 0), call.inputs.get("count")
    for name, number in (("offset", offset), ("count", count or 0)):
        if not 0 <= number <= MOST_OFFSET:
            raise refused(call.inputs.place(name), f"{name} cần một số từ 0.", "value")
    return offset, None if count is None else min(count, MOST)


async def _page(
    db: Db, wanted: Definition, words: list[str], on: date, offset: int, count: int | None
) -> tuple[int, list[tuple[str, Concept]]]:
    """How many codes there are, and those from `offset` on: lists in their order, codes in theirs."""
    total = 0
    page: list[tuple[str, Concept]] = []
    for key in wanted.keys:
        skip = max(offset - total, 0)
        room = MOST + 1 if count is None else count - len(page)
        if key in wanted.whole and key not in wanted.left_out:
            found, concepts = await list_concepts(db, key, words, on, offset=skip, limit=max(room, 0))
        else:
            found, concepts = await _enumerated(db, wanted, key, words, on)
            concepts = concepts[skip : skip + max(room, 0)]
        total += found
        page += [(key, concept) for concept in concepts]
    if count is None and total - offset > MOST:
        raise FhirError(413, "too-costly", f"Tập mã có {total} mã. Gửi filter, hoặc count với offset.", "http.count")
    return total, page


async def _enumerated(db: Db, wanted: Definition, key: str, words: list[str], on: date) -> tuple[int, list[Concept]]:
    """The codes of a list that are enumerated, or all but those left out; in force, with all the words."""
    out = wanted.left_out.get(key, set())
    if key in wanted.whole:
        count, concepts = await list_concepts(db, key, words, on, offset=0, limit=20 * MOST)
        if count > len(concepts):
            raise FhirError(413, "too-costly", "Tập mã quá lớn để bỏ bớt mã. Gửi filter.", "http.filter")
        concepts = [one for one in concepts if one.code not in out]
        return len(concepts), concepts
    known = await get_concepts(db, key, dict.fromkeys(wanted.codes[key]), on)
    listed = [known[code] for code in dict.fromkeys(wanted.codes[key]) if code in known and code not in out]
    concepts = [one for one in listed if one.active and _says(one, words)]
    return len(concepts), concepts


def _says(concept: Concept, words: list[str]) -> bool:
    own = tokens(f"{concept.code} {concept.display} {concept.english}")
    return all(any(word.startswith(asked) for word in own) for asked in words)


def _repeated(call: Call) -> list[Json]:
    kinds = {"integer": "Integer", "boolean": "Boolean", "dateTime": "DateTime", "code": "Code", "uri": "Uri"}
    return [
        {"name": one.name, f"value{kinds.get(one.kind, 'String')}": one.value}
        for one in call.inputs.values
        if one.kind != "Resource"
    ]


def _contained(key: str, concept: Concept, language: str, wordy: bool) -> Json:
    names = [("vi", concept.display), ("en", concept.english)] if wordy else []
    return filled(
        system=SYSTEMS[key],
        code=concept.code,
        display=shown(concept, language),
        designation=[{"language": tongue, "value": name} for tongue, name in names if name],
    )


async def validate_code(call: Call) -> Response:
    """Does the code belong to the value set on the day?"""
    wanted = await definition(call)
    asked = codings(call)
    placed = [(coding, _list_of(call, wanted, coding)) for coding in asked]
    answers = await answers_of(call, [(coding, key) for coding, key in placed if key])
    answers += [(False, f"Mã {coding.code[:100]} không thuộc tập mã.", "") for coding, key in placed if not key]
    await note(call, "validate-code", ",".join(wanted.keys))
    return verdict(answers)


def _list_of(call: Call, wanted: Definition, coding: Coding) -> str:
    """The list in which a code belongs to the value set, "" when it does not."""
    if not coding.system and len(wanted.keys) > 1:
        raise refused(call.inputs.place("system"), "Thiếu system của mã.", "required")
    for key in wanted.keys:
        if coding.system.partition("|")[0] in ("", SYSTEMS[key]) and coding.code not in wanted.left_out.get(key, ()):
            return key if key in wanted.whole or coding.code in wanted.codes.get(key, ()) else ""
    return ""


_SET = (Input("url", "uri"), Input("valueSet", "Resource"), Input("displayLanguage", "code"))
_LISTS = Lists("ValueSet")
SERVED = Served("ValueSet", _LISTS.read, _LISTS.search, beside=True, owns=SYSTEMS.__contains__)
OPERATIONS = [
    Operation(
        name="expand",
        run=expand,
        types=("ValueSet",),
        levels=(TYPE, INSTANCE),
        inputs=(
            *_SET,
            Input("filter", "string"),
            Input("date", "dateTime"),
            Input("offset", "integer"),
            Input("count", "integer"),
            Input("includeDesignations", "boolean"),
            Input("activeOnly", "boolean"),
            Input("excludeNested", "boolean"),
        ),
        definition="http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
        documentation="Các mã của một tập, còn hiệu lực vào ngày date; filter là các chữ đầu của từ, không cần dấu.",
    ),
    Operation(
        name="validate-code",
        run=validate_code,
        types=("ValueSet",),
        levels=(TYPE, INSTANCE),
        inputs=(
            *_SET,
            *CODED,
            Input("system", "uri"),
            Input("codeableConcept", "CodeableConcept"),
            Input("display", "string"),
        ),
        definition="http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code",
        documentation="Mã có thuộc tập mã không, tên kèm theo có đúng không.",
    ),
]
