"""Requests to addresses that somebody else named: only to listed places, only to the address that was looked at.

A name is resolved once, every address behind it is judged, and the connection goes to exactly that address with the name
in SNI and Host: what a name server says a moment later changes nothing. Redirects are never followed, proxies of the
environment are not used.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import httpx

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses behind a host name and port."""

PORTS: Final = {"https": 443, "http": 80}


class RefusedAddressError(httpx.ConnectError):
    """The address is not on the list, or its name leads to a place that the list does not mean."""


def permits(url: str, listed: Iterable[str]) -> bool:
    """Does `url` lie under one of the listed addresses (scheme, host, port and beginning of the path)?

    Hosts and ports are compared whole, never by their beginning, and the path by whole steps. Anything that two readers of
    addresses could understand differently is refused: user names, backslashes, fragments, dots that climb.
    """
    asked = _read(url)
    return asked is not None and any(_under(asked, one) for one in map(_read, listed) if one is not None)


def _read(url: str) -> SplitResult | None:
    plain = url.isascii() and url.isprintable() and not any(sign in url for sign in "\\ #")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not plain or not host or parts.scheme not in PORTS or parts.username is not None or port == 0:
        return None
    return None if ".." in unquote(unquote(parts.path)).split("/") else parts


def _under(asked: SplitResult, listed: SplitResult) -> bool:
    here, there = ((p.scheme, p.hostname, p.port or PORTS[p.scheme]) for p in (asked, listed))
    root = listed.path.rstrip("/")
    return here == there and (asked.path == root or asked.path.startswith(root + "/"))


def is_public(address: str) -> bool:
    """Is the address one of the open network: not of this machine, a house, a link, a group, or wrapped in another form?"""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return False
    return found.is_global and not found.is_multicast


async def resolve(host: str, port: int) -> list[str]:
    """All addresses behind a name, as the system's resolver tells them. Raises `OSError`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Outbound(httpx.AsyncBaseTransport):
    """Carries requests to listed addresses. A listed name must lead to public addresses or into the `networks` of the house;
    an address listed as a number (or `localhost`) is meant as it stands.

    Raises `RefusedAddressError` before any connection.
    """

    def __init__(
        self,
        listed: Iterable[str],
        networks: Iterable[str] = (),
        inner: httpx.AsyncBaseTransport | None = None,
        look_up: Resolve = resolve,
    ) -> None:
        self.listed = tuple(listed)
        self.networks = [ipaddress.ip_network(network) for network in networks]
        self.inner = inner or httpx.AsyncHTTPTransport(trust_env=False)
        self.look_up = look_up

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request to the one address that was judged."""
        if not permits(str(request.url), self.listed):
            raise RefusedAddressError("the address is not listed", request=request)
        host = request.url.host
        address = await self._address(host, request.url.port or PORTS[request.url.scheme], request)
        request.headers.setdefault("Host", request.url.netloc.decode("ascii"))
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=address)
        return await self.inner.handle_async_request(request)

    async def _address(self, host: str, port: int, request: httpx.Request) -> str:
        try:
            return str(ipaddress.ip_address(host))  # written as a number in the list: it is meant
        except ValueError:
            pass
        try:
            found = await self.look_up(host, port)
        except OSError as error:
            raise httpx.ConnectError("the name is not known", request=request) from error
        if not found or (host != "localhost" and not all(self._is_meant(address) for address in found)):
            raise RefusedAddressError("the name leads to an address of a house or of this machine", request=request)
        return found[0]

    def _is_meant(self, address: str) -> bool:
        number = ipaddress.ip_address(address.partition("%")[0])
        return is_public(address) or any(number in network for network in self.networks)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.inner.aclose()
