"""Loads files of FHIR resources into a unit, through the same code as REST, in process.

A bundle is one atomic transaction (or batch, as it says); lines of an .ndjson file travel a hundred in a transaction.
Files without patients (organisations, practitioners) go first, because conditional references point to them.
"""

import bz2
import gzip
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from his.fhir.access import Caller
from his.fhir.app import route
from his.fhir.bundles import process_text
from his.fhir.engine import Engine
from his.fhir.jsontext import decode, malformed, read_document
from his.fhir.outcome import issues_of
from his.kit.db import Scope
from his.kit.errors import HisError

SUFFIXES = (".json", ".ndjson")
LINES = 100
_PATIENT = re.compile(rb'"resourceType"\s*:\s*"Patient"')
_STATUS = re.compile(rb'"response":\{"status":"(\d{3})')


@dataclass(frozen=True, slots=True)
class Importing:
    """The caller that an import works as: everything within one unit."""

    scope: Scope
    blind_update: bool = True

    def may(self, action: str, resource_type: str) -> bool:
        """Whoever may run the command may load everything."""
        return bool(action and resource_type)


@dataclass(slots=True)
class Report:
    """What an import did; `seconds` is wall time, `cpu_seconds` of this process."""

    files: int = 0
    resources: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    failures: list[tuple[str, str]] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Resources a second."""
        return self.resources / self.seconds if self.seconds else 0.0


def find(paths: Sequence[Path]) -> list[Path]:
    """The files named, and those in the folders named, without patients first."""
    files: list[Path] = []
    for path in paths:
        inside = path.rglob("*") if path.is_dir() else [path]
        files += [p for p in sorted(inside) if p.is_file() and plain_suffix(p) in SUFFIXES]
    return sorted(files, key=lambda path: (bool(_PATIENT.search(read_file(path))), str(path)))


def plain_suffix(path: Path) -> str:
    """`.json` of `a.json.bz2`."""
    return Path(path.stem).suffix if path.suffix in (".bz2", ".gz") else path.suffix


def read_file(path: Path) -> bytes:
    """The content, unpacked."""
    data = path.read_bytes()
    if path.suffix == ".bz2":
        return bz2.decompress(data)
    return gzip.decompress(data) if path.suffix == ".gz" else data


def bundles(path: Path, data: bytes) -> Iterator[str]:
    """The file as texts of transaction or batch bundles. Raises FhirError when it is no FHIR JSON."""
    if plain_suffix(path) == ".ndjson":
        lines = [line for line in data.splitlines() if line.strip()]
        for start in range(0, len(lines), LINES):
            yield transaction([decode(line) for line in lines[start : start + LINES]])
        return
    text = decode(data)
    document = read_document(text)
    if document.value.get("resourceType") == "Bundle" and document.value.get("type") in ("batch", "transaction"):
        yield text
    else:
        yield transaction([text])


def transaction(resources: Sequence[str]) -> str:
    """A transaction of these resources: one with an id is put there, one without gets a new id."""
    entries = []
    for text in resources:
        resource = read_document(text).value
        kind, identity = resource.get("resourceType"), resource.get("id")
        if not isinstance(kind, str):
            raise malformed("thiếu resourceType.")
        request = {"method": "PUT", "url": f"{kind}/{identity}"} if identity else {"method": "POST", "url": kind}
        entries.append(f'{{"resource":{text},"request":{orjson.dumps(request).decode()}}}')
    return f'{{"resourceType":"Bundle","type":"transaction","entry":[{",".join(entries)}]}}'


async def load(
    engine: Engine,
    caller: Caller,
    files: Sequence[Path],
    done: Callable[[Path, int], None] = lambda _path, _count: None,
) -> Report:
    """Load the files in order; a file that is refused is noted and the next one goes on."""
    report = Report()
    started, cpu = time.perf_counter(), time.process_time()
    for path in files:
        count = 0
        try:
            for text in bundles(path, read_file(path)):
                answer = await process_text(engine, caller, text, route)
                for status in _STATUS.findall(answer):
                    if status.startswith(b"2"):
                        count += 1
                    else:
                        report.failures.append((path.name, status.decode()))
        except HisError as error:
            said = issues_of(error)[0]
            report.failures.append((path.name, f"{error.status} {said['details']['text']}"))
        report.files += 1
        report.resources += count
        done(path, count)
    report.seconds = time.perf_counter() - started
    report.cpu_seconds = time.process_time() - cpu
    return report
