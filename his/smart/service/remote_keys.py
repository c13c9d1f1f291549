"""Public keys of a client that keeps its own JWK set: fetched from hosts that the installation allows, kept for minutes."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx

from his.kit.config import get_settings

KEPT = timedelta(minutes=5)
LARGEST = 64_000
SECONDS = 5
_known: dict[str, tuple[str, datetime]] = {}


def is_allowed(address: str) -> bool:
    """Only https to a host on the list of the settings; nothing else is ever asked."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    shown = f"{host}:{port}" if port else host
    if parts.scheme != "https" and not (parts.scheme == "http" and host in ("127.0.0.1", "localhost")):
        return False  # this machine itself may be named for trials, like any other host
    return parts.username is None and shown in get_settings().smart_jwks_hosts.split()


async def fetch_keys(address: str, now: datetime) -> str:
    """The text of a JWK set; "" when it cannot be had. Redirects are not followed, large answers are not read."""
    known = _known.get(address)
    if known is not None and known[1] <= now < known[1] + KEPT:
        return known[0]
    if not is_allowed(address):
        return ""
    text = b""
    try:
        async with httpx.AsyncClient(timeout=SECONDS, follow_redirects=False, trust_env=False) as client:
            async with client.stream("GET", address, headers={"accept": "application/json"}) as answer:
                if answer.status_code != 200:
                    return ""
                async for chunk in answer.aiter_bytes():
                    text += chunk
                    if len(text) > LARGEST:
                        return ""
    except httpx.HTTPError:
        return ""
    if len(_known) > 200:
        _known.clear()
    found = text.decode("utf-8", "replace")
    _known[address] = (found, now)
    return found
