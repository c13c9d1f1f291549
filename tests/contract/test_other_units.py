"""A record of another unit does not exist: the same answer, to the byte, as for an id that nobody has."""

import re
from uuid import uuid4

from his.identity.rules import MATRIX
from his.identity.terms import Capability, Role

from .conftest import HOME, KINDS, NEXT_DOOR
from .routes import entries
from .samples import Samples

PLAIN = {  # parameters that name no record
    "form": "notes", "subject": "x", "name": "name", "code": "97002", "kind": "pdf", "month": "2026-10", "step": "again",
}  # fmt: skip
SEEN_ACROSS = {Capability.REVIEW}  # the insurer sees what was submitted to it, wherever it came from
NOTHING_THERE = {
    "GET /api/registration/patients/{patient_id}/coverages": "an empty list",
    "GET /api/encounters/{encounter_id}/notes": "an empty list",
    "GET /api/wards/visits/{encounter_id}/stays": "an empty list",
    "GET /api/encounters/{encounter_id}/drafts": "one's own drafts",
    "PUT /api/encounters/{encounter_id}/drafts/{form}": "one's own draft, whatever it is about",
    "DELETE /api/encounters/{encounter_id}/drafts/{form}": "one's own draft, whatever it is about",
}
"""Addresses of the interface that answer an unknown id with success and nothing, and what they give."""
FRESH = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def role_of(capability):
    return next(role for role in Role if capability in MATRIX[role])


def test_there_is_a_record_of_each_kind(world):
    assert [name for name, ids in world.ids.items() if not ids] == []


async def ask(web, world, entry, values, body, unit=NEXT_DOOR):
    headers = world.headers(role_of(entry.capability), unit)
    address = entry.address({**PLAIN, **values})
    return await web.request(entry.method, address, headers=headers, json=body)


async def test_every_parameter_names_a_known_kind_of_record(web):
    unknown = {p for e in entries(web.app) for p in e.parameters} - set(KINDS) - set(PLAIN)
    assert unknown == set()


async def test_a_foreign_record_answers_like_one_that_never_was(web, world):
    samples = Samples(web.app)
    wrong, proven, reached = [], 0, set()
    for entry in entries(web.app):
        records = [p for p in entry.parameters if p in KINDS]
        if not records or entry.capability is None:
            continue
        body = samples.body(entry)
        absent = await ask(web, world, entry, {p: uuid4() for p in records}, body)
        for number in range(2):
            values = {p: world.ids[p][number % len(world.ids[p])] for p in records}
            foreign = await ask(web, world, entry, values, body)
            proven += 1
            same = (foreign.status_code, FRESH.sub("", foreign.text)) == (
                absent.status_code,
                FRESH.sub("", absent.text),
            )
            if not same or (foreign.status_code < 400 and entry.api and str(entry) not in NOTHING_THERE):
                wrong.append((str(entry), foreign.status_code, absent.status_code, foreign.text[:300]))
            if foreign.status_code == 404:
                reached.add(str(entry))
    assert wrong == [], "\n".join(f"{w[0]} {w[1]} {w[2]}" for w in wrong)
    assert proven > 150
    assert len(reached) > 70, "most addresses must have looked for the record before they refused"


async def test_the_same_records_are_there_for_their_own_unit(web, world):
    found = 0
    for entry in entries(web.app):
        records = [p for p in entry.parameters if p in KINDS]
        if entry.method != "GET" or entry.capability in (None, *SEEN_ACROSS) or len(records) != 1:
            continue
        for identity in world.ids[records[0]]:
            answer = await ask(web, world, entry, {records[0]: identity}, None, HOME)
            found += answer.status_code == 200
    assert found > 40, "the probes above would prove nothing if nobody could see the records"
