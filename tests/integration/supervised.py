"""A small system for the supervisor's tests: the real runner and database, three light child processes of its own.

Run as `python supervised.py` with HIS_ variables; `FRAIL=worker` names a child that dies at once, always, and
`STUBBORN=1` makes the last one deaf to the polite request to stop.
"""

import os
import sys

from his.kit.config import Settings, load_settings
from his.supervisor.children import Plan
from his.supervisor.report import Reporter
from his.supervisor.runner import Runner

WEB = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404); self.end_headers()
    def log_message(self, *args): pass
http.server.HTTPServer((sys.argv[1], int(sys.argv[2])), Answer).serve_forever()
"""
SLEEPER = "import time; time.sleep(600)"
# Has a helper of its own, which must be gone after a stop too.
HELPED = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {HELPED}"


def build(settings: Settings, reporter: Reporter) -> None:
    """No files to make."""


def fill(settings: Settings, owner: str, reporter: Reporter) -> None:
    """Nothing to prepare."""
    with reporter.step("Chuẩn bị", "Preparing"):
        pass


def plan(settings: Settings, owner: str) -> list[Plan]:
    """A web service that is ready at once, a sleeper, and one with a helper."""
    environment = dict(os.environ)
    commands: dict[str, list[str]] = {
        "web": [sys.executable, "-c", WEB, settings.host, str(settings.port)],
        "worker": [sys.executable, "-c", SLEEPER],
        "gateway": [sys.executable, "-c", STUBBORN if os.environ.get("STUBBORN") else HELPED],
    }
    frail = os.environ.get("FRAIL")
    if frail:
        commands[frail] = [sys.executable, "-c", "raise SystemExit(3)"]
    return [Plan(name, command, environment, settings.log_dir / f"{name}.log") for name, command in commands.items()]


if __name__ == "__main__":
    sys.exit(Runner(load_settings(), build, plan, fill, Reporter()).run())
