"""Starting the supervisor as a process and listening to it: shared by the tests of its start, watch, stop and refusals."""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

SYSTEM = Path(__file__).with_name("supervised.py")
COMMAND = [sys.executable, "-m", "his", "run"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A started system and everything it has said."""

    def __init__(self, surroundings: dict[str, str], command: list[str] | None = None) -> None:
        self.process = subprocess.Popen(
            command or [sys.executable, str(SYSTEM)],
            env=surroundings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self._lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def said(self) -> str:
        return "".join(self._lines)

    def wait_for(self, text: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.said:
            assert time.monotonic() < deadline, f"never said {text!r}:\n{self.said}"
            assert self.process.poll() is None or text in self.said, f"ended:\n{self.said}"
            time.sleep(0.02)

    def ask_to_stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 30) -> int:
        self.process.send_signal(number)
        return self.ended(seconds)

    def ended(self, seconds: float = 60) -> int:
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, log_name: str) -> psutil.Process:
        """The direct child that writes to that log."""
        for found in psutil.Process(self.process.pid).children():
            with contextlib.suppress(OSError):
                if Path(f"/proc/{found.pid}/fd/1").readlink().name == f"{log_name}.log":
                    return found
        raise AssertionError(f"no child writes {log_name}.log")


def gone(processes: list[psutil.Process]) -> bool:
    """Whether all have ended; a zombie that nobody buried has."""
    _, left = psutil.wait_procs(processes, timeout=3)
    return all(process.status() == psutil.STATUS_ZOMBIE for process in left if process.is_running())
