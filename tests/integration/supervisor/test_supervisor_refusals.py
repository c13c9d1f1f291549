"""Every refusal of the supervisor: exit code 1, one sentence in each language, no trace."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from his.kit.embedded import running_conninfo
from tests.integration.supervision import COMMAND, Running, free_port


def refused(surroundings: dict[str, str], *words: str) -> str:
    """Start, expect a refusal: exit code 1, the words, Vietnamese before English, no trace."""
    running = Running(surroundings)
    assert running.ended() == 1, running.said
    assert "Traceback" not in running.said
    refusal = running.said[running.said.index("✗") :].splitlines()
    assert len(refusal) >= 2
    for word in words:
        assert word in refusal[0], running.said
    return running.said


def test_a_web_service_that_never_starts_is_a_failure_with_its_log_named(surroundings: dict[str, str]) -> None:
    said = refused(surroundings | {"FRAIL": "web"}, "Dịch vụ web", "log/web.log")
    assert "sẵn sàng" not in said


def test_busy_port_is_one_sentence(surroundings: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(surroundings["HIS_PORT"])))
        taken.listen()
        said = refused(surroundings, surroundings["HIS_PORT"], "HIS_PORT", "đang bị chương trình khác dùng")
    assert "PostgreSQL" not in said, "nothing was started before"


def test_busy_gateway_port_names_its_setting(surroundings: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(surroundings["HIS_GATEWAY_PORT"])))
        taken.listen()
        refused(surroundings, "HIS_GATEWAY_PORT")


def test_an_address_of_another_machine_is_refused(surroundings: dict[str, str]) -> None:
    refused(surroundings | {"HIS_HOST": "192.0.2.1"}, "192.0.2.1", "HIS_HOST")


def test_two_runs_never_share_a_directory(system: Running, surroundings: dict[str, str]) -> None:
    other = surroundings | {"HIS_PORT": str(free_port()), "HIS_GATEWAY_PORT": str(free_port())}
    refused(other, str(system.process.pid), surroundings["HIS_DATA_DIR"])


def test_broken_data_directory_is_one_sentence(surroundings: dict[str, str]) -> None:
    first = Running(surroundings)
    first.wait_for("Ctrl+C")
    assert first.ask_to_stop() == 0
    (Path(surroundings["HIS_DATA_DIR"]) / "pg" / "global" / "pg_control").unlink()
    refused(surroundings, "bị hỏng", "HIS_DATA_DIR")


def test_data_directory_that_is_a_file_is_one_sentence(surroundings: dict[str, str]) -> None:
    file = Path(surroundings["HIS_DATA_DIR"]) / "file"
    file.touch()
    refused(surroundings | {"HIS_DATA_DIR": str(file)}, "không phải là thư mục")


def test_unreachable_server_is_one_sentence_without_the_password(surroundings: dict[str, str]) -> None:
    address = f"postgresql://chu:bimat@127.0.0.1:{free_port()}/his"
    said = refused(surroundings | {"HIS_DATABASE_URL": address}, "HIS_DATABASE_URL", "không chạy hoặc chặn")
    assert "bimat" not in said


def test_wrong_role_of_a_server_is_told(system: Running, surroundings: dict[str, str]) -> None:
    address = running_conninfo(Path(surroundings["HIS_DATA_DIR"]), user="khong_co")
    assert address is None
    right = running_conninfo(Path(surroundings["HIS_DATA_DIR"]))
    assert right is not None
    own = Path(tempfile.mkdtemp(prefix="his-test-"))
    wrong = right.replace("//postgres@", "//khong_co@")
    other = {"HIS_DATABASE_URL": wrong, "HIS_DATA_DIR": str(own), "HIS_PORT": str(free_port())}
    refused(surroundings | other | {"HIS_GATEWAY_PORT": str(free_port())}, "không có cơ sở dữ liệu hoặc vai trò")
    shutil.rmtree(own)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_full_disk_is_one_sentence(surroundings: dict[str, str]) -> None:
    disk = Path(surroundings["HIS_DATA_DIR"])
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this container may not mount a disk: the full disk was not tried")
    try:
        refused(surroundings, "đã đầy")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_the_real_command_tells_wrong_settings_in_one_sentence(surroundings: dict[str, str]) -> None:
    running = Running(surroundings | {"HIS_PORT": "abc"}, COMMAND)
    assert running.ended() == 1
    assert "✗ Thiết lập không hợp lệ: HIS_PORT" in running.said
    assert "Traceback" not in running.said


def test_a_setting_that_does_not_exist_is_mentioned(surroundings: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(surroundings["HIS_PORT"])))
        taken.listen()
        running = Running(surroundings | {"HIS_DATADIR": "x"}, COMMAND)
        assert running.ended() == 1
    assert "Bỏ qua biến HIS_DATADIR" in running.said
    assert "đang bị chương trình khác dùng" in running.said
