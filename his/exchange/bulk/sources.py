"""Which addresses of other systems `$import` may fetch from, and the client that goes nowhere else."""

import httpx

from his.kit.config import get_settings
from his.kit.outbound import Outbound, permits


def allowed(url: str) -> bool:
    """May `$import` fetch this address?"""
    return permits(url, get_settings().import_sources.split())


def fetcher(timeout: httpx.Timeout, inner: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client for the listed sources; redirects are not followed."""
    settings = get_settings()
    carrier = Outbound(settings.import_sources.split(), settings.outbound_networks.split(), inner)
    return httpx.AsyncClient(transport=carrier, timeout=timeout, trust_env=False)
