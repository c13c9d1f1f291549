"""Trial 43: addresses that somebody else names lead nowhere but to the listed places (SSRF).

Look-alike hosts, other schemes and ports, numbers in every notation, wrapped IPv6, redirects and names whose answer changes
between the look and the connection: a listener on this machine counts who knocks.
"""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest

from his.kit.outbound import Outbound, RefusedAddressError, is_public, permits
from tests.faults import trial

LISTED = ("https://good.example/hook/", "https://good.example:8443/", "http://127.0.0.1:{port}/open/")

HOSTS = (
    "good.example.evil", "good.example.", "evil.good.example", "good-example", "GOOD.EXAMPLE.evil", "good.example%2eevil", "goodexample",
    "good.example:443.evil", "good.example:444", "good.example:80", "good.example:0", "good.example:65536", "good.example:-1",
    "user@good.example", "good.example@evil", "good.example:pass@evil", "good.example%40evil", "good.example\\@evil", "good.example\t.evil",
    "good.example\n.evil", "gооd.example", "good。example", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1]", "[fe80::1%25lo]", "[fc00::1]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "127.0.0.1", "127.1", "127.0.1", "0", "0.0.0.0", "2130706433", "0x7f000001", "0x7f.1",
    "017700000001", "0177.0.0.1", "127.0.0.1.nip.io", "localhost", "localhost.", "LOCALHOST", "localhost.localdomain", "ip6-localhost",
    "169.254.169.254", "metadata.google.internal", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "198.18.0.1", "224.0.0.1",
    "255.255.255.255", "[::]", "[ff02::1]", "①②⑦.⓪.⓪.①", "",
)  # fmt: skip
PATHS = (
    "https://good.example/hook/../x", "https://good.example/hook/%2e%2e/x", "https://good.example/hook/%252e%252e/x", "https://good.example/hookx",
    "https://good.example/", "https://good.example", "https://good.example/hook/#x", "https://good.example/hook/\\x", "http://good.example/hook/",
    "ftp://good.example/hook/", "file:///etc/passwd", "gopher://good.example/hook/", "data:text/plain,x", "javascript:alert(1)", "//good.example/hook/",
    "///good.example/hook/", "https:good.example/hook/", "https:/good.example/hook/", "https:///good.example/hook/", " https://good.example/hook/",
    "https://good.example /hook/", "https://good.example/hook/\r\nHost: evil", "HTTPS://evil/hook/", "https://?good.example/hook/", "https://good.example:443x/hook/",
)  # fmt: skip
NAMES_LEAD_TO = (
    "127.0.0.1", "::1", "10.1.2.3", "172.20.0.1", "192.168.0.5", "169.254.169.254", "0.0.0.0", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "2002:7f00:1::", "fe80::1%lo", "fd00::1", "224.0.0.251", "ff02::fb", "100.64.1.1", "64:ff9b:1::7f00:1",
)  # fmt: skip


@asynccontextmanager
async def canary():
    """A listener on this machine that counts connections and answers everything with a redirect to itself."""
    knocks = []

    async def serve(reader, writer):
        line = await reader.readline()
        knocks.append(line.split(b" ")[1].decode())
        port = server.sockets[0].getsockname()[1]
        writer.write(
            f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{port}/inner\r\nContent-Length: 0\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], knocks
    finally:
        server.close()
        await server.wait_closed()


def hostile(port: int) -> list[str]:
    with_port = [host if ":" in host and not host.startswith("[") else f"{host}:{port}" for host in HOSTS]
    return [*(f"https://{h}/hook/" for h in HOSTS), *(f"http://{h}/hook/" for h in with_port), *PATHS]


async def knock(url: str, listed, look_up) -> bool:
    """Whether a request went out to anything at all."""
    async with httpx.AsyncClient(transport=Outbound(listed, look_up=look_up), timeout=2, trust_env=False) as client:
        try:
            return (await client.get(url)).status_code > 0
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            return False


async def leads_to(*answers):
    """A resolver that gives these answers one after another, the last one for ever: rebinding."""
    left = list(answers)

    async def look_up(host, port):
        return left.pop(0) if len(left) > 1 else left[0]

    return look_up


async def sweep(judge) -> dict[str, int]:
    """All hostile addresses, by `judge(url, listed)`: how many were let through, and how many knocked here."""
    async with canary() as (port, knocks):
        listed = [one.format(port=port) for one in LISTED]
        local = await leads_to(["127.0.0.1"])
        passed = 0
        for url in hostile(port):
            if judge(url, listed):
                passed += 1
                await knock(url, [url] if judge is not permits else listed, local)
        for address in NAMES_LEAD_TO:
            passed += await knock(f"https://good.example:8443/{len(address)}", listed, await leads_to([address]))
        passed += await knock("https://good.example:8443/both", listed, await leads_to(["93.184.216.34", "127.0.0.1"]))
        return {"passed": passed, "knocks": len(knocks), "n": len(hostile(port)) + len(NAMES_LEAD_TO) + 1}


async def test_nothing_hostile_leads_anywhere() -> None:
    got = await sweep(permits)
    n = got.pop("n")
    assert n >= 80
    trial.report("43", n=n, expected={"passed": 0, "knocks": 0}, got=got)


async def test_the_beginning_of_an_address_is_not_enough() -> None:
    """The sabotage: addresses compared by their beginning, as a system once did."""
    got = await sweep(lambda url, listed: any(url.startswith(one.rstrip("/")) for one in listed))
    assert got["passed"] > 0


async def test_a_listed_address_is_reached_and_its_redirect_is_not_followed() -> None:
    async with canary() as (port, knocks):
        assert await knock(f"http://127.0.0.1:{port}/open/x", [LISTED[2].format(port=port)], await leads_to([]))
        assert knocks == ["/open/x"]


async def test_a_name_is_asked_once_and_the_connection_goes_where_it_was_judged() -> None:
    """A name server that answers a public address first and this machine afterwards reaches nobody here."""
    async with canary() as (port, knocks):
        asked = []

        class Line(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request):
                asked.append((request.url.host, request.headers["host"], request.extensions["sni_hostname"]))
                return httpx.Response(204)

        look_up = await leads_to(["93.184.216.34"], ["127.0.0.1"])
        carrier = Outbound([f"http://good.example:{port}/"], inner=Line(), look_up=look_up)
        async with httpx.AsyncClient(transport=carrier) as client:
            assert (await client.get(f"http://good.example:{port}/a")).status_code == 204
            with pytest.raises(RefusedAddressError):
                await client.get(f"http://good.example:{port}/b")
        assert asked == [("93.184.216.34", f"good.example:{port}", "good.example")]
        assert knocks == []


async def test_a_name_of_the_house_is_reached_where_its_network_is_listed() -> None:
    async with canary() as (port, knocks):
        listed, look_up = [f"http://his.house:{port}/"], await leads_to(["127.0.0.1"])
        async with httpx.AsyncClient(transport=Outbound(listed, ["127.0.0.0/8"], look_up=look_up)) as client:
            assert (await client.get(f"http://his.house:{port}/a")).status_code == 302
        assert knocks == ["/a"]


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_the_open_network_is_open(address: str) -> None:
    assert is_public(address)
