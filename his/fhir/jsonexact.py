"""JSON values that are changed or sent in another form: every number keeps the digits it was written with."""

import json
from decimal import Decimal
from typing import Any, NoReturn

from his.fhir.jsontext import malformed


class Exact(Decimal):
    """A decimal number that is written as it was read (`1.10`, `1e3`)."""

    text: str

    def __new__(cls, text: str) -> "Exact":
        """Read a JSON number with a point or an exponent."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __deepcopy__(self, _memo: Any) -> "Exact":
        return self

    def __copy__(self) -> "Exact":
        return self

    def __str__(self) -> str:
        return self.text


def _constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def read(text: str) -> Any:
    """The value of a JSON text; 400 when it is none."""
    try:
        return json.loads(text, parse_float=Exact, parse_constant=_constant)
    except RecursionError:
        raise malformed("lồng quá sâu.") from None
    except ValueError as error:
        raise malformed(f"{str(error)[:80]}.") from None


def write(value: Any) -> str:
    """The JSON text of a value, without blanks."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{quoted(name)}:{write(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(write(item) for item in value) + "]"
    return scalar(value)


def scalar(value: Any) -> str:
    """The JSON text of a string, number, truth value or null."""
    if isinstance(value, str):
        return quoted(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def quoted(text: str) -> str:
    """A string as JSON."""
    return json.dumps(text, ensure_ascii=False)


def indented(value: Any, newline: str = "\n") -> str:
    """The JSON text of a value with a line for every member."""
    inner = newline + "  "
    if isinstance(value, dict) and value:
        parts = (f"{quoted(name)}: {indented(item, inner)}" for name, item in value.items())
        return "{" + inner + ("," + inner).join(parts) + newline + "}"
    if isinstance(value, list) and value:
        return "[" + inner + ("," + inner).join(indented(item, inner) for item in value) + newline + "]"
    return write(value) if isinstance(value, dict | list) else scalar(value)
