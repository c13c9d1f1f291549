"""Where backups lie, and the programs of the embedded PostgreSQL that make, check and read them."""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from his.kit.config import Settings, SetupError
from his.kit.pg_cluster import archive_of, environment
from his.kit.pg_runtime import database_account, programs

STAMP = "%Y%m%dT%H%M%SZ"
FILES = "files"
"""Folder of a backup with what the database does not hold: keys, passwords, attachments."""
NOT_COPIED = {"pg", "pg.lock", "his.lock", "log", "sock", "backup", "bulk", "starting", FILES}


def only_embedded(settings: Settings) -> None:
    """Raise `SetupError` where the database is a server of the operator's own: its backup belongs to that server."""
    if settings.database_url:
        raise SetupError(
            "HIS_DATABASE_URL trỏ tới máy chủ PostgreSQL riêng; hãy sao lưu và khôi phục bằng công cụ của máy chủ đó "
            "(pgBackRest, Barman hoặc pg_basebackup với archive_command), và sao chép thư mục HIS_DATA_DIR.",
            "HIS_DATABASE_URL names a PostgreSQL server of your own; back it up and restore it with that server's tools "
            "(pgBackRest, Barman, or pg_basebackup with an archive_command), and copy the folder of HIS_DATA_DIR.",
        )


def default_folder(settings: Settings) -> Path:
    """Where backups go unless another folder is named: better a disk of its own."""
    return settings.data_dir / "backup"


def bases(folder: Path) -> list[tuple[datetime, Path]]:
    """Whole base backups with the instant at which each was complete, oldest first."""
    found = []
    for path in folder.glob("base-*Z"):
        stamp = path.name.removeprefix("base-")
        found.append((datetime.strptime(stamp, STAMP).replace(tzinfo=UTC), path))
    return sorted(found)


def archive(data_dir: Path) -> Path:
    """The folder of archived log segments of the installation's cluster."""
    return archive_of((data_dir / "pg").resolve())


def program(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs as the account that reads our files; the caller looks at the exit code."""
    command = [str(programs(database_account()) / name), *arguments]
    return subprocess.run(  # noqa: S603  # our own program, no shell
        command, check=False, env=environment(), cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def verify(base: Path) -> None:
    """Raise `SetupError` when a byte of a base backup is not as it was written, or a file is missing or added."""
    checked = program("pg_verifybackup", "--exit-on-error", "--quiet", str(base / "pg"))
    if checked.returncode:
        reason = (checked.stderr or checked.stdout).strip().splitlines()
        raise SetupError(
            f"Bản sao lưu {base} bị hỏng ({reason[0] if reason else '?'}); hãy dùng bản sao lưu khác.",
            f"The backup {base} is damaged ({reason[0] if reason else '?'}); use another one.",
        )


def copy_files(source: Path, target: Path) -> None:
    """Copy what lies in a data directory beside the database."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for entry in source.iterdir():
        if entry.name in NOT_COPIED:
            continue
        if entry.is_dir():
            shutil.copytree(entry, target / entry.name, dirs_exist_ok=True)
        else:
            shutil.copy2(entry, target / entry.name)


def own(folder: Path) -> None:
    """Give a folder and what is in it to the account that runs the database."""
    account = database_account()
    if account.switch:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
