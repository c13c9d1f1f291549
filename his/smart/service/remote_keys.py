"""Public keys of a client that keeps its own JWK set: fetched from hosts that the installation allows, kept for minutes."""

from datetime import datetime, timedelta

import httpx

from his.kit.config import get_settings
from his.kit.outbound import Outbound, permits

KEPT = timedelta(minutes=5)
LARGEST = 64_000
SECONDS = 5
_known: dict[str, tuple[str, datetime]] = {}


def _listed() -> list[str]:
    """The listed hosts as addresses: https, and plain http to this machine itself, which may be named for trials."""
    hosts = get_settings().smart_jwks_hosts.split()
    return [f"https://{host}/" for host in hosts] + [f"http://{host}/" for host in hosts if _is_here(host)]


def _is_here(host: str) -> bool:
    return host.partition(":")[0] in ("127.0.0.1", "localhost")


def is_allowed(address: str) -> bool:
    """Only https to a host on the list of the settings; nothing else is ever asked."""
    return permits(address, _listed())


async def fetch_keys(address: str, now: datetime) -> str:
    """The text of a JWK set; "" when it cannot be had. Redirects are not followed, large answers are not read."""
    known = _known.get(address)
    if known is not None and known[1] <= now < known[1] + KEPT:
        return known[0]
    if not is_allowed(address):
        return ""
    text = b""
    try:
        carrier = Outbound(_listed(), get_settings().outbound_networks.split())
        async with httpx.AsyncClient(transport=carrier, timeout=SECONDS, trust_env=False) as client:
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
