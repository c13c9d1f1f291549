"""Log lines as JSON, one a line, without what people typed or what stands in a record.

Of an error only its class, the database's code and the places in the program are written: the sentences of errors quote
values (a unique key, a line of a file). Control characters are escaped, so that no text can begin a line of its own.
"""

import json
import logging
import logging.config
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from his.kit.requests import request_id

FRAMES: Final = 25
CONFIGURATION: Final = Path(__file__).parents[1] / "logging.json"
"""For `logging.config` and for uvicorn; libraries that write whole addresses or contents are held down there."""


class JsonLines(logging.Formatter):
    """`{"at", "level", "logger", "message", "request", "error": {...}}`; times in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if number := request_id.get():
            line["request"] = number
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = told(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True, default=lambda value: type(value).__name__)


def told(error: BaseException) -> dict[str, Any]:
    """An error without its sentence: class, code and constraint of the database, where it went through, what caused it."""
    found: dict[str, Any] = {"class": f"{type(error).__module__}.{type(error).__qualname__}"}
    diagnosis = getattr(getattr(error, "orig", error), "diag", None)
    for name in ("sqlstate", "constraint_name", "table_name"):
        if value := getattr(diagnosis, name, None):
            found[name] = value
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    found["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    if isinstance(error, BaseExceptionGroup):
        found["group"] = [told(one) for one in error.exceptions[:5]]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        found["cause"] = told(cause)
    return found


def configure(level: str) -> None:
    """Every logger of this process writes JSON lines to standard error from `level` on."""
    logging.config.dictConfig(json.loads(CONFIGURATION.read_text(encoding="utf-8")))
    logging.root.setLevel(level.upper())
