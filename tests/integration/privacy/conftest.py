"""The privacy officer, signed in."""

import pytest

from tests.integration.visits import sign_in


@pytest.fixture
async def officer(client):
    await sign_in(client, "privacy-officer")
    return client
