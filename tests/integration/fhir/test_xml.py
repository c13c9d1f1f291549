"""FHIR XML on the wire: what is sent comes back equal in either form, and hostile XML is refused with a place."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree

from his.fhir.elements import elements
from his.fhir.xmlin import from_xml
from his.fhir.xmlout import to_xml

XML = {"content-type": "application/fhir+xml", "accept": "application/fhir+xml"}
NS = {"f": "http://hl7.org/fhir", "h": "http://www.w3.org/1999/xhtml"}
OBSERVATION = """<?xml version="1.0" encoding="UTF-8"?>
<Observation xmlns="http://hl7.org/fhir">
  <!-- a remark -->
  <text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>Đường &lt; 7 &amp; <b>ổn</b><br/></p></div></text>
  <contained><Patient><id value="p"/><birthDate value="1990"><extension url="http://e"><valueDateTime value="1990-01-01T01:02:03.400+07:00"/></extension></birthDate></Patient></contained>
  <extension url="http://x"><valueDecimal value="1.10"/></extension>
  <status value="final"/>
  <code><coding><system value="http://loinc.org"/><code value="2339-0"/></coding><text id="t1" value="Đường huyết &quot;lúc đói&quot;&#10;mmol"/></code>
  <subject><reference value="#p"/></subject>
  <valueQuantity><value value="5.60"/><unit value="mmol/L"/></valueQuantity>
</Observation>"""


async def test_xml_is_stored_as_json_and_read_in_both_forms(fhir: httpx.AsyncClient) -> None:
    made = await fhir.post("/Observation", content=OBSERVATION.encode(), headers=XML)
    assert made.status_code == 201, made.text
    assert made.headers["content-type"] == "application/fhir+xml; charset=utf-8"
    root = etree.fromstring(made.content)
    identity = root.xpath("string(f:id/@value)", namespaces=NS)
    assert root.xpath("string(f:valueQuantity/f:value/@value)", namespaces=NS) == "5.60"
    assert root.xpath("string(f:extension/f:valueDecimal/@value)", namespaces=NS) == "1.10"
    assert root.xpath("string(f:text/h:div/h:p)", namespaces=NS) == "Đường < 7 & ổn"
    assert root.xpath("string(f:code/f:text/@value)", namespaces=NS) == 'Đường huyết "lúc đói"\nmmol'
    plain = (await fhir.get(f"/Observation/{identity}")).text
    assert '"value":5.60' in plain
    assert '"valueDecimal":1.10' in plain
    stored = json.loads(plain)
    assert stored["code"]["_text"] == {"id": "t1"}
    assert stored["contained"][0]["_birthDate"]["extension"][0]["valueDateTime"] == "1990-01-01T01:02:03.400+07:00"
    assert stored["text"]["div"] == (
        '<div xmlns="http://www.w3.org/1999/xhtml"><p>Đường &lt; 7 &amp; <b>ổn</b><br/></p></div>'
    )
    for how in ({"params": {"_format": "xml"}}, {"headers": {"accept": "application/fhir+xml"}}):
        again = await fhir.get(f"/Observation/{identity}", **how)  # type: ignore[arg-type]
        assert json.loads(from_xml(again.content, 1 << 20)) == stored
        assert again.headers["etag"] == 'W/"1"'
    pretty = await fhir.get(f"/Observation/{identity}", params={"_format": "text/xml", "_pretty": "true"})
    assert "\n  <status value=" in pretty.text
    assert json.loads(from_xml(pretty.content, 1 << 20)) == stored


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("application/fhir+xml", "xml"),
        ("application/xml", "xml"),
        ("application/fhir+json;q=0.5, application/fhir+xml", "xml"),
        ("application/fhir+json, application/fhir+xml", "json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "json"),
        ("application/fhir+xml; fhirVersion=4.0", "xml"),
        ("*/*", "json"),
        ("", "json"),
    ],
)
async def test_the_form_is_negotiated(fhir: httpx.AsyncClient, accept: str, media: str) -> None:
    answer = await fhir.get("/Basic", headers={"accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(f"application/fhir+{media}")


async def test_bundles_errors_and_metadata_as_xml(fhir: httpx.AsyncClient) -> None:
    entry = (
        '<entry><fullUrl value="urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"/><resource><Basic>'
        '<code><text value="x"/></code></Basic></resource><request><method value="POST"/><url value="Basic"/></request></entry>'
    )
    bundle = f'<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/>{entry}</Bundle>'
    answer = await fhir.post("", content=bundle.encode(), headers=XML)
    assert answer.status_code == 200, answer.text
    root = etree.fromstring(answer.content)
    assert root.xpath("string(f:entry/f:response/f:status/@value)", namespaces=NS) == "201 Created"
    found = etree.fromstring((await fhir.get("/Basic?_format=xml&_count=1")).content)
    assert found.xpath("count(f:entry/f:resource/f:Basic)", namespaces=NS) == 1
    missing = await fhir.get("/Basic/none", headers={"accept": "application/fhir+xml"})
    assert missing.status_code == 404
    assert etree.fromstring(missing.content).xpath("string(f:issue/f:code/@value)", namespaces=NS) == "not-found"
    metadata = await fhir.get("/metadata?_format=application/fhir+xml")
    assert etree.fromstring(metadata.content).xpath("string(f:fhirVersion/@value)", namespaces=NS) == "4.0.1"
    form = {"content-type": "application/x-www-form-urlencoded"}
    posted = await fhir.post("/Basic/_search", content="_count=1&_format=xml", headers=form)
    assert etree.fromstring(posted.content).xpath("string(f:type/@value)", namespaces=NS) == "searchset"
    assert (await fhir.post("/Basic/_search", content="_format=ttl", headers=form)).status_code == 406
    head = await fhir.head("/Basic", headers={"accept": "application/fhir+xml"})
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("<Patient", "Resource"),
        ('<!DOCTYPE x [<!ENTITY e "v">]><Patient xmlns="http://hl7.org/fhir"/>', "Resource"),
        ("<Patient/>", "Resource"),
        ('<Nothing xmlns="http://hl7.org/fhir"/>', "Resource"),
        ('<Patient xmlns="http://hl7.org/fhir" a="b"/>', "Patient"),
        ('<Patient xmlns="http://hl7.org/fhir">text</Patient>', "Patient"),
        ('<Patient xmlns="http://hl7.org/fhir"><nothing value="1"/></Patient>', "Patient.nothing"),
        ('<Patient xmlns="http://hl7.org/fhir"><gender/></Patient>', "Patient.gender"),
        ('<Patient xmlns="http://hl7.org/fhir"><gender value=""/></Patient>', "Patient.gender"),
        ('<Patient xmlns="http://hl7.org/fhir"><active value="TRUE"/></Patient>', "Patient.active"),
        ('<Patient xmlns="http://hl7.org/fhir"><multipleBirthInteger value="1.5"/></Patient>', "Patient.multipleBirthInteger"),
        ('<Patient xmlns="http://hl7.org/fhir"><name/></Patient>', "Patient.name[0]"),
        ('<Patient xmlns="http://hl7.org/fhir"><name><family value="a"/><family value="b"/></name></Patient>', "Patient.name[0].family"),
        ('<Patient xmlns="http://hl7.org/fhir"><contained/></Patient>', "Patient.contained[0]"),
        ('<Patient xmlns="http://hl7.org/fhir"><gender value="xx"/></Patient>', "Patient.gender"),
    ],
)  # fmt: skip
async def test_xml_that_is_not_fhir(fhir: httpx.AsyncClient, body: str, place: str) -> None:
    answer = await fhir.post("/Patient", content=body.encode(), headers={"content-type": "application/fhir+xml"})
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["issue"][0]["expression"] == [place]


def exact(text: str) -> Any:
    """The value with its numbers as they were written."""
    return json.loads(text, parse_float=lambda t: ("number", t), parse_int=lambda t: ("number", t))


def canonical(value: Any) -> Any:
    """The same with narratives as canonical XHTML: `&quot;` and `"` are one character."""
    if isinstance(value, dict):
        if isinstance(value.get("div"), str):
            return {**value, "div": etree.tostring(etree.fromstring(value["div"]), method="c14n")}
        return {name: canonical(item) for name, item in value.items()}
    return [canonical(item) for item in value] if isinstance(value, list) else value


def test_every_official_example_goes_to_xml_and_back(shared_dir: Path) -> None:
    files = sorted((shared_dir / "samples" / "hl7-r4-examples").glob("*.json"))
    assert len(files) == 204
    for file in files:
        text = file.read_text()
        for pretty in (False, True):
            back = from_xml(to_xml(text, pretty=pretty), 1 << 25)
            assert canonical(exact(back)) == canonical(exact(text)), file.name


def test_elements_know_order_cardinality_and_type() -> None:
    patient = elements("Patient")
    assert patient is not None
    assert list(patient)[:3] == ["id", "meta", "implicitRules"]
    assert (patient["name"].many, patient["name"].type, patient["name"].summary) == (True, "HumanName", True)
    assert (patient["deceasedBoolean"].choice, patient["deceasedBoolean"].type) == ("deceased", "Boolean")
    assert elements("NoSuchType") is None
