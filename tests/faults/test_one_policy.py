"""Trial 31: whoever may not see a sensitive record sees it through no channel, and who may sees it through each.

One oracle (the right of the role, or what the client was admitted for) and the same records by REST, search, count, include,
history, `$everything`, bulk export, subscription, printed paper, page, table file and statistics.
"""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from his.exchange.bulk import work as bulk
from his.exchange.subscriptions import work as subscriptions
from his.fhir.registry import render
from his.identity import access, callers
from his.identity.passwords import digest
from his.identity.rules import may
from his.identity.terms import Capability, Role
from his.kit import clock
from his.kit.config import get_settings
from his.kit.db import Database
from tests.contract import conftest as contract
from tests.faults.trial import report
from tests.integration.fhir.hooks import running

web, world = contract.web, contract.world  # the fixtures
HOME = contract.HOME
LABEL = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]}
ICD = "http://hl7.org/fhir/sid/icd-10"
CANARY = "suy giảm miễn dịch ở người"


@dataclass(frozen=True)
class Asker:
    """Who asks: headers, and what the oracle says."""

    name: str
    headers: dict[str, str]
    sees: bool
    machine: bool


@dataclass(frozen=True)
class Records:
    """What stands there: sensitive and plain resources of one patient."""

    patient: str
    sensitive: frozenset[str]
    plain: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        return self.sensitive | self.plain

    def in_text(self, text: str) -> frozenset[str]:
        """Those whose id a text names."""
        return frozenset(one for one in self.all if one in text)

    def expected(self, asker: Asker) -> frozenset[str]:
        """What the oracle lets the asker see."""
        return self.all if asker.sees else self.plain


@pytest.fixture
def owner(clone):
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        yield connection


@pytest_asyncio.fixture
async def worker(clone) -> AsyncIterator[Database]:
    database = Database(clone["his_worker"], size=4, render=render)
    await database.open()
    yield database
    await database.close()


def client(owner, name: str, sensitive: bool) -> dict[str, str]:
    """A machine client of the home unit and its token as headers."""
    token = f"token-of-{name}"
    owner.execute(
        "INSERT INTO api_client (id, secret_hash, name, unit_id, scopes, active, public, redirect_uris, launch_url, jwks, "
        "jwks_url, sensitive) VALUES (%s, '', %s, %s, 'system/*.cruds', true, false, '', '', '', '', %s) ON CONFLICT DO NOTHING",
        (name, name, HOME, sensitive),
    )
    owner.execute(
        "INSERT INTO access_token (token_sha256, client_id, unit_id, scopes, issued_at, expires_at) "
        "VALUES (%s, %s, %s, 'system/*.cruds', now(), now() + interval '1 hour') ON CONFLICT DO NOTHING",
        (digest(token), name, HOME),
    )
    return {"authorization": f"Bearer {token}"}


def askers(owner, world) -> list[Asker]:
    """Two machines and two persons, one of each with the right."""
    people = [
        Asker(role.value, world.headers(role), may(role, Capability.HIV_CARE), False)
        for role in (Role.DOCTOR, Role.HIV_DOCTOR)
    ]
    return [Asker(n, client(owner, n, s), s, True) for n, s in (("blind", False), ("seeing", True))] + people


async def made(web, headers, body: dict[str, Any]) -> str:
    answer = await web.post(
        f"/fhir/r4/{body['resourceType']}", json=body, headers={**headers, "content-type": "application/fhir+json"}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def records(web, world, headers) -> Records:
    """Labelled, told by its code, and plain."""
    patient = world.ids["patient_id"][0]
    subject = {"subject": {"reference": f"Patient/{patient}"}}
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **subject}
    condition = {"resourceType": "Condition", "code": {"text": CANARY}, **subject}
    coded = {"resourceType": "Condition", "code": {"coding": [{"system": ICD, "code": "B20.0"}]}, **subject}
    sensitive = [
        await made(web, headers, {**condition, "meta": LABEL}), await made(web, headers, {**observation, "meta": LABEL}),
        await made(web, headers, coded),
    ]  # fmt: skip
    plain = [
        await made(web, headers, observation),
        await made(web, headers, {**coded, "code": {"coding": [{"system": ICD, "code": "J20"}]}}),
    ]
    return Records(patient, frozenset(sensitive), frozenset(plain))


async def rest(web, r: Records, asker: Asker) -> dict[str, frozenset[str]]:
    """What each channel of the interface shows."""
    paths = {
        "search": ("Condition?patient={p}&_count=100", "Observation?patient={p}&_count=200"),
        "include": ("Patient?_id={p}&_revinclude=Condition:subject&_revinclude=Observation:subject&_count=100",),
        "everything": ("Patient/{p}/$everything?_count=500",),
        "history": ("Condition/_history?_count=200", "Observation/_history?_count=200"),
    }
    shown: dict[str, frozenset[str]] = {}
    for channel, addresses in paths.items():
        text = ""
        for address in addresses:
            answer = await web.get(f"/fhir/r4/{address.format(p=r.patient)}", headers=asker.headers)
            assert answer.status_code == 200, (channel, answer.text[:300])
            text += answer.text
        shown[channel] = r.in_text(text)
    for channel, suffix in {"read": "", "version": "/_history/1"}.items():
        seen = set()
        for one in r.all:
            for kind in ("Condition", "Observation"):
                answer = await web.get(f"/fhir/r4/{kind}/{one}{suffix}", headers=asker.headers)
                seen |= {one} if answer.status_code == 200 else set()
        shown[channel] = frozenset(seen)
    counted = set()
    for one in r.all:
        for kind in ("Condition", "Observation"):
            answer = await web.get(f"/fhir/r4/{kind}?_id={one}&_summary=count", headers=asker.headers)
            counted |= {one} if answer.json().get("total") else set()
    shown["count"] = frozenset(counted)
    return shown


async def exported(web, worker, r: Records, asker: Asker) -> frozenset[str] | None:
    """What the files of a bulk export hold; None where the client is refused, because it may not see all of the unit."""
    headers = {**asker.headers, "prefer": "respond-async", "accept": "application/fhir+json"}
    begun = await web.get("/fhir/r4/$export?_type=Condition,Observation", headers=headers)
    if begun.status_code == 403 and not asker.sees:
        return None
    assert begun.status_code == 202, begun.text
    while await bulk.work_on_jobs(worker, clock.now()):
        pass
    where = begun.headers["content-location"].split("/fhir/r4", 1)[1]
    manifest = (await web.get(f"/fhir/r4{where}", headers=asker.headers)).json()
    text = ""
    for one in manifest["output"]:
        got = await web.get("/fhir/r4" + one["url"].split("/fhir/r4", 1)[1], headers=asker.headers)
        assert got.status_code == 200
        text += got.text
    return r.in_text(text)


async def outside_fhir(web, world, r: Records, owner) -> list[str]:
    """Pages, papers, table files and statistics of people without the right: none names a sensitive record."""
    wrong = []
    found = []
    for role, path in (
        (Role.PROVINCE_OFFICER, "/province/export"), (Role.PROVINCE_OFFICER, "/api/reporting/months/2026-11"),
        (Role.PROVINCE_OFFICER, "/province"), (Role.CASHIER, "/claims/export.zip"), (Role.CASHIER, "/api/claims"),
        (Role.FRONT_DESK, f"/api/registration/patients/{r.patient}"), (Role.DOCTOR, "/queue"), (Role.UNIT_ADMIN, "/claims"),
    ):  # fmt: skip
        answer = await web.get(path, headers=world.headers(role))
        found.append(answer.status_code)
        if r.sensitive & r.in_text(answer.text) or CANARY in answer.text:
            wrong.append(f"{role.value} at {path}")
        if "csv" in answer.headers.get("content-type", ""):
            assert list(csv.reader(io.StringIO(answer.text)))
    assert 500 not in found
    rows = owner.execute("SELECT id, encounter_id FROM hiv_record WHERE unit_id = %s", (HOME,)).fetchall()
    for paper, visit in rows:
        doctor = world.headers(Role.DOCTOR)
        for path, right in ((f"/papers/{paper}.pdf", 404), (f"/visit/{visit}/hiv-record", 403)):
            if (await web.get(path, headers=doctor)).status_code != right:
                wrong.append(f"doctor at {path}")
        if str(paper) in (await web.get(f"/visit/{visit}/papers", headers=doctor)).text:
            wrong.append("the list of papers")
    assert rows, "no HIV record stands there"
    return wrong


def hiv_paper(owner) -> None:
    """An HIV care record of a visit of the home unit."""
    owner.execute(
        "INSERT INTO hiv_record (unit_id, id, version, encounter_id, patient_id, kind, number, revision, state, content, "
        "issued_at, reason) SELECT unit_id, gen_random_uuid(), 1, id, patient_id, 'hiv-care', 'HV-trial', 1, 'issued', '{}', "
        "now(), '' FROM encounter WHERE unit_id = %s LIMIT 1 ON CONFLICT DO NOTHING",
        (HOME,),
    )


async def compare(web, world, owner, worker) -> tuple[int, list[str]]:
    """Every asker at every channel; returns how many were compared and where channel and oracle differ."""
    found = askers(owner, world)
    r = await records(web, world, found[1].headers)
    hiv_paper(owner)
    wrong, n = [], 0
    for asker in found:
        shown = await rest(web, r, asker)
        if asker.machine:
            files = await exported(web, worker, r, asker)
            shown |= {} if files is None else {"export": files}
        for channel, seen in shown.items():
            n += len(r.all)
            if seen != r.expected(asker):
                wrong.append(f"{asker.name} by {channel}: {len(seen)} of {len(r.expected(asker))}")
    leaks = await outside_fhir(web, world, r, owner)
    return n + 11, wrong + leaks


async def told(web, world, owner, worker, monkeypatch) -> tuple[int, list[str]]:
    """What a subscriber is sent: of a blind client no sensitive record, of a seeing one each."""
    wrong = []
    n = 0
    for asker in [a for a in askers(owner, world) if a.machine]:
        async with running() as hook:
            monkeypatch.setenv("HIS_SUBSCRIPTION_TARGETS", hook.base)
            get_settings.cache_clear()
            owner.execute("DELETE FROM subscription_event")
            owner.execute("DELETE FROM subscription")
            channel = {"type": "rest-hook", "endpoint": hook.base, "payload": "application/fhir+json"}
            wanted = {"resourceType": "Subscription", "status": "requested", "reason": "Thử", "channel": channel}
            asked = [
                await web.post("/fhir/r4/Subscription", json={**wanted, "criteria": kind}, headers=asker.headers)
                for kind in ("Condition", "Observation")
            ]
            if not asker.sees and {a.status_code for a in asked} == {403}:
                n += len(asked)
                continue  # who may not see all of the unit is told nothing at all
            assert {a.status_code for a in asked} == {201}, asked[0].text
            await subscriptions.tell_subscribers(worker, clock.now())
            r = await records(web, world, askers(owner, world)[1].headers)
            while await subscriptions.tell_subscribers(worker, clock.now()):
                pass
            seen = r.in_text(" ".join(one.path + one.body.decode() for one in hook.told))
            n += len(r.all)
            if seen != r.expected(asker):
                wrong.append(f"{asker.name} by subscription: {len(seen)} of {len(r.expected(asker))}")
    return n, wrong


async def test_one_policy_at_every_channel(web, world, owner, worker, monkeypatch):
    n, wrong = await compare(web, world, owner, worker)
    more, lost = await told(web, world, owner, worker, monkeypatch)
    print(*wrong, *lost, sep="\n")
    report("31", n=n + more, expected={"discrepancies": 0}, got={"discrepancies": len(wrong) + len(lost)})


async def test_a_channel_with_another_policy_is_seen(web, world, owner, worker, monkeypatch):
    access.forget_tokens()
    monkeypatch.setattr(callers.View, "everything", property(lambda self: True))  # the sabotage: nobody has a view
    _, wrong = await compare(web, world, owner, worker)
    access.forget_tokens()
    assert any(line.startswith("blind by") for line in wrong)
    assert any(line.startswith("doctor by") or "blind by export" in line for line in wrong)
