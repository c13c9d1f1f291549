"""From a query string to conditions on the search index; an unknown parameter or a malformed value is 400, never "all".

http://hl7.org/fhir/R4/search.html. Supported: the parameters of parameters/ with their modifiers (searchvalues.py), what
goes through other resources (searchlinks.py), `_id`, `_lastUpdated`, `_count`, `_sort`, `_total`, `_summary=count`.
`Prefer: handling=lenient` leaves out what is not understood, and says so.
"""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from his.fhir.conditions import (
    Asking,
    Condition,
    DateCondition,
    SortKey,
    bad,
    read_cursor,
)
from his.fhir.extract import SEPARATOR
from his.fhir.outcome import FhirError
from his.fhir.parameters import Parameter, parameters
from his.fhir.searchlinks import Include, condition, include
from his.fhir.searchranges import dates
from his.fhir.searchtext import ID, alternatives

MAX_COUNT = 200
DEFAULT_COUNT = 50
MAX_PARAMETERS = 40
MAX_SORT_KEYS = 5
TOTALS = {"none": "", "estimate": "estimate", "accurate": "accurate"}
__all__ = ["ID", "Include", "Query", "condition", "parse", "split_query"]
IGNORED = frozenset({"_format", "_pretty"})
_UNSORTED = frozenset({"composite", "near", "text"})


@dataclass(slots=True)
class Query:
    """A search, understood."""

    type: str
    conditions: list[Condition] = field(default_factory=list)
    ids: tuple[str, ...] | None = None
    updated: DateCondition | None = None
    count: int = DEFAULT_COUNT
    sort: str = ""  # "" updated -updated; keys for anything else
    sorts: tuple[SortKey, ...] = ()
    total: str = ""  # "" estimate accurate
    only_total: bool = False
    crowded: bool = False  # many match: a page looks at one candidate after the other instead of bringing all together
    cursor: tuple[str, ...] | None = None
    includes: list[Include] = field(default_factory=list)
    revincludes: list[Include] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # of the parameters used, for the audit entry
    pairs: list[tuple[str, str]] = field(default_factory=list)  # what the page links repeat
    ignored: list[FhirError] = field(default_factory=list)  # what a lenient search left out
    asking: Asking = field(default_factory=Asking)


def split_query(text: str) -> list[tuple[str, str]]:
    """Names and values of a query string or form body."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except (UnicodeDecodeError, ValueError):
        raise FhirError(
            400, "invalid", "Chuỗi tìm kiếm không đọc được (mã ký tự sai hoặc quá nhiều tham số).", "http.query"
        ) from None
    for name, value in pairs:
        if any(c < " " or "\ud800" <= c <= "\udfff" for c in name + value):
            shown = "".join(c for c in name if c >= " " and not "\ud800" <= c <= "\udfff")
            raise bad(shown[:60], "có ký tự điều khiển.")
    return pairs


def parse(resource_type: str, pairs: list[tuple[str, str]], asking: Asking | None = None) -> Query:
    """Understand a search of this type. Raises 400 that names the parameter."""
    query = Query(resource_type, asking=asking or Asking())
    for name, value in pairs:
        if name in IGNORED:
            continue
        try:
            if name.startswith("_"):
                _control(query, name, value)
            else:
                query.conditions += condition(resource_type, name, value, query.asking)
        except FhirError as error:
            if not query.asking.lenient or error.status != 400 or name == "_cursor":
                raise
            query.ignored.append(error)
            continue
        query.names.append(name)
        if name != "_cursor":
            query.pairs.append((name, value))
    query.conditions += query.asking.within(resource_type) or ()
    return query


def _control(query: Query, name: str, value: str) -> None:
    if name == "_id":
        ids = tuple(alternatives(name, value))
        if not all(ID.match(one) for one in ids):
            raise bad(name, "mã không hợp lệ.")
        query.ids = ids if query.ids is None else tuple(one for one in query.ids if one in ids)
    elif name == "_lastUpdated" and query.updated is None:
        query.updated = dates(name, name, value, query.asking.now)
    elif name == "_count":
        if not value.isascii() or not value.isdigit() or len(value) > 6:
            raise bad(name, "cần một số nguyên từ 0.")
        query.count = min(int(value), MAX_COUNT)
        query.only_total = query.only_total or query.count == 0
    elif name == "_sort":
        _sort(query, name, value)
    elif name == "_total":
        if value not in TOTALS:
            raise bad(name, "chỉ nhận none, estimate hoặc accurate.")
        query.total = TOTALS[value]
    elif name == "_totalMethod":  # what fhirpy sends for a count
        if value not in ("none", "count"):
            raise bad(name, "chỉ nhận none hoặc count.")
        query.total = TOTALS["accurate" if value == "count" else "none"]
    elif name == "_summary":
        query.only_total = query.only_total or value == "count"
    elif name == "_elements":
        pass  # what is shown of a resource is read by views.py
    elif name.partition(":")[0] == "_include":
        query.includes.append(include(name, value, query.type))
    elif name.partition(":")[0] == "_revinclude":
        query.revincludes.append(include(name, value, ""))
    elif name == "_cursor":
        query.cursor = read_cursor(value)
    elif (
        name.startswith("_has:")
        or name in ("_list", "_lastUpdated")
        or name.partition(":")[0] in parameters(query.type)
    ):
        query.conditions += condition(query.type, name, value, query.asking)
    else:
        raise bad(name[:60], "không được hỗ trợ.")


def _sort(query: Query, name: str, value: str) -> None:
    keys = alternatives(name, value)
    if len(keys) > MAX_SORT_KEYS or query.sort:
        raise bad(name, f"chỉ một danh sách, tối đa {MAX_SORT_KEYS} khóa.")
    if value in ("_lastUpdated", "-_lastUpdated"):
        query.sort = "-updated" if value[0] == "-" else "updated"
        return
    if keys[0] in ("_id", "-_id"):  # no two are equal in it: keys behind it say nothing, but they must be keys
        for key in keys[1:]:
            _sort_key(query.type, name, key)
        query.sort = keys[0].replace("_", "")
        return
    query.sort = "keys"
    query.sorts = tuple(_sort_key(query.type, name, key) for key in keys)


def _sort_key(kind: str, name: str, key: str) -> SortKey:
    down = key.startswith("-")
    key = key[1:] if down else key
    if key in ("_lastUpdated", "_id"):
        return SortKey("", (), "updated_at" if key == "_lastUpdated" else "id", down)
    parameter = parameters(kind).get(key)
    if parameter is None or parameter.kind in _UNSORTED:
        raise bad(name, f"không sắp được theo {key[:40]}.")
    return SortKey(*_values_of(parameter), down, *_shape_of(parameter))


def _values_of(parameter: Parameter) -> tuple[str, tuple[str, ...], str]:
    if parameter.kind == "date":
        return "resource_date", parameter.sources, "low"
    if parameter.kind in ("number", "quantity"):
        return "resource_number", parameter.sources, "low"
    return "resource_index", parameter.sources, "value"


def _shape_of(parameter: Parameter) -> tuple[str, bool]:
    return (f"%{SEPARATOR}{parameter.context}" if parameter.context else ""), parameter.kind == "string"
