"""Contrast of the colour tokens as WCAG 2.2 counts it: text 4.5, controls and graphics 3."""

import re
from pathlib import Path

import pytest

import his.web.static_files as static_files

CSS = (Path(static_files.__file__).parent / "static" / "css" / "app.css").read_text(encoding="utf-8")
TOKENS = dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3,6})\b", CSS))


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_itself() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


GROUNDS = ("surface", "canvas", "sunken", "head", "brand-soft")
TEXT = [(ink, ground) for ink in ("ink", "ink-2") for ground in GROUNDS]
TEXT += [("ink-3", ground) for ground in ("surface", "canvas", "sunken", "head")]
TEXT += [(tone, f"{tone}-soft") for tone in ("stop", "warn", "ok", "info", "alt")]
TEXT += [(tone, ground) for tone in ("stop", "warn", "ok", "info") for ground in ("surface", "canvas", "brand-soft")]
TEXT += [
    ("brand", "surface"),
    ("brand", "canvas"),
    ("surface", "brand"),
    ("surface", "brand-2"),
    ("surface", "stop"),
    ("surface", "warn"),
    ("surface", "info"),
]
TEXT += [
    ("surface", "bar"),
    ("surface", "bar-2"),
    ("bar-mut", "bar"),
    ("bar-mut", "bar-2"),
    ("self", "surface"),
    ("ink", "stop-soft"),
    ("ink-2", "stop-soft"),
    ("surface", "ink"),
]


@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text(ink: str, ground: str) -> None:
    assert contrast(TOKENS[ink], TOKENS[ground]) >= 4.5


@pytest.mark.parametrize(
    ("mark", "ground"),
    [
        ("control", "surface"),
        ("fund", "surface"),
        ("copay", "surface"),
        ("self", "surface"),
        ("other", "surface"),
        ("ink", "surface"),
        ("focus", "bar"),
        ("shut", "surface"),
        ("bar-mark", "bar-2"),
    ],
)
def test_controls_and_graphics(mark: str, ground: str) -> None:
    assert contrast(TOKENS[mark], TOKENS[ground]) >= 3


def test_no_text_below_fourteen_pixels_but_key_caps() -> None:
    sizes = {int(n) for n in re.findall(r"font(?:-size)?:(?:\d+ )?(\d+)px", CSS)}
    assert min(sizes) == 13
    assert re.findall(r"([^{}]*)\{[^}]*13px/", CSS) == ["\nkbd"]
