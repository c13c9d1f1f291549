"""The worker forgets what ended long ago, and nothing that still works or still tells of a second use."""

from datetime import timedelta

import pytest

from his.kit import clock
from his.kit.db import Database
from his.smart import jobs

from .apps import App, bearer, sign_in, token_of


@pytest.fixture
async def worker(clone):
    database = Database(clone["his_worker"], size=2)
    await database.open()
    jobs._state.clear()
    yield database
    await database.close()


async def test_only_what_ended_before_yesterday_goes(client, owner, records, worker):
    csrf = await sign_in(client)
    app = App("pub", scope="launch/patient patient/*.rs offline_access")
    token = await token_of(client, csrf, app, records.mine)
    now = clock.now()
    await jobs.forget_ended(worker, now)
    head = bearer(token["access_token"])
    assert (await client.get(f"/fhir/r4/Patient/{records.mine}", headers=head)).status_code == 200
    jobs._state.clear()
    assert await jobs.forget_ended(worker, now + timedelta(days=2)) > 0
    assert owner.execute("SELECT count(*) FROM access_token").fetchone() == (0,)
    assert owner.execute("SELECT count(*) FROM smart_code").fetchone() == (0,)
    assert (await app.refresh(client, token["refresh_token"])).status_code == 200  # it lives for a month
    assert await jobs.forget_ended(worker, now + timedelta(days=2)) == 1  # the token of the refresh, by then long over
    assert await jobs.forget_ended(worker, now + timedelta(days=2)) == 0
    assert await jobs.forget_ended(worker, now + timedelta(days=2, minutes=1)) == 0  # not asked again so soon
