"""The command `his`: one group of commands for each slice that has any."""

import importlib
import importlib.util
import sys

import typer

from his.discovery import LADDER

GROUPS = {"fhir": "fhir", **{name: name for name in LADDER}, "billing": "benefit"}
PROGRAMS = ("his.backup.cli", "his.rule_list", "his.supervisor.cli", "his.worker", "his.gateway", "his.demo")

app = typer.Typer(
    no_args_is_help=True, help="Hệ thống thông tin bệnh viện của một tỉnh.", pretty_exceptions_enable=False
)


def main() -> None:
    """Collect the commands and run. `his run` needs its own program only, and people wait for it."""
    if sys.argv[1:2] == ["run"]:
        importlib.import_module("his.supervisor.cli").register(app)
        app.callback()(_several)
    else:
        _collect()
    app()


def _collect() -> None:
    for slice_name, group in GROUPS.items():
        module = f"his.{slice_name}.cli"
        if importlib.util.find_spec(f"his.{slice_name}") and importlib.util.find_spec(module):
            app.add_typer(importlib.import_module(module).app, name=group)
    for module in PROGRAMS:
        importlib.import_module(module).register(app)


def _several() -> None:
    """Hệ thống thông tin bệnh viện của một tỉnh."""
