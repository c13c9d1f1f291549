"""Every access has its entry, joined on X-Request-Id; without the entry there is no answer (line 48).

Staff of every role open doors that show, search, print or export; a machine reads, searches and writes through FHIR.
`HIS_AUDITED` sets how many requests of staff are drawn from all doors and roles (2,000 in the full trial).
"""

import random
from contextlib import suppress

import psycopg
import pytest

from his.app import create_app
from his.identity import access
from his.identity.trace import IMPERSONAL
from his.kit.db import Database
from his.kit.errors import HisError
from his.kit.ids import new_id
from tests.contract.routes import entries
from tests.faults import trial
from tests.integration.kit.conftest import striking
from tests.integration.visits import make_visit, sign_in

REQUESTS = trial.count("HIS_AUDITED", 150)
SEED = trial.seed()
ROLES = (
    "front-desk", "doctor", "nurse", "pharmacist", "cashier", "unit-admin", "privacy-officer", "insurance-officer",
    "province-officer", "installation-admin",
)  # fmt: skip
BASE = "/fhir/r4"
_made = {}


@pytest.fixture
async def cast(database):
    """One visit of the module's database, and records that are not there."""
    if not _made:
        visit = await make_visit(database)
        _made.update(encounter_id=visit.id, patient_id=visit.patient.id, claim_id=new_id(), case_id=new_id())
    return _made


def doors():
    """What a person may open with GET, but what speaks of no patient."""
    app = create_app(Database("postgresql://nobody@127.0.0.1:1/none"))
    return [e for e in entries(app) if e.method == "GET" and e.capability is not None]


def must_be_entered(entry, status):
    """A refusal always; an answer where it speaks of somebody; a mistake in the address shows nothing."""
    return status in (403, 404) or (status < 400 and entry.capability not in IMPERSONAL)


async def of_staff(client, cast, count, run):
    """Numbers of the requests that must have an entry."""
    chance = random.Random(SEED)
    drawn = [(chance.choice(ROLES), chance.choice(doors())) for _ in range(count)]
    wanted = set()
    for role in ROLES:
        await sign_in(client, role)
        for number, entry in ((n, e) for n, (r, e) in enumerate(drawn) if r == role):
            name = f"{run}-{number}"
            answer = await client.get(entry.address(cast), headers={"X-Request-Id": name})
            assert answer.status_code != 500, f"{entry} as {role}"
            if must_be_entered(entry, answer.status_code):
                wanted.add(name)
    return wanted


async def of_machine(client, run):
    """Numbers of a machine's requests, each kind of interaction once."""
    form = {"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": "demo"}
    token = (await client.post("/oauth2/token", data=form)).json()["access_token"]
    born = {"resourceType": "Patient", "name": [{"text": "Lê Thị Thử"}], "gender": "female", "birthDate": "1990-01-01"}
    made = await client.post(f"{BASE}/Patient", json=born, headers={"Authorization": f"Bearer {token}"})
    patient = made.json()["id"]
    basic = {"resourceType": "Basic", "code": {"text": "x"}}
    asked = [
        ("GET", f"/Patient/{patient}", None), ("GET", "/Patient?_count=2", None), ("GET", f"/Patient/{patient}/_history", None),
        ("GET", f"/Patient/{patient}/_history/1", None), ("GET", f"/Patient/{patient}/$everything", None),
        ("GET", f"/Encounter?patient={patient}", None),
        ("GET", "/Patient/nobody", None), ("GET", "/_history?_count=2", None), ("GET", "/Observation/$lastn?patient=" + str(patient), None),
        ("POST", "/Basic", basic), ("POST", "/", {"resourceType": "Bundle", "type": "batch", "entry": [
            {"request": {"method": "GET", "url": f"Patient/{patient}"}}]}),
        ("PUT", f"/Basic/{run}", {**basic, "id": run}), ("DELETE", f"/Basic/{run}", None),
    ]  # fmt: skip
    wanted = set()
    for number, (method, path, body) in enumerate(asked):
        name = f"{run}-fhir-{number}"
        headers = {"Authorization": f"Bearer {token}", "X-Request-Id": name}
        answer = await client.request(method, BASE + path, json=body, headers=headers)
        assert answer.status_code < 500, (method, path, answer.text)
        if answer.status_code < 400 or "nobody" in path:
            wanted.add(name)
    assert len(wanted) == len(asked)
    return wanted


def without_entry(owner, wanted):
    with psycopg.connect(owner) as connection:
        found = connection.execute(
            "SELECT DISTINCT request_id FROM audit_entry WHERE request_id = ANY(%s)", (list(wanted),)
        )
        return sorted(wanted - {row[0] for row in found.fetchall()})


async def test_every_access_has_its_entry(client, database, clone, cast):
    wanted = await of_staff(client, cast, REQUESTS, "t48") | await of_machine(client, "t48")
    assert len(wanted) > REQUESTS / 3
    missing = without_entry(clone["owner"], wanted)
    trial.report(
        "48", seed=SEED, n=REQUESTS, expected={"missing": []}, got={"missing": missing, "accesses": len(wanted)}
    )


async def test_entries_that_vanish_are_noticed(client, database, clone, cast):
    """The sabotage: a database that swallows every third entry."""
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        owner.execute(
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN IF hashtext(NEW.id::text) % 3 = 0 THEN RETURN NULL; END IF; RETURN NEW; END'"
        )
        owner.execute("CREATE TRIGGER swallow BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION swallow()")
        try:
            wanted = await of_staff(client, cast, 40, "sabotage") | await of_machine(client, "sabotage")
        finally:
            owner.execute("DROP FUNCTION swallow() CASCADE")
    assert without_entry(clone["owner"], wanted)


async def answered_without_entry(client, owner, cast):
    """Pages, files and FHIR while the trail takes nothing: what answered otherwise than with 503 and no data; the count."""
    form = {"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": "demo"}
    token = (await client.post("/oauth2/token", data=form)).json()["access_token"]
    await sign_in(client, "doctor")
    visit, patient = cast["encounter_id"], cast["patient_id"]
    pages = (f"/visit/{visit}", f"/visit/{visit}/prescription.pdf", f"/api/encounters/{visit}", "/queue", "/results",
             f"/api/registration/patients/{patient}")  # fmt: skip
    fhir = (
        f"/Patient/{patient}",
        "/Patient",
        f"/Patient/{patient}/$everything",
        f"/Patient/{patient}/_history",
        "/_history",
    )
    shown = []
    with striking(owner, "audit_entry", "RAISE EXCEPTION 'x' USING ERRCODE = '53100';"):
        for path in pages:
            answer = await client.get(path)
            shown += [(path, answer.status_code)] * (answer.status_code != 503 or len(answer.content) > 20_000)
        client.cookies.clear()
        for path in fhir:
            answer = await client.get(BASE + path, headers={"Authorization": f"Bearer {token}"})
            told = answer.status_code == 503 and b"OperationOutcome" in answer.content
            shown += [(path, answer.status_code)] * (not told)
    return shown, len(pages) + len(fhir)


async def test_without_an_entry_there_is_no_answer(client, clone, cast):
    shown, asked = await answered_without_entry(client, clone["owner"], cast)
    trial.report("48-closed", seed=SEED, n=asked, expected={"shown": []}, got={"shown": shown})


async def test_a_page_that_does_not_wait_for_its_entry_is_seen(client, clone, cast, monkeypatch):
    """The sabotage: a guard that shows the page and lets the failure of the entry pass."""
    enter = access.enter

    async def careless(*given):
        with suppress(HisError):
            await enter(*given)

    monkeypatch.setattr(access, "enter", careless)
    shown, _ = await answered_without_entry(client, clone["owner"], cast)
    assert (f"/visit/{cast['encounter_id']}", 200) in shown
