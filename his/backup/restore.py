"""Back to a second of the past, in a new folder: the running system and its backups are never touched."""

import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from his.backup.place import FILES, archive, bases, copy_files, only_embedded, own, verify
from his.backup.take import close_segment
from his.kit.config import Settings, SetupError
from his.kit.embedded import Embedded, running_conninfo

SHORT = "recovery ended before configured recovery target"
RECOVERY = ("restore_command", "recovery_target_time", "recovery_target_action", "recovery_target_timeline")


@dataclass(frozen=True, slots=True)
class Restored:
    """The new data directory, the backup it began with, seconds, and whether the log reached the instant asked for."""

    folder: Path
    base: Path
    seconds: float
    whole: bool


def restore(settings: Settings, folder: Path, at: datetime, target: Path) -> Restored:
    """Make a data directory as it was at `at` in the new folder `target`: what was committed before, nothing after.

    Raises `SetupError`: no backup of before, a damaged one, `target` in use.
    """
    only_embedded(settings)
    if target.exists() and any(target.iterdir()):
        raise SetupError(
            f"Thư mục {target} không trống; hãy chọn thư mục mới.",
            f"The folder {target} is not empty; choose a new one.",
        )
    usable = [base for moment, base in bases(folder) if moment <= at]
    if not usable:
        raise SetupError(
            f"Không có bản sao lưu nào trong {folder} trước {at:%d/%m/%Y %H:%M:%S}.",
            f"There is no backup in {folder} from before {at:%Y-%m-%d %H:%M:%S}.",
        )
    base, began = usable[-1], time.monotonic()
    verify(base)
    address = running_conninfo(settings.data_dir)
    if address is not None:
        close_segment(address)
    target.mkdir(mode=0o755, parents=True, exist_ok=True)
    copy_files(base / FILES, target)
    shutil.copytree(base / "pg", target / "pg", symlinks=True)
    (target / "pg" / "backup_manifest").unlink()
    kept = archive(settings.data_dir)
    reserve = (settings.data_dir / "pg").resolve() / "pg_wal"
    _write_recovery(target / "pg", kept, reserve, at)
    own(target / "pg")
    whole = _replay(target, at)
    return Restored(target, base, time.monotonic() - began, whole)


def _write_recovery(cluster: Path, kept: Path, reserve: Path, at: datetime) -> None:
    """Segments come from the archive; what was not archived yet, from the log of the cluster itself, if it still lies there."""
    command = f'gunzip -c "{kept}/%f.gz" > "%p" 2>/dev/null || cp "{reserve}/%f" "%p"'
    lines = [
        f"restore_command = '{command}'",
        f"recovery_target_time = '{at.isoformat()}'",
        "recovery_target_inclusive = on",
        "recovery_target_action = 'promote'",
        "recovery_target_timeline = 'current'",
        "archive_mode = off",
    ]
    (cluster / "local.conf").write_text("\n".join(lines) + "\n")
    (cluster / "recovery.signal").touch()


def _replay(target: Path, at: datetime) -> bool:
    """Let PostgreSQL replay the log and take it out of recovery. True when it met a commit of after `at`."""
    server, whole = Embedded(target), True
    try:
        server.start()
    except SetupError:
        if SHORT not in server.log_file.read_text(errors="replace"):
            raise
        conf = target / "pg" / "local.conf"  # the log ends before: everything there is, is what was asked for
        conf.write_text("".join(f"{line}\n" for line in conf.read_text().splitlines() if "_target_time" not in line))
        (target / "pg" / "recovery.signal").touch()
        own(target / "pg")
        whole = False
        server.start()
    try:
        with psycopg.connect(server.conninfo(), autocommit=True) as connection:
            deadline = time.monotonic() + 3600
            while connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
                if time.monotonic() > deadline:
                    raise SetupError("Phát lại nhật ký quá một giờ.", "Replaying the log took more than an hour.")
                time.sleep(0.1)
    finally:
        server.stop()
    (target / "pg" / "local.conf").unlink()
    return whole
