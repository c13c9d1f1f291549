"""Answers about a bulk job: started, at work, finished, its files; everybody but its client gets 404.

http://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-status-request.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from his.exchange import store
from his.exchange.bulk import files
from his.exchange.tables import BulkJob
from his.fhir.access import Caller
from his.fhir.dates import instant_text
from his.fhir.http import ALWAYS, Response, SelfSending, Send
from his.fhir.operations.declare import Call
from his.fhir.outcome import FhirError, issue, not_found, outcome
from his.fhir.reader import Seen
from his.kit.changes import Changes
from his.kit.errors import HisError, Kind
from his.kit.ids import new_id

NDJSON, JSON = b"application/fhir+ndjson", b"application/json"
CHUNK = 1 << 18
OPEN_JOBS = 4
ACTIONS = {"export": "bulk:export", "import": "bulk:import"}
RETRY_SECONDS = 5
ATTEMPTS = 6


class Plain(SelfSending):
    """A JSON document that is no FHIR resource (the manifest)."""

    async def send_itself(self, send: Send, *, head: bool) -> None:
        """Send it whole."""
        body = self.body or b""
        headers = [(b"content-type", JSON), (b"content-length", b"%d" % len(body)), *ALWAYS, *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head else body})


class File(SelfSending):
    """A file that is streamed piece by piece: at most `size` bytes, what the job's row says it holds."""

    def __init__(self, path: Path, size: int) -> None:
        super().__init__(200)
        self.path = path
        self.size = size

    async def send_itself(self, send: Send, *, head: bool) -> None:
        """Send the first `size` bytes; a client that goes away ends it."""
        headers = [(b"content-type", NDJSON), (b"content-length", b"%d" % self.size), *ALWAYS]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if not head:
            with self.path.open("rb") as file:
                for length in _pieces(self.size):
                    piece = await asyncio.to_thread(file.read, length)
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _pieces(size: int) -> Iterator[int]:
    for begin in range(0, size, CHUNK):
        yield min(CHUNK, size - begin)


def check_client(caller: Caller) -> None:
    """Bulk jobs are for machine clients (SMART Backend Services): a person's session may not carry a unit away."""
    if caller.scope.unit_id is None:
        raise not_found()
    if caller.scope.role != "machine":
        raise FhirError(403, "forbidden", "Xuất và nạp hàng loạt chỉ dành cho máy khách có phạm vi system.")


async def start(call: Call, kind: str, spec: dict[str, Any], job_id: UUID | None = None) -> Response:
    """Put the job into the table: 202 with the address of its state; 429 when the client has too many at work."""
    scope, at = call.caller.scope, call.engine.now()
    assert scope.unit_id is not None
    address = f"{call.engine.base}/{'/'.join(call.request.segments)}"
    if call.request.query:
        address += f"?{call.request.query}"
    job = BulkJob(
        unit_id=scope.unit_id, kind=kind, request=address, id=job_id or new_id(), actor=scope.actor, role=scope.role, spec=spec, created_at=at,
    )  # fmt: skip
    async with call.engine.database.scoped(scope) as db:
        if await store.count_open_jobs(db, scope.actor) >= OPEN_JOBS:
            raise FhirError(429, "throttled", f"Máy khách đang có {OPEN_JOBS} việc chạy. Chờ xong rồi gửi lại.")
        changes = Changes().insert(job).notify("bulk")
        changes.audit(ACTIONS[kind], "BulkJob", job.id, level=spec.get("level", "system"), types=spec["types"])
        await db.apply(changes, at)
    headers = [(b"content-location", f"{call.engine.base}/${kind}/{job.id}".encode())]
    text = outcome(issue("information", "informational", "Đã nhận, đang làm. Hỏi kết quả ở Content-Location."))
    return Response(202, text, headers)


async def below(call: Call, kind: str) -> Response:
    """GET and DELETE of `$export/<job>`, GET of its files."""
    check_client(call.caller)
    job = await _job(call, kind)
    match call.rest, call.request.method:
        case [_], "GET":
            return _state(call, job)
        case [_], "DELETE":
            return await _cancel(call, job)
        case [_, name], "GET":
            return await _file(call, job, name)
    raise not_found()


async def _job(call: Call, kind: str) -> BulkJob:
    """The job of this client; another client's, another unit's and a cancelled one are not there."""
    try:
        job_id = UUID(call.rest[0])
    except ValueError:
        raise not_found() from None
    async with call.engine.database.scoped(call.caller.scope) as db:
        job = await store.get_job(db, job_id)
    over = job is not None and job.expires_at is not None and job.expires_at <= call.engine.now()
    if job is None or job.kind != kind or job.actor != call.caller.scope.actor or job.state == "cancelled" or over:
        raise not_found()
    return job


def _state(call: Call, job: BulkJob) -> Response:
    if job.state in ("queued", "running"):
        done = job.position.get("done", 0)
        progress = f"{job.state}, {done} resources".encode()
        return Response(202, None, [(b"x-progress", progress), (b"retry-after", b"%d" % RETRY_SECONDS)])
    if job.state == "failed":
        return Response(500, outcome(issue("fatal", "exception", job.result.get("message", ""))))
    return Plain(200, orjson.dumps(manifest(call.engine.base, job)), [(b"expires", _http_date(job.expires_at))])


def manifest(base: str, job: BulkJob) -> dict[str, Any]:
    """The manifest of a finished job."""

    def listed(name: str) -> list[dict[str, Any]]:
        return [
            {"type": f["type"], "url": f"{base}/${job.kind}/{job.id}/{f['name']}", "count": f["count"]}
            for f in job.result.get(name, [])
        ]

    found = {
        "transactionTime": job.result.get("until") or instant_text(job.created_at),
        "request": job.request,
        "requiresAccessToken": True,
        "output": listed("output"),
        "error": listed("error"),
    }
    return {**found, "deleted": listed("deleted")} if job.kind == "export" else found


def _http_date(at: datetime | None) -> bytes:
    assert at is not None, "a finished job has an end"
    return format_datetime(at.astimezone(UTC), usegmt=True).encode()


async def _file(call: Call, job: BulkJob, name: str) -> Response:
    held = [f for part in ("output", "deleted", "error") for f in job.result.get(part, []) if f["name"] == name]
    path = files.folder(job.unit_id, job.id) / name if held else None
    if not held or path is None or not path.exists():
        raise not_found()
    if held[0]["type"] in job.spec["types"] and job.kind == "export" and not call.sees(held[0]["type"]):
        raise FhirError(403, "forbidden", f"Mã truy cập này không được đọc {held[0]['type']}.", held[0]["type"])
    await call.engine.reader.audit(Seen("bulk:download", "BulkJob", str(job.id), call.caller.scope, {"file": name}))
    return File(path, held[0]["bytes"])


async def _cancel(call: Call, job: BulkJob) -> Response:
    """Cancel a job at work, or give a finished one back; the worker removes its files."""
    for left in reversed(range(ATTEMPTS)):
        changes = Changes()
        changes.update(job, state="cancelled")
        changes.audit("bulk:cancel", "BulkJob", job.id)
        async with call.engine.database.scoped(call.caller.scope) as db:
            try:
                await db.apply(changes.notify("bulk"), call.engine.now())
                break
            except HisError as error:
                if error.kind is not Kind.STALE or not left:
                    raise
        job = await _job(call, job.kind)
    return Response(202, outcome(issue("information", "informational", "Đã hủy.")))
