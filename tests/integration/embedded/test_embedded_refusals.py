"""What the embedded PostgreSQL refuses, each time in one sentence, and what it takes in its stride."""

import os
import shutil
import socket
from pathlib import Path

import psycopg
import pytest

from his.kit.config import SetupError
from his.kit.embedded import Embedded
from his.kit.pg_runtime import database_account


def ask(address: str, statement: str) -> object:
    with psycopg.connect(address, autocommit=True) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


def test_two_launchers_never_share_a_directory(ready_dir: Path) -> None:
    with Embedded(ready_dir, durable=False) as server:
        with pytest.raises(SetupError) as caught:
            Embedded(ready_dir, durable=False).start()
        assert str(os.getpid()) in caught.value.vi
        assert ask(server.conninfo(), "SELECT 1") == 1


def test_busy_tcp_port_is_said(ready_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SetupError, match="Cổng TCP"):
            Embedded(ready_dir, port=taken.getsockname()[1], durable=False).start()
    with Embedded(ready_dir, durable=False) as server:
        assert server.running, "a failed start gives the lock back"


@pytest.mark.parametrize("lost", ["PG_VERSION", "global/pg_control", "postgresql.conf", "base", "pg_wal", "global"])
def test_damaged_directory_is_said_in_one_sentence(ready_dir: Path, lost: str) -> None:
    target = ready_dir / "pg" / lost
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    with pytest.raises(SetupError) as caught:
        Embedded(ready_dir, durable=False).start()
    assert "bị hỏng" in caught.value.vi
    assert "damaged" in caught.value.en


@pytest.mark.parametrize("content", [b"", b"\0" * 8192])
def test_overwritten_control_file_is_damage(ready_dir: Path, content: bytes) -> None:
    (ready_dir / "pg" / "global" / "pg_control").write_bytes(content)
    with pytest.raises(SetupError, match="bị hỏng"):
        Embedded(ready_dir, durable=False).start()


def test_rubbish_in_place_of_the_cluster_is_damage(data_dir: Path) -> None:
    (data_dir / "pg").mkdir()
    os.chown(data_dir / "pg", database_account().uid, -1)
    (data_dir / "pg" / "notes.txt").write_text("không phải cơ sở dữ liệu")
    with pytest.raises(SetupError, match="bị hỏng"):
        Embedded(data_dir, durable=False).start()
    assert (data_dir / "pg" / "notes.txt").exists(), "nothing of the operator's is removed"


def test_another_major_version_is_refused(ready_dir: Path) -> None:
    (ready_dir / "pg" / "PG_VERSION").write_text("16\n")
    with pytest.raises(SetupError, match="PostgreSQL 16"):
        Embedded(ready_dir, durable=False).start()


def test_a_file_in_place_of_the_directory_is_said(data_dir: Path) -> None:
    (data_dir / "file").write_text("")
    with pytest.raises(SetupError, match="không phải là thư mục"):
        Embedded(data_dir / "file", durable=False).start()


def test_an_interrupted_first_start_is_repeated(data_dir: Path) -> None:
    draft = data_dir / "pg.draft"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    with Embedded(data_dir, durable=False) as server:
        assert ask(server.conninfo(), "SELECT 1") == 1
    assert not draft.exists()
