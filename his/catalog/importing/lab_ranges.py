"""The ministry's reference ranges of laboratory tests: sexes and limits are read from the text of the list."""

import re
from decimal import Decimal
from typing import Any

from his.catalog.importing import parts
from his.catalog.importing.reading import Line
from his.catalog.importing.source import LINE, Context, Row
from his.kit.text import fold

ADULT = 6574  # days, 18 years: the list is for adults

_SEXES = (("", re.compile(r"^(?!nam|nu)")), ("M", re.compile(r"^nam:")), ("F", re.compile(r"^nu:")))


def reference_range(line: Line, _: Context) -> Row:
    """A line of the ministry's reference ranges; the adult ranges of both sexes are read from the text."""
    test, unit = line.need("test", 100), line.text("unit")
    group = "".join(word[0] for word in re.findall(r"[a-z]+", fold(line.need("group"))))
    code = re.sub(r"[^A-Z0-9%#+/]+", "-", fold(f"{group}-{test}-{unit}").upper()).strip("-")
    return {
        LINE: line.number,
        "code": code,
        "name": test,
        "service_code": "",
        "unit": "" if unit == "-" else unit,
        "ranges": _ranges(line),
        "position": 1000 + line.number,
    }


def _ranges(line: Line) -> list[dict[str, Any]]:
    text = line.need("ref_text")
    low, high = line.number_or_none("low"), line.number_or_none("high")
    if low is not None or high is not None:
        return [_range("", low, high, "")]
    found = []
    for part in re.split(r";\s*", text):
        folded = fold(part)
        sex = next((code for code, pattern in _SEXES if pattern.search(folded)), "")
        limits = _limits(part.split(":", 1)[-1])
        if limits is not None and sex:
            found.append(_range(sex, *limits, ""))
    return found or [_range("", None, None, text)]


def _limits(text: str) -> tuple[Decimal | None, Decimal | None] | None:
    """`4.5-5.9`, `<41`, `>=90`; None when it is something else."""
    text = text.strip()
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)", text):
        return Decimal(match[1]), Decimal(match[2])
    if match := re.fullmatch(r"<=?\s*(\d+(?:\.\d+)?)", text):
        return None, Decimal(match[1])
    if match := re.fullmatch(r">=?\s*(\d+(?:\.\d+)?)", text):
        return Decimal(match[1]), None
    return None


def _range(sex: str, low: Decimal | None, high: Decimal | None, expected: str) -> dict[str, Any]:
    return {
        "sex": sex,
        "age_from_days": ADULT if low is not None or high is not None else 0,
        "age_to_days": parts.LAST_DAY,
        "low": parts.json_number(low),
        "high": parts.json_number(high),
        "critical_low": None,
        "critical_high": None,
        "expected": expected,
    }
