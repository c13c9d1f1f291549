"""The command `his rules`: every rule of the system, wherever it stands."""

import importlib
import json
import pkgutil
from typing import Annotated, Any

import typer

import his
from his.claims.cli import rule_rows
from his.kit.rulebook import Rule


def register(app: typer.Typer) -> None:
    """Add `rules` to the command line."""
    app.command("rules")(rules)


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


def rules(as_json: Annotated[bool, typer.Option("--json", help="In JSON cho máy đọc.")] = False) -> None:
    """Liệt kê mọi quy tắc của hệ thống: mã, bảng, mức, tên, căn cứ, thời gian hiệu lực."""
    rows = rule_rows(every_rule())
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for row in rows:
        typer.echo(f"{row['code']}\t{row['severity']}\t{row['title']}")
