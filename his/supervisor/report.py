"""What the operator sees: steps while starting, the address and sign-ins when ready, and one sentence when it fails."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from his.identity.terms import ROLE_NAMES
from his.kit.config import SetupError

ROLES = {role.value: name for role, name in ROLE_NAMES.items()}


class Reporter:
    """Writes to the terminal, Vietnamese first; plain lines when the output is a file."""

    def __init__(self, console: Console | None = None) -> None:
        reconfigure = getattr(sys.stdout, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")  # a terminal without Vietnamese letters still gets every line
        self.console = console or Console(highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, vi: str, en: str) -> Iterator[None]:
        """Show that a step runs, then that it is done and how long it took."""
        started = time.monotonic()
        with self.console.status(f"{vi} · {en}"):
            yield
        seconds = f"{time.monotonic() - started:.1f}".replace(".", ",")
        self.console.print(f"[green]✓[/green] {vi} [dim]· {en} ({seconds} s)[/dim]")

    def note(self, vi: str, en: str) -> None:
        """One line about something that happened."""
        self.console.print(f"[yellow]•[/yellow] {vi} [dim]· {en}[/dim]")

    def fail(self, error: SetupError) -> None:
        """The reason why it does not start."""
        self.console.print(f"[bold red]✗[/bold red] {error.vi}", markup=True)
        self.console.print(f"  [dim]{error.en}[/dim]")

    def welcome(self, address: str, demo_file: Path) -> None:
        """The address to open and one sign-in for each kind of user, if the installation has invented ones."""
        self.console.print()
        self.console.print(
            Panel(f"[bold]{address}[/bold]", title="Hệ thống đã sẵn sàng · Ready", expand=False, padding=(0, 2))
        )
        accounts = read_accounts(demo_file)
        if accounts:
            table = Table(title="Tài khoản dùng thử · Demonstration sign-ins", title_justify="left")
            for heading in ("Vai trò", "Tên đăng nhập", "Mật khẩu"):
                table.add_column(heading, no_wrap=True)
            for account in accounts:
                table.add_row(ROLES.get(account["role"], account["role"]), account["username"], account["password"])
            self.console.print(table)
        self.console.print("Nhấn Ctrl+C để dừng. [dim]Press Ctrl+C to stop.[/dim]")


def read_accounts(demo_file: Path) -> list[dict[str, str]]:
    """The first sign-in of each role in demo.json (`users`: role, username, password); none when it is absent."""
    try:
        content: Any = json.loads(demo_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    wanted = ("role", "username", "password")
    first: dict[str, dict[str, str]] = {}
    for row in content.get("users", []) if isinstance(content, dict) else []:
        if isinstance(row, dict) and all(key in row for key in wanted):
            first.setdefault(str(row["role"]), {key: str(row[key]) for key in wanted})
    return list(first.values())
