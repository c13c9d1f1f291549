"""Bearer tokens of machine clients: given for the right secret only, short-lived, narrow, and worth nothing elsewhere."""

import base64
from datetime import timedelta

import psycopg
import pytest
from starlette.datastructures import Headers

from his.identity.access import fhir_caller
from his.identity.passwords import hash_password
from his.kit import clock
from his.kit.config import get_settings
from his.kit.errors import HisError, Kind

FORM = {"grant_type": "client_credentials"}
SECRET = {"client_id": "demo-client", "client_secret": "demo"}


@pytest.fixture
def owner(clone):
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        yield connection
        connection.execute("UPDATE api_client SET active = true")


def basic(text: str | bytes) -> dict[str, str]:
    raw = text.encode() if isinstance(text, str) else text
    return {"authorization": f"Basic {base64.b64encode(raw).decode()}"}


async def bearer(client, **form):
    answer = await client.post("/oauth2/token", data={**FORM, **SECRET, **form})
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


async def test_the_secret_gives_a_token_that_nobody_may_keep(client):
    answer = await client.post("/oauth2/token", data={**FORM, **SECRET})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("bearer", get_settings().access_token_seconds)
    assert body["scope"] == "system/*.cruds his/blind-update"


async def test_the_secret_may_stand_in_the_header(client):
    answer = await client.post("/oauth2/token", data=FORM, headers=basic("demo-client:demo"))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        {"client_id": "demo-client", "client_secret": "sai"},
        {"client_id": "demo-client"},
        {"client_id": "nobody", "client_secret": "demo"},
        {"client_secret": "demo"},
        {"client_id": "demo\x00client", "client_secret": "demo"},
        {},
    ],
)
async def test_a_wrong_secret_gives_nothing(client, form):
    answer = await client.post("/oauth2/token", data={**FORM, **form})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !!!", "Basic =", "Basic aGk", f"Basic {base64.b64encode(bytes([255, 254])).decode()}", "Basic é"],
)
async def test_a_broken_header_is_refused_not_broken(client, header):
    answer = await client.post("/oauth2/token", data=FORM, headers={b"authorization": header.encode("latin-1")})
    assert answer.status_code == 401


@pytest.mark.parametrize("grant", ["password", "implicit", "urn:ietf:params:oauth:grant-type:device_code", ""])
async def test_other_grants_are_not_known(client, grant):
    answer = await client.post("/oauth2/token", data={**SECRET, "grant_type": grant})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


async def test_a_token_opens_the_record_of_its_unit(client):
    token = await bearer(client)
    answer = await client.get("/fhir/r4/Patient", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200


async def test_the_front_desk_finds_the_patient_a_client_created(client):
    token = await bearer(client)
    sent = {
        "resourceType": "Patient",
        "name": [{"text": "Vàng Thị Sơn Ca"}],
        "gender": "female",
        "birthDate": "1988-05-01",
    }
    made = await client.post("/fhir/r4/Patient", headers={"authorization": f"Bearer {token}"}, json=sent)
    assert made.status_code == 201
    assert (await client.post("/sign-in", data={"username": "front-desk", "password": "demo"})).status_code == 303
    found = (await client.get("/api/registration/patients", params={"q": "vang thi son ca"})).json()
    assert [match["id"] for match in found["matches"]] == [made.json()["id"]]


async def test_a_token_opens_no_page_and_no_other_api(client):
    token = await bearer(client)
    headers = {"authorization": f"Bearer {token}"}
    assert (await client.get("/queue", headers=headers)).status_code == 303
    assert (await client.post("/api/reception/visits", json={}, headers=headers)).status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer x", "bearer ' OR 1=1", "Basic demo", "Token x"])
async def test_no_token_and_unknown_tokens_are_refused_with_a_challenge(client, header):
    answer = await client.get("/fhir/r4/Patient", headers={"authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["resourceType"] == "OperationOutcome"


async def test_a_token_ends_at_its_second(client, owner):
    token = await bearer(client)
    headers = {"authorization": f"Bearer {token}"}
    owner.execute("UPDATE access_token SET expires_at = now()")
    assert (await client.get("/fhir/r4/Patient", headers=headers)).status_code == 401
    owner.execute("UPDATE access_token SET expires_at = %s", (clock.now() + timedelta(minutes=5),))
    assert (await client.get("/fhir/r4/Patient", headers=headers)).status_code == 200


async def test_a_dismissed_client_is_out_at_once(client, owner):
    token = await bearer(client)
    owner.execute("UPDATE api_client SET active = false")
    assert (await client.get("/fhir/r4/Patient", headers={"authorization": f"Bearer {token}"})).status_code == 401
    assert (await client.post("/oauth2/token", data={**FORM, **SECRET})).status_code == 401


async def test_a_narrow_client_does_only_what_its_scopes_say(client, owner):
    owner.execute(
        "INSERT INTO api_client (id, secret_hash, name, unit_id, scopes, active) VALUES ('narrow', %s, 'n', 2, %s, true)",
        (hash_password("s"), "system/Patient.s"),
    )
    token = await bearer(client, client_id="narrow", client_secret="s")
    headers = {"authorization": f"Bearer {token}", "content-type": "application/fhir+json"}
    assert (await client.get("/fhir/r4/Patient", headers=headers)).status_code == 200
    assert (await client.get("/fhir/r4/Encounter", headers=headers)).status_code == 403
    body = '{"resourceType": "Patient", "name": [{"text": "Lò Thị Yến"}]}'
    assert (await client.post("/fhir/r4/Patient", headers=headers, content=body)).status_code == 403


async def sign_in(client, username):
    answer = await client.post(
        "/sign-in", data={"username": username, "password": "demo"}, headers={"HX-Request": "true"}
    )
    return answer.headers["x-csrf-token"]


async def test_a_browser_writes_through_fhir_only_with_its_token(client, database):
    csrf = await sign_in(client, "doctor")
    cookie = f"his_session={client.cookies['his_session']}"
    bare = await fhir_caller(database, Headers({"cookie": cookie}))
    own = await fhir_caller(database, Headers({"cookie": cookie, "x-csrf-token": csrf}))
    assert bare.may("read", "Observation")
    assert not bare.may("create", "Observation")
    assert own.may("create", "Observation")
    with pytest.raises(HisError) as caught:
        await fhir_caller(database, Headers({"cookie": cookie, "x-csrf-token": csrf, "sec-fetch-site": "cross-site"}))
    assert caught.value.kind is Kind.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("username", "path", "status"),
    [
        ("front-desk", "Patient", 200), ("front-desk", "Observation", 403), ("front-desk", "Condition", 403),
        ("doctor", "Observation", 200), ("doctor", "Claim", 403), ("pharmacist", "Observation", 403),
        ("cashier", "ChargeItem", 200), ("cashier", "Condition", 403), ("unit-admin", "Claim", 200),
        ("unit-admin", "Condition", 403), ("province-officer", "Patient", 403), ("installation-admin", "Patient", 403),
        ("insurance-officer", "Condition", 403),
    ],
)  # fmt: skip
async def test_a_person_sees_through_fhir_what_the_role_sees(client, username, path, status):
    await sign_in(client, username)
    assert (await client.get(f"/fhir/r4/{path}")).status_code == status
