"""Writes sealed dossiers to a folder exactly as they were sent: the same bytes, the hash checked, a manifest beside them."""

import csv
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import and_, select, tuple_

from his.claims.rules import Place, assess_claim
from his.claims.rules.file import assess_file
from his.claims.rules.file_facts import state_file
from his.claims.tables import Claim
from his.claims.xml.back import facts_of
from his.claims.xml.reader import read_file
from his.exchange.tables import Parcel
from his.kit import clock
from his.kit.columns import table
from his.kit.db import Db
from his.kit.errors import HisError, Kind, Severity
from his.kit.sheets import inert

_claim, _parcel = table(Claim), table(Parcel)
BATCH = 20  # a dossier of 60 lines is about 150 KB: 3 MB at a time
MANIFEST = "manifest.csv"
_UNSAFE = re.compile(r"[^0-9A-Za-z._-]+")


@dataclass(frozen=True, slots=True)
class Exported:
    """One line of the manifest; `problems` joins the codes of what stands against the file."""

    file: str
    dossier_code: str
    number: str
    revision: int
    state: str
    receipt: str
    sealed_at: str
    size: int
    sha256: str
    insurer_share: Decimal
    problems: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What an export did: files written, those held back because their bytes are not what was sealed, findings."""

    written: int
    refused: int
    flawed: int

    def __add__(self, other: "Summary") -> "Summary":
        """Two exports together."""
        return Summary(self.written + other.written, self.refused + other.refused, self.flawed + other.flawed)


def file_name(dossier_code: str, revision: int) -> str:
    """A name that every file system takes: the dossier code and the revision."""
    return f"{_UNSAFE.sub('-', dossier_code).strip('.-') or 'ho-so'}-{revision}.xml"


def window(first: date, last: date) -> tuple[datetime, datetime]:
    """The instants between the start of the first day and the end of the last, in Viet Nam; raises INVALID."""
    if last < first:
        raise HisError(Kind.INVALID, f"Ngày cuối {last:%d/%m/%Y} trước ngày đầu {first:%d/%m/%Y}. Đổi lại.", field="to")
    start = datetime.combine(first, time(), clock.VIETNAM)
    return start, datetime.combine(last + timedelta(days=1), time(), clock.VIETNAM)


async def sealed_parcels(db: Db, first: date, last: date) -> AsyncIterator[Any]:
    """The dossiers sealed on these days with their bytes, oldest first; few at a time are in memory."""
    start, end = window(first, last)
    after: tuple[Any, ...] | None = None
    while True:
        query = (
            select(
                _parcel.c.id, _parcel.c.content, _parcel.c.sha256, _parcel.c.receipt, _claim.c.sealed_at, _claim.c.state,
                _claim.c.dossier_code, _claim.c.number, _claim.c.revision, _claim.c.insurer_share,
            )
            .select_from(_claim)
            .join(_parcel, and_(_parcel.c.unit_id == _claim.c.unit_id, _parcel.c.id == _claim.c.parcel_id))
            .where(_claim.c.sealed_at >= start, _claim.c.sealed_at < end)
            .order_by(_claim.c.sealed_at, _parcel.c.id)
            .limit(BATCH)
        )  # fmt: skip
        if after:
            query = query.where(tuple_(_claim.c.sealed_at, _parcel.c.id) > tuple_(*after))
        rows = await db.all(query)
        for row in rows:
            yield row
        if len(rows) < BATCH:
            return
        after = (rows[-1].sealed_at, rows[-1].id)


def _write(folder: Path, row: Any, today: date) -> tuple[Exported, bool]:
    """One file; bytes whose hash is not the sealed one are not written."""
    data = row.content.encode("utf-8")
    name = file_name(row.dossier_code, row.revision)
    whole = hashlib.sha256(data).hexdigest() == row.sha256
    if whole:
        (folder / name).write_bytes(data)
    problems = _problems(data, row, today)
    exported = Exported(
        file=name if whole else "", dossier_code=row.dossier_code, number=row.number, revision=row.revision,
        state=row.state, receipt=row.receipt, sealed_at=clock.local(row.sealed_at).isoformat(), size=len(data),
        sha256=row.sha256, insurer_share=row.insurer_share, problems=" ".join(problems),
    )  # fmt: skip
    return exported, whole


def _problems(data: bytes, row: Any, today: date) -> list[str]:
    """Codes of the errors in a file: of its bytes, then of the visit read back from them under the law of its day."""
    try:
        found = assess_file(state_file(data, today, sealed_sha256=row.sha256, dossier_code=row.dossier_code))
    except HisError:
        return ["CLM-FILE-01"]  # no XML at all
    for dossier in read_file(data).dossiers:
        try:
            facts = facts_of(dossier)
        except HisError:
            return ["CLM-FORM-00"]  # a value that no field of its type holds
        found += assess_claim(facts, clock.day_of(facts.ended_at or facts.arrived_at), place=Place.EXPORT)
    return sorted({f.code for f in found if f.severity is Severity.ERROR})


def _open(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / MANIFEST).exists():
        raise HisError(Kind.CONFLICT, f"{folder} đã có một lần xuất ({MANIFEST}). Chọn thư mục trống khác.")


async def export_sealed(db: Db, folder: Path, first: date, last: date, now: datetime) -> Summary:
    """Write the unit's sealed dossiers and the manifest into the folder.

    Raises HisError(CONFLICT) when the folder already holds an export, INVALID for days in the wrong order, OSError when
    it cannot be written.
    """
    window(first, last)
    _open(folder)
    written = refused = flawed = 0
    with (folder / MANIFEST).open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow([item.name for item in fields(Exported)])
        async for row in sealed_parcels(db, first, last):
            line, whole = _write(folder, row, clock.day_of(now))
            sheet.writerow([inert(getattr(line, item.name)) for item in fields(Exported)])
            written, refused, flawed = written + whole, refused + (not whole), flawed + bool(line.problems)
    return Summary(written, refused, flawed)
