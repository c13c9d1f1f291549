"""The whole house for the journeys: web service, worker process and the insurer's gateway on one real database."""

import os
import shutil
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Response, sync_playwright

from his.app import create_app
from his.kit.config import get_settings
from his.kit.db import Database
from his.web import assets
from tests.standin import free_port, gateway

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@dataclass(frozen=True)
class House:
    """Where the running system answers, and its database as the owner sees it."""

    address: str
    owner: str
    app: str


HUMAN_MS = 90  # between two deeds; nobody presses keys faster, and a swap settles in twenty
_goto, _reload = Page.goto, Page.reload


def goto(page: Page, url: str, **options: Any) -> Response | None:
    """Go to a page and let it load its keyboard map: nobody presses a key before a page has settled, a test does."""
    return _goto(page, url, **{"wait_until": "networkidle", **options})


def reload(page: Page, **options: Any) -> Response | None:
    """The same after loading anew."""
    return _reload(page, **{"wait_until": "networkidle", **options})


Page.goto, Page.reload = goto, reload  # type: ignore[method-assign]


def find_chromium() -> str:
    """The browser of this machine, or an empty string."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), "")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser; without one the journeys are skipped, and nobody should overlook that."""
    executable = find_chromium()
    if not executable:
        said = f"NO CHROMIUM ({', '.join(BROWSERS)}): THE JOURNEYS WERE NOT PLAYED"
        warnings.warn(said, stacklevel=1)
        pytest.skip(said)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=QUIET, slow_mo=HUMAN_MS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def house(clone: dict[str, str]) -> Iterator[House]:
    """The web service in a thread, the worker as the process that the command starts, the gateway on its own port."""
    assets.build_assets(ROOT)
    data_dir = get_settings().data_dir
    before = os.environ.get("HIS_GATEWAY_URL")
    with gateway(data_dir) as (gateway_url, _):
        os.environ["HIS_GATEWAY_URL"] = gateway_url
        get_settings.cache_clear()
        worker = subprocess.Popen(
            [sys.executable, "-m", "his", "worker"],
            env={**os.environ, "HIS_WORKER_DATABASE_URL": clone["his_worker"], "HIS_DATA_DIR": str(data_dir)},
        )
        port = free_port()
        app = create_app(Database(clone["his_app"], size=6))
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        deadline = time.monotonic() + 60
        while not server.started:
            assert time.monotonic() < deadline, "the web service did not start"
            time.sleep(0.05)
        yield House(f"http://127.0.0.1:{port}", clone["owner"], clone["his_app"])
        server.should_exit = True
        thread.join(10)
        worker.terminate()
        worker.wait(20)
    os.environ.pop("HIS_GATEWAY_URL", None)
    if before is not None:
        os.environ["HIS_GATEWAY_URL"] = before
    get_settings.cache_clear()
