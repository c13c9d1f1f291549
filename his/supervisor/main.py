"""`his run`: the whole system with its real parts."""

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

import psycopg

from his import standing
from his.kit.addresses import role_address, service_password
from his.kit.config import PROJECT_ROOT, Settings, SetupError, unknown_variables
from his.kit.logs import CONFIGURATION
from his.supervisor.children import Plan
from his.supervisor.report import Reporter
from his.supervisor.runner import Runner
from his.web.assets import build_assets

KEEP_ALIVE_SECONDS = (
    "75"  # longer than clients and proxies keep an idle connection, so that none is shut under a request
)
FINISH_SECONDS = "20"  # what is under way at a stop may go on for so long; usually nothing is
SILENCE_SECONDS = "30"  # a busy web process is not a dead one: on a starved machine five seconds kill people's requests


def run(settings: Settings) -> int:
    """Run everything until it is told to stop; returns the exit code. Failures are told in one sentence, not raised."""
    reporter = Reporter()
    for name in unknown_variables(os.environ):
        reporter.note(f"Bỏ qua biến {name}: không có thiết lập này", f"{name} is no setting and has no effect")
    return Runner(settings, build, plan, fill, reporter).run()


def build(settings: Settings, reporter: Reporter) -> None:
    """Make the browser's files in a checkout; a wheel brings them along. Raises `SetupError`.

    What the processes of the last run counted is forgotten: Prometheus takes a new start from zero.
    """
    shutil.rmtree(settings.data_dir / "metrics", ignore_errors=True)
    if (PROJECT_ROOT / "package-lock.json").exists():
        with reporter.step("Chuẩn bị giao diện", "Preparing the web assets"):
            try:
                build_assets(PROJECT_ROOT)
            except (FileNotFoundError, subprocess.CalledProcessError) as error:
                raise SetupError(
                    f"Không chuẩn bị được giao diện ({type(error).__name__}); hãy kiểm tra mạng rồi chạy lại.",
                    f"The web assets could not be made ({type(error).__name__}); check the network and start again.",
                ) from None


def fill(settings: Settings, owner: str, reporter: Reporter) -> None:
    """Bring the schema up to date and fill an empty installation. Raises `SetupError`.

    Both programs are read where there is something to do, and only then: the web service, started just before, reads its
    own meanwhile.
    """
    with reporter.step("Cập nhật lược đồ dữ liệu", "Updating the schema"):
        try:
            if not standing.stands(owner, settings.data_dir):
                importlib.import_module("his.migrate").migrate(owner, settings.data_dir)
        except psycopg.errors.InsufficientPrivilege:
            raise SetupError(
                "Tài khoản trong HIS_DATABASE_URL không đủ quyền tạo vai trò và bảng; hãy dùng tài khoản chủ cơ sở dữ liệu.",
                "The account of HIS_DATABASE_URL may not create roles and tables; use the owner of the database.",
            ) from None
    if settings.demo and not standing.has_sample(owner, settings.demo_file):
        with reporter.step("Kiểm tra dữ liệu mẫu", "Checking the sample data"):
            importlib.import_module("his.seed").seed_demo(_address(settings, owner, "his_app"), settings.data_dir)


def _address(settings: Settings, owner: str, role: str) -> str:
    return role_address(owner, role, service_password(settings.data_dir))


def plan(settings: Settings, owner: str) -> Sequence[Plan]:
    """Web service, worker and gateway stand-in; each sees only the database address it needs."""
    python = [sys.executable, "-m"]
    # fmt: off
    web = [
        *python, "uvicorn", "his.serve:service", "--factory", "--host", settings.host, "--port", str(settings.port),
        "--loop", "uvloop", "--http", "httptools", "--workers", str(settings.workers), "--log-config", str(CONFIGURATION),
        "--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", FINISH_SECONDS,
        "--timeout-keep-alive", KEEP_ALIVE_SECONDS, "--timeout-worker-healthcheck", SILENCE_SECONDS,
    ]
    # fmt: on
    app = {"HIS_APP_DATABASE_URL": _address(settings, owner, "his_app")}
    worker = app | {"HIS_WORKER_DATABASE_URL": _address(settings, owner, "his_worker")}
    return [
        Plan("web", web, environment(settings, app), settings.log_dir / "web.log", patience=int(FINISH_SECONDS) + 5.0),
        Plan("worker", [*python, "his", "worker"], environment(settings, worker), settings.log_dir / "worker.log"),
        Plan("gateway", [*python, "his", "gateway"], environment(settings, {}), settings.log_dir / "gateway.log"),
        *_history(settings, python, app),
    ]


def _history(settings: Settings, python: Sequence[str], app: Mapping[str, str]) -> Sequence[Plan]:
    """The month behind the demonstration is made in the background, once."""
    if not settings.demo:
        return []
    command = [*python, "his", "demo", "month"]
    return [Plan("demo", command, environment(settings, app), settings.log_dir / "demo.log", once=True)]


def environment(settings: Settings, addresses: Mapping[str, str]) -> dict[str, str]:
    """The surroundings of a child: ours, without the owner's address, with the one it may use."""
    secret = {"HIS_DATABASE_URL", "HIS_APP_DATABASE_URL", "HIS_WORKER_DATABASE_URL"}
    kept = {name: value for name, value in os.environ.items() if name not in secret}
    return kept | {"HIS_DATA_DIR": str(settings.data_dir), "PYTHONUNBUFFERED": "1"} | dict(addresses)
