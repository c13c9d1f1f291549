"""The supervisor, really run: start, watch, start again, stop."""

import contextlib
import json
import shutil
import signal
import tempfile
import time
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from his.kit.embedded import running_conninfo
from tests.integration.supervision import COMMAND, Running, free_port, gone


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_seconds(
    system: Running, surroundings: dict[str, str], number: signal.Signals
) -> None:
    family = system.family()
    assert len(family) >= 5, "three children, one helper, PostgreSQL and its own"
    started = time.monotonic()
    assert system.ask_to_stop(number) == 0
    assert time.monotonic() - started < 4
    assert gone(family)
    assert "Traceback" not in system.said
    data = Path(surroundings["HIS_DATA_DIR"])
    assert not (data / "pg" / "postmaster.pid").exists(), "PostgreSQL was stopped, not killed"


def test_a_deaf_child_does_not_hold_the_stop_up_for_long(surroundings: dict[str, str]) -> None:
    running = Running(surroundings | {"STUBBORN": "1"})
    running.wait_for("Ctrl+C")
    family = running.family()
    started = time.monotonic()
    assert running.ask_to_stop() == 0
    assert time.monotonic() - started < 10
    assert gone(family)


def test_the_ready_message_shows_address_and_one_sign_in_per_role(surroundings: dict[str, str]) -> None:
    users = [
        {"role": "front-desk", "username": "tiepdon1", "password": "mot-hai"},
        {"role": "front-desk", "username": "tiepdon2", "password": "khac"},
        {"role": "doctor", "username": "bacsi1", "password": "ba-bon"},
    ]
    (Path(surroundings["HIS_DATA_DIR"]) / "demo.json").write_text(json.dumps({"users": users}), encoding="utf-8")
    running = Running(surroundings)
    running.wait_for("Ctrl+C")
    assert f"http://127.0.0.1:{surroundings['HIS_PORT']}" in running.said
    assert "tiepdon1" in running.said
    assert "mot-hai" in running.said
    assert "bacsi1" in running.said
    assert "Bác sĩ" in running.said, "roles are shown in Vietnamese"
    assert "tiepdon2" not in running.said
    assert running.ask_to_stop() == 0


def test_second_start_is_quick(system: Running, surroundings: dict[str, str]) -> None:
    assert system.ask_to_stop() == 0
    started = time.monotonic()
    again = Running(surroundings)
    again.wait_for("Ctrl+C")
    assert time.monotonic() - started < 5
    assert again.ask_to_stop() == 0


def test_a_killed_child_is_started_again_and_that_is_said(system: Running) -> None:
    first = system.child("web")
    first.kill()
    system.wait_for("Dịch vụ web dừng bất thường (mã -9), khởi động lại sau 0,5 giây")
    deadline = time.monotonic() + 10
    second = first
    while second.pid == first.pid and time.monotonic() < deadline:
        time.sleep(0.1)
        with contextlib.suppress(AssertionError, psutil.Error):
            second = system.child("web")
    assert second.pid != first.pid


def test_a_killed_child_takes_its_helpers_along(system: Running) -> None:
    stubborn = system.child("gateway")
    deadline = time.monotonic() + 10
    while not (helpers := stubborn.children()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert helpers
    stubborn.kill()
    system.wait_for("Dịch vụ gateway dừng bất thường")
    assert gone(helpers)


def test_a_killed_database_is_started_again_at_the_same_address(system: Running, surroundings: dict[str, str]) -> None:
    data = Path(surroundings["HIS_DATA_DIR"])
    address = running_conninfo(data)
    assert address is not None
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 9 AS n")
        connection.execute("CHECKPOINT")
    system.child("postgres").kill()
    system.wait_for("PostgreSQL dừng bất thường")
    deadline = time.monotonic() + 20
    while running_conninfo(data) is None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert running_conninfo(data) == address
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (9,)


def test_a_killed_supervisor_leaves_nothing_that_blocks_the_next(system: Running, surroundings: dict[str, str]) -> None:
    system.process.kill()
    system.ended()
    again = Running(surroundings)
    again.wait_for("Ctrl+C")
    assert again.ask_to_stop() == 0


def test_a_child_that_keeps_failing_is_tried_with_growing_pauses(surroundings: dict[str, str]) -> None:
    running = Running(surroundings | {"FRAIL": "worker"})
    running.wait_for("Dịch vụ worker dừng bất thường (mã 3)")
    running.wait_for("khởi động lại sau 1 giây")
    running.wait_for("khởi động lại sau 2 giây")
    assert running.ask_to_stop() == 0


def test_a_server_of_ones_own_is_used(system: Running, surroundings: dict[str, str]) -> None:
    address = running_conninfo(Path(surroundings["HIS_DATA_DIR"]))
    assert address is not None
    own = Path(tempfile.mkdtemp(prefix="his-test-"))
    other = surroundings | {
        "HIS_DATABASE_URL": address,
        "HIS_DATA_DIR": str(own),
        "HIS_PORT": str(free_port()),
        "HIS_GATEWAY_PORT": str(free_port()),
    }
    running = Running(other)
    running.wait_for("Ctrl+C")
    assert not (own / "pg").exists()
    assert running.ask_to_stop() == 0
    assert running_conninfo(Path(surroundings["HIS_DATA_DIR"])) == address, "a server that is not ours keeps running"
    shutil.rmtree(own)


def test_stop_while_starting_leaves_nothing(surroundings: dict[str, str]) -> None:
    running = Running(surroundings)
    log = Path(surroundings["HIS_DATA_DIR"]) / "log"
    deadline = time.monotonic() + 20
    while not log.exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    family = running.family()
    assert running.ask_to_stop() == 0
    assert gone(family)
    assert "Traceback" not in running.said
    again = Running(surroundings)
    again.wait_for("Ctrl+C")
    assert again.ask_to_stop() == 0


@pytest.mark.slow
def test_the_real_command_serves_and_stops_and_starts_again(surroundings: dict[str, str]) -> None:
    surroundings["HIS_PROFILE"] = "production"
    first = Running(surroundings, COMMAND)
    first.wait_for("Ctrl+C", 120)
    address = f"http://127.0.0.1:{surroundings['HIS_PORT']}"
    assert address in first.said
    for role in ("Tiếp đón", "Bác sĩ", "Dược sĩ", "Thu ngân", "Giám định viên"):
        assert role in first.said
    assert httpx.get(f"{address}/readyz").json() == {"status": "ok"}
    assert httpx.get(f"{address}/sign-in").status_code == 200
    family = first.family()
    assert first.ask_to_stop() == 0
    assert gone(family)
    second = Running(surroundings, COMMAND)
    second.wait_for("Ctrl+C", 120)
    family = second.family()
    assert second.ask_to_stop(signal.SIGINT) == 0
    assert gone(family)
    assert "dừng bất thường" not in first.said + second.said
    assert "Traceback" not in first.said + second.said
