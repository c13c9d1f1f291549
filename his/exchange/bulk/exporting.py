"""The steps of an export job: pages to files, a new file when one is full or the type changes."""

import asyncio
from copy import deepcopy
from pathlib import Path
from typing import Any

from his.exchange.bulk import export, files, horizon
from his.exchange.tables import BulkJob
from his.fhir.dates import instant_text
from his.fhir.engine import Engine
from his.kit.db import Scope

State = dict[str, Any]


def fresh() -> State:
    """The position before the first page."""
    return {"type": 0, "after": "", "deletes": False, "done": 0, "files": []}


class Exporting:
    """One export job at work; `position` is where the last page ended."""

    def __init__(self, engine: Engine, job: BulkJob, place: Path) -> None:
        self.engine = engine
        self.spec = job.spec
        self.asked_at = job.created_at
        self.scope = Scope(job.unit_id, job.actor, job.role)
        self.place = place
        self.position: State = deepcopy(job.position) or fresh()
        self.touched: set[Path] = set()

    async def step(self) -> bool:
        """Do one page; False when there is none left."""
        kinds: list[str] = self.spec["types"]
        position = self.position
        if not position.get("until"):
            return await self._begin()
        if position["type"] >= len(kinds):
            return False
        kind = kinds[position["type"]]
        if position["deletes"]:
            ids = await export.deleted_page(self.engine, self.scope, self.spec, kind, position["after"])
            last, count, data = (ids[-1] if ids else ""), len(ids), export.deletions(kind, ids) if ids else b""
        else:
            page = await export.page(self.engine, self.scope, self.spec, kind, position["after"])
            last, count = page.last, len(page.texts)
            data = await asyncio.to_thread(export.lines, page.texts) if page.texts else b""
        if last:
            if count:
                await self._write(kind, data, count)
            position["after"] = last
            position["done"] += count
        else:
            self._turn()
        return True

    async def _begin(self) -> bool:
        """Note the instant up to which the walk that begins now is complete (horizon.py)."""
        at = self.engine.now()
        early = (self.asked_at + horizon.GRACE - at).total_seconds()
        if early > 0:
            await asyncio.sleep(min(early, horizon.GRACE.total_seconds()))
            at = self.engine.now()
        until = await horizon.complete_until(self.engine.reader, self.asked_at, at)
        self.position["until"] = instant_text(until)
        return True

    def _turn(self) -> None:
        """Go on with what was deleted, or with the next type."""
        position = self.position
        tells_deletes = self.spec["level"] == "system" and bool(self.spec.get("since"))
        if tells_deletes and not position["deletes"]:
            position["deletes"] = True
        else:
            position["deletes"] = False
            position["type"] += 1
        position["after"] = ""

    async def _write(self, kind: str, data: bytes, count: int) -> None:
        listed, gone = self.position["files"], self.position["deletes"]
        file = listed[-1] if listed else None
        if file is None or file["type"] != kind or file["gone"] != gone or file["bytes"] >= export.FILE_BYTES:
            name = f"{len(listed) + 1:04d}.{'deleted.' if gone else ''}{kind}.ndjson"
            file = {"name": name, "type": kind, "gone": gone, "bytes": 0, "count": 0}
            listed.append(file)
        path = self.place / file["name"]
        file["bytes"] = await asyncio.to_thread(files.append, path, file["bytes"], data)
        file["count"] += 1 if gone else count
        self.touched.add(path)

    async def keep(self) -> None:
        """Have the disk hold every file that was written since the last time."""
        for path in sorted(self.touched):
            await asyncio.to_thread(files.keep, path)
        self.touched.clear()

    def result(self) -> State:
        """The files of the finished job."""
        listed = self.position["files"]
        return {
            "output": [f for f in listed if not f["gone"]],
            "until": self.position["until"],
            "deleted": [{**f, "type": "Bundle"} for f in listed if f["gone"]],
            "error": [],
        }
