"""Every setting of the installation, in one place, read from environment variables that start with `HIS_`.

Where data lives when `HIS_DATA_DIR` is not given: `var/` beside pyproject.toml when that folder can be written (a clone,
a container), otherwise `~/.local/share/his` (an installed package). Nothing outside the data directory holds state.
"""

import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from his.kit.config_outward import Outward

PREFIX = "HIS_"
PROJECT_ROOT = Path(__file__).resolve().parents[2]


class SetupError(Exception):
    """The machine or its settings keep the system from starting; the operator reads `vi`, then `en`.

    Both are one sentence that names what is wrong and the next step, without passwords.
    """

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(f"{vi}\n{en}")
        self.vi = vi
        self.en = en


def default_data_dir(root: Path = PROJECT_ROOT, home: Path | None = None) -> Path:
    """The data directory used when none is named: `root/var`, or `~/.local/share/his` where `root` cannot be written."""
    in_project = root / "var"
    if (root / "pyproject.toml").exists() and os.access(in_project if in_project.exists() else root, os.W_OK):
        return in_project
    return (home or Path.home()) / ".local" / "share" / "his"


def default_workers() -> int:
    """Web processes: one for each processor, at most four (PostgreSQL wants the rest)."""
    return max(1, min(4, os.cpu_count() or 1))


def _default_public_url(earlier: dict[str, Any]) -> str:
    """The address that people type when nothing stands in front of the web service."""
    host = earlier.get("host", "127.0.0.1")
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  # compared, never bound here
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{earlier.get('port', 8000)}"


def _https(earlier: dict[str, Any]) -> bool:
    """Whether people reach the system over TLS."""
    return str(earlier.get("public_url", "")).startswith("https://")


class Settings(Outward):
    """Settings of one installation. Durations say their unit in their name; every field is `HIS_` + its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    profile: Literal["production", "test"] = Field(
        "production",
        description="`production` keeps every write (fsync) and every limit; `test` is for automatic tests only.",
    )
    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Folder of everything that is kept: database, keys, attachments, logs, demo.json. Back up this folder.",
    )
    database_url: str | None = Field(
        None,
        repr=False,
        description="Address of a PostgreSQL 18 server, as an owner who may create roles and tables "
        "(postgresql://user:password@host:5432/his). Empty: the embedded PostgreSQL in the data directory.",
    )
    app_database_url: str | None = Field(
        None,
        repr=False,
        description="Address used by the web service, as the role `his_app` that owns nothing and obeys row-level "
        "security. The supervisor fills it in; set it only when starting the processes by hand.",
    )
    worker_database_url: str | None = Field(
        None,
        repr=False,
        description="Address used by the background worker, as the role `his_worker`; filled in like `app_database_url`.",
    )
    host: str = Field("127.0.0.1", min_length=1, description="Network address the web service listens on.")
    port: int = Field(8000, ge=1, le=65535, description="TCP port of the web service.")
    gateway_port: int = Field(
        8010,
        ge=1,
        le=65535,
        description="TCP port, loopback only, of the stand-in for the insurance authority's gateway.",
    )
    public_url: str = Field(
        default_factory=_default_public_url,
        description="Address people type in the browser, without a final slash; FHIR references and links begin with it.",
    )
    gateway_url: str = Field(
        default_factory=lambda earlier: f"http://127.0.0.1:{earlier.get('gateway_port', 8010)}",
        description="Address of the insurance authority's gateway; by default the stand-in of this installation.",
    )
    secure_cookies: bool = Field(
        default_factory=_https,
        description="Send session cookies over TLS only; follows `public_url` (https) unless set.",
    )
    workers: int = Field(
        default_factory=default_workers,
        ge=1,
        le=64,
        description="Web processes; by default one for each processor, at most 4.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least weight of a log line that is written. Logs hold no personal data at any level."
    )
    demo: bool = Field(
        True,
        description="Fill an empty installation with an invented province, units, staff and visits at the first start.",
    )
    db_pool_size: int = Field(10, ge=1, le=200, description="Database connections kept by each web process.")
    db_statement_timeout_seconds: int = Field(10, ge=1, le=3600, description="Longest statement of a request.")
    db_report_pool_size: int = Field(3, ge=1, le=50, description="Connections of each web process for reports alone.")
    db_report_timeout_seconds: int = Field(60, ge=1, le=3600, description="Longest statement of a report.")
    db_pooler: bool = Field(False, description="The database is reached through pgBouncer in transaction mode.")
    max_requests: int = Field(
        64, ge=4, le=10_000, description="Requests under way in each web process; one more is told to come back (503)."
    )
    session_idle_minutes: int = Field(
        30, ge=1, le=720, description="Staff are signed out after this long without a click."
    )
    session_hours: int = Field(
        12, ge=1, le=24, description="Staff sign in again after this long, however busy (one shift)."
    )
    portal_idle_minutes: int = Field(
        15, ge=1, le=240, description="Citizens are signed out after this long without a click."
    )
    sign_in_attempts: int = Field(5, ge=1, le=100, description="Wrong passwords in a row before an account is locked.")
    address_sign_in_attempts: int = Field(
        50,
        ge=5,
        le=10_000,
        description="Wrong sign-ins from one network address within `lockout_minutes` before it is refused for that long.",
    )
    lockout_minutes: int = Field(15, ge=1, le=1440, description="How long a locked account refuses any password.")
    access_token_seconds: int = Field(900, ge=30, le=3600, description="Life of an access token of a SMART client.")
    id_token_seconds: int = Field(300, ge=30, le=3600, description="Life of an OpenID Connect id token.")
    refresh_token_days: int = Field(30, ge=1, le=365, description="Life of a refresh token; each use replaces it.")
    authorization_code_seconds: int = Field(
        60, ge=10, le=600, description="Life of an authorization code; it works once."
    )
    fhir_guide: str = Field(
        "http://fhir.ehealth.gov.vn/core",
        description="Address under which the national FHIR guide has its profiles and identifier systems.",
    )
    fhir_systems: str = Field(
        "",
        description="Identifier systems that differ from the guide's, as name=address pairs separated by spaces; names: "
        "citizen insurance patient-code facility license.",
    )
    gateway_timeout_seconds: int = Field(
        30,
        ge=1,
        le=600,
        description="A claim sent without an answer for this long becomes `unknown` and is asked about.",
    )
    bulk_hours: int = Field(
        24, ge=1, le=720, description="How long the files of a finished bulk export or import are kept for its client."
    )
    anchor_dir: Path = Field(
        default_factory=lambda earlier: earlier.get("data_dir", default_data_dir()) / "anchors",
        description="Folder of the signed anchors of the audit trail; best on another machine's disk. "
        "Default: `anchors` in the data directory.",
    )
    max_body_mb: int = Field(
        16, ge=1, le=1024, description="Largest request body in megabytes; a larger one answers 413."
    )

    @field_validator("data_dir", "anchor_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        """Children run in other folders: the path must not depend on the current one."""
        return Path(os.path.abspath(value.expanduser()))

    @field_validator("database_url", "app_database_url", "worker_database_url")
    @classmethod
    def _postgresql(cls, value: str | None) -> str | None:
        """Accept what libpq understands (postgresql://... or `host=... dbname=...`) and SQLAlchemy's spelling of it."""
        if value is None:
            return None
        value = re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql://", value)
        try:
            conninfo_to_dict(value)
        except ProgrammingError:
            raise ValueError("must be an address like postgresql://user:password@host:5432/his") from None
        return value

    @field_validator("public_url", "gateway_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        """Addresses are joined with paths, so they carry no final slash."""
        if not re.match(r"https?://[^/\s]+", value):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        """Two services cannot share one port."""
        if self.port == self.gateway_port:
            raise ValueError(f"port and gateway_port are both {self.port}")
        return self

    @property
    def attachments_dir(self) -> Path:
        """Where files that people attach are kept."""
        return self.data_dir / "attachments"

    @property
    def bulk_dir(self) -> Path:
        """Where the files of bulk exports and imports lie until they expire."""
        return self.data_dir / "bulk"

    @property
    def log_dir(self) -> Path:
        """Where every process writes its log."""
        return self.data_dir / "log"

    @property
    def gate(self) -> Path:
        """While something stands here the system is starting, and the web processes wait before they serve."""
        return self.data_dir / "starting"

    @property
    def demo_file(self) -> Path:
        """Sign-ins of the invented staff, one of each kind, shown at the start."""
        return self.data_dir / "demo.json"

    @property
    def browse_url(self) -> str:
        """The address at which this machine itself reaches the web service."""
        return _default_public_url({"host": self.host, "port": self.port})


def load_settings() -> Settings:
    """Read the environment. Raises `SetupError` that names every variable that is wrong, but not its value."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(_complaints(error))
        raise SetupError(
            f"Thiết lập không hợp lệ: {wrong}. Sửa biến môi trường rồi chạy lại.",
            f"Invalid settings: {wrong}. Correct the environment and start again.",
        ) from None


def _complaints(error: ValidationError) -> Iterable[str]:
    """One phrase for each wrong variable; the value stays out, it may be a password."""
    for item in error.errors(include_input=False, include_url=False):
        if item["type"] == "default_factory_not_called":  # follows from another wrong variable, named already
            continue
        name = "_".join(str(part) for part in item["loc"]).upper()
        said = item["msg"].removeprefix("Value error, ")
        yield f"{PREFIX}{name} ({said})" if name else said


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Names that start with `HIS_` but are no setting: most likely a slip of the pen, which would be silently ignored."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once; tests call `get_settings.cache_clear()` after changing the environment."""
    return load_settings()
