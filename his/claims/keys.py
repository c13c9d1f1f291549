"""Signing keys of the units: files in the data directory (mode 600), loaded once per process."""

from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from his.claims.signature import Signer, make_test_certificate
from his.kit.errors import HisError, Kind

DEMO_PAST = timedelta(days=3 * 365)
"""Invented visits lie in the past: the demonstration's certificate was valid then."""
DEMO_DAYS = 10 * 365


def key_path(data_dir: Path, unit_code: str) -> Path:
    """Where a unit's private key stands."""
    return data_dir / "keys" / f"{unit_code}.key.pem"


def certificate_path(data_dir: Path, unit_code: str) -> Path:
    """Where a unit's certificate stands (the gateway's stand-in trusts what it finds here)."""
    return data_dir / "keys" / f"{unit_code}.cert.pem"


@lru_cache(maxsize=256)
def _load(key: Path, certificate: Path, changed: float) -> Signer:  # a new file is loaded anew
    return Signer.from_pem(key.read_bytes(), certificate.read_bytes())


def signer_of(data_dir: Path, unit_code: str) -> Signer:
    """The signer of a unit. Raises HisError(FORBIDDEN) when the unit has no key: nobody signs for another unit."""
    key, certificate = key_path(data_dir, unit_code), certificate_path(data_dir, unit_code)
    if not key.exists() or not certificate.exists():
        raise HisError(Kind.FORBIDDEN, f"Cơ sở {unit_code} chưa có chứng thư số. Báo quản trị nạp chứng thư.")
    return _load(key, certificate, key.stat().st_mtime)


def make_key(data_dir: Path, unit_code: str, name: str, now: datetime) -> None:
    """A test key and certificate for a demonstration unit; an existing one stays."""
    key, certificate = key_path(data_dir, unit_code), certificate_path(data_dir, unit_code)
    if key.exists() and certificate.exists():
        return
    key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    private, public = make_test_certificate(name, unit_code, now - DEMO_PAST, DEMO_DAYS)
    key.touch(mode=0o600)
    key.write_bytes(private)
    certificate.write_bytes(public)
