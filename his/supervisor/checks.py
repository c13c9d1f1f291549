"""What is checked before anything starts, so that the operator reads one sentence instead of a trace."""

import errno
import socket

import psycopg
from psycopg.conninfo import conninfo_to_dict

from his.kit.config import SetupError
from his.kit.pools import ASK, SAFE, require_durable

OLDEST_SERVER = 180000


def require_port(host: str, port: int, variable: str) -> None:
    """Raise `SetupError` unless a service could listen there now; `variable` is the setting to change."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except socket.gaierror:
        raise SetupError(
            f"Không hiểu địa chỉ mạng {host}; hãy sửa HIS_HOST.",
            f"The network address {host} is unknown; correct HIS_HOST.",
        ) from None
    except OSError as error:
        raise _port_refused(error, host, port, variable) from None


def _port_refused(error: OSError, host: str, port: int, variable: str) -> SetupError:
    match error.errno:
        case errno.EADDRINUSE:
            return SetupError(
                f"Cổng {port} đang bị chương trình khác dùng; hãy dừng chương trình đó hoặc chạy với {variable} khác, "
                f"ví dụ {variable}={port + 1}.",
                f"Port {port} is used by another program; stop it or start with another {variable}, "
                f"for example {variable}={port + 1}.",
            )
        case errno.EACCES | errno.EPERM:
            return SetupError(
                f"Không có quyền mở cổng {port}; hãy đặt {variable} từ 1024 trở lên.",
                f"No permission to open port {port}; set {variable} to 1024 or above.",
            )
        case errno.EADDRNOTAVAIL:
            return SetupError(
                f"Máy này không có địa chỉ mạng {host}; hãy sửa HIS_HOST.",
                f"This machine has no network address {host}; correct HIS_HOST.",
            )
    return SetupError(
        f"Không mở được cổng {port} tại {host}: {error.strerror}.",
        f"Cannot open port {port} at {host}: {error.strerror}.",
    )


def require_server(address: str, *, durable: bool = True) -> None:
    """Raise `SetupError` unless the PostgreSQL at `address` answers, is new enough, lets the owner in and loses nothing.

    `durable=False` leaves out the last: the test profile alone may run on a server that a power cut can rob.
    """
    shown = _without_password(address)
    try:
        with psycopg.connect(address, connect_timeout=5) as connection:
            version = connection.info.server_version
            says: dict[str, str] = dict(connection.execute(ASK, (list(SAFE),)).fetchall())
    except psycopg.OperationalError as error:
        reason = _refusal(str(error))
        raise SetupError(
            f"Không kết nối được cơ sở dữ liệu {shown} trong HIS_DATABASE_URL ({reason[0]}).",
            f"Cannot connect to the database {shown} of HIS_DATABASE_URL ({reason[1]}).",
        ) from None
    if version < OLDEST_SERVER:
        raise SetupError(
            f"Máy chủ {shown} chạy PostgreSQL {version // 10000}; hệ thống cần bản 18 trở lên.",
            f"The server {shown} runs PostgreSQL {version // 10000}; version 18 or newer is needed.",
        )
    if durable:
        require_durable(says)


def _without_password(address: str) -> str:
    """Host, port and database of an address, as people may see them."""
    parts = conninfo_to_dict(address)
    return f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"


def _refusal(said: str) -> tuple[str, str]:
    """Why the server did not let us in, in both languages."""
    for sign, reason in (
        ("password authentication failed", ("sai tên hoặc mật khẩu", "wrong user or password")),
        ("no password supplied", ("thiếu mật khẩu", "the password is missing")),
        ("does not exist", ("không có cơ sở dữ liệu hoặc vai trò đó", "no such database or role")),
        ("resolve host", ("không tìm thấy tên máy", "unknown host name")),
        ("could not translate host name", ("không tìm thấy tên máy", "unknown host name")),
        ("timeout", ("quá thời gian chờ", "time-out")),
        ("refused", ("máy chủ không chạy hoặc chặn kết nối", "the server is down or refuses connections")),
    ):
        if sign in said:
            return reason
    return ("máy chủ không trả lời", "the server does not answer")
