"""Runs the stand-in gateway on a free loopback port for tests, with accounts and certificates of its own."""

import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import uvicorn

from his.claims.signature import make_test_certificate
from his.exchange.accounts import GatewayAccount, md5_upper, save_accounts
from his.kit import clock
from his.standin.ledger import Ledger
from his.standin.server import StandIn


def prepare(data_dir, codes):
    """Accounts and signing keys of some facilities in the data directory, as the seed makes them."""
    (data_dir / "keys").mkdir(parents=True, exist_ok=True)
    save_accounts(data_dir, {code: GatewayAccount(f"{code}_BV", md5_upper(f"pw-{code}")) for code in codes})
    for code in codes:
        key, certificate = make_test_certificate(f"Co so {code}", code, datetime(2023, 1, 1, tzinfo=UTC), 7300)
        (data_dir / "keys" / f"{code}.key.pem").write_bytes(key)
        (data_dir / "keys" / f"{code}.cert.pem").write_bytes(certificate)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(app, port):
    """Serve an ASGI application in a thread until the block ends."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.started
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def gateway(data_dir, plan=None, now=clock.now):
    """A running stand-in: yields (its address, the object)."""
    stand_in = StandIn(data_dir, Ledger(data_dir / "gateway.sqlite"), plan, now)
    port = free_port()
    with running(stand_in.app, port):
        yield f"http://127.0.0.1:{port}", stand_in
