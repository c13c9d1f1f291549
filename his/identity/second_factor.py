"""One-time codes by time (RFC 6238) and recovery codes: pure but for the random numbers, and the sealing of secrets."""

import hashlib
import hmac
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Final

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PERIOD: Final = 30
WINDOW: Final = 1
"""A clock may go wrong by this many steps of 30 s."""
RECOVERY_CODES: Final = 10
_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no 0 and 1, which look like O and I


def new_secret() -> str:
    """160 random bits in base 32."""
    return pyotp.random_base32()


def address(secret: str, username: str, unit_name: str) -> str:
    """The `otpauth://` address of the secret, as the QR code of an authenticator shows it."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=f"HIS {unit_name}")


def step_of(secret: str, code: str, now: datetime, after: int) -> int | None:
    """The time step the code belongs to, if it lies in the window and behind the last one used; else None.

    Every step is compared, so that the time taken tells nothing.
    """
    current = int(now.timestamp()) // PERIOD
    maker = pyotp.TOTP(secret)
    found = None
    for step in range(current - WINDOW, current + WINDOW + 1):
        if hmac.compare_digest(maker.at(step * PERIOD).encode(), code.encode("utf-8", "replace")) and step > after:
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 random bits, in four groups."""
    return [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4)) for _ in range(RECOVERY_CODES)
    ]


def recovery_digest(code: str) -> str:
    """What is stored of a recovery code; how it was typed (spaces, dashes, small letters) does not matter."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()


def key(data_dir: Path) -> bytes:
    """The key that seals secrets; made at the first use, mode 600. A backup without it loses the second factors."""
    path = data_dir / "keys" / "second-factor.key"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(AESGCM.generate_key(256))
    try:
        path.hardlink_to(fresh)  # the first one stays
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_bytes()


def seal(data_dir: Path, secret: str, owner: str) -> str:
    """The secret as it may lie in the database; bound to its owner."""
    nonce = os.urandom(12)
    return (nonce + AESGCM(key(data_dir)).encrypt(nonce, secret.encode(), owner.encode())).hex()


def unseal(data_dir: Path, sealed: str, owner: str) -> str:
    """The secret, or an empty text when it was sealed with another key or for another account: then no code is right."""
    try:
        raw = bytes.fromhex(sealed)
        return AESGCM(key(data_dir)).decrypt(raw[:12], raw[12:], owner.encode()).decode()
    except (InvalidTag, ValueError):
        return ""
