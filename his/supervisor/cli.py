"""The command `his run`."""

import typer

from his.kit.config import SetupError, get_settings
from his.supervisor import main
from his.supervisor.report import Reporter


def register(app: typer.Typer) -> None:
    """Add `run` to the command line."""
    app.command("run")(run)


def run() -> None:
    """Khởi động toàn bộ hệ thống; Ctrl+C để dừng."""
    try:
        settings = get_settings()
    except SetupError as error:
        Reporter().fail(error)
        raise typer.Exit(1) from None
    raise typer.Exit(main.run(settings))
