"""schemathesis over the OpenAPI of the FHIR routes: whatever it invents, no answer says that the server failed.

`HIS_SCHEMATHESIS_OPERATIONS` says how many operations are tried (40, drawn with `HIS_SEED`; 0 for all), `HIS_SCHEMATHESIS_EXAMPLES`
how many requests each gets (5), `HIS_SCHEMATHESIS_SHARE` which part of a long run this one is ("2/4").
schemathesis lives in an environment of its own, because its pins are not ours.
"""

import json
import os
import random
import re
import subprocess
import sys
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.clients.conftest import Service, running
from tests.faults import trial

VERSION = "4.32.5"
OPERATIONS = int(os.environ.get("HIS_SCHEMATHESIS_OPERATIONS") or 40)
EXAMPLES = int(os.environ.get("HIS_SCHEMATHESIS_EXAMPLES") or 5)
SHARE, SHARES = (int(part) for part in (os.environ.get("HIS_SCHEMATHESIS_SHARE") or "1/1").split("/"))
SEED = int(os.environ.get("HIS_SEED") or 20261128)
METHODS = ("get", "post", "put", "patch", "delete")
SOUND = {"failed": 0, "alive": 200}


@pytest.fixture(scope="module")
def schemathesis() -> list[str]:
    """The command; skips loudly where it cannot be had."""
    command = [str(Path(sys.executable).with_name("uv")), "tool", "run", "--from", f"schemathesis=={VERSION}", "st"]
    try:
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False, timeout=300)
        why = "" if done.returncode == 0 else done.stderr.strip()[-200:]
    except (OSError, subprocess.TimeoutExpired) as error:
        why = str(error)
    if why:
        warnings.warn(f"!!! schemathesis did NOT run: {why}", stacklevel=2)
        pytest.skip(f"schemathesis did not run: {why}")
    return command


def _run(schemathesis: list[str], schema: Path, base: str, authorization: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *schemathesis, "run", str(schema), "--url", base, "--header", f"Authorization: {authorization}",
            "--checks", "not_a_server_error", "--phases", "fuzzing", "--mode", "all", "--max-examples", str(EXAMPLES), "--seed", str(SEED),
            "--no-color", "--suppress-health-check", "all", "--request-timeout", "60",
        ],
        capture_output=True, text=True, check=False, timeout=3500, cwd=schema.parent,
    )  # fmt: skip


def _document(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{service.base}/openapi.json", timeout=120).raise_for_status().json()
    return found


def _tried(service: Service, schemathesis: list[str], folder: Path, document: dict[str, Any]) -> dict[str, int]:
    """What came of a run over the operations of the document."""
    schema = folder / "openapi.json"
    schema.write_text(json.dumps(document), encoding="utf-8")
    done = _run(schemathesis, schema, service.base, service.headers["Authorization"])
    told = done.stdout[-3000:] + done.stderr[-500:]
    tried = re.search(r"(\d+) generated", done.stdout) or re.search(r"Test cases:\s*\n?\s*(\d+)", done.stdout)
    assert tried is not None, told
    operations = sum(name in METHODS for path in document["paths"].values() for name in path)
    assert int(tried[1]) >= operations, told
    if done.returncode:
        print(told)
    alive = httpx.get(f"{service.base}/metadata", timeout=120).status_code
    return {"failed": done.returncode, "alive": alive, "operations": operations, "requests": int(tried[1])}


class _Broken(BaseHTTPRequestHandler):
    """A server that fails at everything."""

    def do_GET(self) -> None:
        """Answer 500."""
        self.send_error(500)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_server_that_fails_is_found(schemathesis: list[str], tmp_path: Path) -> None:
    """The sabotaged variant: the same run over a server that answers 500 is red."""
    schema = tmp_path / "openapi.json"
    answers = {"responses": {"default": {"description": "x"}}}
    paths = {"/x": {"get": answers}}
    schema.write_text(json.dumps({"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": paths}), "utf-8")
    broken = ThreadingHTTPServer(("127.0.0.1", 0), _Broken)
    threading.Thread(target=broken.serve_forever, daemon=True).start()
    try:
        done = _run(schemathesis, schema, f"http://127.0.0.1:{broken.server_port}", "none")
    finally:
        broken.shutdown()
    assert done.returncode != 0, done.stdout[-2000:]


def test_one_route_that_fails_is_found(clone: dict[str, str], schemathesis: list[str], tmp_path: Path) -> None:
    """Sabotaged in the product: of all its doors only the search of a type fails, and the trial says so."""
    with running(clone, tmp_path, "tests.contract.clients.sabotaged:create_app") as service:
        document = _document(service)
        sound = {path: document["paths"][path] for path in ("/metadata", "/Patient/{id}")}
        got = {}
        for name, paths in (
            ("sound", sound),
            ("broken", {**sound, "/Patient": {"get": document["paths"]["/Patient"]["get"]}}),
        ):
            got[name] = _tried(service, schemathesis, tmp_path, {**document, "paths": paths})
    assert trial.met(SOUND, got["sound"]), got
    assert not trial.met(SOUND, got["broken"]), got


def test_the_document_names_every_door_of_a_type(service: Service) -> None:
    document = _document(service)
    assert document["openapi"].startswith("3.")
    paths = document["paths"]
    assert {
        "/metadata",
        "/",
        "/_history",
        "/Patient",
        "/Patient/{id}",
        "/Patient/{id}/_history/{version}",
    } <= paths.keys()
    assert {p["name"] for p in paths["/Patient"]["get"]["parameters"]} >= {"identifier", "name", "birthdate", "_sort"}
    assert "get" in paths["/Patient/{id}/$everything"]
    identities = [held["operationId"] for path in paths.values() for name, held in path.items() if name in METHODS]
    assert len(identities) == len(set(identities))


def test_nothing_schemathesis_invents_makes_the_server_fail(
    service: Service, schemathesis: list[str], tmp_path: Path
) -> None:
    document = _document(service)
    pairs = [(path, name) for path in sorted(document["paths"]) for name in METHODS if name in document["paths"][path]]
    if OPERATIONS:
        pairs = random.Random(SEED).sample(pairs, min(OPERATIONS, len(pairs)))
    chosen: dict[str, dict[str, object]] = {}
    for path, name in pairs[SHARE - 1 :: SHARES]:
        chosen.setdefault(path, {})[name] = document["paths"][path][name]
    got = _tried(service, schemathesis, tmp_path, {**document, "paths": chosen})
    trial.report("38", seed=SEED, n=got["requests"], expected=SOUND, got=got)
