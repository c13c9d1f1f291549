"""The command `his`: one group of commands for each slice that has any."""

import importlib
import importlib.util
import json
import pkgutil
from typing import Annotated, Any

import typer

import his
from his.claims.cli import rule_rows
from his.discovery import LADDER
from his.kit.rulebook import Rule

app = typer.Typer(
    no_args_is_help=True, help="Hệ thống thông tin bệnh viện của một tỉnh.", pretty_exceptions_enable=False
)
GROUPS = {"billing": "benefit"}


def every_rule() -> list[Rule[Any]]:
    """All rules of the system in the order of their codes, found by looking into every module of rules."""
    found: dict[int, Rule[Any]] = {}
    for info in pkgutil.walk_packages(his.__path__, "his."):
        if ".rules" not in info.name:
            continue
        for value in vars(importlib.import_module(info.name)).values():
            for rule in value if isinstance(value, tuple) else (value,):
                if isinstance(rule, Rule):
                    found[id(rule)] = rule
    return sorted(found.values(), key=lambda rule: (rule.code, str(rule.valid_from)))


@app.command("rules")
def rules(as_json: Annotated[bool, typer.Option("--json", help="In JSON cho máy đọc.")] = False) -> None:
    """Liệt kê mọi quy tắc của hệ thống: mã, bảng, mức, tên, căn cứ, thời gian hiệu lực."""
    rows = rule_rows(every_rule())
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for row in rows:
        typer.echo(f"{row['code']}\t{row['severity']}\t{row['title']}")


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
