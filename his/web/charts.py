"""Charts drawn on the server as small SVG (at most 6 KB each): sparkline, range bar, horizontal bar, split bar.

Numbers come in as Decimal, int or float and are only geometry here. Every chart carries its meaning as a label; colours
come from classes, because the content security policy allows no style attributes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup, escape

Number = Decimal | int | float


def _svg(label: str, css: str, width: str, height: int, inner: str, view: str = "") -> Markup:
    box = f' viewBox="{view}"' if view else ""
    return Markup(  # noqa: S704  the label is escaped, the rest is numbers and names of ours
        f'<svg class="{css}" role="img" aria-label="{escape(label)}" width="{width}" height="{height}"{box}>{inner}</svg>'
    )


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def sparkline(
    values: Sequence[Number],
    label: str,
    band: tuple[Number, Number] | None = None,
    *,
    tone: str = "",
    width: int = 64,
    height: int = 24,
) -> Markup:
    """A line with its last point and the grey band of normal values; `tone` is `""`, `warn` or `stop`.

    An empty series draws only the band. The scale holds the band and every value.
    """
    pool = [float(v) for v in values] + [float(v) for v in band or ()]
    if not pool:
        return _svg(label, "spark", str(width), height, "", f"0 0 {width} {height}")
    low, high = min(pool), max(pool)
    span = (high - low) or 1.0

    def y(value: Number) -> float:
        return height - 3 - (float(value) - low) / span * (height - 6)

    inner = ""
    if band is not None:
        inner += f'<rect class="band" x="0" y="{_n(y(band[1]))}" width="{width}" height="{_n(max(y(band[0]) - y(band[1]), 2))}"/>'
    if values:
        step = (width - 8) / max(len(values) - 1, 1)
        points = [(2 + i * step, y(v)) for i, v in enumerate(values)]
        inner += f'<polyline points="{" ".join(f"{_n(px)},{_n(py)}" for px, py in points)}"/>'
        inner += f'<circle cx="{_n(points[-1][0])}" cy="{_n(points[-1][1])}" r="2.6"/>'
    return _svg(label, f"spark {tone}".strip(), str(width), height, inner, f"0 0 {width} {height}")


def range_bar(
    value: Number,
    low: Number | None,
    high: Number | None,
    label: str,
    *,
    scale: tuple[Number, Number] | None = None,
    width: int = 110,
) -> Markup:
    """Where a result lies against its reference range: sunken track, green-grey range, one mark (red when outside)."""
    bottom, top = _scale(float(value), low, high) if scale is None else (float(scale[0]), float(scale[1]))
    span = (top - bottom) or 1.0

    def x(number: float) -> float:
        return min(max((number - bottom) / span, 0.0), 1.0) * width

    left, right = x(float(low) if low is not None else bottom), x(float(high) if high is not None else top)
    outside = (low is not None and value < low) or (high is not None and value > high)
    mark = min(max(x(float(value)), 2.0), width - 2.0)
    inner = (
        f'<rect class="track" y="5" width="{width}" height="10" rx="2"/>'
        f'<rect class="band" x="{_n(left)}" y="5" width="{_n(max(right - left, 1))}" height="10"/>'
        f'<rect class="mark" x="{_n(mark - 2)}" y="1" width="4" height="18" rx="1"/>'
    )
    return _svg(label, "range out" if outside else "range", str(width), 20, inner, f"0 0 {width} 20")


def _scale(value: float, low: Number | None, high: Number | None) -> tuple[float, float]:
    """A scale that shows the range with half its width on each side and always holds the value."""
    known = [float(v) for v in (low, high) if v is not None]
    if len(known) == 2:
        pad = (known[1] - known[0]) or 1.0
        return min(known[0] - pad / 2, value - pad / 8), max(known[1] + pad / 2, value + pad / 8)
    edge = known[0] if known else value
    return min(0.0, value), max(edge * 1.6, value * 1.15) or 1.0


def bar(value: Number, largest: Number, label: str, *, tone: str = "", width: int = 120) -> Markup:
    """A horizontal bar from zero; `largest` is the value that fills the width."""
    share = min(max(float(value) / (float(largest) or 1.0), 0.0), 1.0)
    inner = (
        f'<rect class="track" y="4" width="{width}" height="8" rx="2"/>'
        f'<rect class="fill" y="4" width="{_n(share * width)}" height="8" rx="2"/>'
    )
    return _svg(label, f"bar-c {tone}".strip(), str(width), 16, inner, f"0 0 {width} 16")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a split bar: css name (`fund`, `copay`, `self`, `other`), word, amount in đồng."""

    kind: str
    label: str
    amount: Decimal | int


def split_bar(parts: Sequence[Part], label: str, *, height: int = 14) -> Markup:
    """The proportion bar of who pays: the parts in the order given, white gaps of 2 px, the co-pay part hatched."""
    total = sum((Decimal(p.amount) for p in parts), Decimal(0))
    inner, at = "", Decimal(0)
    for part in parts:
        if total <= 0 or part.amount <= 0:
            continue
        share = Decimal(part.amount) * 100 / total
        inner += f'<rect class="m-{part.kind}" x="{at:.2f}%" width="{share:.2f}%" height="100%"/>'
        if at:
            inner += f'<rect class="gap" x="{at:.2f}%" width="2" height="100%"/>'
        at += share
    return _svg(label, "split", "100%", height, inner)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One week of an epidemic curve: its label, this year's count, and the five-year band of that week."""

    label: str
    count: int
    low: Number
    high: Number


def epidemic_curve(points: Sequence[CurvePoint], label: str, *, width: int = 300, height: int = 110) -> Markup:
    """Weekly counts as an ink line over the five-year band; weeks above the band get a warn dot."""
    if not points:
        return _svg(label, "curve", str(width), height, "", f"0 0 {width} {height}")
    top = max(max(float(p.count), float(p.high)) for p in points) or 1.0
    step = (width - 12) / max(len(points) - 1, 1)

    def xy(index: int, value: Number) -> str:
        return f"{_n(6 + index * step)},{_n(height - 20 - float(value) / top * (height - 28))}"

    upper = [xy(i, p.high) for i, p in enumerate(points)]
    lower = [xy(i, p.low) for i, p in enumerate(points)][::-1]
    line = [xy(i, p.count) for i, p in enumerate(points)]
    inner = f'<polygon class="band" points="{" ".join(upper + lower)}"/><polyline points="{" ".join(line)}"/>'
    for i, p in enumerate(points):
        if float(p.count) > float(p.high):
            cx, cy = line[i].split(",")
            inner += f'<circle class="over" cx="{cx}" cy="{cy}" r="3.2"/>'
    ends = ((points[0].label, 6, "start"), (points[-1].label, width - 6, "end"))
    for text, at, anchor in ends:
        inner += f'<text x="{at}" y="{height - 4}" text-anchor="{anchor}">{escape(text)}</text>'
    return _svg(label, "curve", str(width), height, inner, f"0 0 {width} {height}")
