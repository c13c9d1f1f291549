"""Browser apps of other sites: preflight and readable answers at the open interfaces, nothing at the pages."""

import pytest

SITE = {"origin": "https://app.example"}


@pytest.mark.parametrize("path", ["/fhir/r4/Patient", "/oauth2/token", "/fhir/r4/.well-known/smart-configuration"])
async def test_a_preflight_is_answered_without_signing_in(client, path):
    asked = {**SITE, "access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    answer = await client.options(path, headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_answers_may_be_read_and_say_their_version(client, machine):
    answer = await client.get("/fhir/r4/Patient", headers={**machine, **SITE})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ETag" in answer.headers["access-control-expose-headers"]
    refused = await client.get("/fhir/r4/Patient", headers=SITE)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "*")


async def test_pages_are_not_for_other_sites(client):
    for path in ("/sign-in", "/authorize", "/system/clients"):
        answer = await client.get(path, headers=SITE)
        assert "access-control-allow-origin" not in answer.headers
    asked = {**SITE, "access-control-request-method": "POST"}
    assert (await client.options("/authorize", headers=asked)).status_code in (303, 401, 403, 405)
    plain = await client.get("/fhir/r4/metadata")
    assert "access-control-allow-origin" not in plain.headers
