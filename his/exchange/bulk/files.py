"""The files of a bulk job: one folder a job, files that only grow, and cut back to what the job's row says."""

import os
import shutil
from pathlib import Path
from uuid import UUID

from his.kit.config import get_settings


class Lost(Exception):
    """A file is shorter than the job's row says: the disk lost what was written, the work begins anew."""


def folder(unit_id: int, job_id: UUID) -> Path:
    """The folder of a job."""
    return get_settings().bulk_dir / str(unit_id) / str(job_id)


def begin(place: Path) -> None:
    """Make the folder of a job, readable by this account only."""
    place.mkdir(parents=True, exist_ok=True, mode=0o700)


def append(path: Path, size: int, data: bytes) -> int:
    """Write behind the first `size` bytes, whatever stood there; the new size. Raises Lost when there are fewer."""
    with path.open("r+b" if path.exists() else "w+b") as file:
        if file.seek(0, os.SEEK_END) < size:
            raise Lost(path.name)
        file.seek(size)
        file.truncate()
        file.write(data)
    return size + len(data)


def keep(path: Path) -> None:
    """Have the disk hold what was written before the row says so."""
    if path.exists():
        with path.open("rb") as file:
            os.fsync(file.fileno())


def remove(place: Path) -> None:
    """Delete the folder of a job with everything in it."""
    shutil.rmtree(place, ignore_errors=True)


def read_lines(path: Path, offset: int, most: int, size: int, longest: int) -> tuple[list[bytes | None], int]:
    """At most `most` lines or about `size` bytes from an offset on, and the offset behind them.

    A line longer than `longest` comes as None: it is passed over without being held.
    """
    lines: list[bytes | None] = []
    read = 0
    with path.open("rb") as file:
        file.seek(offset)
        while len(lines) < most and read < size:
            line = file.readline(longest + 1)
            if not line:
                break
            if len(line) > longest and not line.endswith(b"\n"):
                while line and not line.endswith(b"\n"):
                    line = file.readline(1 << 20)
                lines.append(None)
            else:
                lines.append(line.strip())
            read = file.tell() - offset
        return lines, file.tell()
