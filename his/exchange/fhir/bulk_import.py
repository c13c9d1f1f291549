"""`$import`: NDJSON that the client sends, or that the worker fetches from an allowed address, written in the background.

POST with `application/fhir+ndjson` and `?type=Patient` sends one file; POST with Parameters names files: each `input` has the parts
`type` and `url`. The state stands at `$import/<job>`; its files tell the outcome of every line.
"""

import asyncio
from pathlib import Path
from typing import Any

from his.exchange.bulk import files
from his.exchange.bulk.answers import below, check_client, start
from his.exchange.bulk.sources import allowed
from his.fhir.access import check
from his.fhir.http import Response, too_large
from his.fhir.operations.arguments import refused
from his.fhir.operations.declare import SYSTEM, Call, Input, Operation
from his.fhir.outcome import FhirError
from his.fhir.resource_types import TYPES
from his.kit.ids import new_id

BODIES = ("application/fhir+ndjson", "application/ndjson", "application/x-ndjson")
LARGEST_BODY = 1_000_000_000
MOST_FILES = 100


async def run(call: Call) -> Response:
    """Start an import, or answer about one."""
    if call.rest:
        return await below(call, "import")
    check_client(call.caller)
    said = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said in BODIES:
        return await _sent(call)
    if call.inputs.get("inputFormat", BODIES[0]) not in BODIES:
        raise refused(call.inputs.place("inputFormat"), f"Chỉ nhận {BODIES[0]}.", "not-supported")
    given = call.inputs.all("input")
    if len(given) > MOST_FILES:
        raise refused(given[MOST_FILES].place, f"Tối đa {MOST_FILES} tệp một lần.", "too-costly")
    inputs = []
    for n, one in enumerate(given):
        kind, url = _parts(one.value, one.place)
        _check_type(call, kind, one.place)
        if not allowed(url):
            raise FhirError(403, "forbidden", "Địa chỉ nguồn không nằm trong danh sách được phép.", one.place)
        inputs.append({"type": kind, "url": url, "file": f"in-{n:04d}.ndjson"})
    spec = {"types": sorted({one["type"] for one in inputs}), "seen": _seen(call), "inputs": inputs}
    return await start(call, "import", spec)


def _seen(call: Call) -> list[str]:
    """The types in which conditional references of the lines may look: those that the client may read and search."""
    return [kind for kind in sorted(TYPES) if call.sees(kind)]


def _parts(listed: list[Any], place: str) -> tuple[str, str]:
    found: dict[str, str] = {}
    for n, part in enumerate(listed):
        name = part.get("name") if isinstance(part, dict) else None
        texts = [v for k, v in part.items() if k.startswith("value")] if isinstance(part, dict) else []
        if name not in ("type", "url") or len(texts) != 1 or not isinstance(texts[0], str) or name in found:
            raise refused(f"{place}[{n}]", "input gồm type và url, mỗi phần một lần.", "structure")
        found[name] = texts[0]
    if len(found) != 2:
        raise refused(place, "input cần cả type và url.", "required")
    return found["type"], found["url"]


def _check_type(call: Call, kind: str, place: str) -> None:
    """The client may create and replace resources of this type."""
    if kind not in TYPES:
        raise refused(place, f"{kind[:60]} không phải loại tài nguyên.", "value")
    for action in ("create", "update"):
        check(call.caller, call.engine.registry, action, kind)


async def _sent(call: Call) -> Response:
    """Take the body piece by piece into the job's folder; nothing stays when it does not come whole."""
    pairs = dict(call.request.pairs)
    unknown = next((name for name in pairs if name not in ("type", "_format", "_pretty")), None)
    if unknown is not None:
        raise refused(f"http.{unknown[:60]}", f"Thao tác $import không có tham số {unknown[:60]}.", "not-supported")
    if "type" not in pairs:
        raise refused("http.type", "Thiếu type: loại tài nguyên của tệp.", "required")
    _check_type(call, pairs["type"], "http.type")
    assert call.caller.scope.unit_id is not None
    job_id = new_id()
    place = files.folder(call.caller.scope.unit_id, job_id)
    inputs = [{"type": pairs["type"], "file": "in-0000.ndjson"}]
    spec = {"types": [pairs["type"]], "seen": _seen(call), "inputs": inputs}
    try:
        await _receive(call, place)
        return await start(call, "import", spec, job_id)
    except BaseException:
        await asyncio.to_thread(files.remove, place)
        raise


async def _receive(call: Call, place: Path) -> None:
    await asyncio.to_thread(files.begin, place)
    path, size = place / "in-0000.ndjson", 0
    while True:
        message = await call.request.receive()
        if message["type"] == "http.disconnect":
            raise FhirError(400, "incomplete", "Kết nối đứt trước khi nhận đủ nội dung.")
        chunk = message.get("body", b"")
        if size + len(chunk) > LARGEST_BODY:
            raise too_large(LARGEST_BODY)
        size = await asyncio.to_thread(files.append, path, size, chunk)
        if not message.get("more_body"):
            break
    await asyncio.to_thread(files.keep, path)


OPERATIONS = [
    Operation(
        name="import",
        run=run,
        levels=(SYSTEM,),
        inputs=(
            Input("inputFormat", "string"),
            Input("inputSource", "uri"),
            Input("input", "part", required=True, many=True),
        ),
        changes=True,
        below=True,
        takes=BODIES,
        definition="urn:his/OperationDefinition/import",
        documentation="Nạp tài nguyên từ NDJSON gửi kèm hoặc từ địa chỉ được phép, làm ở nền; kết quả từng dòng trong tệp.",
    )
]
