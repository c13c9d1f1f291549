"""Hostile and broken input: always a 4xx with an OperationOutcome, never a 500, and the server goes on."""

import json
import random
from typing import Any

import httpx
import pytest

GOOD = {
    "resourceType": "Patient",
    "id": "x1",
    "meta": {"tag": [{"system": "urn:t", "code": "t"}], "profile": ["http://p"]},
    "identifier": [{"system": "urn:a", "value": "1"}],
    "name": [{"family": "Mẫu", "given": ["An"], "period": {"start": "2020", "end": "2021"}}],
    "telecom": [{"system": "phone", "value": "0900000001"}],
    "gender": "female",
    "birthDate": "1990-01-01",
    "contact": [{"name": {"text": "Mẹ"}}],
    "extension": [{"url": "http://x", "valueDecimal": 1.5}],
}

BODIES = [
    b" ", b"{", b"[]", b"null", b'"text"', b"12", b"{}", b'{"resourceType":"Patient"', b'{"resourceType":"Patient",}',
    b'{"resourceType":"Patient"} trailing', b'{"resourceType":5}', b'{"resourceType":"Patient","resourceType":"Patient"}',
    b'{"resourceType":"Patient","birthDate":NaN}', b'{"resourceType":"Patient","multipleBirthInteger":Infinity}',
    b'{"resourceType":"Patient","gender":"\\u0000"}', b'{"resourceType":"Patient","gender":"a\\u0000b"}',
    b'{"resourceType":"Patient","name":[{"text":"\\ud800"}]}', b'{"resourceType":"Patient","name":[{"text":"\\udc00x"}]}',
    b'{"resourceType":"Patient","name":[{"text":"\x00"}]}', b'{"resourceType":"Patient","name":[{"text":"\xff\xfe"}]}',
    b'{"resourceType":"Patient","name":' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"resourceType":"Patient","extension":' + b'[{"url":"u","extension":' * 200 + b"[]" + b"}]" * 200 + b"}",
    b'{"resourceType":"Patient","multipleBirthInteger":' + b"9" * 6000 + b"}",
    b'{"resourceType":"Patient","birthDate":"0000-00-00"}', b'{"resourceType":"Patient","birthDate":"9999-99-99"}',
    b'{"resourceType":"Patient","meta":[]}', b'{"resourceType":"Patient","meta":{"tag":{}}}',
    b'{"resourceType":"Patient","meta":{"tag":[null]}}', b'{"resourceType":"Patient","name":[null]}',
    b'{"resourceType":"Patient","contained":[{}]}', b'{"resourceType":"Patient","id":["a"]}',
    b'{"resourceType":"Patient","meta":"x"}', b'{"resourceType":"Patient","identifier":{}}',
]  # fmt: skip


def check(answer: httpx.Response) -> None:
    assert 400 <= answer.status_code < 500, f"{answer.status_code} {answer.text[:300]}"
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.json()["issue"][0]["severity"] == "error"


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_broken_bodies(fhir: httpx.AsyncClient, body: bytes) -> None:
    check(await fhir.post("/Patient", content=body))
    check(await fhir.put("/Patient/x1", content=body))
    check(await fhir.post("", content=body))
    if body.strip():
        check(await fhir.post("", content=b'{"resourceType":"Bundle","type":"transaction","entry":[' + body + b"]}"))


async def test_size_is_bounded_whatever_the_headers_say(fhir: httpx.AsyncClient, app: Any) -> None:
    large = json.dumps({**GOOD, "name": [{"text": "x" * (app.engine.limits.body_bytes + 10)}]}).encode()

    async def pieces() -> Any:
        for at in range(0, len(large), 1 << 16):
            yield large[at : at + (1 << 16)]

    assert (await fhir.post("/Patient", content=large)).status_code == 413
    assert (await fhir.post("/Patient", content=pieces())).status_code == 413


def broken(value: Any, chance: random.Random) -> Any:
    """The same resource with one thing wrong somewhere."""
    junk = [
        None,
        "",
        [],
        {},
        [[]],
        -1,
        1e308,
        True,
        "\u0001",
        "x" * 5000,
        {"a": {"b": []}},
        "2026-99-99",
        "urn:uuid:x",
        "'--",
    ]
    if isinstance(value, dict) and value:
        name = chance.choice(list(value))
        roll = chance.random()
        if roll < 0.15:
            return {k: v for k, v in value.items() if k != name}
        if roll < 0.3:
            return {
                **value,
                chance.choice(["extra", "_birthDate", "x'y", "", "resourceType", "fhir_comments"]): chance.choice(junk),
            }
        if roll < 0.6:
            return {**value, name: chance.choice(junk)}
        return {**value, name: broken(value[name], chance)}
    if isinstance(value, list) and value:
        at = chance.randrange(len(value))
        return [
            *value[:at],
            broken(value[at], chance),
            *value[at + 1 :],
            *([chance.choice(junk)] if chance.random() < 0.2 else []),
        ]
    return chance.choice(junk)


async def test_two_thousand_mutants_never_break_the_server(fhir: httpx.AsyncClient) -> None:
    chance = random.Random(20261122)
    codes: dict[int, int] = {}
    for n in range(2000):
        mutant = broken(GOOD, chance)
        body = json.dumps(mutant, ensure_ascii=chance.random() < 0.5).encode()
        if n % 2:
            answer = await fhir.post("/Patient", content=body)
        else:
            entry = b'{"fullUrl":"urn:uuid:x","resource":' + body + b',"request":{"method":"POST","url":"Patient"}}'
            if chance.random() < 0.2:
                entry = json.dumps(broken(json.loads(entry), chance)).encode()
            answer = await fhir.post(
                "", content=b'{"resourceType":"Bundle","type":"transaction","entry":[' + entry + b"]}"
            )
        codes[answer.status_code] = codes.get(answer.status_code, 0) + 1
        assert answer.status_code < 500, f"{body[:500]!r} -> {answer.text[:300]}"
        assert answer.json()["resourceType"] in ("Patient", "Bundle", "OperationOutcome")
    assert codes.get(400, 0) > 500, codes
    assert (await fhir.get("/Patient?_count=1")).status_code == 200


ADDRESSES = [
    "/Patient/%00", "/Patient/%ff", "/Patient/a%2Fb", "/Patient/../x", "/Patient/" + "a" * 65, "/Patient/x/_history/0",
    "/Patient/x/_history/99999999999999", "/Patient/x/_history/a", "/Patient/x/y", "/%00", "/Patient/x/_history/1/2",
    "/Patient?%ff=1", "/Patient?_id=%00", "/Patient?name=%ff", "/Patient?" + "name=a&" * 60, "/Patient?identifier=" + "a," * 60,
    "/Patient?_count=99999999999", "/Patient?_cursor=" + "A" * 3000, "/Patient?_lastUpdated=gt", "/Patient/_history?_cursor=x",
    "/Patient?_cursor=WyJcdTAwMDAiLCJhIl0", "/Patient?birthdate=ge1900&_cursor=WyJ4IiwiYSJd", "/Patient?name='; DROP TABLE patient",
    "/Patient/_history?_count=x", "/Patient?_sort=updated_at'", "/Patient/_search?name=a", "/Parameters", "/Resource/1",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
async def test_broken_addresses(fhir: httpx.AsyncClient, address: str) -> None:
    answer = await fhir.get(address)
    if "DROP" in address:
        assert (answer.status_code, "entry" in answer.json()) == (200, False)
    else:
        check(answer)
