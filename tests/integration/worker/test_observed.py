"""What operators see: numbers for Prometheus on a port of its own, traces at the collector, log lines as JSON.

Web process and worker are the real ones, in processes of their own. None of it holds what a person typed.
"""

import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from his.kit.logs import CONFIGURATION
from tests.faults import trial
from tests.integration.supervision import free_port

TYPED = "0971680045129"
FORM = {"username": "nguyen-van-bi-mat", "password": "mat-khau-bi-mat"}
PERSON = {
    "name": "Lò Thị Kín Đáo",
    "birth_date": "1968-03-14",
    "gender": "female",
    "citizen_number": "097168004513",
    "phone": "0912345987",
}
PLANTED = {TYPED, *FORM.values(), *PERSON.values()} - {"female"}
"""Everything a person typed; the secrets of the run (cookie, token, passwords of the database) are added as they appear."""


class Collector(BaseHTTPRequestHandler):
    """Keeps the spans that are sent to it."""

    spans: list = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = __import__("gzip").decompress(body)
        sent = ExportTraceServiceRequest.FromString(body)
        Collector.spans += [s for r in sent.resource_spans for scope in r.scope_spans for s in scope.spans]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def seen(clone, tmp_path_factory):
    """Everything after a few requests: numbers, spans, log lines."""
    folder = tmp_path_factory.mktemp("observed")
    collector = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    door = socket.create_server(("127.0.0.1", 0))  # held from the start: nobody else can be answered for the service
    port, metrics_port = door.getsockname()[1], free_port()
    environment = os.environ | {
        "HIS_DATA_DIR": str(folder),
        "HIS_APP_DATABASE_URL": clone["his_app"],
        "HIS_WORKER_DATABASE_URL": clone["his_worker"],
        "HIS_METRICS_PORT": str(metrics_port),
        "HIS_TRACES_URL": f"http://127.0.0.1:{collector.server_port}/v1/traces",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    python = [sys.executable, "-m"]
    web = [
        *python,
        "uvicorn",
        "his.serve:service",
        "--factory",
        "--fd",
        str(door.fileno()),
        "--log-config",
        str(CONFIGURATION),
    ]
    logs = [(folder / name).open("w") for name in ("web.log", "worker.log")]
    children = [
        subprocess.Popen(command, env=environment, stdout=log, stderr=log, pass_fds=[door.fileno()])
        for command, log in zip((web, [*python, "his", "worker"]), logs, strict=True)
    ]
    try:
        yield look(port, metrics_port, folder)
    finally:
        for child in children:
            child.terminate()
            child.wait(20)
        collector.shutdown()


def look(port, metrics_port, folder):
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        until(lambda: client.get("/readyz").status_code == 200)
        parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        client.post("/sign-in", data=FORM, headers={"traceparent": parent, "HX-Request": "true"})
        client.get(f"/front-desk/{TYPED}")
        client.get("/fhir/r4/Patient", params={"identifier": TYPED})
        client.get(f"/fhir/r4/{TYPED}/1")
        client.get("/sign-in")
        work(client)
        numbers = {}

        def shown():
            numbers["text"] = httpx.get(f"http://127.0.0.1:{metrics_port}/metrics", timeout=5).text
            return "his_database_up 1.0" in numbers["text"] and 'route="/sign-in"' in numbers["text"]

        until(shown)
        until(lambda: any(s.name == "GET /sign-in" for s in Collector.spans))
        lines = (folder / "web.log").read_text() + (folder / "worker.log").read_text()
        return numbers["text"], list(Collector.spans), lines


def work(client):
    """A clerk signs in, registers a person rightly and wrongly, a machine writes a resource and a broken one."""
    entered = client.post(
        "/sign-in", data={"username": "front-desk", "password": "demo"}, headers={"HX-Request": "true"}
    )
    assert entered.status_code == 204
    token = entered.headers["x-csrf-token"]
    PLANTED.update({token, client.cookies["his_session"]})
    headers = {"x-csrf-token": token}
    registered = client.post("/api/registration/patients", json={"patient": PERSON}, headers=headers)
    assert registered.status_code == 201, registered.text
    for wrong in ({"birth_date": "ngày " + PERSON["phone"]}, {"citizen_number": PERSON["name"]}):
        refused = client.post("/api/registration/patients", json={"patient": PERSON | wrong}, headers=headers)
        assert refused.status_code in (400, 409, 422)
    client.post("/front-desk/scan", data={"scan": PERSON["citizen_number"]}, headers=headers | {"HX-Request": "true"})
    assert PERSON["name"] in client.get("/api/registration/patients", params={"q": PERSON["name"]}).text
    body = {"resourceType": "Patient", "name": [{"text": PERSON["name"]}], "birthDate": PERSON["phone"]}
    client.post("/fhir/r4/Patient", json=body, headers=headers)
    client.post("/fhir/r4/Patient", content=b'{"name":"' + PERSON["name"].encode() + b"\xff", headers=headers)
    client.post("/oauth2/token", data={"grant_type": "client_credentials", "client_id": PERSON["phone"], "client_secret": FORM["password"]})  # fmt: skip


def hits(text):
    return sorted(word for word in PLANTED if word in text or json.dumps(word)[1:-1] in text)


def until(true, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if true():
                return
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_requests_are_counted_by_route(seen):
    numbers, _, _ = seen
    assert 'his_requests_total{method="GET",route="/sign-in",status="200"} 1.0' in numbers
    assert 'his_requests_total{method="GET",route="/fhir/r4/Patient",status="401"} 1.0' in numbers
    assert 'his_requests_total{method="GET",route="other",status="404"} 1.0' in numbers
    assert 'his_request_seconds_bucket{le="0.005",route="/readyz"}' in numbers
    assert 'his_waiting{topic="parcel"} 0.0' in numbers


def test_a_trace_has_route_and_code_and_goes_on_from_its_caller(seen):
    _, spans, _ = seen
    span = next(s for s in spans if s.name == "POST /sign-in")
    told = {a.key: a.value.string_value or a.value.int_value for a in span.attributes}
    assert told["http.route"] == "/sign-in"
    assert told["http.response.status_code"] in (400, 401, 403, 422)
    assert span.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"


def test_every_log_line_is_json(seen):
    _, _, lines = seen
    told = [json.loads(line) for line in lines.splitlines()]
    assert any(line["logger"].startswith("uvicorn") for line in told)
    assert all({"at", "level", "logger", "message"} <= line.keys() for line in told)


def test_nothing_typed_and_no_secret_is_in_any_of_it(seen, clone):
    numbers, spans, lines = seen
    PLANTED.add(urlsplit(clone["his_app"]).password)
    assert len(PLANTED) >= 10
    trial.report("47", n=len(PLANTED), expected=[], got=hits(numbers + lines + "".join(map(str, spans))))


def test_a_careless_line_is_found(tmp_path):
    """The sabotage: a formatter that writes the sentences of errors."""
    error = ValueError(f"duplicate key ({PERSON['citizen_number']})")
    record = logging.LogRecord("his", logging.ERROR, "x.py", 1, "it failed", (), (ValueError, error, None))
    assert hits(logging.Formatter().format(record)) == [PERSON["citizen_number"]]
