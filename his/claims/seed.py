"""Test certificates and gateway accounts of the demonstration units."""

import secrets
from datetime import datetime
from pathlib import Path

from his.claims.keys import make_key
from his.exchange.accounts import GatewayAccount, md5_upper, save_accounts


def seed(data_dir: Path, units: dict[str, str], now: datetime) -> None:
    """A signing key and a gateway account for each unit (name by facility code)."""
    for code, name in units.items():
        make_key(data_dir, code, name, now)
    save_accounts(
        data_dir, {code: GatewayAccount(f"{code}_BV", md5_upper(secrets.token_urlsafe(12))) for code in units}
    )
