"""Patroni, etcd and a synchronous standby: the leader is killed while the front desk registers; nothing confirmed is lost.

The nodes are started from `deploy/ha/patroni.yml` as it is. `HIS_LEADERS` sets how many leaders die.
"""

import asyncio
import contextlib
import os
import shutil
import string
import subprocess
import tempfile
import time
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from his.kit.pg_runtime import database_account, programs
from his.migrate import migrate
from his.seed import seed_reference
from tests.faults import trial
from tests.faults.clinic import SAFE_AND_ONCE, Desk, Service, judged
from tests.standin import free_port

LEADERS = trial.count("HIS_LEADERS", 1)
FILE = Path(__file__).parents[2] / "deploy" / "ha" / "patroni.yml"
GAP_SECONDS = trial.count("HIS_GAP_SECONDS", 120)


class Node:
    """One Patroni with its PostgreSQL."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        self.port, self.rest = free_port(), free_port()
        self.folder = cluster.folder / name
        self.folder.mkdir(mode=0o700)
        words = {
            "name": name, "host": "127.0.0.1", "port": self.port, "rest": self.rest, "etcd": f"127.0.0.1:{cluster.etcd}",
            "data": self.folder / "data", "bin": programs(database_account()), "socket": self.folder, "secret": cluster.secret,
        }  # fmt: skip
        (self.folder / "patroni.yml").write_text(string.Template(FILE.read_text()).substitute(words))
        cluster.own(self.folder)
        self.process = None

    def start(self):
        self.process = self.cluster.spawn(["/usr/bin/patroni", str(self.folder / "patroni.yml")], self.folder / "log")

    def kill(self):
        """kill -9 of Patroni and of every process of its PostgreSQL; returns when all are gone."""
        doomed = [psutil.Process(self.process.pid)]
        doomed += doomed[0].children(recursive=True)
        with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
            server = psutil.Process(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]))
            doomed += [server, *server.children(recursive=True)]
        for process in doomed:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(doomed, timeout=5)
        self.process.wait()

    def role(self):
        """`master`, `sync_standby`, `replica` or nothing, as Patroni says itself."""
        with contextlib.suppress(httpx.HTTPError, ValueError):
            said = httpx.get(f"http://127.0.0.1:{self.rest}/patroni", timeout=2).json()
            if said.get("state") in ("running", "streaming"):
                return "sync_standby" if said.get("sync_standby") else said.get("role", "")
        return ""


class Cluster:
    """etcd and two nodes on loopback."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="his-ha-"))
        self.folder.chmod(0o755)
        self.etcd, self.secret = free_port(), "secret-of-the-trial"
        peer = free_port()
        (self.folder / "etcd").mkdir(mode=0o700)
        self.own(self.folder / "etcd")
        client = f"http://127.0.0.1:{self.etcd}"
        self.keeper = self.spawn(
            ["/usr/bin/etcd", "--data-dir", str(self.folder / "etcd"), "--listen-client-urls", client, "--advertise-client-urls", client,
             "--listen-peer-urls", f"http://127.0.0.1:{peer}", "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}",
             "--initial-cluster", f"default=http://127.0.0.1:{peer}"], self.folder / "etcd" / "log",
        )  # fmt: skip
        self.nodes = [Node(self, "one"), Node(self, "two")]

    @property
    def address(self):
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgresql://postgres:{self.secret}@{hosts}/his?target_session_attrs=read-write&connect_timeout=2"

    owner = address

    def rows(self, query):
        with psycopg.connect(self.address) as connection:
            return connection.execute(query).fetchall()

    def own(self, folder):
        account = database_account()
        if account.switch:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, account.uid, account.gid)

    def spawn(self, command, log):
        account = database_account()
        who = {"user": account.uid, "group": account.gid, "extra_groups": []} if account.switch else {}
        with log.open("ab") as out:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C", "HOME": str(self.folder)}, **who,
            )  # fmt: skip

    def wait_for(self, *roles, seconds=120):
        """Until one node is the leader and the other has one of the roles."""
        deadline = time.monotonic() + seconds
        while (found := {node.role() for node in self.nodes}) != set(roles):
            said = "\n".join(
                (node.folder / "log").read_text()[-1500:] for node in self.nodes if (node.folder / "log").exists()
            )
            assert time.monotonic() < deadline, f"{found}\n{said}"
            time.sleep(0.3)

    def leader(self):
        return next(node for node in self.nodes if node.role() in ("master", "primary"))

    def discard(self):
        for node in self.nodes:
            if node.process is not None:
                node.kill()
        self.keeper.kill()
        self.keeper.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def cluster():
    if not all(Path(program).exists() for program in ("/usr/bin/patroni", "/usr/bin/etcd")):
        pytest.skip("NOT RUN: patroni and etcd are not installed (Debian packages patroni, etcd-server)")
    made = Cluster()
    try:
        made.nodes[0].start()
        made.wait_for("master", "")
        made.nodes[1].start()
        made.wait_for("master", "sync_standby")
        with psycopg.connect(made.address.replace("/his?", "/postgres?"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE his")
        dsns = migrate(made.address, made.folder / "his")
        seed_reference(dsns["his_app"], made.folder / "his", units=2)
        made.environment = {
            **os.environ, "HIS_PROFILE": "production", "HIS_DATA_DIR": str(made.folder / "his"), "HIS_DB_POOL_SIZE": "4",
            "HIS_APP_DATABASE_URL": dsns["his_app"], "HIS_PERSON_REQUESTS_PER_SECOND": "10000",
        }  # fmt: skip
        yield made
    finally:
        made.discard()


async def play(cluster):
    service = Service(cluster.environment)
    service.start()
    gaps = []
    try:
        await service.when_ready()
        desk = Desk(cluster, service, 30)
        load = asyncio.create_task(desk.run())
        for _ in range(LEADERS):
            begun = len(desk.confirmed)
            while len(desk.confirmed) < begun + 20:  # noqa: ASYNC110  # a ledger rings no bell
                await asyncio.sleep(0.05)
            leader = await asyncio.to_thread(cluster.leader)
            await asyncio.to_thread(leader.kill)
            gaps.append(await desk.first_after(time.monotonic(), 180))
            leader.start()
            await asyncio.to_thread(cluster.wait_for, "master", "sync_standby", seconds=240)
        desk.stopping = True
        await load
    finally:
        await asyncio.to_thread(service.kill)
    return desk, gaps


@pytest.mark.slow
def test_a_killed_leader_takes_nothing_with_it(cluster):
    desk, gaps = asyncio.run(play(cluster))
    got = judged(cluster, desk) | {"other_answers": desk.broken, "longest_gap_seconds": round(max(gaps), 1)}
    expected = {**SAFE_AND_ONCE, "other_answers": {}, "longest_gap_seconds": f"<={GAP_SECONDS}", "confirmed": ">=30"}
    trial.report("2-leader", n=LEADERS, expected=expected, got=got)
