"""`benefit compute FILE`: visits in the plain form in, shares out; anyone can check the engine without code."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from his.billing.rules import compute_visit
from his.billing.rules.days import day_of
from his.billing.rules.plain import read_settings, read_visit, write_visit
from his.billing.rules.readings import settings_on
from his.kit.errors import HisError, invalid

app = typer.Typer(help="Tính quyền lợi BHYT.", no_args_is_help=True, add_completion=False)
MALFORMED = 2


@app.callback()
def _group() -> None:
    """Tính quyền lợi BHYT từ dữ kiện của đợt khám."""


@app.command()
def compute(file: Annotated[str, typer.Argument(help="Tệp JSON theo mẫu dữ kiện, hoặc - để đọc từ stdin.")]) -> None:
    """In ra {"results": [{"id", "result"}]}; dữ kiện sai được nêu trên stderr và mã thoát là 2."""
    vectors = _load(file)
    results: list[dict[str, Any]] = []
    failed = False
    for index, vector in enumerate(vectors):
        name = _name(vector, index)
        try:
            result, unknown = compute_vector(vector)
        except HisError as error:
            failed = True
            typer.echo(f"{name}: {error.field or 'facts'} {error.message}", err=True)
            continue
        for path in unknown:
            typer.echo(f"{name}: bỏ qua trường không có trong mẫu: {path}.", err=True)
        results.append({"id": name, "result": result})
    typer.echo(json.dumps({"results": results}, ensure_ascii=False, indent=1))
    if failed:
        raise typer.Exit(MALFORMED)


def compute_vector(vector: object) -> tuple[dict[str, Any], list[str]]:
    """The answer for one vector and the fields that were left aside; HisError INVALID names the bad field."""
    if not isinstance(vector, dict):
        raise invalid("vectors", "phải là một đối tượng có id và facts.")
    facts, unknown = read_visit(vector.get("facts"))
    settings = read_settings(vector.get("options"), settings_on(day_of(facts.ended_at)))
    return write_visit(compute_visit(facts, settings)), unknown


def _name(vector: object, index: int) -> str:
    name = vector.get("id") if isinstance(vector, dict) else None
    return name if isinstance(name, str) and name else f"vectors[{index}]"


def _load(file: str) -> list[Any]:
    """The vectors of the file; anything that is not the form ends with one sentence and exit code 2."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        source = json.loads(text, parse_float=str)
    except OSError as error:
        typer.echo(f"Không đọc được {file}: {error.strerror}.", err=True)
    except (ValueError, RecursionError) as error:
        typer.echo(f"{file} không phải JSON UTF-8: {error}.", err=True)
    else:
        vectors = source.get("vectors") if isinstance(source, dict) else None
        if isinstance(vectors, list):
            return vectors
        typer.echo(f'{file} phải có dạng {{"vectors": [{{"id", "facts"}}]}}.', err=True)
    raise typer.Exit(MALFORMED)


if __name__ == "__main__":
    app()
