"""From a query string to conditions on the search index; an unknown parameter or a malformed value is 400, never "all".

http://hl7.org/fhir/R4/search.html. Supported: the parameters of parameters/, `_id`, `_lastUpdated`, `_count`, `_sort`,
`_total`, `_include`, `_revinclude`, `_summary=count`, and the modifiers `:exact` (string) and `:Type` (reference).
"""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from his.fhir.conditions import Condition, DateCondition, Range, ValueCondition, bad, read_cursor
from his.fhir.dates import interval
from his.fhir.extract import LONGEST, SEPARATOR, bounded
from his.fhir.outcome import FhirError
from his.fhir.parameters import Parameter, parameters
from his.fhir.resource_types import TYPES
from his.kit.text import tokens

MAX_COUNT = 200
DEFAULT_COUNT = 50
MAX_ALTERNATIVES = 50
MAX_PARAMETERS = 40
DATE_PREFIX = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(?=\d)")
ID = re.compile(r"[A-Za-z0-9.\-]{1,64}$", re.ASCII)
_INCLUDE = re.compile(r"([A-Z][A-Za-z]+):([a-z\-]+)(?::([A-Z][A-Za-z]+))?$")
IGNORED = frozenset({"_format", "_pretty"})


@dataclass(frozen=True, slots=True)
class Include:
    """`_include` or `_revinclude`: the type that holds the reference, the parameter, the type it must point to."""

    source: str
    param: str
    target: str = ""


@dataclass(slots=True)
class Query:
    """A search, understood."""

    type: str
    conditions: list[Condition] = field(default_factory=list)
    ids: tuple[str, ...] | None = None
    updated: DateCondition | None = None
    count: int = DEFAULT_COUNT
    sort: str = ""  # "" updated -updated
    total: bool = False
    only_total: bool = False
    cursor: tuple[str, ...] | None = None
    includes: list[Include] = field(default_factory=list)
    revincludes: list[Include] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # of the parameters used, for the audit entry
    pairs: list[tuple[str, str]] = field(default_factory=list)  # what the page links repeat


def split_query(text: str) -> list[tuple[str, str]]:
    """Names and values of a query string or form body."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except (UnicodeDecodeError, ValueError):
        raise FhirError(
            400, "invalid", "Chuỗi tìm kiếm không đọc được (mã ký tự sai hoặc quá nhiều tham số)."
        ) from None
    for name, value in pairs:
        if any(c < " " or "\ud800" <= c <= "\udfff" for c in name + value):
            shown = "".join(c for c in name if c >= " " and not "\ud800" <= c <= "\udfff")
            raise bad(shown[:60], "có ký tự điều khiển.")
    return pairs


def parse(resource_type: str, pairs: list[tuple[str, str]]) -> Query:
    """Understand a search of this type. Raises 400 that names the parameter."""
    query = Query(resource_type)
    for name, value in pairs:
        if name in IGNORED:
            continue
        query.names.append(name)
        if name.startswith("_"):
            _control(query, name, value)
        else:
            query.conditions += condition(resource_type, name, value)
        if name != "_cursor":
            query.pairs.append((name, value))
    return query


def _control(query: Query, name: str, value: str) -> None:
    if name == "_id":
        query.ids = tuple(_alternatives(name, value))
        if not all(ID.match(one) for one in query.ids):
            raise bad(name, "mã không hợp lệ.")
    elif name == "_lastUpdated":
        query.updated = _dates(name, value)
    elif name == "_count":
        if not value.isascii() or not value.isdigit() or len(value) > 6:
            raise bad(name, "cần một số nguyên từ 0.")
        query.count = min(int(value), MAX_COUNT)
        query.only_total = query.only_total or query.count == 0
    elif name == "_sort":
        if value not in ("_lastUpdated", "-_lastUpdated"):
            raise bad(name, "chỉ sắp theo _lastUpdated hoặc -_lastUpdated.")
        query.sort = "-updated" if value[0] == "-" else "updated"
    elif name == "_total":
        if value not in ("none", "accurate"):
            raise bad(name, "chỉ nhận none hoặc accurate.")
        query.total = value == "accurate"
    elif name == "_totalMethod":  # what fhirpy sends for a count
        if value not in ("none", "count"):
            raise bad(name, "chỉ nhận none hoặc count.")
        query.total = value == "count"
    elif name == "_summary":
        query.only_total = query.only_total or value == "count"
    elif name == "_elements":
        pass  # what is shown of a resource is read by views.py
    elif name == "_include":
        query.includes.append(_include(name, value, query.type))
    elif name == "_revinclude":
        query.revincludes.append(_include(name, value, ""))
    elif name == "_cursor":
        query.cursor = read_cursor(value)
    else:
        raise bad(name[:60], "không được hỗ trợ.")


def condition(resource_type: str, name: str, value: str) -> list[Condition]:
    """The conditions of one parameter; several words of a name are several conditions."""
    base, _, modifier = name.partition(":")
    parameter = parameters(resource_type).get(base)
    if parameter is None:
        raise bad(name[:60], f"{resource_type} không có tham số này.")
    if value == "":
        raise bad(name, "thiếu giá trị.")
    if len(value) > 20 * LONGEST:
        raise bad(name, "quá dài.")
    if parameter.kind == "date":
        if modifier:
            raise bad(name, "bổ ngữ không được hỗ trợ.")
        return [_dates(base, value)]
    if parameter.kind == "string":
        return _strings(name, base, modifier, value)
    if parameter.kind == "reference":
        ranges = [_reference(name, parameter, modifier, one) for one in _alternatives(name, value)]
    elif modifier:
        raise bad(name, "bổ ngữ không được hỗ trợ.")
    elif parameter.kind == "uri":
        ranges = [Range(bounded(one)) for one in _alternatives(name, value)]
    else:
        ranges = [_token(name, parameter, one) for one in _alternatives(name, value)]
    return [ValueCondition(base, tuple(dict.fromkeys(ranges)))]


def _alternatives(name: str, value: str) -> list[str]:
    parts = re.split(r"(?<!\\),", value) if "," in value else [value]
    if len(parts) > MAX_ALTERNATIVES:
        raise bad(name, f"nhiều hơn {MAX_ALTERNATIVES} giá trị.")
    if not all(parts):
        raise bad(name, "có giá trị rỗng.")
    return parts


def _unescape(value: str) -> str:
    return re.sub(r"\\([,|$\\])", r"\1", value) if "\\" in value else value


def _any_context(value: str) -> Range:
    """The value with whatever follows the separator."""
    cut = bounded(value + SEPARATOR)
    return Range(cut, cut[:-1] + " ") if cut.endswith(SEPARATOR) else Range(cut)


def _token(name: str, parameter: Parameter, value: str) -> Range:
    parts = [_unescape(part) for part in re.split(r"(?<!\\)\|", value)]
    if len(parts) > 2 or parts[-1] == "":
        raise bad(name, "cần mã, hệ|mã hoặc |mã.")
    if len(parts) == 1:
        return _any_context(parts[0])
    return Range(bounded(parts[1] + SEPARATOR + ("" if parameter.kind == "code" else parts[0])))


def _reference(name: str, parameter: Parameter, modifier: str, value: str) -> Range:
    value = _unescape(value)
    if modifier and modifier not in TYPES:
        raise bad(name, "bổ ngữ không được hỗ trợ.")
    if "://" in value:
        return Range(bounded(value + SEPARATOR))
    kind, slash, identity = value.rpartition("/")
    kind = kind or modifier or parameter.target
    if not ID.match(identity) or (slash and kind not in TYPES) or (slash and modifier not in ("", kind)):
        raise bad(name, "cần Loại/mã hoặc mã.")
    return Range(identity + SEPARATOR + kind) if kind else _any_context(identity)


def _strings(name: str, base: str, modifier: str, value: str) -> list[Condition]:
    if modifier not in ("", "exact"):
        raise bad(name, "bổ ngữ không được hỗ trợ.")
    alternatives = [_unescape(one) for one in _alternatives(name, value)]
    if modifier == "exact":
        words = [(tokens(one), one) for one in alternatives]
        if not all(found for found, _ in words):
            raise bad(name, "không có chữ nào để tìm.")
        return [ValueCondition(base, tuple(Range(bounded(found[0] + SEPARATOR + one)) for found, one in words))]
    found = [tokens(one) for one in alternatives]
    if not all(found):
        raise bad(name, "không có chữ nào để tìm.")
    if len(found) > 1 and any(len(words) > 1 for words in found):
        raise bad(name, "mỗi giá trị trong danh sách chỉ một chữ.")
    if len(found) == 1:
        return [ValueCondition(base, (_prefix(word),)) for word in found[0]]
    return [ValueCondition(base, tuple(_prefix(words[0]) for words in found))]


def _prefix(word: str) -> Range:
    return Range(word, word[:-1] + chr(ord(word[-1]) + 1))


def _dates(name: str, value: str) -> DateCondition:
    out = []
    for one in _alternatives(name, value):
        found = DATE_PREFIX.match(one)
        if found is None or found[1] == "ap":
            raise bad(name, "cần ngày dạng 2026-11-22, có thể đứng sau eq ne gt lt ge le sa eb.")
        span = interval(one[found.end() :].replace(" ", "+"))
        if span is None:
            raise bad(name, "ngày không hợp lệ.")
        out.append((found[1] or "eq", *span))
    return DateCondition(name, tuple(out))


def _include(name: str, value: str, must: str) -> Include:
    found = _INCLUDE.match(value)
    if found is None or found[1] not in TYPES or (must and found[1] != must):
        raise bad(name, "cần Loại:tham-số.")
    parameter = parameters(found[1]).get(found[2])
    if parameter is None or parameter.kind != "reference" or (found[3] and found[3] not in TYPES):
        raise bad(name, "không có tham số tham chiếu này.")
    return Include(found[1], found[2], found[3] or "")
