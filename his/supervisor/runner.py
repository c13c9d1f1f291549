"""The order of things: lock, checks, assets, database, web service, schema and data, readiness, watch, stop."""

import contextlib
import http.client
import json
import signal
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from urllib.parse import urlsplit

from his.kit.config import Settings, SetupError
from his.kit.datadir import DirectoryLock, explain_os_error, open_data_dir
from his.kit.embedded import Embedded
from his.kit.pg_runtime import database_account
from his.supervisor.checks import require_port, require_server
from his.supervisor.children import Child, Plan, stop_all, trim_log
from his.supervisor.report import Reporter

PROGRESS = "demo-progress.json"
READY_SECONDS = 150.0
FAILURES_BEFORE_READY = 3
LOG_CHECK_SECONDS = 60.0

Build = Callable[[Settings, Reporter], None]
"""Makes the files the web service hands out."""

PlanChildren = Callable[[Settings, str], Sequence[Plan]]
"""The child processes for the owner's address; the first one is the web service."""

Fill = Callable[[Settings, str, Reporter], None]
"""Brings schema and sample data up to date: settings, the owner's address, where to report."""


class Stopped(BaseException):
    """Somebody asked to stop while the system was still starting."""


class Runner:
    """One run of the whole system in one data directory."""

    def __init__(self, settings: Settings, build: Build, plan: PlanChildren, fill: Fill, reporter: Reporter) -> None:
        self.settings = settings
        self.reporter = reporter
        self._build = build
        self._plan = plan
        self._fill = fill
        self._lock = DirectoryLock(settings.data_dir / "his.lock", "his")
        self._server: Embedded | None = None
        self._children: list[Child] = []
        self._stop = threading.Event()
        self._starting = True

    def run(self) -> int:
        """Start, serve until SIGINT, SIGTERM or SIGHUP, stop. Returns the exit code: 0, or 1 after a told failure."""
        before = {
            number: signal.signal(number, self._asked) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        code = 0
        try:
            self._start()
            self.reporter.welcome(self.settings.public_url, self.settings.demo_file)
            self._watch()
        except Stopped:
            pass
        except SetupError as error:
            self.reporter.fail(error)
            code = 1
        except OSError as error:
            self.reporter.fail(explain_os_error(error, self.settings.data_dir))
            code = 1
        finally:
            self._starting = False
            self._shut_down()
            for number, handler in before.items():
                signal.signal(number, handler)
        return code

    def _asked(self, number: int, frame: FrameType | None) -> None:
        """A signal: break off while starting; afterwards the watch sees the event."""
        self._stop.set()
        if self._starting:
            self._starting = False
            raise Stopped

    def _start(self) -> None:
        """Everything up to the moment when the web service answers. Raises `SetupError`."""
        settings = self.settings
        open_data_dir(settings.data_dir, None if settings.database_url else database_account())
        self._lock.acquire()
        require_port(settings.host, settings.port, "HIS_PORT")
        require_port("127.0.0.1", settings.gateway_port, "HIS_GATEWAY_PORT")
        settings.log_dir.mkdir(mode=0o700, exist_ok=True)
        self._build(settings, self.reporter)
        if settings.database_url:
            with self.reporter.step("Kiểm tra cơ sở dữ liệu", "Checking the database"):
                require_server(settings.database_url, durable=settings.profile != "test")
            owner = settings.database_url
        else:
            with self.reporter.step("Khởi động PostgreSQL", "Starting PostgreSQL"):
                self._server = Embedded(settings.data_dir, durable=settings.profile != "test")
                self._server.start()
            owner = self._server.conninfo()
            if settings.profile != "test":
                require_server(owner)  # an operator's local.conf wins over ours
        settings.gate.touch()
        self._children = [Child(plan) for plan in self._plan(settings, owner)]
        web, *others = self._children
        web.start()  # it reads its programs while the schema is looked after, and waits at the gate before it serves
        self._fill(settings, owner, self.reporter)
        with self.reporter.step("Khởi động dịch vụ", "Starting the services"):
            settings.gate.unlink()
            self._await_ready(web)
            self._starting = False  # from here on a signal is for the watch
            for child in others:  # not earlier: they would take the processor from what people wait for
                if not self._stop.is_set():
                    child.start()

    def _await_ready(self, web: Child) -> None:
        """Ask /readyz until it says yes. Raises `SetupError` when the web service keeps failing or time runs out."""
        log = web.plan.log_file
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if is_ready(self.settings.browse_url):
                return
            self._revive_database()
            web.check()
            if web.failures >= FAILURES_BEFORE_READY:
                raise SetupError(
                    f"Dịch vụ web dừng ngay khi khởi động; xem {log}.", f"The web service fails to start; see {log}."
                )
            time.sleep(0.05)
        raise SetupError(
            f"Dịch vụ web chưa sẵn sàng sau {READY_SECONDS:.0f} giây; xem {log}.",
            f"The web service was not ready after {READY_SECONDS:.0f} seconds; see {log}.",
        )

    def _revive_database(self) -> None:
        """Start PostgreSQL again if it ended. Raises `SetupError` when it stays down."""
        if self._server is not None and not self._server.running:
            self.reporter.note("PostgreSQL dừng bất thường, khởi động lại", "PostgreSQL ended, starting it again")
            self._server.start()

    def _watch(self) -> None:
        """Keep database and children alive until somebody asks to stop. Raises `SetupError` if the database stays down."""
        next_trim, days = 0.0, count_days(self.settings)
        while not self._stop.wait(0.2):
            self._revive_database()
            for child in self._children:
                ended = child.check()
                if ended is not None:
                    code, pause = ended
                    seconds = f"{pause:g}".replace(".", ",")
                    self.reporter.note(
                        f"Dịch vụ {child.plan.name} dừng bất thường (mã {code}), khởi động lại sau {seconds} giây; "
                        f"xem {child.plan.log_file}",
                        f"{child.plan.name} ended (code {code}), starting again in {pause:g} s",
                    )
            if count_days(self.settings) > days:
                days = count_days(self.settings)
                self.reporter.note(f"Dữ liệu mẫu: xong {days} ngày", f"sample data: {days} days done")
            if time.monotonic() >= next_trim:
                next_trim = time.monotonic() + LOG_CHECK_SECONDS
                for log in self.settings.log_dir.glob("*.log"):
                    trim_log(log)

    def _shut_down(self) -> None:
        """Children first, so that none meets a database that is gone; then PostgreSQL; then the lock."""
        with contextlib.suppress(OSError):
            self.settings.gate.unlink()  # a start that was broken off leaves it
        if self._children or self._server is not None:
            with self.reporter.step("Dừng hệ thống", "Stopping"):
                stop_all(self._children)
                if self._server is not None:
                    self._server.stop()
        self._lock.release()


def count_days(settings: Settings) -> int:
    """How many days of the demonstration's month are made; 0 before the first."""
    try:
        return len(json.loads((settings.data_dir / PROGRESS).read_text())["done"])
    except (OSError, ValueError, KeyError):
        return 0


def is_ready(address: str) -> bool:
    """Whether the web service at `address` answers 200 to /readyz."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
