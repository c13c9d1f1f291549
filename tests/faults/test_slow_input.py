"""Trial 45: input made to be slow. Each request costs little processor time, or is refused with 400 or 413.

The service runs in this process, so that its processor time can be read before and after each request.
"""

import time

import pytest
from fastapi import FastAPI, Request

from his.identity.terms import Role
from tests.contract import conftest as contract
from tests.faults import trial

web, world = contract.web, contract.world  # the fixtures
MOST_SECONDS = 0.25
JSON = {"content-type": "application/json"}
FHIR = {"content-type": "application/fhir+json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
PARTS = {"content-type": "multipart/form-data; boundary=x"}
REGISTER, SAVE, PATIENT = "/api/reception/visits", "/front-desk/save", "/fhir/r4/Patient"


def parts(count: int, header: bytes = b"") -> bytes:
    one = b'--x\r\nContent-Disposition: form-data; name="a"\r\n' + header + b"\r\n1\r\n"
    return one * count + b"--x--\r\n"


def of_pages():
    """Name, verb, address, headers and body of each: static files and forms."""
    ranges = "bytes=" + ",".join(f"{n}-{n + 1}" for n in range(0, 12_000, 2))
    yield "ranges", "GET", "/static/js/app.js", {"range": ranges}, b""
    yield "suffix ranges", "GET", "/static/js/app.js", {"range": "bytes=" + "-1," * 8000 + "-1"}, b""
    yield "content type", "POST", REGISTER, {"content-type": "application/json;" + "a=" * 20_000 + "!"}, b"{}"
    yield (
        "content type of a form",
        "POST",
        SAVE,
        {"content-type": "multipart/form-data; boundary=" + "x" * 30_000},
        b"--x",
    )
    yield (
        "boundary without end",
        "POST",
        SAVE,
        {"content-type": 'multipart/form-data; boundary="' + '\\"' * 15_000},
        b"--x",
    )
    yield "parts", "POST", SAVE, PARTS, parts(20_000)
    yield "headers of a part", "POST", SAVE, PARTS, parts(1, b"".join(b"X-%d: 1\r\n" % n for n in range(50_000)))
    yield "long header of a part", "POST", SAVE, PARTS, parts(1, b"X: " + b"a" * 2_000_000 + b"\r\n")
    yield "boundary look-alikes", "POST", SAVE, PARTS, b"--x\r\n" + b"\r\n--" * 500_000
    yield "fields", "POST", SAVE, FORM, b"&".join(b"f%d=1" % n for n in range(150_000))
    yield "same field", "POST", SAVE, FORM, b"name=a&" * 200_000
    yield "percent signs", "POST", SAVE, FORM, b"name=" + b"%" * 1_500_000
    yield "long name", "POST", SAVE, FORM, b"name=" + b"a" * 2_000_000
    yield "marks", "POST", SAVE, FORM, b"name=a" + "\u0301".encode() * 300_000
    yield "scan", "POST", "/front-desk/scan", FORM, b"scan=" + b"0" * 1_000_000
    yield "scan bars", "POST", "/front-desk/scan", FORM, b"scan=" + b"|" * 500_000


def of_the_interface():
    """The same for JSON of the programming interface."""
    yield "deep object", "POST", REGISTER, JSON, b'{"a":' * 200_000 + b"1" + b"}" * 200_000
    yield "deep list", "POST", REGISTER, JSON, b"[" * 500_000
    yield "long number", "POST", REGISTER, JSON, b'{"amount":' + b"9" * 2_000_000 + b"}"
    yield "many keys", "POST", REGISTER, JSON, b"{" + b",".join(b'"k%d":1' % n for n in range(150_000)) + b"}"
    yield "escapes", "POST", REGISTER, JSON, b'{"key":"' + b"\\u0041" * 400_000 + b'"}'
    yield "large body", "POST", REGISTER, JSON, b"[" + b"1," * 25_000_000 + b"1]"
    yield "large form", "POST", SAVE, FORM, b"a=" + b"x" * 50_000_000


def of_fhir_bodies():
    """The same for resources and bundles."""
    resource = b'{"resourceType":"Patient",'
    yield (
        "fhir deep",
        "POST",
        PATIENT,
        FHIR,
        resource + b'"extension":' + b'[{"extension":' * 100_000 + b"[]" + b"}]" * 100_000 + b"}",
    )
    yield "fhir list", "POST", PATIENT, FHIR, resource + b'"name":[' + b"{}," * 400_000 + b"{}]}"
    yield "fhir text", "POST", PATIENT, FHIR, resource + b'"name":[{"text":"' + b"<" * 4_000_000 + b'"}]}'
    yield "fhir number", "POST", PATIENT, FHIR, resource + b'"multipleBirthInteger":' + b"9" * 1_000_000 + b"}"
    yield "fhir date", "POST", PATIENT, FHIR, resource + b'"birthDate":"' + b"1" * 2_000_000 + b'"}'
    yield "fhir code", "POST", PATIENT, FHIR, resource + b'"language":"' + b"a " * 1_000_000 + b'!"}'
    yield (
        "fhir bundle",
        "POST",
        "/fhir/r4",
        FHIR,
        b'{"resourceType":"Bundle","type":"batch","entry":[' + b"{}," * 300_000 + b"{}]}",
    )
    yield (
        "fhir xml",
        "POST",
        PATIENT,
        {"content-type": "application/fhir+xml"},
        b"<Patient xmlns='http://hl7.org/fhir'>" + b"<a>" * 300_000,
    )


def of_fhir_questions():
    """The same for searches, headers and patches."""
    yield "or list", "GET", PATIENT + "?identifier=" + ",".join(map(str, range(9_000))), {}, b""
    yield "same parameter", "GET", PATIENT + "?" + "&".join(["name=a"] * 6_000), {}, b""
    yield "chain", "GET", PATIENT + "?" + "general-practitioner." * 2_000 + "name=a", {}, b""
    yield "has", "GET", PATIENT + "?" + "_has:Observation:patient:" * 2_000 + "code=a", {}, b""
    yield "includes", "GET", PATIENT + "?" + "&".join(["_revinclude=Observation:patient"] * 2_000), {}, b""
    yield "sort", "GET", PATIENT + "?_sort=" + ",".join(["name"] * 9_000), {}, b""
    yield "elements", "GET", PATIENT + "?_elements=" + ",".join(f"a{n}" for n in range(9_000)), {}, b""
    yield "accept", "GET", PATIENT, {"accept": ",".join(f"a/b{n};q=0.1" for n in range(6_000))}, b""
    yield "language", "GET", "/front-desk", {"accept-language": ",".join(f"x{n};q=0.{n}" for n in range(6_000))}, b""
    yield "prefer", "GET", PATIENT, {"prefer": "return=" + "a;" * 20_000}, b""
    yield "etag", "GET", PATIENT + "/1", {"if-none-match": 'W/"1",' * 8_000}, b""
    yield (
        "patch",
        "PATCH",
        PATIENT + "/1",
        {"content-type": "application/json-patch+json"},
        b"[" + b'{"op":"test","path":"/a","value":1},' * 60_000 + b"{}]",
    )
    yield (
        "deep pointer",
        "PATCH",
        PATIENT + "/1",
        {"content-type": "application/json-patch+json"},
        b'[{"op":"test","path":"' + b"/a" * 500_000 + b'"}]',
    )
    path = b'{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"delete"},{"name":"path","valueString":"'
    yield "fhirpath", "PATCH", PATIENT + "/1", FHIR, path + b"(" * 20_000 + b'"}]}]}'
    yield "long fhirpath", "PATCH", PATIENT + "/1", FHIR, path + b"Patient" + b".name" * 20_000 + b'"}]}]}'


CASES = [*of_pages(), *of_the_interface(), *of_fhir_bodies(), *of_fhir_questions()]


async def cost(web, world, case) -> tuple[int, float]:
    """Code of the answer and seconds of the processor; the cheaper one of two, the first may read programs."""
    _, verb, address, headers, body = case
    role = Role.DOCTOR if address.startswith("/fhir") else Role.FRONT_DESK
    spent, status = 9.0, 0
    for _ in range(2):
        before = time.process_time()
        answer = await web.request(verb, address, headers={**world.headers(role), **headers}, content=body)
        spent, status = min(spent, time.process_time() - before), answer.status_code
    return status, spent


async def test_nothing_made_to_be_slow_is_slow(web, world) -> None:
    slow, broken, worst = [], [], 0.0
    for case in CASES:
        status, spent = await cost(web, world, case)
        worst = max(worst, spent)
        if status >= 500:
            broken.append((case[0], status))
        if spent > MOST_SECONDS and status not in (400, 413):
            slow.append((case[0], status, round(spent, 3)))
    trial.report(
        "45",
        n=len(CASES),
        expected={"slow": [], "broken": []},
        got={"slow": slow, "broken": broken, "worst_s": round(worst, 2)},
    )


@pytest.fixture
def patient(web):
    """The sabotage: a page that looks at every pair of letters."""
    app: FastAPI = web.app

    async def match(request: Request) -> int:
        body = await request.body()
        return sum(one == other for one in body for other in body)

    app.add_api_route("/patient-page", match, methods=["POST"])
    yield
    app.router.routes.pop()


async def test_a_slow_page_is_seen(web, world, patient) -> None:
    _, spent = await cost(web, world, ("page", "POST", "/patient-page", {}, b"a" * 4000))
    assert spent > MOST_SECONDS
