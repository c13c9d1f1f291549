"""Operations under seeded nonsense: whatever is sent, the answer is no 500, and a refusal is an OperationOutcome."""

import copy
import json
import random
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from his.fhir.operations.found import discover
from his.kit.config import get_settings

JUNK: list[Any] = [
    None, True, -1, 0, 1e30, 10**30, "", " ", "x" * 3000, "\u202e", "a|b|c", [], {}, [[]], [None], {"a": {"b": []}}, "2026-13-45",
    "Patient/../../x", "http://[::1", "%00", {"reference": 7}, {"system": [], "code": {}}, {"coding": [{"code": []}]}, [1, "2"],
]  # fmt: skip
PATIENT = {"resourceType": "Patient", "name": [{"text": "A B", "given": ["x"]}], "identifier": [{"system": "urn:his:sid:card", "value": "GD4970200000012"}], "birthDate": "1990-01-01", "telecom": [{"system": "phone", "value": "0900000000"}]}  # fmt: skip
COMPOSE = {"include": [{"system": "http://hl7.org/fhir/sid/icd-10", "concept": [{"code": "A01.0"}]}], "exclude": []}
BODIES: dict[str, list[dict[str, Any]]] = {
    "Patient/$match": [PATIENT],
    "Patient/$validate": [PATIENT],
    "Claim/$submit": [{"resourceType": "Claim", "id": "x", "identifier": [{"system": "urn:his:sid:dossier", "value": "1"}], "total": {"value": 1}}],
    "CoverageEligibilityRequest/$submit": [{"resourceType": "CoverageEligibilityRequest", "status": "active", "purpose": ["validation"], "patient": {"reference": "Patient/1"}, "created": "2026-01-01", "insurer": {"display": "x"}, "insurance": [{"coverage": {"reference": "Coverage/1"}}], "contained": [PATIENT]}],
    "ValueSet/$expand": [{"resourceType": "ValueSet", "status": "active", "compose": COMPOSE}],
    "ValueSet/$validate-code": [{"resourceType": "Parameters", "parameter": [{"name": "valueSet", "resource": {"resourceType": "ValueSet", "compose": COMPOSE}}, {"name": "coding", "valueCoding": {"system": "http://hl7.org/fhir/sid/icd-10", "code": "A01.0"}}]}],
    "CodeSystem/$lookup": [{"resourceType": "Parameters", "parameter": [{"name": "coding", "valueCoding": {"system": "http://hl7.org/fhir/sid/icd-10", "code": "A01.0"}}]}],
    "CodeSystem/$validate-code": [{"resourceType": "Parameters", "parameter": [{"name": "codeableConcept", "valueCodeableConcept": {"coding": [{"system": "urn:his:code:drug", "code": "x"}]}}]}],
    "ConceptMap/$translate": [{"resourceType": "Parameters", "parameter": [{"name": "code", "valueCode": "x"}, {"name": "system", "valueUri": "urn:his:code:drug"}, {"name": "reverse", "valueBoolean": False}]}],
    "$import": [{"resourceType": "Parameters", "parameter": [{"name": "input", "part": [{"name": "type", "valueCode": "Patient"}, {"name": "url", "valueUri": "http://x/"}]}]}],
    "Patient/$export": [{"resourceType": "Parameters", "parameter": [{"name": "patient", "valueReference": {"reference": "Patient/1"}}]}],
    "Subscription": [{"resourceType": "Subscription", "status": "requested", "reason": "x", "criteria": "Patient?gender=male", "channel": {"type": "rest-hook", "endpoint": "http://ok/", "payload": "application/fhir+json", "header": ["A: b"]}}],
}  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything inside."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += places(item, (*path, key))
    return found


def spoiled(chance: random.Random, body: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(body)
    for _ in range(chance.choice((1, 1, 2))):
        *way, last = chance.choice(places(made))
        inside: Any = made
        for step in way:
            inside = inside[step]
        if chance.random() < 0.2 and isinstance(inside, dict):
            del inside[last]
        else:
            inside[last] = copy.deepcopy(chance.choice(JUNK))
        if not places(made):
            break
    return made


def check(answer: httpx.Response, sent: str) -> None:
    assert answer.status_code < 500, f"{answer.status_code} for {sent[:400]}: {answer.text[:300]}"
    if answer.status_code >= 400:
        assert answer.json()["resourceType"] == "OperationOutcome", sent[:400]


@pytest.mark.parametrize("path", BODIES)
async def test_spoiled_bodies(fhir: httpx.AsyncClient, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIS_SUBSCRIPTION_TARGETS", "http://ok/")
    get_settings.cache_clear()
    chance = random.Random(path)
    for _ in range(120):
        body = json.dumps(spoiled(chance, chance.choice(BODIES[path])))
        check(await fhir.post(f"/{path}", content=body, headers={"x-actor": f"a{chance.random()}"}), f"{path} {body}")


async def test_spoiled_queries(fhir: httpx.AsyncClient) -> None:
    chance = random.Random(4)
    reading = [op for op in discover().all if not op.changes and op.name != "export"]
    for _ in range(800):
        operation = chance.choice(reading)
        kind = chance.choice(operation.types)
        level = chance.choice(operation.levels)
        where = (
            f"{kind}/${operation.name}"
            if level == "type"
            else f"{kind}/{chance.choice(['x', 'icd-10', 'month'])}/${operation.name}"
        )
        names = [one.name for one in operation.inputs] or ["x"]
        query = "&".join(
            f"{quote(chance.choice(names))}={quote(str(chance.choice(JUNK))[:500])}" for _ in range(chance.randrange(4))
        )
        check(await fhir.get(f"/{where}?{query}"), f"{where}?{query}")
