"""Broken searches: never a 500, and each refusal is an OperationOutcome that says which parameter it means.

`HIS_MALFORMED` says how many (400; 2,000 for the full run), `HIS_SEED` repeats a run.
"""

import os
import random
from urllib.parse import quote

import httpx
import pytest

from his.fhir.parameters import parameters

MALFORMED = int(os.environ.get("HIS_MALFORMED", "400"))
SEED = int(os.environ.get("HIS_SEED", "0")) or random.SystemRandom().randrange(10**9)
TYPES = ["Patient", "Observation", "Encounter", "MedicationRequest", "Location", "Measure", "List", "ValueSet", "Basic"]
MODIFIERS = [
    "exact", "contains", "missing", "not", "in", "not-in", "text", "of-type", "identifier", "above", "below", "Patient",
    "Nothing", "iterate", "", "EXACT", "x:y", "Group.name", "not:in",
]  # fmt: skip
CONTROLS = [
    "_id", "_lastUpdated", "_count", "_sort", "_total", "_include", "_revinclude", "_cursor", "_list", "_has", "_tag", "_text",
    "_profile", "_source", "_security", "_query", "_filter", "_content", "_contained", "_score", "_type", "__", "_",
]  # fmt: skip
JUNK = [
    "", ",", ",,", "|", "||", "|||", "$", "$$", "a$b$c", "\\", "\\,", "%", "'", "\"", ";--", "0", "-1", "1e999", "1e-999", "NaN",
    "ap", "ge", "gt2020-13", "2020-02-30", "2020-02-29T25:00", "9999-12-31", "0000", "eq9999", "ap9999-12-31", "ap0001", "5|a",
    "5|a|b|c", "1" * 60, "x" * 5000, "a," * 60, "true", "maybe", "Patient/", "/x", "Patient/a b", "Nothing/1", "http://", "urn:",
    "http://x|", "*", "Patient:*", "Patient:nothing", "Nothing:patient", "Observation:subject:Nothing", "-", "--name", "-_score",
    "name,name,name,name,name,name", "WyJ4Il0", "WyIiLCIiXQ", "WyI9eCIsImEiXQ", "W10", "e30", "bnVsbA", "\U0001f600", "\u202e", "đ", "日本",
    "90|180|1|km", "91|0|1|km", "0|0|-1|km", "0|0|1|parsec", "\x00", "\x1f", "\ud7ff", "\uffff", "_has:x", "5.4||", "||mg", "lt", "<5",
]  # fmt: skip


def name_of(chance: random.Random, kind: str) -> str:
    known = list(parameters(kind))
    base = chance.choice([*known, *known, *CONTROLS, "nothing", "", "name'", "a b", "é", "x" * 300])
    roll = chance.random()
    if roll < 0.45:
        base += ":" + chance.choice(MODIFIERS)
    if chance.random() < 0.15:
        base += "." + chance.choice(
            [*known, "name", "name.name", "", ".", "subject.subject.subject.name", "_has:x:y:z"]
        )
    if chance.random() < 0.1:
        base = f"_has:{chance.choice([*TYPES, 'x', ''])}:{chance.choice(['patient', 'subject', ''])}:{base}"
    return base


def text_of(chance: random.Random) -> str:
    text = chance.choice(JUNK)
    if chance.random() < 0.3:
        text += chance.choice(JUNK)
    return text


@pytest.mark.slow
async def test_malformed_searches_are_refused_by_name(fhir: httpx.AsyncClient) -> None:
    chance = random.Random(SEED)
    patient = {"resourceType": "Patient", "name": [{"text": "Mẫu"}], "birthDate": "1990"}
    assert (await fhir.post("/Patient", json=patient)).status_code == 201
    codes: dict[int, int] = {}
    for _ in range(MALFORMED):
        kind = chance.choice(TYPES)
        pairs = [(name_of(chance, kind), text_of(chance)) for _ in range(chance.choice([1, 1, 1, 2, 3]))]
        query = "&".join(f"{quote(n)}={quote(v, errors='surrogatepass')}" for n, v in pairs)
        if chance.random() < 0.05:
            query += chance.choice(["&%ff=1", "&a=%ff%fe", "&=", "&&&", "&%00=1", "&" + "name=a&" * 60])
        lenient = {"prefer": "handling=lenient"} if chance.random() < 0.2 else {}
        answer = await fhir.get(f"/{kind}?{query}", headers=lenient)
        codes[answer.status_code] = codes.get(answer.status_code, 0) + 1
        told = f"seed {SEED}: {kind}?{query[:300]} -> {answer.status_code} {answer.text[:300]}"
        assert answer.status_code < 500, told
        if answer.status_code >= 400:
            assert answer.json()["resourceType"] == "OperationOutcome", told
            assert answer.json()["issue"][0]["expression"][0].startswith("http."), told
        else:
            assert answer.json()["type"] == "searchset", told
    assert codes[400] > MALFORMED // 2, codes
    print(f"seed {SEED}: {codes}")
