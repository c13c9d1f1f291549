"""Signed anchors of the trail, kept outside the database: whoever rewrites the database cannot rewrite what they say.

An anchor is a JSON file that names the newest block of every unit, their Merkle root, and the file before it; it is signed
with Ed25519 (RFC 8032). The private key lies in the data directory, never in the database.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from his.audit.rules import Head, merkle_root

SUFFIX: Final = ".anchor.json"


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a file says; `restored` is the reason given after a restore, from which the chain goes on elsewhere."""

    name: str
    made_at: datetime
    heads: list[Head]
    restored: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """An anchor that cannot be believed, and why."""

    name: str
    why: str


def key_path(data_dir: Path) -> Path:
    """Where the private key lies (mode 600)."""
    return data_dir / "keys" / "audit-anchor.key.pem"


def signing_key(data_dir: Path) -> Ed25519PrivateKey:
    """The private key; made at its first use, processes that start together agree on the one that was written first."""
    path = key_path(data_dir)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(
                Ed25519PrivateKey.generate().private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey), "the anchor key is Ed25519"
    return key


def newest(directory: Path) -> Path | None:
    """The file of the last anchor."""
    return max(directory.glob(f"*{SUFFIX}"), default=None) if directory.is_dir() else None


def made_at(path: Path) -> datetime:
    """When the anchor was made, as its name says."""
    stamp = path.name.removesuffix(SUFFIX).split("-")[1]
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def write_anchor(
    directory: Path, key: Ed25519PrivateKey, heads: Sequence[Head], now: datetime, restored: str = ""
) -> Path:
    """Sign and write the next anchor; the file is on the disk when this returns. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory):
        before = newest(directory)
        body = {
            "made_at": now.astimezone(UTC).isoformat(),
            "previous": sha256(before.read_bytes()).hexdigest() if before else "",
            "root": merkle_root(heads),
            "units": [[h.unit_id, h.number, h.last_seq, h.sha256] for h in sorted(heads)],
            "restored": restored,
        }
        signed = {"body": body, "signature": key.sign(_bytes(body)).hex()}
        number = int(before.name.split("-")[0]) + 1 if before else 1
        path = directory / f"{number:08d}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
            file.write(json.dumps(signed, indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        return path


def read_anchors(directory: Path, key: Ed25519PublicKey) -> tuple[list[Anchor], list[Wrong]]:
    """Every anchor that is signed and follows the one before it, oldest first, and those that are or do not."""
    good: list[Anchor] = []
    wrong: list[Wrong] = []
    previous = ""
    files = sorted(directory.glob(f"*{SUFFIX}")) if directory.is_dir() else []
    for number, path in enumerate(files, 1):
        raw = path.read_bytes()
        try:
            anchor = _read(path.name, raw, key, previous)
            if int(path.name.split("-")[0]) != number:
                raise ValueError("an anchor before it is missing")
            good.append(anchor)
        except (ValueError, KeyError, TypeError, InvalidSignature) as error:
            wrong.append(Wrong(path.name, str(error) or "the signature does not fit"))
        previous = sha256(raw).hexdigest()
    return good, wrong


def _read(name: str, raw: bytes, key: Ed25519PublicKey, previous: str) -> Anchor:
    signed = json.loads(raw)
    body = signed["body"]
    key.verify(bytes.fromhex(signed["signature"]), _bytes(body))
    heads = [Head(*unit) for unit in body["units"]]
    if merkle_root(heads) != body["root"]:
        raise ValueError("the root does not fit the units")
    if body["previous"] != previous:
        raise ValueError("it does not follow the file before it")
    return Anchor(name, datetime.fromisoformat(body["made_at"]), heads, body["restored"])


def _bytes(body: dict[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    with (directory / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
