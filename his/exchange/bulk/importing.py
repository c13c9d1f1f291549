"""The steps of an import job: fetch each file, then its lines a hundred in a transaction; the outcome of every line is kept.

A line without id gets one derived from job, file and line, so that a step that is done again writes the same resource.
A transaction that is refused is done again line by line, so that only the wrong lines are refused.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import httpx
import orjson

from his.exchange.bulk import files
from his.exchange.bulk.sources import allowed, fetcher
from his.exchange.tables import BulkJob
from his.fhir.app import route
from his.fhir.bundles import process_text
from his.fhir.engine import Engine
from his.fhir.jsontext import decode, read_document
from his.fhir.outcome import FhirError, issue, issues_of
from his.kit.db import Scope
from his.kit.errors import HisError, Kind

LINES, BATCH_BYTES, LONGEST_LINE = 100, 4_000_000, 16_000_000
LARGEST_FILE = 8_000_000_000
OUTCOMES, ERRORS = "outcome.ndjson", "error.ndjson"
WAIT = httpx.Timeout(60, connect=10)
State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Loader:
    """The client on whose behalf a job writes: what it was allowed when it began."""

    scope: Scope
    types: frozenset[str]
    seen: frozenset[str]
    blind_update: bool = True

    def may(self, action: str, resource_type: str) -> bool:
        """Create and update resources of the types of the job; look for what conditional references name."""
        return resource_type in (self.types if action in ("create", "update") else self.seen)


def fresh() -> State:
    """The position before the first file."""
    return {"input": 0, "fetched": False, "offset": 0, "line": 0, "done": 0, "wrong": 0, "sizes": {}}


class Importing:
    """One import job at work; `position` is where the last batch of lines ended."""

    def __init__(
        self, engine: Engine, job: BulkJob, place: Path, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.engine = engine
        self.job = job
        self.spec = job.spec
        self.place = place
        self.transport = transport
        self.position: State = deepcopy(job.position) or fresh()
        scope = Scope(job.unit_id, job.actor, job.role)
        self.caller = Loader(scope, frozenset(self.spec["types"]), frozenset(self.spec["seen"]))

    async def step(self) -> bool:
        """Fetch a file or write a batch of lines; False when every file is done."""
        position, inputs = self.position, self.spec["inputs"]
        if position["input"] >= len(inputs):
            return False
        source = inputs[position["input"]]
        path = self.place / source["file"]
        if not position["fetched"]:
            if source.get("url"):
                await self._fetch(source["url"], path)
            position["fetched"] = True
            return True
        if not path.exists():
            raise files.Lost(path.name)
        lines, end = await asyncio.to_thread(
            files.read_lines, path, position["offset"], LINES, BATCH_BYTES, LONGEST_LINE
        )
        if not lines:
            position.update(input=position["input"] + 1, fetched=False, offset=0, line=0)
            return True
        told = await self._write(source, lines)
        await self._tell(source, told)
        position["offset"] = end
        position["line"] += len(lines)
        return True

    async def _fetch(self, url: str, path: Path) -> None:
        """Bring a file; redirects are not followed, and nothing longer than 8 GB is kept."""
        if not allowed(url):  # the setting may have changed since
            raise FhirError(400, "forbidden", "Địa chỉ nguồn không còn được phép.", "Parameters.parameter")
        size = 0
        try:
            async with self._open(url) as answer:
                if answer.status_code != 200:
                    raise HisError(Kind.INVALID, f"Nguồn trả mã {answer.status_code}.")
                async for chunk in answer.aiter_bytes(1 << 20):
                    if size + len(chunk) > LARGEST_FILE:
                        raise HisError(Kind.TOO_LARGE, "Tệp nguồn quá lớn.")
                    size = await asyncio.to_thread(files.append, path, size, chunk)
        except httpx.HTTPError as error:
            raise HisError(Kind.BUSY, f"Nguồn không trả lời ({type(error).__name__}).") from error
        if size == 0:
            await asyncio.to_thread(files.append, path, 0, b"")

    @asynccontextmanager
    async def _open(self, url: str) -> AsyncIterator[httpx.Response]:
        async with fetcher(WAIT, self.transport) as client:
            async with client.stream("GET", url, headers={"accept": "application/fhir+ndjson"}) as answer:
                yield answer

    async def _write(self, source: State, lines: list[bytes | None]) -> list[tuple[int, str, list[Any]]]:
        """Number, what was written ("" for nothing) and issues of each line that holds something."""
        told: dict[int, tuple[str, list[Any]]] = {}
        ready: dict[int, str] = {}
        for n, line in enumerate(lines, self.position["line"] + 1):
            if line == b"":
                continue
            try:
                ready[n] = self._entry(source, n, line)
            except HisError as error:
                told[n] = ("", issues_of(error))
        told |= await self._apply(ready)
        return [(n, *told[n]) for n in sorted(told)]

    def _entry(self, source: State, n: int, line: bytes | None) -> str:
        """The line as an entry of a transaction. Raises what is wrong with it."""
        if line is None:
            raise FhirError(413, "too-long", f"Dòng dài hơn {LONGEST_LINE // 1_000_000} MB.")
        text = decode(line)
        resource = read_document(text).value
        kind, identity = resource.get("resourceType"), resource.get("id")
        if kind != source["type"]:
            raise FhirError(400, "invalid", f"Dòng này không phải {source['type']}.", "resourceType")
        if identity is None:
            identity = str(uuid5(UUID(str(self.job.id)), f"{source['file']}:{n}"))
            text = f'{{"id":"{identity}",{text.strip()[1:]}'
        request = orjson.dumps({"method": "PUT", "url": f"{kind}/{identity}"}).decode()
        return f'{{"resource":{text},"request":{request}}}'

    async def _apply(self, ready: dict[int, str]) -> dict[int, tuple[str, list[Any]]]:
        """Write the entries together, or one by one when together they are refused."""
        if not ready:
            return {}
        try:
            return dict(zip(ready, await self._send(list(ready.values())), strict=True))
        except HisError as error:
            if error.kind is Kind.BUSY:
                raise
            if len(ready) == 1:
                return {n: ("", _at_home(issues_of(error), text)) for n, text in ready.items()}
        told: dict[int, tuple[str, list[Any]]] = {}
        for n, text in ready.items():
            told |= await self._apply({n: text})
        return told

    async def _send(self, entries: list[str]) -> list[tuple[str, list[Any]]]:
        text = f'{{"resourceType":"Bundle","type":"transaction","entry":[{",".join(entries)}]}}'
        answer = orjson.loads(await process_text(self.engine, self.caller, text, route))
        return [(one["response"].get("location", ""), []) for one in answer["entry"]]

    async def _tell(self, source: State, told: list[tuple[int, str, list[Any]]]) -> None:
        """Keep the outcome of every line, and of the wrong ones in a file of their own."""
        position = self.position
        every, wrong = [], []
        for n, where, issues in told:
            if issues:
                wrong.append(_outcome(source, n, issues))
                every.append(wrong[-1])
            else:
                every.append(_outcome(source, n, [issue("information", "informational", f"Đã ghi {where}.")]))
        for name, found in ((OUTCOMES, every), (ERRORS, wrong)):
            if found:
                data = b"\n".join(found) + b"\n"
                size = position["sizes"].get(name, 0)
                position["sizes"][name] = await asyncio.to_thread(files.append, self.place / name, size, data)
        position["done"] += len(every) - len(wrong)
        position["wrong"] += len(wrong)

    async def keep(self) -> None:
        """Have the disk hold the outcomes."""
        for name in (OUTCOMES, ERRORS):
            await asyncio.to_thread(files.keep, self.place / name)

    def result(self) -> State:
        """The files of the finished job."""
        position = self.position
        sizes = position["sizes"]
        counts = {OUTCOMES: position["done"] + position["wrong"], ERRORS: position["wrong"]}
        made = {
            name: [{"name": name, "type": "OperationOutcome", "count": counts[name], "bytes": sizes[name]}]
            for name in sizes
        }
        return {"output": made.get(OUTCOMES, []), "deleted": [], "error": made.get(ERRORS, [])}


def _outcome(source: State, n: int, issues: list[Any]) -> bytes:
    place = f"{source.get('url') or source['file']}#{n}"
    extension = [{"url": "urn:his/StructureDefinition/import-line", "valueString": place}]
    return orjson.dumps({"resourceType": "OperationOutcome", "extension": extension, "issue": issues})


def _at_home(issues: list[Any], entry: str) -> list[Any]:
    """Issues that speak of the resource, not of the transaction it travelled in."""
    away, home = "Bundle.entry[0].resource.", f"{orjson.loads(entry)['resource']['resourceType']}."
    for one in issues:
        if "expression" in one:
            one["expression"] = [
                home + text.removeprefix(away) if text.startswith(away) else text for text in one["expression"]
            ]
    return issues
