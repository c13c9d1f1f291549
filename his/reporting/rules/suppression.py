"""Small-cell suppression: small counts are hidden, and enough others with them that no total gives one back.

All hidden cells look alike: a mark that told the small ones from their companions would narrow both. What is promised:
every count from 1 to threshold - 1 is hidden unless it is public; no hidden cell follows from the shown cells by adding
and subtracting (checked by elimination over all sums at once); no small count is the only one that the sums and the fact
that no count is below 0 leave (checked by bounds, drawn tighter until nothing moves); no shown total gives away that its
hidden parts together are a small count, or that each of them is one. Only sums of which every other cell is public can fail, for example a
public total of 1: then all its parts are hidden, zeros too.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
_PRIME = (1 << 61) - 1  # elimination over a large prime field: exact whole numbers without growing fractions


@dataclass(frozen=True, slots=True)
class Sum:
    """A printed relation: `total` is the sum of `parts` (keys of cells)."""

    total: Hashable
    parts: Sequence[Hashable]

    @property
    def members(self) -> tuple[Hashable, ...]:
        """The total and the parts."""
        return (self.total, *self.parts)


def suppress(
    values: Mapping[Key, int], sums: Sequence[Sum], public: frozenset[Key] = frozenset(), threshold: int = 5
) -> frozenset[Key]:
    """The cells to hide. `values` are whole counts of at least 0; cells of `public` are never hidden.

    A threshold of 0 or 1 hides nothing. The same arguments always give the same cells.
    """
    hidden: set[Hashable] = {k for k, v in values.items() if 0 < v < threshold and k not in public}
    if not hidden:
        return frozenset()
    closed = frozenset(public)
    while True:
        if _strengthen(values, sums, closed, threshold, hidden):
            continue
        extra = _companion(determined(sums, hidden), values, sums, closed, hidden)
        if extra is None:
            narrow = {k for k in squeezed(values, sums, hidden) if 0 < values[k] < threshold}  # type: ignore[index]
            extra = _companion(narrow, values, sums, closed, hidden)
        if extra is None:
            return frozenset(k for k in values if k in hidden)
        hidden.add(extra)


def _strengthen(
    values: Mapping[Key, int], sums: Sequence[Sum], public: frozenset[Key], threshold: int, hidden: set[Hashable]
) -> bool:
    changed = False
    for line in sums:
        while _weak(values, line, threshold, hidden):
            extra = _cheapest(values, [line], public, hidden)
            if extra is None:
                break
            hidden.add(extra)
            changed = True
    return changed


def _weak(values: Mapping[Key, int], line: Sum, threshold: int, hidden: set[Hashable]) -> bool:
    parts = [values[k] for k in line.parts if k in hidden]  # type: ignore[index]
    if line.total in hidden:
        return not parts
    if not parts:
        return False
    together = sum(parts)
    return len(parts) < 2 or together < threshold or (0 not in parts and together == len(parts))


def _cheapest(
    values: Mapping[Key, int], lines: Iterable[Sum], public: frozenset[Key], hidden: set[Hashable]
) -> Hashable | None:
    """The visible cell that costs the reader least: not zero, a part before a total, the smallest count."""
    best: tuple[bool, bool, int, str] | None = None
    found: Hashable | None = None
    for line in lines:
        for key in line.members:
            if key in hidden or key in public:
                continue
            value = values[key]  # type: ignore[index]
            rank = (value == 0, key == line.total, value, repr(key))
            if best is None or rank < best:
                best, found = rank, key
    return found


def _companion(
    known: set[Hashable],
    values: Mapping[Key, int],
    sums: Sequence[Sum],
    public: frozenset[Key],
    hidden: set[Hashable],
) -> Hashable | None:
    """A visible cell to hide for the sake of one that is known: in one of its sums, else in a sum beside these."""
    for key in sorted(known, key=repr):
        own = [line for line in sums if key in line.members]
        extra = _cheapest(values, own, public, hidden)
        if extra is None:
            beside = {member for line in own for member in line.members if member in hidden}
            extra = _cheapest(values, [line for line in sums if not beside.isdisjoint(line.members)], public, hidden)
        if extra is not None:
            return extra
    return None


def squeezed(values: Mapping[Key, int], sums: Sequence[Sum], hidden: Iterable[Hashable]) -> set[Hashable]:
    """Hidden cells of which whole counts of at least 0 leave one value: the bounds of all sums, until nothing moves."""
    most = max(values.values(), default=0)
    low: dict[Hashable, int] = dict.fromkeys(hidden, 0)
    high: dict[Hashable, int] = dict.fromkeys(low, most)
    lines = [line for line in sums if any(k in low for k in line.members)]
    of: dict[Hashable, list[int]] = {}
    for number, line in enumerate(lines):
        for key in line.members:
            if key in low:
                of.setdefault(key, []).append(number)
    waiting = deque(range(len(lines)))
    queued = set(waiting)
    while waiting:
        number = waiting.popleft()
        queued.discard(number)
        line = lines[number]
        span = {k: (low[k], high[k]) if k in low else (values[k], values[k]) for k in line.members}  # type: ignore[index]
        least, greatest = sum(span[k][0] for k in line.parts), sum(span[k][1] for k in line.parts)
        bottom, top = span[line.total]
        limits = {k: (bottom - greatest + span[k][1], top - least + span[k][0]) for k in line.parts}
        limits[line.total] = (least, greatest)
        for key, (under, over) in limits.items():
            if key in low and (under > low[key] or over < high[key]):
                low[key], high[key] = max(low[key], under), min(high[key], over)
                fresh = [n for n in of[key] if n not in queued]
                waiting.extend(fresh)
                queued.update(fresh)
    return {key for key in low if low[key] == high[key]}


def determined(sums: Sequence[Sum], hidden: Iterable[Hashable]) -> set[Hashable]:
    """Hidden cells that follow from the shown ones by linear algebra: reduced rows with one unknown left."""
    unknown = set(hidden)
    rows: dict[Hashable, dict[Hashable, int]] = {}
    users: dict[Hashable, set[Hashable]] = {}
    for line in sums:
        row: dict[Hashable, int] = {k: 1 for k in line.parts if k in unknown}
        if line.total in unknown:
            row[line.total] = _PRIME - 1
        for pivot in [k for k in row if k in rows]:
            _subtract(row, rows[pivot], row[pivot])
        if not row:
            continue
        pivot = min(row, key=lambda k: len(users.get(k, ())))
        inverse = pow(row[pivot], -1, _PRIME)
        row = {k: v * inverse % _PRIME for k, v in row.items()}
        for other in list(users.get(pivot, ())):
            before = set(rows[other])
            _subtract(rows[other], row, rows[other][pivot])
            after = set(rows[other])
            for gone in before - after:
                users[gone].discard(other)
            for come in after - before:
                users.setdefault(come, set()).add(other)
        rows[pivot] = row
        for key in row:
            users.setdefault(key, set()).add(pivot)
    return {pivot for pivot, row in rows.items() if len(row) == 1}


def _subtract(row: dict[Hashable, int], other: dict[Hashable, int], times: int) -> None:
    for key, value in other.items():
        left = (row.get(key, 0) - times * value) % _PRIME
        if left:
            row[key] = left
        else:
            row.pop(key, None)
