"""Drafts: bound to the account, bounded, and still there after the process and its connections are gone."""

import httpx

from his.encounters import service
from his.kit import clock
from his.kit.db import Database
from tests.integration.visits import account, doctor_db, make_visit, sign_in


async def test_draft_survives_the_process(database: Database, clone: dict[str, str]) -> None:
    cast, me = await make_visit(database), await account(database, "doctor")
    db = doctor_db(database)
    now = clock.now()
    await service.save_draft(db, me.id, "notes", str(cast.id), content={"exam": "Tim đều"}, based_on=3, now=now)
    await service.save_draft(
        db, me.id, "notes", str(cast.id), content={"exam": "Tim đều, phổi rõ"}, based_on=3, now=now
    )
    await database.close()
    reborn = Database(clone["his_app"], size=2)
    await reborn.open()
    again = doctor_db(reborn)
    found = await service.get_draft(again, me.id, "notes", str(cast.id))
    assert found is not None
    assert (found.content, found.based_on) == ({"exam": "Tim đều, phổi rõ"}, 3)
    assert await service.get_draft(again, cast.patient.id, "notes", str(cast.id)) is None
    await service.drop_draft(again, me.id, "notes", str(cast.id), now)
    assert await service.get_draft(again, me.id, "notes", str(cast.id)) is None
    await again.release()
    await reborn.close()


async def test_draft_endpoint(client: httpx.AsyncClient, database: Database) -> None:
    cast = await make_visit(database)
    await sign_in(client, "doctor")
    url = f"/drafts/notes/{cast.id}"
    saved = await client.post(url, data={"exam": "Bụng mềm", "based_on": "2", "csrf_token": "x"})
    assert saved.status_code == 204
    assert saved.headers["x-saved-at"].count(":") == 2
    drafts = (await client.get(f"/api/encounters/{cast.id}/drafts")).json()
    assert [(d["form"], d["content"], d["based_on"]) for d in drafts] == [("notes", {"exam": "Bụng mềm"}, 2)]
    assert (await client.post(url, data={"exam": "x" * 70_000})).status_code == 413
    assert (await client.post("/drafts/NOTES!/1", data={"a": "b"})).status_code == 400
    await sign_in(client, "nurse")
    assert (await client.get(f"/api/encounters/{cast.id}/drafts")).json() == []


async def test_draft_needs_a_session(client: httpx.AsyncClient) -> None:
    answer = await client.post("/drafts/notes/1", data={"a": "b"}, headers={"HX-Request": "true"})
    assert answer.status_code == 401
