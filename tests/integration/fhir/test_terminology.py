"""Terminology operations on the lists of the starter set: right answers, paging, refusals that name the input."""

from typing import Any

import httpx
import pytest

ICD10 = "http://hl7.org/fhir/sid/icd-10"
DRUG, SERVICE = "urn:his:code:drug", "urn:his:code:service"


def flat(body: dict[str, Any]) -> dict[str, Any]:
    """Plain parameters of an answer by name; those with parts as lists of dicts."""
    assert body["resourceType"] == "Parameters", body
    out: dict[str, Any] = {}
    for one in body["parameter"]:
        if "part" in one:
            inner = {p["name"]: next(v for k, v in p.items() if k.startswith("value")) for p in one["part"]}
            out.setdefault(one["name"], []).append(inner)
        else:
            out[one["name"]] = next(v for k, v in one.items() if k.startswith("value"))
    return out


async def ask(fhir: httpx.AsyncClient, path: str, **params: str) -> dict[str, Any]:
    answer = await fhir.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return flat(answer.json())


def place(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome", body
    return answer.status_code, body["issue"][0].get("expression", [""])[0]


async def test_lookup_gives_names_and_properties(fhir: httpx.AsyncClient) -> None:
    found = await ask(fhir, "/CodeSystem/$lookup", system=ICD10, code="A01.0")
    assert found["display"] == "Bệnh thương hàn"
    assert {"language": "en", "value": "Typhoid fever"} in found["designation"]
    assert {"code": "chapter", "value": "I"} in found["property"]
    assert {"code": "inactive", "value": False} in found["property"]
    english = await ask(
        fhir, "/CodeSystem/$lookup", system=ICD10, code="A01.0", displayLanguage="en-GB", property="block"
    )
    assert english["display"] == "Typhoid fever"
    assert english["property"] == [{"code": "block", "value": "A00-A09"}]
    posted = await fhir.post(
        "/CodeSystem/$lookup",
        json={"resourceType": "Parameters", "parameter": [{"name": "coding", "valueCoding": {"system": DRUG, "code": "VD-90001-26"}}]},
    )  # fmt: skip
    assert {"code": "atc", "value": "N02BE01"} in flat(posted.json())["property"]
    small = await ask(fhir, "/CodeSystem/$lookup", system="urn:his:code:ethnicity", code="01")
    assert small["display"] == "Kinh"


@pytest.mark.parametrize(
    ("query", "status", "where"),
    [
        ("", 400, "Parameters.parameter.where(name='code')"),
        ("code=A01.0", 400, "Parameters.parameter.where(name='system')"),
        (f"system={ICD10}&code=ZZZ.9", 404, "http.code"),
        ("system=http://loinc.org&code=718-7", 404, "http.system"),
        (f"system={ICD10}&code=A01.0&date=yesterday", 400, "http.date"),
        (f"system={ICD10}&code=A01.0&shade=x", 400, "http.shade"),
        ("coding=x", 400, "http.coding"),
    ],
)
async def test_lookup_names_what_is_wrong(fhir: httpx.AsyncClient, query: str, status: int, where: str) -> None:
    assert place(await fhir.get(f"/CodeSystem/$lookup?{query}")) == (status, where)


async def test_validate_code_of_a_code_system(fhir: httpx.AsyncClient) -> None:
    path = "/CodeSystem/$validate-code"
    assert (await ask(fhir, path, url=ICD10, code="A01.0"))["result"] is True
    right = await ask(fhir, path, url=ICD10, code="A01.0", display="benh THUONG han")
    assert right == {"result": True, "display": "Bệnh thương hàn"}
    wrong = await ask(fhir, path, url=ICD10, code="A01.0", display="Cảm")
    assert (wrong["result"], wrong["display"]) == (False, "Bệnh thương hàn")
    assert (await ask(fhir, path, url=ICD10, code="nothing"))["result"] is False
    assert (await ask(fhir, path, url=ICD10, code="A01.0", date="1950-01-01"))["result"] is False
    assert (await ask(fhir, "/CodeSystem/icd-10/$validate-code", code="A01.0"))["result"] is True
    concept = {"coding": [{"system": DRUG, "code": "none"}, {"system": ICD10, "code": "A01.0"}]}
    body = {"resourceType": "Parameters", "parameter": [{"name": "codeableConcept", "valueCodeableConcept": concept}]}
    assert flat((await fhir.post(path, json=body)).json())["result"] is True
    assert place(await fhir.get(f"{path}?code=A01.0")) == (400, "Parameters.parameter.where(name='url')")
    assert place(await fhir.get(f"{path}?url=http://no&code=x")) == (404, "http.url")
    assert (await fhir.get("/CodeSystem/none/$validate-code?code=x")).status_code == 404


async def test_expand_pages_through_the_whole_list(fhir: httpx.AsyncClient) -> None:
    url = f"{ICD10}?fhir_vs"
    codes: list[str] = []
    total = None
    while total is None or len(codes) < total:
        params = {"url": url, "offset": str(len(codes)), "count": "100"}
        expansion = (await fhir.get("/ValueSet/$expand", params=params)).json()["expansion"]
        assert total in (None, expansion["total"])
        total = expansion["total"]
        assert expansion["offset"] == len(codes)
        codes += [one["code"] for one in expansion["contains"]]
    assert total > 400
    assert len(set(codes)) == total
    assert codes == sorted(codes)
    only = (await fhir.get("/ValueSet/$expand", params={"url": url, "count": "0"})).json()["expansion"]
    assert (only["total"], only.get("contains")) == (total, None)


async def test_expand_filters_by_words_without_marks(fhir: httpx.AsyncClient) -> None:
    found = (
        await fhir.get("/ValueSet/icd-10/$expand", params={"filter": "thuong han", "includeDesignations": "true"})
    ).json()
    first = found["expansion"]["contains"][0]
    assert (first["system"], first["code"], first["display"]) == (ICD10, "A01.0", "Bệnh thương hàn")
    assert {"language": "en", "value": "Typhoid fever"} in first["designation"]
    whole = (await fhir.get("/ValueSet/$expand", params={"url": "urn:his/ValueSet/cost-group"})).json()["expansion"]
    assert whole["total"] == len(whole["contains"]) > 5


async def test_expand_of_a_value_set_that_is_sent(fhir: httpx.AsyncClient) -> None:
    compose = {
        "include": [
            {"system": ICD10, "concept": [{"code": "A01.0"}, {"code": "A09.9"}, {"code": "nothing"}]},
            {"system": "urn:his:code:cost-group"},
        ],
        "exclude": [{"system": ICD10, "concept": [{"code": "A09.9"}]}],
    }
    sent = {"resourceType": "ValueSet", "status": "active", "url": "urn:x", "compose": compose}
    answer = await fhir.post("/ValueSet/$expand", json=sent)
    found = answer.json()["expansion"]
    assert {c["code"] for c in found["contains"] if c["system"] == ICD10} == {"A01.0"}
    assert found["total"] == len(found["contains"]) > 6
    for part, where in (
        ({"system": ICD10, "filter": [{"property": "a", "op": "=", "value": "b"}]}, "filter"),
        ({"valueSet": ["urn:y"]}, "valueSet"),
        ({"system": "http://unknown"}, "system"),
    ):
        refused = await fhir.post("/ValueSet/$expand", json={**sent, "compose": {"include": [part]}})
        assert place(refused)[1] == f"ValueSet.compose.include[0].{where}"
    assert place(await fhir.post("/ValueSet/$expand", json={"resourceType": "ValueSet", "status": "draft"}))[0] == 400
    assert place(await fhir.post("/ValueSet/$expand", json={"resourceType": "Basic", "code": {}}))[0] == 400


@pytest.mark.parametrize(
    ("query", "status", "where"),
    [
        ("", 400, "Parameters.parameter.where(name='url')"),
        ("url=http://nowhere", 404, "http.url"),
        (f"url={ICD10}?fhir_vs&count=-1", 400, "http.count"),
        (f"url={ICD10}?fhir_vs&offset=x", 400, "http.offset"),
        (f"url={ICD10}?fhir_vs&includeDesignations=maybe", 400, "http.includeDesignations"),
    ],
)
async def test_expand_names_what_is_wrong(fhir: httpx.AsyncClient, query: str, status: int, where: str) -> None:
    assert place(await fhir.get(f"/ValueSet/$expand?{query}")) == (status, where)


async def test_validate_code_of_a_value_set(fhir: httpx.AsyncClient) -> None:
    path = "/ValueSet/icd-10/$validate-code"
    assert (await ask(fhir, path, code="A01.0", system=ICD10))["result"] is True
    assert (await ask(fhir, path, code="A01.0"))["result"] is True
    assert (await ask(fhir, path, code="A01.0", system=DRUG))["result"] is False
    assert (await ask(fhir, path, code="X"))["result"] is False
    sent = {"resourceType": "ValueSet", "status": "active", "compose": {"include": [{"system": ICD10, "concept": [{"code": "A01.0"}]}]}}  # fmt: skip
    for code, result in (("A01.0", True), ("A09.9", False)):
        body = {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "valueSet", "resource": sent},
                {"name": "coding", "valueCoding": {"system": ICD10, "code": code}},
            ],
        }
        assert flat((await fhir.post("/ValueSet/$validate-code", json=body)).json())["result"] is result


async def test_translate_both_ways(fhir: httpx.AsyncClient) -> None:
    path = "/ConceptMap/$translate"
    atc = "http://www.whocc.no/atc"
    found = await ask(fhir, path, system=DRUG, code="VD-90001-26", targetsystem=atc)
    assert found["result"] is True
    assert found["match"] == [
        {
            "equivalence": "wider",
            "concept": {"system": atc, "code": "N02BE01"},
            "source": "urn:his/ConceptMap/drug-to-atc",
        }
    ]
    back = await ask(fhir, path, system=atc, code="N02BE01", targetsystem=DRUG, reverse="true")
    assert "VD-90001-26" in {match["concept"]["code"] for match in back["match"]}
    group = await ask(fhir, "/ConceptMap/service-to-cost-group/$translate", system=SERVICE, code="02.1898")
    assert group["match"][0]["concept"]["code"] == "13"
    assert group["match"][0]["concept"]["display"]
    assert (await ask(fhir, path, system=SERVICE, code="none"))["result"] is False
    assert place(await fhir.get(f"{path}?system={DRUG}&code=x"))[1].endswith("(name='targetsystem')")
    assert place(await fhir.get(f"{path}?system={DRUG}&code=x&targetsystem=http://no")) == (404, "http.targetsystem")
    assert place(await fhir.get(f"{path}?system=http://no&code=x")) == (404, "http.system")
    assert (await fhir.get("/ConceptMap/none/$translate?system=x&code=y")).status_code == 404


async def test_lists_are_for_signed_in_callers_with_the_right(fhir: httpx.AsyncClient) -> None:
    query = f"/CodeSystem/$lookup?system={ICD10}&code=A01.0"
    assert (await fhir.get(query, headers={"x-denied": "read"})).status_code == 403
    assert (await fhir.get(query, headers={"x-unit": "2"})).status_code == 200


async def test_a_value_set_that_the_unit_has_stored(fhir: httpx.AsyncClient) -> None:
    compose = {"include": [{"system": ICD10, "concept": [{"code": "A01.0"}]}]}
    sent = {"resourceType": "ValueSet", "status": "active", "url": "urn:test:own-set", "compose": compose}
    stored = (await fhir.post("/ValueSet", json=sent)).json()
    for path in (f"/ValueSet/{stored['id']}/$expand", "/ValueSet/$expand?url=urn:test:own-set"):
        answer = await fhir.get(path)
        assert [one["code"] for one in answer.json()["expansion"]["contains"]] == ["A01.0"]
        assert (await fhir.get(path, headers={"x-unit": "2"})).status_code == 404
    there = await ask(fhir, f"/ValueSet/{stored['id']}/$validate-code", code="A09.9", system=ICD10)
    assert there["result"] is False
