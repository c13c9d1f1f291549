"""No answer before the commit: when the commit fails the client never reads a success."""

import httpx
import pytest

from .conftest import count, striking

BODY = "RAISE EXCEPTION 'x' USING ERRCODE = '{}';"


@pytest.mark.parametrize(("state", "status"), [("53100", 503), ("P0001", 500)])
async def test_a_sign_in_whose_commit_fails_is_no_sign_in(client: httpx.AsyncClient, clone, state, status):
    before = count(clone["owner"], "web_session")
    with striking(clone["owner"], "web_session", BODY.format(state), deferred=True):
        answer = await client.post("/sign-in", data={"username": "doctor", "password": "demo"})
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers
    assert count(clone["owner"], "web_session") == before


async def test_a_token_whose_commit_fails_is_not_given(client: httpx.AsyncClient, clone):
    form = {"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": "demo"}
    with striking(clone["owner"], "access_token", BODY.format("P0001"), deferred=True):
        answer = await client.post("/oauth2/token", data=form)
    assert answer.status_code == 500
    assert "access_token" not in answer.text
    assert (await client.post("/oauth2/token", data=form)).status_code == 200
