"""Binary as bytes: in and out in its own content type, by the same rights, and as a resource for who asks for FHIR."""

import base64
import gzip

import httpx
import pytest

from .test_compartment import doors, person  # noqa: F401

PNG = bytes(range(256)) * 20
RAW = {"accept": "image/png"}


async def sent(
    fhir: httpx.AsyncClient, content: bytes = PNG, media: str = "image/png", **headers: str
) -> httpx.Response:
    return await fhir.post("/Binary", content=content, headers={"content-type": media, **headers})


async def test_bytes_go_in_and_come_out(fhir: httpx.AsyncClient) -> None:
    made = await sent(fhir)
    assert made.status_code == 201, made.text
    body = made.json()
    assert base64.b64decode(body["data"]) == PNG
    assert body["contentType"] == "image/png"
    raw = await fhir.get(f"/Binary/{body['id']}", headers=RAW)
    assert (raw.status_code, raw.content, raw.headers["content-type"]) == (200, PNG, "image/png")
    assert raw.headers["etag"] == 'W/"1"'
    assert raw.headers["content-disposition"] == "attachment"
    assert "sandbox" in raw.headers["content-security-policy"]
    assert raw.headers["x-content-type-options"] == "nosniff"
    assert (await fhir.get(f"/Binary/{body['id']}", headers={**RAW, "if-none-match": 'W/"1"'})).status_code == 304
    head = await fhir.head(f"/Binary/{body['id']}", headers=RAW)
    assert (head.content, head.headers["content-type"]) == (b"", "image/png")


@pytest.mark.parametrize(
    ("accept", "bytes_"),
    [
        ("application/fhir+json", False), ("application/fhir+xml", False), ("application/json", False), ("*/*", False),
        ("", False), ("image/png", True), ("image/*", True), ("application/pdf", True), ("application/octet-stream", True),
        ("image/png,*/*;q=0.1", True), ("image/png, */*", True), ("application/fhir+json, image/png;q=0.5", False),
        ("image/png, application/fhir+json;q=0.5", True), ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
    ],
)  # fmt: skip
async def test_who_asks_for_fhir_gets_the_resource(fhir: httpx.AsyncClient, accept: str, bytes_: bool) -> None:
    identity = (await sent(fhir)).json()["id"]
    answer = await fhir.get(f"/Binary/{identity}", headers={"accept": accept})
    assert answer.status_code == 200
    assert (answer.content == PNG) is bytes_, answer.headers["content-type"]
    if not bytes_:
        assert "fhir+" in answer.headers["content-type"]
    asked = await fhir.get(f"/Binary/{identity}?_format=json", headers={"accept": accept})
    assert asked.json()["resourceType"] == "Binary"


async def test_versions_and_replacing(fhir: httpx.AsyncClient) -> None:
    identity = (await sent(fhir)).json()["id"]
    url = f"/Binary/{identity}"
    assert (await fhir.put(url, content=b"new", headers={"content-type": "text/plain"})).status_code == 428
    put = await fhir.put(
        url, content=b"new", headers={"content-type": "text/plain; charset=utf-8", "if-match": 'W/"1"', **RAW}
    )
    assert put.status_code == 200, put.text
    now = await fhir.get(url, headers={"accept": "text/plain"})
    assert (now.content, now.headers["content-type"]) == (b"new", "text/plain; charset=utf-8")
    assert (await fhir.get(f"{url}/_history/1", headers=RAW)).content == PNG
    assert (await fhir.get(f"{url}/_history", headers={"accept": "application/fhir+json"})).json()["type"] == "history"
    assert (await fhir.delete(url)).status_code == 204
    assert (await fhir.get(url, headers=RAW)).status_code == 410
    assert (await fhir.get("/Binary/none", headers=RAW)).json()["resourceType"] == "OperationOutcome"


async def test_a_resource_by_json_is_read_as_bytes_and_the_context_is_kept(fhir: httpx.AsyncClient) -> None:
    body = {"resourceType": "Binary", "contentType": "application/pdf", "data": base64.b64encode(b"%PDF").decode()}
    identity = (await fhir.post("/Binary", json=body)).json()["id"]
    assert (await fhir.get(f"/Binary/{identity}", headers={"accept": "application/pdf"})).content == b"%PDF"
    empty = (await fhir.post("/Binary", json={"resourceType": "Binary", "contentType": "text/css"})).json()["id"]
    none = await fhir.get(f"/Binary/{empty}?_summary=true", headers={"accept": "text/css"})
    assert (none.status_code, none.content) == (200, b"")
    held = await sent(
        fhir,
        gzip.compress(b"x" * 5000),
        "text/plain",
        **{"content-encoding": "gzip", "x-security-context": "Patient/p1"},
    )
    assert held.json()["securityContext"] == {"reference": "Patient/p1"}
    assert base64.b64decode(held.json()["data"]) == b"x" * 5000


async def test_a_type_that_is_no_media_type_is_never_a_header(fhir: httpx.AsyncClient) -> None:
    body = {"resourceType": "Binary", "contentType": "text/html inject", "data": "AAAA"}
    made = await fhir.post("/Binary", json=body)
    if made.status_code == 201:
        read = await fhir.get(f"/Binary/{made.json()['id']}", headers={"accept": "text/css"})
        assert read.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("headers", "status", "where"),
    [
        ({"content-type": "image"}, 400, "http.Content-Type"),
        ({"content-type": "image/png; x"}, 400, "http.Content-Type"),
        ({"content-type": "image/png", "x-security-context": "Patient/1 OR"}, 400, "http.X-Security-Context"),
        ({"content-type": "image/png", "content-encoding": "br"}, 415, "http.Content-Encoding"),
        ({"content-type": "image/png", "content-encoding": "gzip"}, 400, "http.Content-Encoding"),
        ({"content-type": "image/png", "x-denied": "create"}, 403, "Binary"),
    ],
)
async def test_what_cannot_be_taken_is_named(
    fhir: httpx.AsyncClient, headers: dict[str, str], status: int, where: str
) -> None:
    answer = await fhir.post("/Binary", content=PNG, headers=headers)
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (status, [where])


async def test_other_types_take_and_give_no_bytes(fhir: httpx.AsyncClient) -> None:
    assert (await fhir.post("/Patient", content=PNG, headers={"content-type": "image/png"})).status_code == 415
    assert (await fhir.get("/Patient/x", headers=RAW)).status_code == 406
    search = await fhir.get("/Binary", headers=RAW)
    assert search.json()["type"] == "searchset"


async def test_both_forms_obey_the_same_rights(doors: httpx.AsyncClient, fhir: httpx.AsyncClient) -> None:  # noqa: F811
    identity = (await sent(fhir)).json()["id"]
    mine = await person(doors, "Lò Thị Mây")
    for accept in ("application/fhir+json", "image/png"):
        url = f"/Binary/{identity}"
        assert (await fhir.get(url, headers={"accept": accept, "x-unit": "2"})).status_code == 404
        assert (await fhir.get(url, headers={"accept": accept, "x-denied": "read"})).status_code == 403
        assert (await doors.get(url, headers={"accept": accept, "x-patient": mine})).status_code == 404
        assert (await doors.get(url, headers={"accept": accept})).status_code == 200
