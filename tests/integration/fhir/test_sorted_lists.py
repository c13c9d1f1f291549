"""`_sort` over our lists and what a unit stores: one order, page by page, whatever source a resource comes from."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from his.catalog.fhir.code_systems import SYSTEMS

from .test_code_lists import pages

KINDS = ["CodeSystem", "ValueSet"]
STORED = [
    {"name": "Aardvark", "title": "Một", "date": "2031-05-01", "status": "draft"},
    {"name": "Icd10", "title": "Icd", "date": "1999", "status": "active"},
    {"name": "Middle", "status": "retired"},
    {"name": "Zz", "date": "2026-01-01T07:00:00+07:00", "status": "active", "version": "3"},
    {"status": "active"},
]


async def store(fhir: httpx.AsyncClient, kind: str) -> None:
    for n, one in enumerate(STORED):
        body = {"resourceType": kind, "id": f"m{n}", "url": f"urn:aaa:{n}" if n % 2 else f"zzz:{n}", **one}
        body |= {"content": "complete"} if kind == "CodeSystem" else {}
        answer = await fhir.put(f"/{kind}/m{n}", json=body, headers={"x-blind": "1"})
        assert answer.status_code in (200, 201), answer.text


def key(resource: dict[str, Any], name: str) -> Any:
    """What the resource sorts by, None for nothing."""
    match name:
        case "_id":
            return resource["id"]
        case "_lastUpdated":
            return datetime.fromisoformat(resource["meta"]["lastUpdated"])
        case "date":
            text = resource.get("date", "")
            whole = text if "T" in text else {4: f"{text}-01-01", 10: text}.get(len(text), "") + "T00:00:00+07:00"
            return datetime.fromisoformat(whole) if text else None
    held = resource.get(name)
    return held.lower() if held is not None and name in ("name", "title") else held


def in_order(resources: list[dict[str, Any]], order: str) -> list[str]:
    """The ids as the standard wants them: stable sorts from the last key to the first, those without a value last."""
    out = sorted(resources, key=lambda one: one["id"])
    for one in reversed(order.split(",")):
        name, down = one.lstrip("-"), one[0] == "-"
        valued = [r for r in out if key(r, name) is not None]
        valued.sort(key=lambda r: key(r, name), reverse=down)
        if down:  # keep equal ones as they stood
            ranks = {r["id"]: n for n, r in enumerate(out)}
            groups = {}
            for r in valued:
                groups.setdefault(key(r, name), []).append(r)
            valued = [r for group in groups.values() for r in sorted(group, key=lambda r: ranks[r["id"]])]
        out = valued + [r for r in out if key(r, name) is None]
    return [one["id"] for one in out]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "order",
    ["url", "-url", "name", "-name", "_id", "-_id", "-_lastUpdated,url", "date,-name", "-date,url", "status,-url", "version,name"],
)  # fmt: skip
async def test_lists_and_stored_ones_stand_in_one_order(fhir: httpx.AsyncClient, kind: str, order: str) -> None:
    await store(fhir, kind)
    everything = await pages(fhir, f"/{kind}?_count=200")
    expected = in_order(everything, order)
    assert {"m0", "m4", *SYSTEMS} <= set(expected)
    for count in (2, 5, 100):
        shown = [one["id"] for one in await pages(fhir, f"/{kind}?_sort={order}&_count={count}")]
        assert shown == expected, (order, count)
    first = (await fhir.get(f"/{kind}?_sort={order}&_count=1&_total=accurate")).json()
    assert first["total"] == len(everything)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["_lastUpdated", "-_lastUpdated"])
async def test_the_time_of_change_orders_both(fhir: httpx.AsyncClient, kind: str, order: str) -> None:
    await store(fhir, kind)
    shown = await pages(fhir, f"/{kind}?_sort={order}&_count=3")
    stamps = [(key(one, "_lastUpdated"), one["id"]) for one in shown]
    assert stamps == sorted(stamps, reverse=order[0] == "-")
    assert {"m0", *SYSTEMS} <= {one["id"] for one in shown}


async def test_a_condition_holds_for_both_and_a_broken_position_is_refused(fhir: httpx.AsyncClient) -> None:
    await store(fhir, "ValueSet")
    shown = [one["id"] for one in await pages(fhir, "/ValueSet?_sort=-name&status=active&name=icd&_count=1")]
    assert shown == ["icd-10", "m1"] or shown == ["m1", "icd-10"]
    assert "m0" not in [one["id"] for one in await pages(fhir, "/ValueSet?_sort=name&status=active")]
    for order in ("name", "date", "_lastUpdated", "_id"):
        for cursor in ("x", "own;y", "WyJ4Il0", "WyI9eCIsIngiLCJ5Il0"):
            answer = await fhir.get(f"/ValueSet?_sort={order}&_cursor={quote(cursor)}")
            assert answer.status_code < 500, answer.text
