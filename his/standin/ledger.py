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
    """Accepted files by facility, kind and dossier code.

    Another file with the same MA_LK replaces the one before, as at the real gateway; identical bytes get the receipt
    they already have, so that whoever asks later is told one thing.
    """

    def __init__(self, path: Path | str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=OFF")
        self.db.execute(
            "CREATE TABLE IF NOT EXISTS arrival (facility TEXT, kind TEXT, reference TEXT, sha256 TEXT, receipt TEXT, "
            "received TEXT, size INT, PRIMARY KEY (facility, kind, reference, sha256))"
        )
        self.db.execute(
            "CREATE TABLE IF NOT EXISTS current (facility TEXT, kind TEXT, reference TEXT, sha256 TEXT, replaced INT, "
            "PRIMARY KEY (facility, kind, reference))"
        )
        self.db.execute(
            "CREATE TABLE IF NOT EXISTS request (facility TEXT, kind TEXT, reference TEXT, sha256 TEXT, outcome TEXT)"
        )

    def accept(self, facility: str, kind: str, reference: str, content: bytes, now: datetime) -> Arrival:
        """Keep the file, or find the receipt of the same bytes; it is the current one of its dossier code from now on."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.db.execute(
            "INSERT INTO current VALUES (?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET "
            "replaced = replaced + (sha256 <> excluded.sha256), sha256 = excluded.sha256",
            (facility, kind, reference, sha256),
        )
        for arrival in self.find(facility, reference):
            if arrival.sha256 == sha256:
                return Arrival(arrival.receipt, arrival.received, sha256, first=False)
        seed = f"{facility}{kind}{reference}{sha256}".encode()
        receipt = f"{facility}-{now:%Y%m%d}-{hashlib.sha256(seed).hexdigest()[:10].upper()}"
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

    def anothers_receipt(self, facility: str, reference: str) -> str:
        """A receipt of the facility that was given to some other dossier; empty when there is none yet."""
        query = "SELECT receipt FROM arrival WHERE facility = ? AND reference <> ? LIMIT 1"
        return next((row[0] for row in self.db.execute(query, (facility, reference))), "")

    def counts(self) -> dict[str, int]:
        """Totals for tests and the start page: arrivals, distinct dossiers, requests, replaced files."""

        def one(query: str) -> int:
            return int(self.db.execute(query).fetchone()[0])

        return {
            "arrivals": one("SELECT count(*) FROM arrival"),
            "dossiers": one("SELECT count(DISTINCT facility || reference) FROM arrival WHERE kind = '130'"),
            "requests": one("SELECT count(*) FROM request"),
            "replaced": one("SELECT coalesce(sum(replaced), 0) FROM current"),
            "different": one(
                "SELECT count(*) FROM (SELECT 1 FROM request WHERE outcome = 'accepted' "
                "GROUP BY facility, kind, reference HAVING count(DISTINCT sha256) > 1)"
            ),
        }
