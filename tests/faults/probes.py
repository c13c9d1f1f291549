"""Probes of trial 24: ask for a record of another unit and for one that nobody has, and compare every byte of the answers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg

from his.identity.passwords import digest
from his.identity.rules import may
from his.identity.terms import Role
from tests.contract.conftest import HOME, KINDS, NEXT_DOOR, World
from tests.contract.routes import Entry, entries
from tests.contract.samples import Samples, form_fields, query_names

PLAIN = {  # parameters that name no record
    "form": "notes", "subject": "x", "name": "name", "code": "97002", "kind": "pdf", "month": "2026-10", "step": "again",
}  # fmt: skip
FRESH = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""Times of day, and the keys of forms that every answer makes anew."""
TOKEN = "probe-of-the-unit-next-door"
FHIR_ACTS = (
    ("GET", "{kind}/{id}"), ("GET", "{kind}/{id}/_history/1"), ("GET", "{kind}/{id}/_history"), ("GET", "{kind}?_id={id}"),
    ("GET", "{kind}/{id}?_format=xml"), ("GET", "{kind}?_id={id}&_summary=count"), ("GET", "{kind}/{id}/$everything"),
    ("PUT", "{kind}/{id}"), ("PATCH", "{kind}/{id}"), ("DELETE", "{kind}/{id}"), ("POST", "{kind}/_search?_id={id}"),
)  # fmt: skip
PATIENT_ACTS = (
    "Encounter?patient={id}", "Observation?subject=Patient/{id}", "Encounter?patient={id}&_include=Encounter:subject",
    "Patient?_id={id}&_revinclude=Encounter:subject", "Patient?_has:Encounter:subject:status=finished&_id={id}",
    "Condition?patient={id}&_total=accurate", "Patient/{id}/$summary", "Patient/{id}/$everything", "Coverage?beneficiary={id}",
    "MedicationRequest?patient={id}&_summary=count", "Claim?patient={id}", "Patient/{id}/Observation",
)  # fmt: skip


@dataclass(frozen=True)
class Probe:
    """One question: who asks, and the request with `{id}` where the record is named."""

    who: str
    method: str
    address: str
    headers: dict[str, str]
    body: Any = None
    form: bool = False

    def request(self, identity: str) -> dict[str, Any]:
        """The request about one record; not compressed, because a clock that moves on between two answers changes the size."""
        sent: dict[str, Any] = {"headers": {**self.headers, "accept-encoding": "identity"}}
        if self.body is not None:
            filled = _filled(self.body, identity)
            if self.form:
                sent["data"] = filled
            elif isinstance(filled, str):
                sent["content"] = filled
            else:
                sent["json"] = filled
        return {"method": self.method, "url": self.address.replace("{id}", identity), **sent}


def _filled(body: Any, identity: str) -> Any:
    if isinstance(body, dict):
        return {name: _filled(value, identity) for name, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, identity) for value in body]
    return body.replace("{id}", identity) if isinstance(body, str) else body


@dataclass
class Found:
    """How many probes were made and where the two answers differed or a record of another unit was shown."""

    n: int = 0
    leaks: list[str] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    doors: set[str] = field(default_factory=set)


def plain(answer: Any, identity: str) -> tuple[int, list[tuple[str, str]], str]:
    """Status, headers and body without the id that was asked for and without what changes from one second to the next.

    The count of queries stays in a 404; another answer counts the entry of the reading as well, which is made once for each id.
    """
    asked = re.compile(rf"(?<![\w-]){re.escape(identity)}(?![\w-])")
    left = {"server-timing"} if answer.status_code != 404 else set()
    head = [
        (name.lower(), FRESH.sub("", asked.sub("{id}", value)))
        for name, value in answer.headers.multi_items()
        if name.lower() not in left
    ]
    return answer.status_code, sorted(head), FRESH.sub("", asked.sub("{id}", answer.text))


async def ask(web: Any, world: World, probe: Probe, foreign: str, found: Found) -> None:
    """Ask for the foreign record and for one that is nowhere; both answers must be one."""
    absent = str(uuid4()) if len(foreign) == 36 else "z" * len(foreign)
    answers = [await web.request(**probe.request(identity)) for identity in (foreign, absent)]
    shown, nothing = plain(answers[0], foreign), plain(answers[1], absent)
    found.n += 1
    found.statuses[shown[0]] = found.statuses.get(shown[0], 0) + 1
    found.doors.add(f"{probe.method} {probe.address}")
    if shown != nothing:
        differs = next(name for name, a, b in zip(("status", "headers", "body"), shown, nothing, strict=True) if a != b)
        heads = sorted(set(shown[1]) ^ set(nothing[1]))
        found.leaks.append(
            f"{probe.who}: {probe.method} {probe.address} {shown[0]}/{nothing[0]} by its {differs} {heads}"
        )
    known = {identity for ids in world.ids.values() for identity in ids} - {foreign}
    if any(identity in answers[0].text for identity in known):
        found.leaks.append(f"{probe.who}: {probe.method} {probe.address} shows another record of the unit")


def door_probes(app: Any, world: World) -> Iterator[tuple[str, Probe]]:
    """Parameter kind and probe: every address with a record in its path, for each role that may pass, next door."""
    samples = Samples(app)
    for entry in entries(app):
        records = [p for p in entry.parameters if p in KINDS]
        if not records or entry.capability is None:
            continue
        for role in (r for r in Role if may(r, entry.capability)):
            address = entry.address({**PLAIN, **dict.fromkeys(records, "{id}")})
            yield (
                records[0],
                Probe(role.value, entry.method, address, world.headers(role, NEXT_DOOR), samples.body(entry)),
            )


def named_probes(app: Any, world: World) -> Iterator[tuple[str, Probe]]:
    """Records named in a query, a form or a JSON body."""
    samples = Samples(app)
    for entry in entries(app):
        if entry.capability is None:
            continue
        role = next(r for r in Role if may(r, entry.capability))
        headers = world.headers(role, NEXT_DOOR)
        address = entry.address({**PLAIN, **{p: str(uuid4()) for p in entry.parameters if p in KINDS}})
        for name in query_names(entry):
            if name in KINDS:
                yield name, Probe(role.value, entry.method, f"{address}?{name}={{id}}", headers, samples.body(entry))
        body = samples.body(entry)
        for name in [n for n in body or () if n in KINDS] if isinstance(body, dict) else []:
            yield name, Probe(role.value, entry.method, address, headers, {**body, name: "{id}"})
        if body is None and entry.method != "GET":
            yield from _form_probes(entry, role, headers, address)


def _form_probes(entry: Entry, role: Role, headers: dict[str, str], address: str) -> Iterator[tuple[str, Probe]]:
    fields = form_fields(entry)
    for name in fields:
        if name in KINDS:
            sent = dict.fromkeys(fields, "1") | {name: "{id}"}
            yield name, Probe(role.value, entry.method, address, headers, sent, form=True)


def machine(owner: psycopg.Connection[Any]) -> dict[str, str]:
    """A machine client of the unit next door with every scope, and its token as headers."""
    owner.execute(
        "INSERT INTO api_client (id, secret_hash, name, unit_id, scopes, active, public, redirect_uris, launch_url, jwks, "
        "jwks_url, sensitive) VALUES ('probe', '', 'Probe', %s, 'system/*.cruds', true, false, '', '', '', '', true) "
        "ON CONFLICT DO NOTHING",
        (NEXT_DOOR,),
    )
    owner.execute(
        "INSERT INTO access_token (token_sha256, client_id, unit_id, scopes, issued_at, expires_at) "
        "VALUES (%s, 'probe', %s, 'system/*.cruds', now(), now() + interval '1 hour') ON CONFLICT DO NOTHING",
        (digest(TOKEN), NEXT_DOOR),
    )
    return {"authorization": f"Bearer {TOKEN}"}


def fhir_probes(owner: psycopg.Connection[Any], world: World, most: int) -> Iterator[tuple[str, Probe]]:
    """Id and probe: resources of the home unit by type, read, searched, changed and deleted by machine and doctor next door."""
    rows = owner.execute(
        "SELECT type, id FROM (SELECT type, id, row_number() OVER (PARTITION BY type ORDER BY id) AS n FROM resource_current "
        "WHERE unit_id = %s AND NOT deleted) x WHERE n <= %s ORDER BY type, id",
        (HOME, most),
    ).fetchall()
    callers = {"machine": machine(owner), "doctor": world.headers(Role.DOCTOR, NEXT_DOOR)}
    for who, caller in callers.items():
        for kind, identity in rows:
            acts = [(method, address.replace("{kind}", kind)) for method, address in FHIR_ACTS]
            acts += [("GET", address) for address in PATIENT_ACTS] if kind == "Patient" else []
            for method, address in acts:
                headers = {**caller, "content-type": "application/fhir+json"}
                body: Any = None
                if method == "PUT":
                    body = f'{{"resourceType":"{kind}","id":"{{id}}"}}'
                    headers["if-match"] = 'W/"1"'
                elif method == "PATCH":
                    headers |= {"content-type": "application/json-patch+json", "if-match": 'W/"1"'}
                    body = '[{"op":"add","path":"/language","value":"vi"}]'
                elif method == "DELETE":
                    headers["if-match"] = 'W/"1"'
                elif "_search" in address:
                    headers["content-type"] = "application/x-www-form-urlencoded"
                yield identity, Probe(who, method, f"/fhir/r4/{address}", headers, body)
