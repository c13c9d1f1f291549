"""The command `his`: one group of commands for each slice that has any."""

import importlib
import importlib.util

import typer

from his.discovery import LADDER

app = typer.Typer(
    no_args_is_help=True, help="Hệ thống thông tin bệnh viện của một tỉnh.", pretty_exceptions_enable=False
)
GROUPS = {"billing": "benefit"}


def main() -> None:
    """Collect the commands of the slices and run."""
    for slice_name in ("fhir", *LADDER):
        module = f"his.{slice_name}.cli"
        if importlib.util.find_spec(f"his.{slice_name}") and importlib.util.find_spec(module):
            app.add_typer(importlib.import_module(module).app, name=GROUPS.get(slice_name, slice_name))
    for module in ("his.supervisor.cli", "his.worker", "his.gateway", "his.demo"):
        if importlib.util.find_spec(module):
            importlib.import_module(module).register(app)
    app()
