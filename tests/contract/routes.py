"""The doors of the running application, included routers too: what the contract tests are generated from."""

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from his.identity import doors
from his.identity.terms import Capability

OPEN = {row.door.split()[1]: row.reason for row in doors.rows().values() if row.right == doors.OPEN}
"""Every address without a capability, and why. An address that is not listed there must carry one."""


@dataclass(frozen=True)
class Entry:
    """One method of one address."""

    method: str
    path: str
    capability: Capability | None
    route: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def api(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def parameters(self) -> list[str]:
        return doors.PARAMETER.findall(self.path)

    def address(self, values: dict[str, object]) -> str:
        return doors.PARAMETER.sub(lambda found: str(values.get(found[1], "x")), self.path)


def entries(app: FastAPI) -> list[Entry]:
    """Every method of every address of the application but the mounts."""
    found = doors.doors(app.routes)
    return [Entry(d.method, d.path, d.capability, d.route) for d in found if d.method != doors.MOUNT]
