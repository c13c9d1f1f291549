"""A month's sums from counted entries: sections, kinds, cost groups; every total is the sum of its rows to the đồng."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final

import orjson

from his.billing.rules.form import FORM_GROUPS, OTHER, form_group
from his.kit.money import ZERO
from his.settlement.rules.forms import OTHER as OTHER_SECTION
from his.settlement.rules.forms import Form, section_of
from his.settlement.terms import SUM_FIELDS, Bucket, EntryKind, Figures, GroupCost, GroupRow, Row, Sums

KINDS: Final[Mapping[EntryKind, str]] = {
    EntryKind.CLAIM: "Hồ sơ của tháng",
    EntryKind.CARRIED: "Hồ sơ tháng trước chuyển sang",
    EntryKind.ADJUST: "Điều chỉnh sau khóa",
    EntryKind.RECALL: "Thu hồi đề nghị thanh toán",
    EntryKind.OPEN: "Hồ sơ chưa giám định xong",
}


def build_figures(
    period: str,
    form: Form,
    buckets: Sequence[Bucket],
    costs: Iterable[GroupCost],
    *,
    left: tuple[int, Decimal] = (0, ZERO),
    source_sha256: str = "",
) -> Figures:
    """The figures of a month. Sections and kinds are two views of the same entries, so their sums are one number."""
    sections = {s.key: Sums() for s in (*form.sections, OTHER_SECTION)}
    kinds = dict.fromkeys(KINDS, Sums())
    for bucket in buckets:
        key = section_of(form, bucket.care_setting).key
        sections[key] += bucket.sums
        kinds[bucket.kind] += bucket.sums
    titles = {s.key: s.title for s in (*form.sections, OTHER_SECTION)}
    shown = [
        Row(key, titles[key], sums) for key, sums in sections.items() if key != OTHER_SECTION.key or sums != Sums()
    ]
    total = sum((row.sums for row in shown), Sums())
    by_kind = [Row(kind.value, KINDS[kind], sums) for kind, sums in kinds.items()]
    assert sum((row.sums for row in by_kind), Sums()) == total, "two views of the same entries"
    return Figures(
        period, form.name, form.definition, shown, by_kind, _groups(costs), total, left[0], left[1], source_sha256
    )


def _groups(costs: Iterable[GroupCost]) -> list[GroupRow]:
    found: dict[int, tuple[int, Decimal, Decimal]] = {}
    for cost in costs:
        number = form_group(cost.cost_group).number
        lines, asked, approved = found.get(number, (0, ZERO, ZERO))
        found[number] = (lines + cost.lines, asked + cost.asked, approved + cost.approved)
    return [GroupRow(g.number, g.title, *found[g.number]) for g in (*FORM_GROUPS, OTHER) if g.number in found]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.quantize(Decimal("0.01")), "f")
    raise TypeError(f"no figure: {type(value).__name__}")


def written(figures: Figures) -> dict[str, Any]:
    """The figures as they are kept: numbers as text, so that no digit is lost."""
    found: dict[str, Any] = orjson.loads(orjson.dumps(asdict(figures), default=_plain))
    return found


def canonical(figures: Figures) -> bytes:
    """One text for one set of figures, keys in order."""
    return orjson.dumps(written(figures), option=orjson.OPT_SORT_KEYS)


def digest(figures: Figures) -> str:
    """SHA-256 of the canonical figures, source and definition included."""
    return hashlib.sha256(canonical(figures)).hexdigest()


def _sums(kept: Mapping[str, Any]) -> Sums:
    amounts = {name: Decimal(kept[name]) for name in SUM_FIELDS if name != "cases"}
    return Sums(int(kept["cases"]), **amounts)


def read_sums(kept: Mapping[str, Any]) -> Figures:
    """The figures from what `written` kept."""
    groups = [
        GroupRow(int(g["number"]), g["title"], int(g["lines"]), Decimal(g["asked"]), Decimal(g["approved"]))
        for g in kept["groups"]
    ]
    sections, kinds = (
        [Row(r["key"], r["title"], _sums(r["sums"])) for r in kept[part]] for part in ("sections", "kinds")
    )
    return Figures(
        kept["period"], kept["form"], kept["definition"], sections, kinds, groups, _sums(kept["total"]),
        int(kept["left_cases"]), Decimal(kept["left_asked"]), kept["source_sha256"],
    )  # fmt: skip
