"""The cluster of the embedded PostgreSQL on disk: made whole or not at all, checked, and its refusals told in one sentence.

The cluster is `<data_dir>/pg`. When root runs the system and the database account cannot pass through the folders above
the data directory, `pg` is a symbolic link to a folder in /var/lib/his.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from his.kit.config import SetupError
from his.kit.datadir import disk_full, require_free
from his.kit.pg_runtime import MAJOR, SYSTEM_HOME, Account, memory_bytes, programs, reaches, server_settings

OWNER = "postgres"

CONFIGURATION = """# The settings of this system are written again at every start; your own go into local.conf and win.
include 'his.conf'
include_if_exists 'local.conf'
"""

_DAMAGE = re.compile(
    r"checkpoint record|control file|pg_control|invalid page|PANIC|could not (open|read|access) (file|directory)"
    r"|directory .* does not exist|database .* does not exist|incompatible with server|checksum"
)
_REASON = re.compile(r"(?:FATAL|PANIC|ERROR|error):\s*(.+)")


def environment() -> dict[str, str]:
    """What PostgreSQL's programs see: no PGDATA or PGPORT of the person who started us, messages in English."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def identity(account: Account) -> dict[str, Any]:
    """Keyword arguments of `subprocess` that make the child run under this account."""
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account.switch else {}


def socket_address(user: str, dbname: str, folder: str, port: int) -> str:
    """The address of a database behind a unix socket, as libpq and SQLAlchemy read it."""
    return f"postgresql://{quote(user, safe='')}@/{quote(dbname, safe='')}?host={quote(folder, safe='')}&port={port}"


def pid_file(cluster: Path) -> list[str]:
    """The lines of postmaster.pid: number, folder, start, port, socket folder, address, memory key, state. Maybe none."""
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, PermissionError):
        return []


def damaged(link: Path) -> SetupError:
    """The sentence for a cluster that cannot be used as it is."""
    return SetupError(
        f"Cơ sở dữ liệu trong {link} bị hỏng hoặc không đầy đủ; hãy khôi phục từ bản sao lưu hoặc đặt HIS_DATA_DIR tới "
        "thư mục khác.",
        f"The database in {link} is damaged or incomplete; restore it from a backup or set HIS_DATA_DIR to another folder.",
    )


def check_cluster(link: Path, account: Account) -> None:
    """Raise `SetupError` when the cluster is damaged, of another major version, or of another account."""
    cluster = link.resolve()
    try:
        owner = cluster.stat().st_uid
        if owner != account.uid:
            raise SetupError(
                f"Cơ sở dữ liệu trong {link} thuộc về tài khoản số {owner}; hãy chạy bằng đúng tài khoản đã tạo ra nó.",
                f"The database in {link} belongs to account number {owner}; start with the account that made it.",
            )
        version = (cluster / "PG_VERSION").read_text(errors="replace").strip()
        whole = (cluster / "global" / "pg_control").stat().st_size > 0 and (cluster / "postgresql.conf").exists()
    except (FileNotFoundError, NotADirectoryError):
        raise damaged(link) from None
    if not re.fullmatch(r"[0-9.]+", version) or (version == MAJOR and not whole):
        raise damaged(link)
    if version != MAJOR:
        raise SetupError(
            f"Cơ sở dữ liệu trong {link} thuộc PostgreSQL {version}, hệ thống này cần bản {MAJOR}; hãy nâng cấp bằng "
            "pg_upgrade hoặc đặt HIS_DATA_DIR tới thư mục khác.",
            f"The database in {link} is of PostgreSQL {version}, this system needs {MAJOR}; upgrade it with pg_upgrade or set "
            "HIS_DATA_DIR to another folder.",
        )


def make_cluster(link: Path, account: Account, durable: bool) -> None:
    """Run initdb in a draft folder; the last step gives it its name, so that a break leaves no half of a cluster.

    Raises `SetupError`, or `OSError` of the file system.
    """
    here = reaches(account, link.parent)
    home = link.parent if here else SYSTEM_HOME if durable else Path(tempfile.gettempdir())
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    require_free(home, 200)
    draft = home / ("pg.draft" if here else f"his-pg-{secrets.token_hex(6)}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    try:
        if account.switch:
            os.chown(draft, account.uid, account.gid)
        _initdb(draft, account, durable)
        (draft / "postgresql.conf").write_text(CONFIGURATION)
        if here:
            draft.rename(link)
        else:
            link.symlink_to(draft)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _initdb(folder: Path, account: Account, durable: bool) -> None:
    """UTF-8 with the built-in C.UTF-8 rules (the same on every machine); trust on the private socket, SCRAM over TCP."""
    # fmt: off
    command = [
        str(programs(account) / "initdb"), "--pgdata", str(folder), "--username", OWNER, "--encoding", "UTF8",
        "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-instructions",
        "--auth-local", "trust", "--auth-host", "scram-sha-256", "--data-checksums",
        *([] if durable else ["--no-sync", "--wal-segsize", "4"]),
    ]
    # fmt: on
    done = subprocess.run(  # noqa: S603  # our own programs, no shell
        command,
        check=False,
        env=environment(),
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        **identity(account),
    )
    if done.returncode:
        raise explain(done.stderr, folder, None)


def write_settings(cluster: Path, account: Account, durable: bool) -> None:
    """Write his.conf anew: a new version of the system may bring new settings. The operator's stay in local.conf."""
    values = server_settings(durable, os.cpu_count() or 1, memory_bytes())
    if durable:
        values |= archiving(archive_of(cluster))
    target = cluster / "his.conf"
    target.write_text("".join(f"{name} = '{value}'\n" for name, value in values.items()))
    if account.switch:
        for owned in (target, cluster / "postgresql.conf"):
            os.chown(owned, account.uid, account.gid)
    cluster.chmod(0o700)  # a restored copy may have come with other bits


def archive_of(cluster: Path) -> Path:
    """Where the log segments of a cluster are kept for a restore to any second, from the first backup on."""
    return cluster.with_name(f"{cluster.name}-wal")


def archiving(folder: Path) -> dict[str, str]:
    """Settings by which each finished log segment is kept, packed, on disk for sure; nothing until the folder is made.

    A busy system closes a segment every minute, so that a lost disk costs at most that.
    """
    packed = f'"{folder}/%f.gz"'
    write = f'gzip -1 -c "%p" > {packed}.part && sync {packed}.part && mv {packed}.part {packed}'
    return {
        "archive_mode": "on",
        "archive_command": f'test ! -d "{folder}" || test -f {packed} || {{ {write}; }}',
        "archive_timeout": "60s",
    }


def clear_stale(cluster: Path, account: Account) -> None:
    """Stop what a killed launcher left behind, then remove postmaster.pid: its number may be another process's by now.

    The caller holds the lock of the data directory, so nobody else is entitled to these processes.
    """
    if not Path("/proc/self/cwd").exists():
        return  # without /proc, PostgreSQL's own check of postmaster.pid has to do
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        left = _servers_in(cluster, account)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + 10
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            left = _servers_in(cluster, account)
        if not left:
            (cluster / "postmaster.pid").unlink(missing_ok=True)
            return


def _servers_in(cluster: Path, account: Account) -> list[int]:
    """Processes named postgres, of the database account, that work in this cluster; the postmaster is the oldest."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                ours = entry.stat().st_uid == account.uid and (entry / "comm").read_text().strip() == "postgres"
                if ours and (entry / "cwd").readlink() == cluster:
                    found.append(int(entry.name))
    return sorted(found)


def explain(said: str, folder: Path, log_file: Path | None) -> SetupError:
    """One sentence for what PostgreSQL said when it refused; `folder` is the cluster or its link."""
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return disk_full(folder)
    if "could not bind" in said and "in use" in said:
        return SetupError(
            "Cổng TCP của cơ sở dữ liệu đang bị chương trình khác dùng; hãy chọn cổng khác.",
            "The TCP port of the database is used by another program; choose another port.",
        )
    if log_file is not None and _DAMAGE.search(said):
        return damaged(folder)
    refused = _REASON.findall(said)
    reason = str(refused[-1]).strip().rstrip(".") if refused else "no reason given"
    see_vi, see_en = (f"; xem {log_file}", f"; see {log_file}") if log_file else ("", "")
    return SetupError(
        f"Cơ sở dữ liệu không khởi động được ({reason}){see_vi}.", f"The database did not start ({reason}){see_en}."
    )
