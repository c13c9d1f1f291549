"""No write route answers before its commit: while the commit dawdles (a deferred trigger), no answer has begun.

The moment an answer begins, another connection looks for open transactions that have written. Every write route is asked
with records that exist; the trial counts how many really wrote. A route that writes after it has answered is recognised.
"""

import httpx
import psycopg
import pytest
from fastapi import Depends, FastAPI

from his.kit.changes import Changes
from his.kit.db import Database, Scope
from tests.architecture.source import modules
from tests.contract.conftest import HOME, KINDS, web, world  # noqa: F401  # fixtures
from tests.contract.routes import entries
from tests.contract.samples import Samples, form_fields
from tests.contract.test_other_units import PLAIN, role_of
from tests.faults import trial
from tests.integration.kit.conftest import AT, striking

OPEN = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_xid IS NOT NULL"
)
PATIENT = {"resourceType": "Patient", "name": [{"text": "Lò Thị Mai"}], "gender": "female", "birthDate": "1990-02-03"}
SLEEP = "PERFORM nextval('strikes'); PERFORM pg_sleep(0.05);"


class Watched:
    """The application; when an answer begins it looks who has not committed yet. The loop stands still meanwhile."""

    def __init__(self, app, owner):
        self.app, self.owner, self.early = app, owner, []

    async def __call__(self, scope, receive, send):
        async def watched(message):
            if message["type"] == "http.response.start" and self.owner.execute(OPEN).fetchone()[0]:
                self.early.append(f"{scope['method']} {scope['path']}")
            await send(message)

        await self.app(scope, receive, watched)


def written(owner):
    return owner.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM strikes").fetchone()[0]


async def ask(web, world, entry, samples):  # noqa: F811
    """The route with a record that exists, and the smallest body that passes its types."""
    values = {p: world.ids[p][0] for p in entry.parameters if p in KINDS and world.ids[p]}
    capability = entry.capability
    headers = {} if capability is None else world.headers(role_of(capability), HOME)
    if entry.api:
        return await web.request(
            entry.method, entry.address({**PLAIN, **values}), headers=headers, json=samples.body(entry)
        )
    form = dict.fromkeys(form_fields(entry), "1")
    return await web.request(entry.method, entry.address({**PLAIN, **values}), headers=headers, data=form)


async def test_no_write_route_answers_before_its_commit(web, world):  # noqa: F811
    routes = [e for e in entries(web.app) if e.method != "GET"]
    samples = Samples(web.app)
    wrote = set()
    with (
        psycopg.connect(world.clone["owner"], autocommit=True) as owner,
        striking(world.clone["owner"], "audit_entry", SLEEP, deferred=True),
    ):
        web._transport.app = watched = Watched(web.app, owner)
        for entry in routes:
            before = written(owner)
            await ask(web, world, entry, samples)
            if written(owner) > before:
                wrote.add(str(entry))
        token = world.headers(role_of(routes[0].capability or next(e.capability for e in routes if e.capability)))
        for method, path, body in (
            ("POST", "/fhir/r4/Patient", PATIENT),
            ("PUT", "/fhir/r4/Patient/answer-first", {**PATIENT, "id": "answer-first"}),
            ("POST", "/fhir/r4", {"resourceType": "Bundle", "type": "transaction", "entry": [
                {"resource": PATIENT, "request": {"method": "POST", "url": "Patient"}}]}),
        ):  # fmt: skip
            before = written(owner)
            await web.request(method, path, headers={**token, "content-type": "application/fhir+json"}, json=body)
            if written(owner) > before:
                wrote.add(f"{method} {path}")
    got = {"early": len(watched.early), "routes": len(routes) + 3, "wrote": len(wrote)}
    trial.report("5", n=len(routes) + 3, expected={"early": 0, "routes": len(routes) + 3, "wrote": ">=15"}, got=got)


async def test_a_route_that_commits_after_its_answer_is_seen(clone):
    database = Database(clone["his_app"], size=2)
    await database.open()

    async def late():
        yield
        async with database.scoped(Scope(2, "a", "admin")) as db:
            await db.apply(Changes().audit("trial:late"), AT)

    app = FastAPI()

    @app.post("/late")
    async def answer(_: None = Depends(late)):
        return {"saved": True}

    with (
        psycopg.connect(clone["owner"], autocommit=True) as owner,
        striking(clone["owner"], "audit_entry", SLEEP, deferred=True),
    ):

        class Eager(Watched):
            """Looks a moment after the answer, when a late commit is under way."""

            async def __call__(self, scope, receive, send):
                answered = []

                async def watched(message):
                    await send(message)
                    answered.append(written(owner))

                await self.app(scope, receive, watched)
                self.early = ["late"] if written(owner) > answered[0] else []

        watched = Eager(app, owner)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=watched), base_url="http://his.test") as client:
            assert (await client.post("/late")).status_code == 200
    await database.close()
    assert watched.early == ["late"]


@pytest.mark.parametrize("word", ["BackgroundTasks", "background=", "create_task(", "ensure_future("])
def test_no_route_leaves_work_for_after_the_answer(word):
    rooms = {"routes", "pages"}
    found = [m for m in modules() if rooms & set(m.path.with_suffix("").parts)]
    assert len(found) > 30
    assert [m.name for m in found if word in m.text] == []
