"""A base backup of the running system, checked the moment it is made; from the first one on every log segment is kept."""

import shutil
import time
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import psycopg

from his.backup.place import FILES, STAMP, archive, bases, copy_files, only_embedded, own, program, verify
from his.kit import clock
from his.kit.config import Settings, SetupError
from his.kit.embedded import running_conninfo


@dataclass(frozen=True, slots=True)
class Taken:
    """A finished backup: its folder, size in bytes and how long it took."""

    folder: Path
    size: int
    seconds: float


def take(settings: Settings, folder: Path, keep: int) -> Taken:
    """Make and check a backup in `folder`, then forget all but the newest `keep`. Raises `SetupError`.

    The system goes on meanwhile. A broken backup leaves nothing that looks like a whole one.
    """
    only_embedded(settings)
    address = running_conninfo(settings.data_dir)
    if address is None:
        raise SetupError(
            "Hệ thống chưa chạy; hãy khởi động bằng `his run` rồi sao lưu.",
            "The system is not running; start it with `his run`, then make the backup.",
        )
    began = time.monotonic()
    kept = archive(settings.data_dir)
    kept.mkdir(mode=0o700, exist_ok=True)  # the server's archive_command sees it from now on
    own(kept)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / "base.part"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    # fmt: off
    made = program(
        "pg_basebackup", "--dbname", address, "--pgdata", str(draft / "pg"), "--checkpoint", "fast",
        "--wal-method", "stream", "--manifest-checksums", "SHA256", "--no-password",
    )
    # fmt: on
    if made.returncode:
        reason = made.stderr.strip().splitlines()
        shutil.rmtree(draft, ignore_errors=True)
        raise SetupError(
            f"Không sao lưu được ({reason[-1] if reason else '?'}).",
            f"The backup failed ({reason[-1] if reason else '?'}).",
        )
    verify(draft)
    copy_files(settings.data_dir, draft / FILES)
    time.sleep(max(0, 1 - (time.monotonic() - began)))  # the name says whole seconds: it must not lie before the end
    target = folder / f"base-{clock.now().astimezone(UTC).strftime(STAMP)}"
    draft.rename(target)
    close_segment(address)
    _forget(folder, kept, keep)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    return Taken(target, size, time.monotonic() - began)


def close_segment(address: str, patience: float = 30.0) -> None:
    """Have the server archive what it has written so far, with a commit behind it by which a restore knows its place."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SELECT pg_current_xact_id()")
        row = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
        assert row is not None
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            done = connection.execute(
                "SELECT coalesce(last_archived_wal, '') >= %s FROM pg_stat_archiver", row
            ).fetchone()
            if done == (True,):
                return
            time.sleep(0.1)


def _forget(folder: Path, kept: Path, keep: int) -> None:
    """Remove older backups, and the log segments that only they would need."""
    found = bases(folder)
    for _, old in found[:-keep]:
        shutil.rmtree(old)
    labels = sorted((found[-keep:][0][1] / "pg").glob("backup_label"))
    start = labels[0].read_text().split("(file ", 1)[1].split(")", 1)[0]
    program("pg_archivecleanup", "-x", ".gz", str(kept), start)
