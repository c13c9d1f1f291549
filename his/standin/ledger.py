"""What the stand-in received, in a small SQLite file, so that receipts survive a restart."""

import hashlib
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Arrival:
    """One accepted file."""

    receipt: str
    received: str  # yyyyMMddHHmmss
    sha256: str
    first: bool


class Ledger:
    """Accepted files by facility, kind and dossier code; identical bytes get the receipt they already have."""

    def __init__(self, path: Path | str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.execute(
            "CREATE TABLE IF NOT EXISTS arrival (facility TEXT, kind TEXT, reference TEXT, sha256 TEXT, receipt TEXT, "
            "received TEXT, size INT, PRIMARY KEY (facility, kind, reference, sha256))"
        )
        self.db.execute(
            "CREATE TABLE IF NOT EXISTS request (facility TEXT, kind TEXT, reference TEXT, sha256 TEXT, outcome TEXT)"
        )

    def accept(self, facility: str, kind: str, reference: str, content: bytes, now: datetime) -> Arrival:
        """Keep the file, or find the receipt of the same bytes."""
        sha256 = hashlib.sha256(content).hexdigest()
        known = self.find(facility, reference)
        for arrival in known:
            if arrival.sha256 == sha256:
                return Arrival(arrival.receipt, arrival.received, sha256, first=False)
        receipt = f"{facility}-{now:%Y%m%d}-{hashlib.sha256(f'{facility}{reference}{sha256}'.encode()).hexdigest()[:10].upper()}"
        row = (facility, kind, reference, sha256, receipt, f"{now:%Y%m%d%H%M%S}", len(content))
        self.db.execute("INSERT INTO arrival VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return Arrival(receipt, row[5], sha256, first=True)

    def note(self, facility: str, kind: str, reference: str, content: bytes, outcome: str) -> None:
        """Write down every request, also those that were not accepted."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.db.execute("INSERT INTO request VALUES (?, ?, ?, ?, ?)", (facility, kind, reference, sha256, outcome))

    def find(self, facility: str, reference: str) -> list[Arrival]:
        """Accepted files of a dossier code."""
        query = "SELECT receipt, received, sha256 FROM arrival WHERE facility = ? AND reference = ? LIMIT 50"
        return [Arrival(r, t, s, first=False) for r, t, s in self.db.execute(query, (facility, reference))]

    def counts(self) -> dict[str, int]:
        """Totals for tests and the start page: arrivals, distinct dossiers, requests."""
        one = self.db.execute
        return {
            "arrivals": one("SELECT count(*) FROM arrival").fetchone()[0],
            "dossiers": one("SELECT count(DISTINCT facility || reference) FROM arrival WHERE kind = '130'").fetchone()[
                0
            ],
            "requests": one("SELECT count(*) FROM request").fetchone()[0],
            "different": one(
                "SELECT count(*) FROM (SELECT 1 FROM request GROUP BY facility, kind, reference HAVING count(DISTINCT sha256) > 1)"
            ).fetchone()[0],
        }
