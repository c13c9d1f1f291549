"""`Composition/$document`: a composition and what it points to, as one document bundle.

http://hl7.org/fhir/R4/composition-operation-document.html. What the caller may not read, and what is no longer there, is
left out; the composition itself answers 404 as in a read.
"""

from typing import Any

from his.fhir.access import check
from his.fhir.dates import instant_text
from his.fhir.http import Response, version_headers
from his.fhir.jsontext import read_document
from his.fhir.operations.arguments import refused
from his.fhir.operations.collect import entry, standing, texts_of
from his.fhir.operations.declare import INSTANCE, TYPE, Call, Input, Operation
from his.fhir.outcome import FhirError
from his.fhir.reader import Seen
from his.fhir.references import references
from his.fhir.resource_types import TYPES
from his.fhir.search import ID
from his.fhir.writer import Draft, check_type, prepare
from his.kit.ids import new_id

MOST = 1000


async def document(call: Call) -> Response:
    """The document of a stored composition; `persist` stores the bundle as well."""
    identity = _which(call)
    stored = await standing(call, "Composition", identity)
    at = call.engine.now()
    keys = _pointed_at(call, stored.content, identity)
    rows = await call.engine.reader.rows(texts_of(call.caller.scope, keys)) if keys else []
    found = {(row[0], row[1]): row[2] for row in rows}
    texts = [("Composition", identity, stored.content), *((*key, found[key]) for key in keys if key in found)]
    text = bundled(call, texts, instant_text(at))
    detail = {"resources": len(texts)}
    await call.engine.reader.audit(Seen("document", "Composition", identity, call.caller.scope, detail))
    if not call.inputs.get("persist", False):
        return Response(200, text.encode())
    return await _kept(call, text)


def bundled(call: Call, texts: list[tuple[str, str, str]], at: str) -> str:
    """A document bundle of these resources (type, id, text), the composition first."""
    entries = ",".join(entry(call.engine, *one) for one in texts)
    head = f'"identifier":{{"system":"urn:ietf:rfc:3986","value":"urn:uuid:{new_id()}"}}'
    return f'{{"resourceType":"Bundle",{head},"type":"document","timestamp":"{at}","entry":[{entries}]}}'


def _which(call: Call) -> str:
    sent = call.inputs.get("id")
    if call.identity:
        if sent is not None:
            raise refused(call.inputs.place("id"), "id chỉ dùng khi gọi ở Composition/$document.")
        return call.identity
    if sent is None:
        raise refused(call.inputs.place("id"), "Thiếu id của Composition.", "required")
    own = str(sent).removeprefix(call.engine.base + "/").removeprefix("Composition/")
    if not ID.match(own):
        raise refused(call.inputs.place("id"), "id phải là Composition/mã của hệ thống này.", "value")
    return own


def _pointed_at(call: Call, text: str, identity: str) -> list[tuple[str, str]]:
    """The resources of this server that the composition points to, in the order of the text."""
    found: dict[tuple[str, str], None] = {}
    for sent in references(text):
        kind, slash, target = sent.removeprefix(call.engine.base + "/").partition("/")
        target = target.partition("/_history/")[0]
        if slash and kind in TYPES and ID.match(target) and call.sees(kind):
            found[(kind, target)] = None
    found.pop(("Composition", identity), None)
    if len(found) > MOST:
        raise FhirError(413, "too-costly", f"Composition trỏ tới hơn {MOST} tài nguyên.", "Composition")
    return list(found)


async def _kept(call: Call, text: str) -> Response:
    check(call.caller, call.engine.registry, "create", "Bundle")
    parsed = read_document(text)
    draft = prepare(Draft("Bundle", str(new_id()), parsed, check_type(parsed, "Bundle"), "create", fresh=True))
    at = call.engine.now()
    versions: Any = await call.engine.writer.write(call.caller.scope, [draft], [], at)
    headers = version_headers(versions[0], at)
    headers.append((b"location", f"{call.engine.base}/Bundle/{draft.id}/_history/{versions[0]}".encode()))
    return Response(200, draft.text(versions[0]).encode(), headers)


OPERATIONS = [
    Operation(
        name="document",
        run=document,
        types=("Composition",),
        levels=(TYPE, INSTANCE),
        inputs=(Input("id", "uri"), Input("persist", "boolean")),
        definition="http://hl7.org/fhir/OperationDefinition/Composition-document",
        documentation="Văn bản (Bundle document) của một Composition cùng mọi tài nguyên nó trỏ tới.",
    )
]
