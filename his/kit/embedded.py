"""Starts and stops the PostgreSQL that comes with the system, so that nothing has to be installed.

It answers on a unix socket in a private folder (mode 0700): only root and the account that runs the database can open it,
which is why connections through it need no password. `his.kit.pg_cluster` looks after the files.
"""

import contextlib
import ctypes
import functools
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from his.kit.config import SetupError
from his.kit.datadir import DirectoryLock, explain_os_error, open_data_dir, require_free
from his.kit.pg_cluster import (
    OWNER,
    check_cluster,
    clear_stale,
    environment,
    explain,
    identity,
    make_cluster,
    pid_file,
    socket_address,
    write_settings,
)
from his.kit.pg_runtime import Account, database_account, programs, reaches

DATABASE = "his"

_LONGEST_SOCKET_PATH = 100  # sun_path holds 108 bytes on Linux, 104 on macOS
_READY_SECONDS = 300.0  # crash recovery of a busy day's log takes minutes, not seconds
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(number: signal.Signals) -> Any:
    """A `preexec_fn`: the kernel sends `number` to the child when its launcher dies without a word (kill -9).

    None where the system has no such call, and outside the main thread, because Linux ties the signal to the thread.
    """
    if _LIBC is None or threading.current_thread() is not threading.main_thread():
        return None
    return functools.partial(_LIBC.prctl, _PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def running_conninfo(data_dir: Path, user: str = OWNER, dbname: str = DATABASE) -> str | None:
    """The address of the database that another process runs from this data directory, or None when none is ready."""
    lines = pid_file((data_dir / "pg").resolve())
    if len(lines) < 8 or lines[7].strip() != "ready":
        return None
    address = socket_address(user, dbname, lines[4], int(lines[3]))
    try:
        psycopg.connect(address, connect_timeout=5).close()
    except psycopg.Error:
        return None
    return address


class Embedded:
    """One embedded PostgreSQL: `start()`, `conninfo(user)`, `stop()`; also a context manager.

    `port` opens loopback TCP as well, with `password` for the owner. `durable=False` gives up crash safety: tests only.
    """

    def __init__(self, data_dir: Path, *, port: int | None = None, durable: bool = True) -> None:
        self.data_dir = data_dir.absolute()
        self.port = port
        self.durable = durable
        self.password = secrets.token_urlsafe(24)
        self.log_file = self.data_dir / "log" / "postgres.log"
        self._link = self.data_dir / "pg"
        self._lock = DirectoryLock(self.data_dir / "pg.lock", "PostgreSQL")
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_dir: Path | None = None
        self._log_start = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the server started by this object is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Process number of the server that was started."""
        assert self._process is not None, "the server was not started"
        return self._process.pid

    def start(self) -> None:
        """Make the cluster at the first time, start the server and wait until it answers; recovers after a crash.

        Raises `SetupError`: folder not writable, in use, of another version or damaged; disk full; TCP port busy.
        """
        if self.running:
            return
        account = database_account()
        open_data_dir(self.data_dir, account)
        self._lock.acquire()
        try:
            self.log_file.parent.mkdir(mode=0o700, exist_ok=True)
            if not self._link.exists() and not self._link.is_symlink():
                make_cluster(self._link, account, self.durable)
            check_cluster(self._link, account)
            cluster = self._link.resolve()
            require_free(cluster, 50)
            clear_stale(cluster, account)
            write_settings(cluster, account, self.durable)
            self._launch(cluster, account)
            self._await_ready(cluster)
            self._prepare_database()
        except OSError as error:
            self.stop()
            raise explain_os_error(error, self.data_dir) from None
        except BaseException:
            self.stop()
            raise

    def stop(self, patience: float = 10.0) -> None:
        """End all sessions and stop (fast shutdown); after `patience` seconds immediately. Nothing confirmed is lost."""
        process, self._process = self._process, None
        if process is not None:
            for number, seconds in ((signal.SIGINT, patience), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
                if process.poll() is not None:
                    break
                process.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(seconds)
        self._remove_sockets()
        self._lock.release()

    def discard(self) -> None:
        """Stop and remove the cluster, also one behind a symbolic link; for throw-away databases only."""
        assert not self.durable, "only a throw-away database may be removed"
        self.stop(patience=1.0)
        cluster = self._link.resolve()
        if self._link.is_symlink():
            self._link.unlink()
        shutil.rmtree(cluster, ignore_errors=True)

    def conninfo(self, user: str = OWNER, dbname: str = DATABASE) -> str:
        """The address of a database for `user` through the private socket, as libpq and SQLAlchemy read it."""
        assert self._socket_dir is not None, "the server was not started"
        return socket_address(user, dbname, str(self._socket_dir), self.port or 5432)

    def tcp_conninfo(self, dbname: str = DATABASE) -> str:
        """The owner's address over loopback TCP, with the password of this start; only with `port`."""
        assert self.port is not None, "this server listens on its socket only"
        return f"postgresql://{OWNER}:{self.password}@127.0.0.1:{self.port}/{dbname}"

    def _launch(self, cluster: Path, account: Account) -> None:
        """Start the server in a session of its own, so that Ctrl+C in the terminal reaches only its launcher."""
        if self._socket_dir is None:  # after a crash the old one serves again: other processes know its address
            self._socket_dir = self._private_socket_dir(account)
        # fmt: off
        command = [
            str(programs(account) / "postgres"), "-D", str(cluster), "-k", str(self._socket_dir),
            "-c", "unix_socket_permissions=0700", "-c", f"port={self.port or 5432}",
            "-c", f"listen_addresses={'127.0.0.1' if self.port else ''}",
        ]
        # fmt: on
        with self.log_file.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(  # noqa: S603  # our own program, no shell
                command,
                env=environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509  # one prctl call, bound beforehand
                **identity(account),
            )

    def _private_socket_dir(self, account: Account) -> Path:
        """`<data_dir>/sock`, or a folder in /tmp when that path is too long or out of the account's reach."""
        folder = self.data_dir / "sock"
        if len(bytes(folder / ".s.PGSQL.65535")) > _LONGEST_SOCKET_PATH or not reaches(account, self.data_dir):
            folder = Path(tempfile.mkdtemp(prefix="his-"))
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        for left in folder.glob(".s.PGSQL.*"):  # from before a power cut: its number may be another process's by now
            left.unlink()
        if account.switch:
            os.chown(folder, account.uid, account.gid)
        return folder

    def _remove_sockets(self) -> None:
        """Remove the socket folder if it was made outside the data directory."""
        folder, self._socket_dir = self._socket_dir, None
        if folder is not None and folder.parent != self.data_dir:
            shutil.rmtree(folder, ignore_errors=True)

    def _await_ready(self, cluster: Path) -> None:
        """Wait for `ready` in postmaster.pid. Raises `SetupError` when the server gives up or never gets there."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if not self.running:
                raise explain(self._log_since_start(), self._link, self.log_file)
            lines = pid_file(cluster)
            if len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready":
                return
            time.sleep(0.02)
        raise SetupError(
            f"Cơ sở dữ liệu chưa sẵn sàng sau {_READY_SECONDS:.0f} giây; xem {self.log_file}.",
            f"The database was not ready after {_READY_SECONDS:.0f} seconds; see {self.log_file}.",
        )

    def _prepare_database(self) -> None:
        """Create the database at the first start, and give the owner this start's password when TCP is open."""
        try:
            with psycopg.connect(self.conninfo(dbname="postgres"), autocommit=True) as connection:
                if self.port:
                    connection.execute(f"ALTER ROLE {OWNER} PASSWORD '{self.password}'")
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.Error as error:
            raise explain(f"FATAL: {error}", self._link, self.log_file) from None

    def _log_since_start(self) -> str:
        """The end of what the server wrote since this start."""
        with self.log_file.open("rb") as log:
            log.seek(self._log_start)
            return log.read()[-20_000:].decode(errors="replace")
