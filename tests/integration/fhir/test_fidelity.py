"""What is stored is what was sent: every Synthea file and every official example, digit for digit."""

import bz2
import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from his.fhir.app import route
from his.fhir.bundles import process_text
from his.fhir.engine import Engine
from his.fhir.importer import Importing, bundles, find, load, read_file
from his.fhir.registry import discover
from his.fhir.resource_types import TYPES
from his.fhir.searchsql import CONTEXT, Sql
from his.kit.db import Database, Scope

CALLER = Importing(Scope(1, "fidelity", "machine"))
OURS = ("versionId", "lastUpdated")


def numbers(text: str) -> Any:
    """JSON with every number as the text it is written in."""
    return json.loads(text, parse_float=lambda t: ("number", t), parse_int=lambda t: ("number", t))


def bare(resource: dict[str, Any]) -> dict[str, Any]:
    """Without what the engine adds: id, version, instant, origin tag."""
    out = {name: value for name, value in resource.items() if name not in ("id", "meta")}
    meta = {name: value for name, value in resource.get("meta", {}).items() if name not in OURS}
    tags = [tag for tag in meta.get("tag", []) if tag.get("code") != "engine-only"]
    meta = {name: value for name, value in {**meta, "tag": tags}.items() if value != []}
    return {**out, "meta": meta} if meta else out


def same_but_references(sent: Any, kept: Any, path: str = "") -> list[str]:
    """Paths where the two differ, other than rewritten references (urn:uuid and conditional ones)."""
    if isinstance(sent, dict) and isinstance(kept, dict):
        if sent.keys() != kept.keys():
            return [f"{path}: {sorted(sent.keys() ^ kept.keys())}"]
        return [d for name in sent for d in same_but_references(sent[name], kept[name], f"{path}.{name}")]
    if isinstance(sent, list) and isinstance(kept, list) and len(sent) == len(kept):
        return [
            d
            for n, (a, b) in enumerate(zip(sent, kept, strict=True))
            for d in same_but_references(a, b, f"{path}[{n}]")
        ]
    if sent == kept:
        return []
    rewritten = (
        path.endswith(".reference") and re.match(r"urn:uuid:|\w+\?", str(sent)) and re.match(r"\w+/[\w\-]+$", str(kept))
    )
    return [] if rewritten else [f"{path}: {sent!r} became {kept!r}"]


async def stored(engine: Engine, kind: str) -> dict[str, str]:
    sql = (
        Sql()
        .add(CONTEXT, "1")
        .add(
            "SELECT r.* FROM ctx CROSS JOIN LATERAL (SELECT id, content FROM resource_current "
            "WHERE unit_id = ctx.unit AND type = %s LIMIT 100000) r",
            kind,
        )
    )
    return dict(await engine.reader.rows(sql))


@pytest.fixture
def engine(database: Database) -> Engine:
    return Engine(database, discover(), "http://his.test/fhir/r4")


@pytest.mark.parametrize("largest", [38_000, pytest.param(10**9, marks=pytest.mark.slow)])
async def test_synthea_comes_back_as_it_was_sent(engine: Engine, shared_dir: Path, largest: int) -> None:
    folder = shared_dir / "samples" / "synthea-r4"
    files = [f for f in find([folder]) if f.stat().st_size < largest]
    assert len(files) > 10
    checked: Counter[str] = Counter()
    for path in files:
        kind = "Location" if "hospital" in path.name else "PractitionerRole"
        theirs = [text for text in (await stored(engine, kind)).values() if "synthea" in text]
        known = path.name.startswith("0-") and len(theirs) > 0
        for text in () if known else bundles(path, read_file(path)):
            sent = numbers(text)["entry"]
            answer = json.loads(await process_text(engine, CALLER, text, route))["entry"]
            assert len(answer) == len(sent)
            for one, reply in zip(sent, answer, strict=True):
                kind, identity = reply["response"]["location"].removeprefix("http://his.test/fhir/r4/").split("/")[:2]
                kept = await engine.reader.read(CALLER.scope, kind, identity)
                assert kept is not None
                differences = same_but_references(bare(one["resource"]), bare(numbers(kept.content)))
                assert differences == [], f"{path.name} {kind}: {differences[:3]}"
                checked[kind] += 1
    assert checked.total() > 1500
    assert {"Patient", "Claim", "ExplanationOfBenefit", "Observation"} <= checked.keys()


async def test_official_examples_come_back_as_they_were_sent(engine: Engine, shared_dir: Path) -> None:
    refused: Counter[str] = Counter()
    checked = 0
    for path in sorted((shared_dir / "samples" / "hl7-r4-examples").glob("*.json")):
        text = path.read_text(encoding="utf-8")
        sent = numbers(text)
        kind = sent["resourceType"]
        if kind not in TYPES:
            continue
        report = await load(engine, CALLER, [path]) if kind != "Bundle" else None
        if report is None:
            continue
        if report.failures:
            refused[f"{path.name}: {report.failures[0][1][:90]}"] += 1
            continue
        kept = (await stored(engine, kind))[sent["id"]]
        assert same_but_references(bare(sent), bare(numbers(kept))) == [], path.name
        checked += 1
    assert checked > 180
    assert len(refused) <= 6, "\n".join(refused)


async def test_numbers_keep_their_digits(engine: Engine) -> None:
    digits = ["1.10", "0.000", "1e3", "-0.5E-7", "12345678901234567890.123456789", "100"]
    coded = ",".join(f'{{"url":"http://x/{n}","valueDecimal":{text}}}' for n, text in enumerate(digits))
    body = f'{{"resourceType":"Transaction","extension":[{coded}]}}'.replace("Transaction", "Basic").replace(
        '"extension"', '"code":{"text":"x"},"extension"'
    )
    text = f'{{"resourceType":"Bundle","type":"transaction","entry":[{{"resource":{body},"request":{{"method":"POST","url":"Basic"}}}}]}}'
    answer = json.loads(await process_text(engine, CALLER, text, route))
    identity = answer["entry"][0]["response"]["location"].split("/")[1]
    kept = (await engine.reader.read(CALLER.scope, "Basic", identity)).content
    assert [e["valueDecimal"] for e in json.loads(kept, parse_float=Decimal)["extension"]] == [
        Decimal(d) if not d.isdigit() else int(d) for d in digits
    ]
    assert all(f":{d}}}" in kept for d in digits)


async def test_import_counts_what_it_wrote(engine: Engine, tmp_path: Path) -> None:
    lines = [json.dumps({"resourceType": "Basic", "id": f"line-{n}", "code": {"text": "x"}}) for n in range(250)]
    (tmp_path / "a.ndjson.bz2").write_bytes(bz2.compress("\n".join(lines).encode()))
    (tmp_path / "b.json").write_text('{"resourceType":"Basic","code":{"text":"y"}}')
    (tmp_path / "c.json").write_text('{"resourceType":"Basic"}')
    (tmp_path / "d.txt").write_text("not FHIR")
    report = await load(engine, CALLER, find([tmp_path]))
    assert (report.files, report.resources) == (3, 251)
    assert [name for name, _ in report.failures] == ["c.json"]
    again = await load(engine, CALLER, find([tmp_path]))
    assert again.resources == 251
