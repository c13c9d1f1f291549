"""Trial 26: every role at every door of the running application, compared with the table written in access_truth.txt.

Requests name records that do not exist, so that nothing is changed: who may pass is told 400, 404 or 422, who may not 403.
"""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from fastapi import APIRouter

from his.app import create_app
from his.fhir.operations.declare import INSTANCE, SYSTEM, TYPE
from his.fhir.operations.found import discover as operations
from his.fhir.registry import discover as registry
from his.identity import doors, rules
from his.identity.access import Caller, needs
from his.identity.rules import FHIR_CAPABILITY
from his.identity.terms import Capability, Role
from his.kit.db import Database
from tests.contract import conftest as contract
from tests.contract.routes import entries
from tests.faults.trial import report
from tests.faults.truth import read

web, world = contract.web, contract.world  # the fixtures
PROBLEM = "application/problem+json"
REFUSAL = "Tài khoản này không có quyền làm việc này."
NOWHERE = "0198b2a0-0000-7000-8000-00000000dead"
LEAVING = {"/sign-out"}
"""The session must last for the other doors; everybody may leave."""
KINDS = sorted({*FHIR_CAPABILITY, "Procedure", "CarePlan", "Immunization", "Binary", "QuestionnaireResponse"})
ACTS = (
    ("read", "GET", "{kind}"), ("read", "GET", "{kind}/{id}"), ("read", "GET", "{kind}/{id}/_history"),
    ("read", "GET", "{kind}/{id}/_history/1"), ("read", "GET", "{kind}/_history"), ("read", "POST", "{kind}/_search"),
    ("write", "POST", "{kind}"), ("write", "PUT", "{kind}/{id}"), ("write", "PATCH", "{kind}/{id}"),
    ("write", "DELETE", "{kind}/{id}"),
)  # fmt: skip


@dataclass
class Seen:
    """What a walk found: how many questions, and every answer that differs from the table."""

    n: int = 0
    wrong: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    def add(self, role: Role, door: str, expected: bool, passed: bool, status: int) -> None:
        """One answer."""
        self.n += 1
        self.answers[f"{'may' if expected else 'not'}:{status}"] += 1
        if expected != passed or status in (401, 500):
            self.wrong.append(f"{role.value} at {door}: {status}, the table says {'may' if expected else 'may not'}")


async def walk(web, world, role: Role, seen: Seen) -> None:
    """Every verb of every address of the application."""
    table = read()
    headers = {**world.headers(role), "HX-Request": "true"}
    for entry in entries(web.app):
        if entry.capability is None or entry.path in LEAVING:
            continue
        address = entry.address(dict.fromkeys(entry.parameters, NOWHERE))
        answer = await web.request(entry.method, address, headers=headers)
        refused = answer.status_code == 403 and REFUSAL in answer.text
        seen.add(role, str(entry), table.may(role, entry.capability.value), not refused, answer.status_code)
        if refused and entry.api and answer.headers["content-type"] != PROBLEM:
            seen.wrong.append(f"{entry} refuses as {answer.headers['content-type']}")


async def walk_fhir(web, world, role: Role, seen: Seen) -> None:
    """Every interaction on every kind of resource, and every operation."""
    table = read()
    headers = {**world.headers(role), "content-type": "application/fhir+json"}
    for kind in KINDS:
        for act, method, address in ACTS:
            path = "/fhir/r4/" + address.format(kind=kind, id=NOWHERE)
            body = {"content": f'{{"resourceType":"{kind}"}}'} if act == "write" and method != "DELETE" else {}
            sent = {**headers, "content-type": "application/x-www-form-urlencoded"} if "_search" in path else headers
            answer = await web.request(method, path, headers=sent, **body)
            expected = table.fhir(role, act, kind)
            seen.add(role, f"{method} {path}", expected, answer.status_code != 403, answer.status_code)
    for operation in operations().all:
        kinds = [kind for kind in operation.types if kind in FHIR_CAPABILITY] or [""]
        for level in operation.levels:
            for kind in kinds if level != SYSTEM else [""]:
                if not operation.needs or not kind:
                    continue
                parts = {TYPE: [kind], INSTANCE: [kind, NOWHERE]}[level]
                path = "/fhir/r4/" + "/".join([*parts, f"${operation.name}"])
                method = "POST" if operation.changes else "GET"
                answer = await web.request(
                    method, path, headers=headers, **({"content": "{}"} if operation.changes else {})
                )
                act = "read" if operation.needs in ("read", "search") else "write"
                expected = table.fhir(role, act, kind)
                if not expected:
                    seen.add(role, f"{method} {path}", expected, answer.status_code != 403, answer.status_code)


def test_the_table_has_a_row_for_every_right_and_every_kind_of_ours():
    table = read().rows
    assert {c.value for c in Capability} == {name for name in table if "/" not in name}
    for act in ("read", "write"):
        wanted = {f"fhir-{act}/{kind}" for kind in (*FHIR_CAPABILITY, "*")}
        assert wanted == {name for name in table if name.startswith(f"fhir-{act}/")}


async def test_every_role_at_every_door(web, world):
    seen = Seen()
    for role in Role:
        await walk(web, world, role, seen)
        await walk_fhir(web, world, role, seen)
    print(dict(seen.answers), *seen.wrong[:40], sep="\n")
    report(
        "26", n=seen.n, expected={"wrong": 0, "roles": len(Role)}, got={"wrong": len(seen.wrong), "roles": len(Role)}
    )
    assert seen.n > 6_000


async def test_a_right_given_by_mistake_is_seen(web, world, monkeypatch):
    loose = {**rules.MATRIX, Role.CASHIER: rules.MATRIX[Role.CASHIER] | {Capability.READ_RECORD}}
    monkeypatch.setattr(rules, "MATRIX", loose)
    seen = Seen()
    await walk(web, world, Role.CASHIER, seen)
    assert any("/visit/{encounter_id}" in line for line in seen.wrong)
    assert all(line.startswith("cashier") for line in seen.wrong)


def test_a_new_door_without_a_row_does_not_start():
    app = create_app(Database("postgresql://nobody@127.0.0.1:1/none"))
    kinds = {one.type for one in registry().by_subject.values()}
    router = APIRouter()

    @router.get("/trial/{patient_id}")
    async def trial(caller: Caller = needs(Capability.READ_RECORD)) -> None:
        """A door that nobody wrote down."""

    @router.get("/trial-open")
    async def unguarded() -> None:
        """A door that asks nobody."""

    app.include_router(router)
    with pytest.raises(doors.UnknownDoorError) as caught:
        doors.check(app.routes, operations().all, kinds)
    assert "GET /trial/{patient_id} (read-record) has no row" in str(caught.value)
    assert "GET /trial-open (open) has no row" in str(caught.value)
    with pytest.raises(doors.UnknownDoorError, match="NoSuchThing has no row"):
        doors.check(create_app(app.state.database).routes, operations().all, kinds | {"NoSuchThing"})


def test_a_door_with_another_right_than_its_row_does_not_start(monkeypatch):
    written = {**doors.rows(), "GET /audit": doors.Row("GET /audit", "home", "")}
    monkeypatch.setattr(doors, "rows", lambda: written)
    with pytest.raises(doors.UnknownDoorError, match="GET /audit asks for unit-admin, its row says home"):
        create_app(Database("postgresql://nobody@127.0.0.1:1/none"))
