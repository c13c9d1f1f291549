"""`his audit verify`: recomputes the chain from the rows, outside the database, and holds it against the signed anchors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg

from his.audit.anchors import Anchor, Wrong
from his.audit.rules import Block, digest_of

TAIL: Final = timedelta(minutes=1)
"""How long a committed entry may be without its place; the worker needs a second."""
_BLOCKS_AT_ONCE: Final = 200
_MOST: Final = 20
_US: Final = "(extract(epoch FROM {0}) * 1000000)::bigint"
_FIELDS: Final = (
    f"id, ARRAY[unit_id::text, id::text, {_US.format('recorded_at')}::text, actor, role, action, entity_type, entity_id, "
    "outcome, request_id, detail::text]"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong and where: the unit, the entry, its place in the unit's chain, and the block or the anchor.

    Kinds: changed, missing, inserted, unsealed (an entry); block, truncated, rewritten (a block); anchor (a file).
    """

    kind: str
    unit_id: int | None = None
    entry_id: UUID | None = None
    seq: int | None = None
    block: int | None = None
    anchor: str = ""


@dataclass(slots=True)
class Verdict:
    """What was looked at and what was found; `faults` holds the first ones of each unit."""

    units: int = 0
    entries: int = 0
    blocks: int = 0
    unsealed: int = 0
    forgotten: int = 0
    faults: list[Fault] | None = None

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.faults


def verify(
    connection: psycopg.Connection[Any], anchors: Sequence[Anchor], wrong: Sequence[Wrong], now: datetime
) -> Verdict:
    """Look at every unit over a connection of the owner; `anchors` oldest first. Opens one transaction, changes nothing."""
    verdict = Verdict(faults=[Fault("anchor", anchor=w.name) for w in wrong])
    assert verdict.faults is not None
    with connection.transaction():
        units = [row[0] for row in connection.execute("SELECT id FROM unit ORDER BY id").fetchall()]
        known = set(units)
        units += sorted({h.unit_id for a in anchors for h in a.heads} - known)
        for unit in units:
            verdict.units += 1
            verdict.faults += _unit(connection, unit, anchors, now, verdict)
    return verdict


def _unit(
    connection: psycopg.Connection[Any], unit: int, anchors: Sequence[Anchor], now: datetime, verdict: Verdict
) -> list[Fault]:
    connection.execute("SELECT set_config('his.unit', %s, true)", (str(unit),))
    faults: list[Fault] = []
    missing: list[Fault] = []
    hashes: dict[int, bytes] = {}
    last: Block | None = None
    for blocks in _blocks(connection, unit):
        wanted = [identity for block in blocks for identity in block.entry_ids]
        found = dict(
            connection.execute(
                f"SELECT {_FIELDS} FROM audit_entry WHERE unit_id = %s AND id = ANY(%s)", (unit, wanted)
            ).fetchall()
        )
        for block in blocks:
            verdict.blocks += 1
            verdict.entries += len(block.entry_ids)
            hashes[block.number] = block.sha256
            faults += _rows(block, found, missing)
            if block.computed() != block.sha256 or not block.follows(last):
                faults.append(Fault("block", unit, seq=block.first_seq, block=block.number))
            last = block
    faults += _missing(connection, unit, missing, verdict)
    faults += _outside(connection, unit, last, now, verdict)
    faults += _anchored(unit, hashes, anchors)
    return sorted(faults, key=lambda f: (f.seq is None, f.seq or 0, f.kind == "block"))[:_MOST]


def _blocks(connection: psycopg.Connection[Any], unit: int) -> Iterator[list[Block]]:
    after = 0
    while True:
        rows = connection.execute(
            "SELECT unit_id, number, first_seq, entry_ids, digests, previous, sha256, "
            f"{_US.format('sealed_at')}, {_US.format('floor_at')} FROM audit_block "
            "WHERE unit_id = %s AND number > %s ORDER BY number LIMIT %s",
            (unit, after, _BLOCKS_AT_ONCE),
        ).fetchall()
        if not rows:
            return
        yield [Block(*row) for row in rows]
        after = rows[-1][1]


def _rows(block: Block, found: dict[UUID, list[str]], missing: list[Fault]) -> list[Fault]:
    """Entries of a block that are not what was sealed; those that are gone are collected apart."""
    faults = []
    for place, identity in enumerate(block.entry_ids):
        fields = found.get(identity)
        if fields is None:
            missing.append(Fault("missing", block.unit_id, identity, block.first_seq + place, block.number))
        elif digest_of(fields) != block.digest(place):
            faults.append(Fault("changed", block.unit_id, identity, block.first_seq + place, block.number))
    return faults


def _missing(connection: psycopg.Connection[Any], unit: int, missing: list[Fault], verdict: Verdict) -> list[Fault]:
    """Entries that are gone and that the retention did not remove: it entered how many went, and up to when."""
    if not missing:
        return []
    allowed, before = connection.execute(
        "SELECT coalesce(sum((e.detail->>'entries')::int), 0), max((e.detail->>'before')::timestamptz) FROM audit_entry e "
        "JOIN audit_block b ON b.unit_id = e.unit_id AND e.id = ANY(b.entry_ids) "
        "WHERE e.unit_id = %s AND e.action = 'audit:forget' AND e.actor = 'worker'",
        (unit,),
    ).fetchone() or (0, None)
    due = [f.entry_id is not None and before is not None and _born(f.entry_id) < before for f in missing]
    if sum(due) != allowed:
        return missing
    verdict.forgotten += allowed
    return [fault for fault, lawful in zip(missing, due, strict=True) if not lawful]


def _born(identity: UUID) -> datetime:
    return datetime.fromisoformat("1970-01-01T00:00:00+00:00") + timedelta(milliseconds=identity.int >> 80)


def _outside(
    connection: psycopg.Connection[Any], unit: int, last: Block | None, now: datetime, verdict: Verdict
) -> list[Fault]:
    """Entries without a place: younger than the floor of the last block they wait for the worker, a minute at most."""
    rows = connection.execute(
        "SELECT e.id FROM audit_entry e WHERE e.unit_id = %s AND NOT EXISTS (SELECT 1 FROM (SELECT unnest(b.entry_ids) AS id "
        "FROM audit_block b WHERE b.unit_id = %s) s WHERE s.id = e.id) ORDER BY e.id LIMIT 10000",
        (unit, unit),
    ).fetchall()
    faults = []
    for (identity,) in rows:
        born_us = (identity.int >> 80) * 1000
        if last is not None and born_us < last.floor_us:
            faults.append(Fault("inserted", unit, identity))
        elif _born(identity) < now - TAIL:
            faults.append(Fault("unsealed", unit, identity))
        else:
            verdict.unsealed += 1
    return faults


def _anchored(unit: int, hashes: dict[int, bytes], anchors: Sequence[Anchor]) -> list[Fault]:
    """What the anchors say of this unit and the database does not; a restore that was declared begins anew from its head."""
    faults: list[Fault] = []
    limit: int | None = None
    for anchor in reversed(anchors):
        head = next((h for h in anchor.heads if h.unit_id == unit), None)
        if head is not None and (limit is None or head.number <= limit):
            stored = hashes.get(head.number)
            if stored is None:
                faults.append(Fault("truncated", unit, block=head.number, anchor=anchor.name))
            elif stored.hex() != head.sha256:
                faults.append(Fault("rewritten", unit, block=head.number, anchor=anchor.name))
        if anchor.restored:
            limit = min(head.number if head else 0, limit if limit is not None else 1 << 62)
    return faults[::-1]
