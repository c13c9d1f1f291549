"""Child processes: started in sessions of their own, watched, started again after a pause, stopped together."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from his.kit.embedded import die_with_parent

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
LOG_LIMIT_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """What a child runs: its name for people and log file, the command, the environment; `once`: it may end by itself.

    `patience`: seconds it has to end when it is asked to; then it is killed.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log_file: Path
    once: bool = False
    patience: float = 6.0


class Child:
    """One child process. `check()` is called again and again; it starts the process anew when its pause is over."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.failures = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._retry_at: float | None = None

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Process number of the latest start."""
        assert self._process is not None, "the child was not started"
        return self._process.pid

    def start(self) -> None:
        """Start the process; its output goes to the end of its log file."""
        with self.plan.log_file.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own program, no shell
                self.plan.command,
                env=dict(self.plan.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509  # one prctl call, bound beforehand
            )
        self._started_at = time.monotonic()
        self._retry_at = None

    def check(self) -> tuple[int, float] | None:
        """Look after the process. Returns (exit code, pause in seconds) once for each unexpected end, otherwise None."""
        if self.running:
            return None
        if self._retry_at is not None:
            if time.monotonic() >= self._retry_at:
                self.start()
            return None
        assert self._process is not None, "the child was not started"
        if self.plan.once and self._process.returncode == 0:
            return None
        self._kill_group()  # helpers of the dead process may still hold its port
        if time.monotonic() - self._started_at > STEADY_SECONDS:
            self.failures = 0
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**self.failures)
        self.failures += 1
        self._retry_at = time.monotonic() + pause
        return self._process.returncode, pause

    def ask_to_stop(self) -> None:
        """Send SIGTERM, if it is running."""
        if self.running and self._process is not None:
            self._process.terminate()

    def end(self) -> None:
        """Kill the process and whatever it started."""
        self._kill_group()
        if self._process is not None:
            self._process.wait()

    def _kill_group(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def stop_all(children: Iterable[Child]) -> None:
    """Ask all children at once, wait for each as long as its plan has patience, then kill what is left."""
    asked = [child for child in children if child.running]
    for child in asked:
        child.ask_to_stop()
    started = time.monotonic()
    while any(child.running and time.monotonic() < started + child.plan.patience for child in asked):
        time.sleep(0.05)
    for child in asked:
        child.end()


def trim_log(path: Path, limit: int = LOG_LIMIT_BYTES) -> None:
    """Move a log that grew past `limit` bytes to `<name>.1`; its writers append, so emptying the file is safe."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > limit:
            shutil.copyfile(path, path.with_name(path.name + ".1"))
            os.truncate(path, 0)
