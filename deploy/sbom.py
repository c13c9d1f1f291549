"""`make sbom`: what the product is made of (CycloneDX 1.6), under which licences, and whether somebody looked for known holes.

Everything is read from requirements.lock (names, versions, hashes) and from what is installed (licences), without a network.
The audit asks pip-audit where it is installed and can reach its data; otherwise the answer is NOT RUN, never "clean".
"""

import json
import re
import shutil
import subprocess
import sys
import uuid
from collections import Counter
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
OUT = ROOT / "dist"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
UNKNOWN = "NOASSERTION"


def locked(text: str) -> list[dict[str, Any]]:
    """Name, version and hashes of every pinned package."""
    found: list[dict[str, Any]] = []
    for line in text.splitlines():
        if pin := PINNED.match(line):
            found.append({"name": pin[1].lower().replace("_", "-"), "version": pin[2], "hashes": []})
        if found:
            found[-1]["hashes"] += HASH.findall(line)
    return found


def licence(name: str) -> str:
    """The licence a package states of itself; NOASSERTION when it is not installed here or states none."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return UNKNOWN
    if stated := about.get("License-Expression"):
        return stated
    classified = [c.rsplit(" :: ", 1)[1] for c in about.get_all("Classifier") or () if c.startswith("License ::")]
    if classified:
        return " OR ".join(sorted(set(classified)))
    stated = (about.get("License") or "").strip().splitlines()
    return stated[0][:80] if stated else UNKNOWN


def bundled(lock: dict[str, Any]) -> list[dict[str, Any]]:
    """The browser's packages of package-lock.json."""
    return [
        {
            "name": path.removeprefix("node_modules/"),
            "version": entry["version"],
            "licence": entry.get("license", UNKNOWN),
        }
        for path, entry in lock.get("packages", {}).items()
        if path and "version" in entry
    ]


def component(kind: str, entry: dict[str, Any], said: str) -> dict[str, Any]:
    """One package as CycloneDX writes it."""
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"pkg:{kind}/{entry['name']}@{entry['version']}",
        "name": entry["name"],
        "version": entry["version"],
        "purl": f"pkg:{kind}/{entry['name'].replace('@', '%40')}@{entry['version']}",
        "licenses": [{"license": {"name": said}}],
    }
    if entry.get("hashes"):
        made["hashes"] = [{"alg": "SHA-256", "content": value} for value in entry["hashes"]]
    return made


def bill(python: list[dict[str, Any]], browser: list[dict[str, Any]], at: datetime) -> dict[str, Any]:
    """The whole bill of materials."""
    parts = [component("pypi", entry, licence(entry["name"])) for entry in python]
    parts += [component("npm", entry, entry["licence"]) for entry in browser]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid4()}",
        "version": 1,
        "metadata": {
            "timestamp": at.isoformat(timespec="seconds"),
            "component": {"type": "application", "name": "his", "version": metadata.version("his"), "bom-ref": "his"},
        },
        "components": parts,
        "dependencies": [{"ref": "his", "dependsOn": [part["bom-ref"] for part in parts]}],
    }


def audit(lock: Path, at: datetime) -> str:
    """One line: what was looked for, when, and what was found; NOT RUN with its reason when no data could be had."""
    program = shutil.which("pip-audit", path=f"{Path(sys.executable).parent}") or shutil.which("pip-audit")
    if program is None:
        return "NOT RUN: pip-audit is not installed on this machine"
    command = [program, "--requirement", str(lock), "--no-deps", "--disable-pip", "--format", "json", "--timeout", "15"]
    done = subprocess.run(  # noqa: S603  # our own arguments, no shell
        command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    return verdict(done.stdout, done.stderr, at)


def verdict(answer: str, said: str, at: datetime) -> str:
    """What pip-audit's answer means. A package that it skipped was not looked at, and then nothing was."""
    try:
        looked = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        reason = said.strip().splitlines()
        return f"NOT RUN: {reason[-1][:200] if reason else 'no answer'}"
    skipped = [entry["name"] for entry in looked if "skip_reason" in entry]
    if skipped or not looked:
        return f"NOT RUN: no data for {len(skipped)} of {len(looked)} packages"
    holes = [f"{e['name']} {v['id']}" for e in looked for v in e.get("vulns", ())]
    return f"run on {at:%Y-%m-%d}, {len(looked)} packages: " + (", ".join(holes) or "no known vulnerability")


def main() -> int:
    """Write dist/sbom.cdx.json and dist/licences.txt, and say what the audit said."""
    now = datetime.now(UTC)
    lock = ROOT / "requirements.lock"
    made = bill(locked(lock.read_text()), bundled(json.loads((ROOT / "package-lock.json").read_text())), now)
    OUT.mkdir(exist_ok=True)
    (OUT / "sbom.cdx.json").write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    rows = sorted((c["licenses"][0]["license"]["name"], c["purl"]) for c in made["components"])
    (OUT / "licences.txt").write_text("".join(f"{name}\t{purl}\n" for name, purl in rows))
    unknown = Counter(name for name, _ in rows)[UNKNOWN]
    sys.stdout.write(f"{len(rows)} packages, {unknown} without a stated licence: {OUT}/sbom.cdx.json, licences.txt\n")
    sys.stdout.write(f"vulnerability audit: {audit(lock, now)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
