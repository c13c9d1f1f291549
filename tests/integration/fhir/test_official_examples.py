"""Every official example of a type that is served is stored over HTTP and comes back equal in value, digit for digit."""

import json
from pathlib import Path
from typing import Any

import httpx

from his.fhir.resource_types import TYPES

UNIT = {"x-unit": "4", "x-blind": "1"}  # the Organization of unit 1 is 1, as that of an example


def numbers(text: str) -> Any:
    """JSON with every number as the text it is written in."""
    return json.loads(text, parse_float=lambda t: ("number", t), parse_int=lambda t: ("number", t))


def without_ours(resource: dict[str, Any]) -> dict[str, Any]:
    """Without version, instant and origin tag, which the server adds."""
    meta = {k: v for k, v in resource.get("meta", {}).items() if k not in ("versionId", "lastUpdated")}
    if "tag" in meta:
        meta["tag"] = [tag for tag in meta["tag"] if tag.get("code") != "engine-only"]
    meta = {k: v for k, v in meta.items() if v != []}
    return {**{k: v for k, v in resource.items() if k != "meta"}, **({"meta": meta} if meta else {})}


async def test_every_example_comes_back_equal(fhir: httpx.AsyncClient, shared_dir: Path) -> None:
    files = sorted((shared_dir / "samples" / "hl7-r4-examples").glob("*.json"))
    assert len(files) == 204
    refused, stored = [], 0
    for path in files:
        text = path.read_text(encoding="utf-8")
        sent = numbers(text)
        kind, identity = sent["resourceType"], sent["id"]
        if kind not in TYPES:
            continue
        address = f"/{kind}/{identity}"
        answer = await fhir.put(address, content=text.encode(), headers=UNIT)
        if answer.status_code not in (200, 201):
            refused.append(f"{path.name}: {answer.status_code} {answer.json()['issue'][0]['details']['text'][:160]}")
            continue
        kept = numbers((await fhir.get(address, headers=UNIT)).text)
        assert without_ours(kept) == without_ours(sent), path.name
        stored += 1
    assert refused == []
    assert stored == 204
