"""`make trials`: the long trials one after another, each in a process of its own, and the table of what was seen.

`python -m tests.faults.run [--small] [--missing] [--no-sabotage] [id ...]`: without ids all of them, the quick ones first.
`--missing` leaves out what is green on record, so that a broken-off night goes on where it ended. `--small` takes the counts
of `make check` and puts nothing on record. A trial without a figure is on record as failed, never as green.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults.listed import RESULTS, ROOT, TABLE, Trial, results, scoreboard, state, table, trials


def pytest(nodes: tuple[str, ...], environment: dict[str, str], file: Path) -> int:
    """Run the nodes; their lines go to `file`. Returns pytest's answer, 0 when all passed."""
    variables = {**os.environ, **environment, "HIS_TRIALS_FILE": str(file)}
    command = [sys.executable, "-m", "pytest", "-n0", "-q", "-s", "-p", "no:cacheprovider", *nodes]
    return subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode


def lines(file: Path) -> dict[str, dict[str, Any]]:
    """The lines that the trial wrote, by id; the last one counts."""
    if not file.exists():
        return {}
    return {row["id"]: row for row in map(json.loads, file.read_text(encoding="utf-8").splitlines())}


def play(group: list[Trial], small: bool, sabotage: bool) -> list[dict[str, Any]]:
    """One run of tests that gives the figures of every trial in `group`."""
    first = group[0]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        answer = pytest(first.nodes, {} if small else first.environment, Path(folder) / "lines")
        seen = lines(Path(folder) / "lines")
        minutes = round((time.monotonic() - began) / 60, 1)
        wanted = tuple(dict.fromkeys(node for trial in group for node in trial.sabotage))
        said = "none"
        if wanted:
            said = "not tried"
            if sabotage:
                said = "seen red" if pytest(wanted, {}, Path(folder) / "sabotage") == 0 else "NOT SEEN"
    rows = []
    for trial in group:
        row = seen.get(trial.id) or {"id": trial.id, "seed": None, "n": 0, "expected": "a figure", "got": "no figure"}
        own = said if trial.sabotage else "none"
        stamp = {"passed": answer == 0, "minutes": minutes, "sabotage": own, "date": str(datetime.now(UTC).date())}
        rows.append({**row, **stamp})
    return rows


def grouped(chosen: list[Trial]) -> list[list[Trial]]:
    """Trials of the same tests and environment are one run; the quick ones first."""
    runs: dict[str, list[Trial]] = {}
    for trial in sorted(chosen, key=lambda trial: trial.minutes):
        runs.setdefault(json.dumps([trial.nodes, trial.environment]), []).append(trial)
    return list(runs.values())


def write_table() -> None:
    """TRIALS.md from what is on record."""
    TABLE.write_text(table(trials(), results(), scoreboard()), encoding="utf-8")


def main() -> int:
    """Run what was asked for; 1 when any of it is not green (or not even run to its end)."""
    parser = argparse.ArgumentParser(prog="make trials")
    parser.add_argument("ids", nargs="*")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--missing", action="store_true")
    parser.add_argument("--no-sabotage", action="store_true")
    parser.add_argument("--table", action="store_true", help="only write the table")
    asked = parser.parse_args()
    known = {trial.id: trial for trial in trials()}
    if unknown := set(asked.ids) - set(known):
        parser.error(f"no such trial: {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    chosen = [] if asked.table else [known[name] for name in asked.ids] or list(known.values())
    if asked.missing:
        chosen = [trial for trial in chosen if state(trial, results().get(trial.id)) != "green"]
    red = []
    for group in grouped(chosen):
        names = " + ".join(trial.id for trial in group)
        print(f"== {names}: {group[0].what} (about {group[0].minutes} min)", flush=True)
        for trial, row in zip(group, play(group, asked.small, not asked.no_sabotage), strict=True):
            if not asked.small:
                with RESULTS.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
            if (said := state(trial, row)) not in ("green", "SHORT") or row["sabotage"] == "NOT SEEN":
                red.append(f"{trial.id} {said}")
        write_table()
    if asked.table:
        write_table()
    print("red: " + (", ".join(red) or "none"))
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
