"""Installs everything the project needs into .venv, and does nothing when nothing changed. Standard library only.

python3 deploy/setup.py            create .venv, install requirements.lock with hashes, the project itself, web assets
python3 deploy/setup.py --browser  only say, loudly, when no Chromium is there for the browser tests

This file is also read by interpreters that are too old for the project, to tell so in a clear sentence.
"""

import compileall
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "setup-stamp"
OLDEST, NEWEST = (3, 11), (3, 14)
CANDIDATES = ["python3.11", "python3.12", "python3.13", "python3.14", "python3", "python"]
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]

REASONS = [
    ("do not match the hashes", "một gói tải về không đúng mã băm", "a downloaded package does not match its hash"),
    ("No space left", "ổ đĩa đã đầy", "the disk is full"),
    ("Permission denied", "không có quyền ghi vào thư mục dự án", "no permission to write to the project"),
    ("Temporary failure in name", "không có mạng", "there is no network"),
    ("Connection", "không kết nối được kho gói", "the package index does not answer"),
    ("timed out", "kho gói trả lời quá chậm", "the package index is too slow"),
    (
        "No matching distribution",
        "kho gói không trả lời hoặc thiếu một gói",
        "the index does not answer or lacks a package",
    ),
]


class SetupFailure(Exception):
    """One reason why the installation stops: Vietnamese, English."""


def say(text: str) -> None:
    """One line for the person at the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def version_of(python: str) -> "tuple[int, int] | None":
    """The version of an interpreter, or None when it does not run (a pyenv shim without its version)."""
    try:
        done = subprocess.run(  # noqa: S603  # an interpreter found on PATH
            [python, "-c", "import sys; print(*sys.version_info[:2])"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        major, minor = done.stdout.split()
        return int(major), int(minor)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None


def choose_python() -> str:
    """This interpreter if it is new enough, otherwise the first one on PATH that is."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    for name in CANDIDATES:
        found = shutil.which(name)
        version = version_of(found) if found else None
        if found and version and OLDEST <= version <= NEWEST:
            return found
    raise SetupFailure(
        "Cần Python 3.11 đến 3.14 nhưng máy chỉ có {}.{}; hãy cài python3.11 rồi chạy lại.".format(
            *sys.version_info[:2]
        ),
        "Python 3.11 to 3.14 is needed, this is {}.{}; install python3.11 and start again.".format(
            *sys.version_info[:2]
        ),
    )


def stamp_value() -> str:
    """Changes when anything changes that the installation depends on, the place of the project included."""
    digest = hashlib.sha256(f"{ROOT} {sys.version_info[:2]}".encode())
    for name in ("requirements.lock", "pyproject.toml", "package-lock.json", "his/web/assets.py", "deploy/setup.py"):
        path = ROOT / name
        digest.update(path.read_bytes() if path.exists() else b"-")
    return digest.hexdigest()


def is_current() -> bool:
    """Whether the last complete installation still fits."""
    manifest = ROOT / "his" / "web" / "static" / "manifest.json"
    interpreter = VENV / "bin" / "python"
    return STAMP.exists() and STAMP.read_text() == stamp_value() and manifest.exists() and interpreter.exists()


def create_environment() -> None:
    """Make .venv, or make it anew when its interpreter is gone or too old."""
    version = version_of(str(VENV / "bin" / "python"))
    if version and version >= OLDEST and (VENV / "bin" / "pip").exists():
        return
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise SetupFailure(
            "Python của máy thiếu mô-đun venv; hãy chạy: apt-get install python3-venv (hoặc python{}.{}-venv).".format(
                *sys.version_info[:2]
            ),
            "This Python lacks the venv module; run: apt-get install python3-venv (or python{}.{}-venv).".format(
                *sys.version_info[:2]
            ),
        )
    run([sys.executable, "-m", "venv", "--clear", str(VENV)])


def run(command: "list[str]", total: int = 0) -> None:
    """Run a command, counting what it collects out of `total`. Raises `SetupFailure` with the reason it gave."""
    lines, collected = [], 0
    environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", PIP_ROOT_USER_ACTION="ignore")
    environment.pop("PYTHONPATH", None)
    child = subprocess.Popen(  # noqa: S603  # commands of this file
        command,
        cwd=str(ROOT),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    for line in child.stdout or []:
        lines.append(line.rstrip())
        if total and re.match(r"(Collecting|Requirement already satisfied: )", line):
            collected += 1
            show_progress(
                collected, total, re.sub(r"^(Collecting|Requirement already satisfied:)\s+", "", line).split()[0]
            )
        elif total and line.startswith("Installing collected"):
            show_progress(total, total, "ghi vào .venv · writing to .venv", last=True)
    if child.wait():
        raise explain(lines)


def show_progress(done: int, total: int, what: str, last: bool = False) -> None:
    """One line that renews itself on a terminal, every tenth package elsewhere."""
    text = f"   {min(done, total)}/{total} {what.partition('==')[0]}"
    if sys.stdout.isatty():
        sys.stdout.write("\r\033[K" + text + ("\n" if last else ""))
        sys.stdout.flush()
    elif last or done % 10 == 0:
        say(text)


def explain(lines: "list[str]") -> SetupFailure:
    """The reason in what a failed command said."""
    said = "\n".join(lines)
    for sign, vi, en in REASONS:
        if sign.lower() in said.lower():
            return SetupFailure(
                f"Cài đặt không xong: {vi}; hãy sửa rồi chạy lại.",
                f"Installation stopped: {en}; correct it and start again.",
            )
    final = next((line for line in reversed(lines) if line.strip()), "")
    return SetupFailure(f"Cài đặt không xong: {final}", f"Installation stopped: {final}")


def install() -> None:
    """All steps, each one shown. The stamp is written last: a break leaves none, and the next start resumes."""
    STAMP.unlink() if STAMP.exists() else None
    say(f"1/4 Tạo môi trường Python · creating {VENV.name}")
    create_environment()
    python = str(VENV / "bin" / "python")
    lock = ROOT / "requirements.lock"
    total = len(re.findall(r"^[A-Za-z0-9].*==", lock.read_text(), flags=re.MULTILINE))
    say(f"2/4 Cài {total} gói theo requirements.lock · installing {total} packages")
    run(
        [python, "-m", "pip", "install", "--require-hashes", "--no-deps", "--progress-bar", "off", "-r", str(lock)],
        total,
    )
    say("3/4 Cài hệ thống · installing the project")
    run([python, "-m", "pip", "install", "--no-build-isolation", "--no-deps", "-e", "."])
    say("4/4 Chuẩn bị giao diện · preparing the web assets")
    run([python, "-m", "his.web.assets", str(ROOT)])
    STAMP.write_text(stamp_value())
    say("Cài đặt xong · installed")


def compile_sources() -> None:
    """Bytecode of the project, where this interpreter is that of .venv: an account that may not write it starts as fast."""
    if version_of_venv() == sys.version_info[:2]:
        for folder in ("his", "migrations"):
            compileall.compile_dir(str(ROOT / folder), quiet=2)


def version_of_venv() -> "tuple[int, int] | None":
    """The version that .venv was made for, from its own description; None where there is none."""
    try:
        found = re.search(r"^version = (\d+)\.(\d+)", (VENV / "pyvenv.cfg").read_text(), flags=re.MULTILINE)
    except OSError:
        return None
    return (int(found.group(1)), int(found.group(2))) if found else None


def tell_about_browser() -> None:
    """Browser tests skip without a Chromium; nobody should overlook that."""
    if not any(shutil.which(name) for name in BROWSERS):
        line = "!" * 100
        say(line)
        say("!!! Không có Chromium: các kiểm thử trên trình duyệt sẽ KHÔNG chạy. Cài bằng: apt-get install chromium")
        say("!!! No Chromium: the browser tests will NOT run. Install it with: apt-get install chromium")
        say(line)


def main() -> int:
    """Install if needed; the exit code is 1 after a reason in one sentence."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if "--browser" in sys.argv[1:]:
        tell_about_browser()
        return 0
    try:
        python = choose_python()
        if python != sys.executable:
            os.execv(python, [python, *sys.argv])  # noqa: S606  # the same script, a newer interpreter
        with (ROOT / "pyproject.toml").open() as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # a second `make` waits instead of writing into the same .venv
            if not is_current():
                install()
            compile_sources()
    except SetupFailure as failure:
        for sentence in failure.args:
            sys.stderr.write(f"{sentence}\n")
        return 1
    except OSError as error:
        sys.stderr.write(
            f"Không ghi được {error.filename}: {error.strerror}.\nCannot write {error.filename}: {error.strerror}.\n"
        )
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nĐã dừng; chạy lại để cài tiếp.\nStopped; start again to resume.\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
