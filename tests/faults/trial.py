"""What every trial shares: a seed it replays from, a count from the environment, one JSON line that says what was seen.

`HIS_SEED` replays a trial. `HIS_TRIALS_FILE` names a file to which the lines are appended as well as printed; the runner
(`tests/faults/run.py`) reads them there and writes the table `deploy/TRIALS.md`. A trial is put on the list in one of the
files of `tests/faults/lines/`.
"""

import json
import os
from pathlib import Path
from typing import Any

USUAL_SEED = 20261128


def seed() -> int:
    """The seed of this run: `HIS_SEED`, or the usual one."""
    return int(os.environ.get("HIS_SEED") or USUAL_SEED)


def count(variable: str, small: int) -> int:
    """How often: the environment variable of the trial, or the small count that runs with every check."""
    return int(os.environ.get(variable) or small)


def met(expected: Any, got: Any) -> bool:
    """Whether what was seen is what was expected.

    A dictionary needs each expected key (what was seen beside it is a figure for the reader), an empty one means that
    nothing may be there; a text that begins with
    `<=` or `>=` is a bound, anything else has to be equal. A figure that is absent or no number meets no bound.
    """
    if isinstance(expected, dict) and expected:
        return isinstance(got, dict) and all(met(value, got.get(key)) for key, value in expected.items())
    if isinstance(expected, str) and expected[:2] in ("<=", ">="):
        if isinstance(got, bool) or not isinstance(got, (int, float)):
            return False
        bound = float(expected[2:])
        return got <= bound if expected.startswith("<=") else got >= bound
    return bool(expected == got)


def report(id: str, *, n: int, expected: Any, got: Any, seed: int | None = None) -> None:
    """Say what a trial saw, then raise AssertionError unless it is what was expected.

    `id` is the line of the scoreboard (`"8"`), with a word behind it where a line has several (`"4-async"`); `n` is how
    often it was really tried.
    """
    line = {"id": id, "seed": USUAL_SEED if seed is None else seed, "n": n, "expected": expected, "got": got}
    text = json.dumps(line, ensure_ascii=False, default=str)
    print(text, flush=True)
    if target := os.environ.get("HIS_TRIALS_FILE"):
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(text + "\n")
    assert met(expected, got), text
