"""What a cold browser must fetch: each part and the first page stay within the budget of an old PC on a slow line."""

import gzip
import json
import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

import his.web.assets as assets

ROOT = Path(__file__).parents[3]
STATIC = assets.STATIC


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    assets.build_assets(ROOT)


def packed(name: str) -> int:
    return len(gzip.compress((STATIC / name).read_bytes(), 9, mtime=0))


def test_each_part() -> None:
    assert packed("css/app.css") <= 11 * 1024
    assert packed("icons.svg") <= 4 * 1024
    assert packed("vendor/htmx.min.js") <= 17 * 1024
    assert (STATIC / "js/app.js").stat().st_size <= 15 * 1024
    assert (STATIC / "fonts/ui-viet.woff2").stat().st_size <= 36 * 1024


def test_first_page() -> None:
    parts = sum(packed(n) for n in ("css/app.css", "icons.svg", "vendor/htmx.min.js", "js/app.js"))
    assert parts + (STATIC / "fonts/ui-viet.woff2").stat().st_size + 14 * 1024 <= 100 * 1024


def test_font_has_every_letter_and_its_own_name() -> None:
    font = TTFont(STATIC / "fonts/ui-viet.woff2")
    cmap = font.getBestCmap()
    assert [c for c in "ặẫểỗợữỵĂÂĐÊÔƠƯđĕĭŏŭč₫½↑↓×−•" if ord(c) not in cmap] == []
    axis = font["fvar"].axes[0]
    assert (axis.axisTag, axis.minValue, axis.maxValue) == ("wght", 400, 700)
    assert font["name"].getDebugName(1) == "UI Viet"
    assert "Source" not in (font["name"].getDebugName(4) or "")
    widths = {font["hmtx"][cmap[ord(d)]][0] for d in "0123456789"}
    assert len(widths) == 1, "money columns need digits of one width"
    assert "SIL OPEN FONT LICENSE" in (STATIC / "fonts/OFL.txt").read_text(encoding="utf-8").upper()


def test_every_icon_named_in_a_template_is_in_the_sprite() -> None:
    known = set(re.findall(r'id="([\w-]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    assert set(assets.ICONS) | set(assets.OWN_ICONS) == known
    used: set[str] = set()
    for template in (ROOT / "his").glob("*/templates/**/*.html"):
        used |= set(re.findall(r'icon\("([\w-]+)"', template.read_text(encoding="utf-8")))
    assert used - known == set()


def test_the_lock_names_no_registry_and_only_exact_versions() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert "resolved" not in json.dumps(lock)
    assert "http" not in json.dumps(lock)
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert wanted == {name: lock["packages"][f"node_modules/{name}"]["version"] for name in wanted}
    assert all("integrity" in p for path, p in lock["packages"].items() if path)


def test_a_second_build_does_nothing() -> None:
    assert assets.build_assets(ROOT) is False
