"""Many at once and much that is wrong: conditional creates, stale updates, malformed bodies in every form.

The sizes of the full run are read from the environment: `HIS_HAMMER_PARALLEL` identical creates for each of 100 keys
(100 in the full run), `HIS_HAMMER_BODIES` malformed bodies (10,000 in the full run).
"""

import asyncio
import json
import random
from typing import Any

import httpx
import pytest

from his.fhir.outcome import FhirError
from his.fhir.registry import discover
from his.fhir.xmlout import to_xml
from his.kit.errors import HisError
from tests.faults import trial
from tests.integration.fhir.test_malformed import broken
from tests.integration.fhir.test_rest import created

PARALLEL = trial.count("HIS_HAMMER_PARALLEL", 6)
BODIES = trial.count("HIS_HAMMER_BODIES", 600)
KEYS = 100
STALE = 1_000
AT_ONCE = 16
JSON, XML = "application/fhir+json", "application/fhir+xml"
OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "2339-0"}], "text": "Đường huyết"},
    "effectivePeriod": {"start": "2026-01-01T08:00:00+07:00", "end": "2026-01-02"},
    "valueQuantity": {"value": 5.60, "unit": "mmol/L"},
    "contained": [{"resourceType": "Patient", "id": "p", "birthDate": "1990"}],
    "component": [{"code": {"text": "c"}, "valueInteger": 3}],
    "note": [{"text": "ghi chú", "time": "2026-01-01"}],
}
PATCHES = [
    [{"op": "replace", "path": "/name/0/family", "value": "x"}, {"op": "move", "from": "/gender", "path": "/language"}],
    [{"op": "test", "path": "/active", "value": True}, {"op": "copy", "from": "/name", "path": "/extension"}],
    {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "operation",
                "part": [
                    {"name": "type", "valueCode": "insert"},
                    {"name": "path", "valueString": "Patient.name.where(use = 'official').given"},
                    {"name": "index", "valueInteger": 1},
                    {"name": "value", "valueString": "x"},
                ],
            }
        ],
    },
]


async def everyone(tasks: list[Any]) -> list[httpx.Response]:
    """All answers, a bounded number under way."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(task: Any) -> httpx.Response:
        async with turn:
            return await task

    return list(await asyncio.gather(*(one(task) for task in tasks)))


async def conditional_creates(fhir: httpx.AsyncClient, name: str, header: str = "if-none-exist") -> dict[str, Any]:
    """Identical creates for each key, shuffled; what was made and what is found afterwards."""

    def create(key: int) -> Any:
        identifier = [{"system": f"urn:hammer:{name}", "value": str(key)}]
        body = {"resourceType": "Organization", "name": name, "identifier": identifier}
        return fhir.post("/Organization", json=body, headers={header: f"identifier=urn:hammer:{name}|{key}"})

    keys = [key for key in range(KEYS) for _ in range(PARALLEL)]
    random.Random(trial.seed()).shuffle(keys)
    answers = await everyone([create(key) for key in keys])
    count = (await fhir.get("/Organization", params={"name": name, "_summary": "count"})).json()
    return {
        "rows": count["total"], "created": sum(a.status_code == 201 for a in answers), "answers": len(answers),
        "other_answers": sum(a.status_code not in (200, 201) for a in answers),
        "resources": len({(key, answer.json().get("id")) for key, answer in zip(keys, answers, strict=True)}),
    }  # fmt: skip


ONE_A_KEY = {"rows": KEYS, "created": KEYS, "resources": KEYS, "other_answers": 0}


async def test_identical_conditional_creates_make_one_row_a_key(fhir: httpx.AsyncClient) -> None:
    got = await conditional_creates(fhir, "N")
    trial.report("14", seed=trial.seed(), n=PARALLEL * KEYS, expected=ONE_A_KEY, got=got)


async def test_a_server_that_does_not_look_at_the_condition_is_seen(fhir: httpx.AsyncClient) -> None:
    """The sabotage: the condition does not arrive, every create makes a row."""
    got = await conditional_creates(fhir, "unconditional", "x-nobody-reads-this")
    assert got["rows"] == got["created"] == PARALLEL * KEYS
    assert not trial.met(ONE_A_KEY, got)


async def stale_writes(fhir: httpx.AsyncClient, header: str, times: int) -> dict[str, Any]:
    """Writes that name another version than the current one, and one that names none."""
    patient = await created(fhir)
    url = f"/Patient/{patient['id']}"
    assert (await fhir.put(url, json=patient, headers={"if-match": 'W/"1"'})).status_code == 200
    patch = {header: 'W/"1"', "content-type": "application/json-patch+json", "x-blind": "1"}
    change = '[{"op":"replace","path":"/gender","value":"other"}]'
    tasks = [
        fhir.patch(url, content=change, headers=patch)
        if n % 5 == 0
        else fhir.put(url, json=patient, headers={header: f'W/"{(1, 3, 99)[n % 3]}"', "x-blind": "1"})
        for n in range(times)
    ]
    answers = await everyone(tasks)
    refused = [answer for answer in answers if answer.status_code == 412]
    return {
        "refused": len(refused),
        "named": sum(answer.json()["issue"][0]["expression"] == ["http.If-Match"] for answer in refused),
        "version": (await fhir.get(url)).json()["meta"]["versionId"],
        "without_a_version": (await fhir.put(url, json=patient)).status_code,
    }


async def test_a_thousand_stale_updates_are_refused(fhir: httpx.AsyncClient) -> None:
    got = await stale_writes(fhir, "if-match", STALE)
    expected = {"refused": STALE, "named": STALE, "version": "2", "without_a_version": 428}
    trial.report("16", seed=trial.seed(), n=STALE, expected=expected, got=got)


async def test_a_server_that_takes_any_version_is_seen(fhir: httpx.AsyncClient) -> None:
    """The sabotage: the version does not arrive, the last writer wins."""
    got = await stale_writes(fhir, "x-nobody-reads-this", 20)
    assert got["refused"] == 0
    assert int(got["version"]) > 2, "updates were lost, as they have to be here"


def scrambled(body: bytes, chance: random.Random) -> bytes:
    """The bytes with one piece cut out, doubled, turned round or replaced."""
    if len(body) < 4:
        return body + b"<"
    start = chance.randrange(len(body) - 1)
    end = min(len(body), start + chance.choice([1, 1, 2, 8, 64]))
    junk = chance.choice(
        [b"", b"\x00", b"\xff", b'"', b"{", b"}", b"[[", b"<", b"&x;", b"]]>", b"\\u0000", b"1e999", b"null", body[start:end] * 2, body[start:end][::-1]]
    )  # fmt: skip
    return body[:start] + junk + body[end:]


def examples() -> list[dict[str, Any]]:
    """A resource of every declared type."""
    declared = [resource for listed in discover().by_type.values() for resource in listed]
    found = [json.loads(json.dumps(resource.to_fhir(resource.example()), default=str)) for resource in declared]
    return [{**example, "resourceType": resource.type} for example, resource in zip(found, declared, strict=True)]


def request(fhir: httpx.AsyncClient, goods: list[dict[str, Any]], address: str, chance: random.Random) -> Any:
    """One malformed write: a mutant as JSON or XML, its bytes scrambled at times, alone, in a bundle or as a patch."""
    form = chance.choice(["json", "json", "xml", "bundle", "patch"])
    good = chance.choice(PATCHES if form == "patch" else goods)
    mutant = broken(good, chance)
    for _ in range(chance.choice([0, 0, 1, 3])):
        mutant = broken(mutant, chance)
    kind = str(good.get("resourceType")) if isinstance(good, dict) else ""
    headers = {"content-type": JSON, "x-blind": "1"}
    if form == "patch":
        headers["content-type"] = chance.choice(
            [JSON, "application/json-patch+json", "application/json", "application/merge-patch+json"]
        )
        body = json.dumps(mutant).encode()
        return fhir.patch(address, content=scrambled(body, chance) if chance.random() < 0.3 else body, headers=headers)
    body = json.dumps(mutant, ensure_ascii=chance.random() < 0.5).encode()
    if form == "xml":
        headers["content-type"] = XML
        try:
            body = to_xml(body.decode())
        except (HisError, AttributeError, TypeError):  # a mutant that XML cannot hold: the whole one is scrambled
            body = to_xml(json.dumps(good))
        body = scrambled(body, chance)
    elif chance.random() < 0.3:
        body = scrambled(body, chance)
    if form == "bundle":
        method, url = chance.choice(
            [
                ("POST", kind),
                ("PUT", f"{kind}/x1"),
                ("PUT", f"{kind}?identifier=a|b"),
                ("DELETE", kind),
                ("PATCH", address[1:]),
            ]
        )
        entry = (
            b'{"fullUrl":"urn:uuid:x","resource":'
            + body
            + b',"request":'
            + json.dumps({"method": method, "url": url}).encode()
            + b"}"
        )
        bundle = (
            b'{"resourceType":"Bundle","type":"'
            + chance.choice([b"batch", b"transaction"])
            + b'","entry":['
            + entry
            + b"]}"
        )
        return fhir.post("", content=bundle, headers=headers)
    if chance.random() < 0.3:
        return fhir.put(f"/{kind}/x1", content=body, headers=headers)
    return fhir.post(f"/{kind}", content=body, headers=headers)


async def malformed(fhir: httpx.AsyncClient, bodies: int) -> dict[int, int]:
    """Answers by code; raises AssertionError at a server error or at a refusal that names no place."""
    chance = random.Random(trial.seed())
    address = f"/Patient/{(await created(fhir, active=True))['id']}"
    goods = [*examples(), OBSERVATION]
    codes: dict[int, int] = {}
    for _ in range(bodies):
        answer = await request(fhir, goods, address, chance)
        code = answer.status_code
        codes[code] = codes.get(code, 0) + 1
        assert code < 500, f"{answer.request.headers} {answer.request.content[:2000]!r} -> {answer.text[:300]}"
        outcomes = [answer.json()] if code >= 400 else []
        if code == 200 and answer.request.url.path == "/fhir/r4":
            outcomes = [e["response"]["outcome"] for e in answer.json()["entry"] if e["response"]["status"] >= "4"]
        for outcome in outcomes:
            assert outcome["resourceType"] == "OperationOutcome"
            assert all(issue["expression"][0] for issue in outcome["issue"]), answer.text
    return codes


async def test_malformed_bodies_get_outcomes_with_a_place(fhir: httpx.AsyncClient) -> None:
    codes = await malformed(fhir, BODIES)
    assert sum(count for code, count in codes.items() if code >= 400) > BODIES // 2, codes
    alive = (await fhir.get("/Patient?_count=1")).status_code
    got = {"server_errors": sum(n for code, n in codes.items() if code >= 500), "alive": alive, "answers": len(codes)}
    trial.report("37", seed=trial.seed(), n=BODIES, expected={"server_errors": 0, "alive": 200}, got=got)


async def test_a_reader_that_trusts_its_bodies_is_seen(
    fhir: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sabotage: a refusal names no place any more, as that of a reader that only says that something was wrong."""
    whole = FhirError.__init__

    def placeless(self: Any, status: int, code: str, text: str, expression: str = "", *rest: Any) -> None:
        whole(self, status, code, text, "", *rest)

    monkeypatch.setattr(FhirError, "__init__", placeless)
    with pytest.raises((AssertionError, KeyError, IndexError)):
        await malformed(fhir, 60)
