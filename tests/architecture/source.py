"""What the tidy tests look at: every Python file of the product, parsed once."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "his"


@dataclass(frozen=True)
class Module:
    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def parts(self) -> tuple[str, ...]:
        inside = self.path.is_relative_to(PACKAGE)
        return self.path.relative_to(PACKAGE if inside else ROOT).with_suffix("").parts


def parse(text: str, path: Path = PACKAGE / "example.py") -> Module:
    return Module(path, text, ast.parse(text))


@cache
def modules() -> tuple[Module, ...]:
    return tuple(
        parse(p.read_text(encoding="utf-8"), p) for p in sorted(PACKAGE.rglob("*.py")) if "__pycache__" not in p.parts
    )


@cache
def every_module() -> tuple[Module, ...]:
    """The product's files, and those of tests, migrations and deployment."""
    folders = ("his", "tests", "migrations", "deploy")
    paths = (p for folder in folders for p in sorted((ROOT / folder).rglob("*.py")) if "__pycache__" not in p.parts)
    return tuple(parse(p.read_text(encoding="utf-8"), p) for p in paths)
