"""Every address asks for a capability; every role passes where the table says (tests/faults/test_access_truth.py)."""

from fastapi import APIRouter, FastAPI

from his.app import create_app
from his.identity.rules import MATRIX
from his.identity.terms import Capability, Role
from his.kit.db import Database

from .routes import OPEN, Entry, entries

NOWHERE = "0198b2a0-0000-7000-8000-00000000dead"
WRITING = {Capability.READ_RECORD, Capability.READ_BILL, Capability.HOME, Capability.SEARCH_PATIENT}
READERS_MAY = {
    ("POST", "/sign-out"): "everyone may leave",
    ("POST", "/account/sessions/end"): "one's own account",
    ("POST", "/account/password"): "one's own account",
    ("POST", "/account/factor/new"): "one's own account",
    ("POST", "/account/factor"): "one's own account",
    ("POST", "/drafts/{form}/{subject}"): "a draft of one's own form",
    ("DELETE", "/drafts/{form}/{subject}"): "a draft of one's own form",
    ("PUT", "/api/encounters/{encounter_id}/drafts/{form}"): "a draft of one's own form",
    ("DELETE", "/api/encounters/{encounter_id}/drafts/{form}"): "a draft of one's own form",
    ("POST", "/cashier/{encounter_id}/reports"): "who reads a bill may say that a line is wrong",
    ("POST", "/cashier/reports/{report_id}/answer"): "who reads a bill may answer such a report",
}
"""Changes that a capability for reading is enough for, and why."""


def app() -> FastAPI:
    return create_app(Database("postgresql://nobody@127.0.0.1:1/none"))


def all_entries() -> list[Entry]:
    return entries(app())


def test_every_address_has_a_capability_or_stands_on_the_list():
    found = all_entries()
    assert len(found) > 150
    assert [str(e) for e in found if e.capability is None and e.path not in OPEN] == []


def test_the_list_of_open_addresses_holds_nothing_else():
    assert set(OPEN) - {e.path for e in all_entries()} == {"/static"}
    assert [str(e) for e in all_entries() if e.path in OPEN and e.capability is not None] == []


def test_an_unguarded_address_would_be_found():
    router = APIRouter()

    @router.post("/api/trial")
    async def trial() -> None:
        """Nobody asks."""

    bad = app()
    bad.include_router(router)
    assert [str(e) for e in entries(bad) if e.capability is None and e.path not in OPEN] == ["POST /api/trial"]


def test_a_capability_for_reading_changes_nothing():
    loose = [
        str(e)
        for e in all_entries()
        if e.method != "GET" and e.capability in WRITING and (e.method, e.path) not in READERS_MAY
    ]
    assert loose == []


def test_every_capability_guards_something():
    judged_by_the_database = {Capability.MENTAL_CARE}  # it opens visits behind doors of the record (decision 0041)
    assert {e.capability for e in all_entries()} - {None} == set(Capability) - judged_by_the_database


def first_role(capability: Capability) -> Role:
    return next(role for role in Role if capability in MATRIX[role])


async def test_nobody_sees_nothing(web):
    wrong = []
    for entry in entries(web.app):
        if entry.capability is None:
            continue
        address = entry.address(dict.fromkeys(entry.parameters, NOWHERE))
        for headers in ({}, {"HX-Request": "true"}):
            answer = await web.request(entry.method, address, headers=headers)
            whole_page = entry.method == "GET" and not entry.api and not headers
            expected = 303 if whole_page else 401
            shape = answer.headers.get("content-type", "")
            if answer.status_code != expected or (entry.api and shape != "application/problem+json"):
                wrong.append((str(entry), headers, answer.status_code, shape))
            elif whole_page and not answer.headers["location"].startswith("/sign-in"):
                wrong.append((str(entry), answer.headers["location"]))
    assert wrong == []


async def test_a_change_without_the_sessions_token_is_refused_everywhere(web, world):
    wrong = []
    for entry in entries(web.app):
        if entry.capability is None or entry.method == "GET":
            continue
        headers = {"cookie": world.headers(first_role(entry.capability))["cookie"]}
        answer = await web.request(
            entry.method, entry.address(dict.fromkeys(entry.parameters, NOWHERE)), headers=headers
        )
        if answer.status_code != 403 or "Trang đã cũ" not in answer.text:
            wrong.append((str(entry), answer.status_code))
    assert wrong == []
