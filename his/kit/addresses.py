"""Database addresses of the service roles, for the programs that run beside a running system."""

import secrets
from pathlib import Path
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict

from his.kit.config import Settings
from his.kit.embedded import running_conninfo

PASSWORD_FILE = "service-password"  # noqa: S105  # the name of a file


def role_address(owner_dsn: str, role: str, password: str) -> str:
    """The owner's address as a URL for another role; a socket directory goes into the query."""
    parts = {key: str(value) for key, value in conninfo_to_dict(owner_dsn).items() if value is not None}
    query = {key: value for key, value in parts.items() if key not in ("user", "password", "dbname")}
    return f"postgresql://{role}:{quote(password)}@/{quote(parts.get('dbname', 'his'))}?{urlencode(query)}"


def password_path(data_dir: Path) -> Path:
    """Where the password of the service roles stands (mode 600)."""
    return data_dir / PASSWORD_FILE


def service_password(data_dir: Path) -> str:
    """The password of the service roles; made up and kept at the first call."""
    path = password_path(data_dir)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32))
    return path.read_text().strip()


def service_address(settings: Settings, role: str = "his_app") -> str | None:
    """The address at which a program beside the running system reaches the database as a service role.

    Taken from the settings, else made from the user's server or the embedded PostgreSQL that runs; None when there is none.
    """
    if settings.app_database_url and role == "his_app":
        return settings.app_database_url
    owner = settings.database_url or running_conninfo(settings.data_dir)
    path = password_path(settings.data_dir)
    if owner is None or not path.exists():
        return None
    return role_address(owner, role, path.read_text().strip())
