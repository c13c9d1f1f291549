"""Gateway accounts, one for each facility, kept in the data directory (mode 600) and never in the database."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from his.kit.errors import HisError, Kind

FILE = "gateway-accounts.json"


@dataclass(frozen=True, slots=True)
class GatewayAccount:
    """User name and MD5 (upper-case hex, as the gateway wants it) of the password of one facility."""

    username: str
    password_md5: str


def md5_upper(password: str) -> str:
    """The form in which the gateway takes passwords (VSS dispatch 1245); no protection, only their format."""
    return hashlib.md5(password.encode(), usedforsecurity=False).hexdigest().upper()


def account_of(data_dir: Path, unit_code: str) -> GatewayAccount:
    """The account of a facility; a missing one is an error, never replaced by another facility's."""
    path = data_dir / FILE
    known = json.loads(path.read_text()) if path.exists() else {}
    entry = known.get(unit_code)
    if entry is None:
        raise HisError(Kind.FORBIDDEN, f"Cơ sở {unit_code} chưa có tài khoản cổng BHXH. Báo quản trị khai tài khoản.")
    return GatewayAccount(entry["username"], entry["password_md5"])


def save_accounts(data_dir: Path, accounts: dict[str, GatewayAccount]) -> None:
    """Write all accounts at once."""
    path = data_dir / FILE
    temporary = path.with_suffix(".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(
            {code: {"username": a.username, "password_md5": a.password_md5} for code, a in accounts.items()}, file
        )
    temporary.replace(path)
