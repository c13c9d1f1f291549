"""The list of trials as data (`tests/faults/lines/*.toml`), the lines of the scoreboard, and the table of both."""

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.trial import met

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS = ROOT / "deploy" / "trials.jsonl"
TABLE = ROOT / "deploy" / "TRIALS.md"
HEAD = """# Trials

Written by `make trials` from `deploy/trials.jsonl`; never by hand. Each line is one of the scoreboard. *Count* is how often
it has to be tried, *n* how often it was at the last run. **green**: the whole count, and everything as expected. **SHORT**:
as expected, but fewer than the count. **RED**: not as expected. **NOT RUN**: no run is on record, whatever the code says.
*Sabotage* says whether the trial, with its fault put in, was seen red on that day.

| Line | What | Count | n | State | Figures | Sabotage | Date |
|---|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Trial:
    """One trial: the tests that make it, the environment of the long run, the count it reaches there, minutes it takes."""

    id: str
    what: str
    nodes: tuple[str, ...]
    count: int
    environment: dict[str, str] = field(default_factory=dict)
    minutes: float = 1
    sabotage: tuple[str, ...] = ()
    needs: str = ""
    """What this machine must have, for the reader."""

    @property
    def line(self) -> int:
        """The line of the scoreboard."""
        return int(self.id.split("-")[0])


def trials() -> list[Trial]:
    """Every trial on the list, by line."""
    found = []
    for file in sorted((HERE / "lines").glob("*.toml")):
        for entry in tomllib.loads(file.read_text(encoding="utf-8"))["trial"]:
            entry["nodes"] = tuple(entry["nodes"])
            entry["sabotage"] = tuple(entry.get("sabotage", ()))
            found.append(Trial(**entry))
    return sorted(found, key=lambda trial: (trial.line, trial.id))


def scoreboard() -> dict[int, str]:
    """Line number -> what it asks."""
    lines = tomllib.loads((HERE / "scoreboard.toml").read_text(encoding="utf-8"))
    return {int(number): what for number, what in lines.items()}


def results(path: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """The last recorded run of each id."""
    if not path.exists():
        return {}
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return {row["id"]: row for row in rows}


def state(trial: Trial, row: dict[str, Any] | None) -> str:
    """`green`, `SHORT`, `RED` or `NOT RUN`: nothing is green that has no run on record."""
    if row is None:
        return "NOT RUN"
    if not row["passed"] or not met(row["expected"], row["got"]):
        return "RED"
    return "green" if row["n"] >= trial.count else "SHORT"


def table(listed: Iterable[Trial], rows: dict[str, dict[str, Any]], board: dict[int, str]) -> str:
    """The whole of TRIALS.md."""
    by_line: dict[int, list[Trial]] = {}
    for trial in listed:
        by_line.setdefault(trial.line, []).append(trial)
    written = []
    for number, what in sorted(board.items()):
        for trial in by_line.get(number, []):
            row = rows.get(trial.id)
            written.append(_row(trial.id, trial.what, str(trial.count), state(trial, row), row))
        if number not in by_line:
            written.append(_row(str(number), what, "", "NOT RUN", None))
    return HEAD + "".join(written)


def _row(identity: str, what: str, count: str, said: str, row: dict[str, Any] | None) -> str:
    seen = row or {}
    bold = said if said == "NOT RUN" else f"**{said}**"
    cells = (
        identity, what, count, seen.get("n", ""), bold, figures(seen.get("got")), seen.get("sabotage", ""), seen.get("date", "")
    )  # fmt: skip
    return "| " + " | ".join(str(cell).replace("|", "/").replace("\n", " ") for cell in cells) + " |\n"


def figures(got: Any) -> str:
    """What was seen, on one line."""
    if isinstance(got, dict):
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in got.items())
    return "" if got is None else str(got)
