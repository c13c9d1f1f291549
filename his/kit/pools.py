"""How patient each kind of work may be with the database: time-outs, connections, and how many may wait in line.

The clinic answers people and gives up soon; reports may take a minute and have connections of their own, so that fifty of
them leave the front desk as quick as it was; jobs in the background may wait for each other.
"""

from dataclasses import dataclass
from typing import Any

from his.kit.config import Settings, SetupError


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds, and the most that wait for a connection before the next one is told to come back (503)."""

    name: str
    statement: int
    lock: int
    idle: int
    wait: float
    waiting: int

    def session(self, settings: Settings) -> dict[str, Any]:
        """Arguments of psycopg's `connect`.

        Behind pgBouncer in transaction mode a connection is another one in each transaction: it takes no start options
        (the roles carry the time-outs, see `his.migrate`) and keeps no prepared statements.
        """
        if settings.db_pooler:
            return {"prepare_threshold": None}
        options = (
            f"-c statement_timeout={self.statement}s -c lock_timeout={self.lock}s "
            f"-c idle_in_transaction_session_timeout={self.idle}s"
        )
        return {"options": options, "application_name": f"his {self.name}"}

    def local(self, settings: Settings) -> str:
        """What the first statement of a transaction sets behind pgBouncer; nothing where `session` has done it."""
        if not settings.db_pooler:
            return ""
        return f", set_config('statement_timeout', '{self.statement}s', true), set_config('lock_timeout', '{self.lock}s', true)"

    def role(self, name: str) -> str:
        """The statement that gives these time-outs to a role of the database, for connections that bring none."""
        limits = {
            "statement_timeout": self.statement,
            "lock_timeout": self.lock,
            "idle_in_transaction_session_timeout": self.idle,
        }
        return "; ".join(f"ALTER ROLE {name} SET {setting} = '{seconds}s'" for setting, seconds in limits.items())


def clinic(settings: Settings) -> Patience:
    """Requests of people and machines at the point of care."""
    return Patience("clinic", settings.db_statement_timeout_seconds, 3, 10, 3, 100)


def reports(settings: Settings) -> Patience:
    """Province, settlement, exports: few at a time, each with time."""
    return Patience("reports", settings.db_report_timeout_seconds, 10, 60, 10, 12)


def jobs(settings: Settings) -> Patience:
    """The worker and commands: nobody stands in front of them."""
    return Patience("jobs", max(120, settings.db_report_timeout_seconds), 10, 120, 30, 1000)


def weaknesses(shown: dict[str, str]) -> list[str]:
    """Server settings under which a confirmed write can be lost by a crash or a power cut, as `name=value`.

    `shown` holds what the server says of `SAFE`; a setting that it does not name counts as weak.
    """
    return [f"{name}={shown.get(name, '?')}" for name, bad in SAFE.items() if shown.get(name, bad) == bad]


SAFE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "data_checksums": "off"}
"""What must not be so. Without checksums a page that the disk spoiled is believed."""
ASK = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"
"""Its argument: the names of `SAFE`."""


def require_durable(shown: dict[str, str]) -> None:
    """Raise `SetupError` when the server says of itself that a crash may lose what it confirmed."""
    if weak := ", ".join(weaknesses(shown)):
        raise SetupError(
            f"Máy chủ dữ liệu có thể mất dữ liệu đã xác nhận khi mất điện ({weak}); hãy bật các thiết lập này rồi chạy lại.",
            f"The database may lose confirmed data in a power cut ({weak}); switch these settings on and start again.",
        )
