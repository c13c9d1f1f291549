"""The data directory: made private, locked against a second run, and its troubles told in one sentence."""

import errno
import fcntl
import os
import shutil
from pathlib import Path

from his.kit.config import SetupError
from his.kit.pg_runtime import Account, reaches

_MEGABYTE = 1024 * 1024


def explain_os_error(error: OSError, path: Path) -> SetupError:
    """The sentence for a refusal of the operating system about `path`."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return disk_full(path)
        case errno.EACCES | errno.EPERM:
            return SetupError(
                f"Không có quyền ghi vào {path}; hãy cấp quyền cho tài khoản đang chạy hoặc đặt HIS_DATA_DIR tới thư mục khác.",
                f"No permission to write to {path}; grant it to the running account or set HIS_DATA_DIR to another folder.",
            )
        case errno.EROFS:
            return SetupError(
                f"Ổ đĩa chứa {path} chỉ cho đọc; hãy đặt HIS_DATA_DIR tới thư mục ghi được.",
                f"The disk of {path} is read-only; set HIS_DATA_DIR to a folder that can be written.",
            )
        case errno.ENOTDIR | errno.EEXIST:
            return SetupError(
                f"{path} không phải là thư mục; hãy đặt HIS_DATA_DIR tới một thư mục.",
                f"{path} is not a folder; set HIS_DATA_DIR to a folder.",
            )
    reason = error.strerror or type(error).__name__
    return SetupError(f"Không dùng được {path}: {reason}.", f"Cannot use {path}: {reason}.")


def disk_full(path: Path) -> SetupError:
    """The sentence for a disk without room."""
    return SetupError(
        f"Ổ đĩa chứa {path} đã đầy; hãy giải phóng chỗ trống hoặc đặt HIS_DATA_DIR tới ổ đĩa khác.",
        f"The disk of {path} is full; free some space or set HIS_DATA_DIR to another disk.",
    )


def require_free(path: Path, megabytes: int) -> None:
    """Raise `SetupError` when the disk of `path` has less room than that."""
    if shutil.disk_usage(path).free < megabytes * _MEGABYTE:
        raise disk_full(path)


def open_data_dir(path: Path, account: Account | None = None) -> None:
    """Make the data directory if needed and check that it can be written; others cannot look into it.

    A directory of root's lets the database account pass through to its own part (mode 0710), and list nothing.
    Raises `SetupError`.
    """
    try:
        if not path.exists():
            path.mkdir(mode=0o700, parents=True)
        probe = path / f".probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
        status = path.stat()
        if account and account.switch and status.st_uid == 0 and not reaches(account, path):
            os.chown(path, -1, account.gid)
            path.chmod(status.st_mode & 0o700 | 0o010)
    except OSError as error:
        raise explain_os_error(error, path) from None


class DirectoryLock:
    """A lock that dies with its process, so that two runs never share one data directory."""

    def __init__(self, path: Path, purpose: str) -> None:
        """`path` is the lock file inside the directory; `purpose` names it for people."""
        self._path = path
        self._purpose = purpose
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises `SetupError` naming the process that holds it."""
        if self._handle is not None:
            return
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise explain_os_error(error, self._path.parent) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(handle, 32).decode(errors="replace").strip() or "?"
            os.close(handle)
            raise SetupError(
                f"Thư mục {self._path.parent} đang được tiến trình số {holder} dùng ({self._purpose}); hãy dừng tiến trình đó "
                "hoặc đặt HIS_DATA_DIR tới thư mục khác.",
                f"The folder {self._path.parent} is in use by process {holder} ({self._purpose}); stop it or set HIS_DATA_DIR "
                "to another folder.",
            ) from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        self._handle = handle

    def release(self) -> None:
        """Give the lock back; the file stays, so that a waiting process never locks a removed one."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
