"""Six ways to falsify the trail as the owner of the database, triggers off, and what each must be called."""

import random
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from his.audit.rules import Block, digest_of

SWITCH = "SET LOCAL session_replication_role = replica"
US = "(extract(epoch FROM {0}) * 1000000)::bigint"
FIELDS = (
    f"ARRAY[unit_id::text, id::text, {US.format('recorded_at')}::text, actor, role, action, entity_type, entity_id, outcome, "
    "request_id, detail::text]"
)


@dataclass
class Trail:
    """A unit's chain as the attacker finds it."""

    connection: psycopg.Connection[Any]
    unit: int
    blocks: list[tuple[int, list[UUID]]]

    @property
    def ids(self) -> list[UUID]:
        return [identity for _, ids in self.blocks for identity in ids]

    def run(self, sql: str, *values: object) -> None:
        self.connection.execute(sql, values)


def find(connection: psycopg.Connection[Any], unit: int) -> Trail:
    connection.execute("SELECT set_config('his.unit', %s, true)", (str(unit),))
    rows = connection.execute(
        "SELECT number, entry_ids FROM audit_block WHERE unit_id = %s ORDER BY number", (unit,)
    ).fetchall()
    return Trail(connection, unit, rows)


def edit(trail: Trail, chance: random.Random) -> set[str]:
    """One column of one entry; returns the entries that the verdict must name."""
    identity = chance.choice(trail.ids)
    column, value = chance.choice(
        [("actor", "'nobody'"), ("action", "'search'"), ("entity_id", "'another'"), ("outcome", "'refused'"),
         ("recorded_at", "recorded_at + interval '1 microsecond'"), ("detail", "detail || '{\"pages\": 999}'"),
         ("request_id", "'r'"), ("role", "'nurse'")]
    )  # fmt: skip
    trail.run(f"UPDATE audit_entry SET {column} = {value} WHERE unit_id = %s AND id = %s", trail.unit, identity)
    return {str(identity)}


def delete(trail: Trail, chance: random.Random) -> set[str]:
    identity = chance.choice(trail.ids)
    trail.run("DELETE FROM audit_entry WHERE unit_id = %s AND id = %s", trail.unit, identity)
    return {str(identity)}


def reorder(trail: Trail, chance: random.Random) -> set[str]:
    """Two entries change their places: their texts under each other's id, or their ids within the block."""
    if chance.random() < 0.5:
        one, two = chance.sample(trail.ids, 2)
        shared = "recorded_at, actor, role, action, entity_type, entity_id, outcome, request_id, detail"
        trail.run(
            f"UPDATE audit_entry e SET ({shared}) = (SELECT {shared} FROM audit_entry o WHERE o.unit_id = e.unit_id "
            "AND o.id = CASE e.id WHEN %s THEN %s::uuid ELSE %s::uuid END) WHERE e.unit_id = %s AND e.id IN (%s, %s)",
            one, two, one, trail.unit, one, two,
        )  # fmt: skip
        return {str(one), str(two)}
    number, ids = chance.choice([b for b in trail.blocks if len(b[1]) > 1])
    i, j = chance.sample(range(len(ids)), 2)
    ids = list(ids)
    ids[i], ids[j] = ids[j], ids[i]
    trail.run("UPDATE audit_block SET entry_ids = %s WHERE unit_id = %s AND number = %s", ids, trail.unit, number)
    return {str(ids[i]), str(ids[j])}


def insert(trail: Trail, chance: random.Random) -> set[str]:
    """An entry between two old ones: beside the chain, or pushed into the block of its time."""
    number, ids = chance.choice(trail.blocks)
    before = chance.choice(ids)
    made = UUID(int=before.int + 1 + chance.randrange(1 << 40))
    trail.run(
        "INSERT INTO audit_entry SELECT unit_id, %s, recorded_at, actor, role, action, entity_type, 'forged', outcome, detail, "
        "request_id FROM audit_entry WHERE unit_id = %s AND id = %s",
        made, trail.unit, before,
    )  # fmt: skip
    if chance.random() < 0.5:
        trail.run(
            "UPDATE audit_block SET entry_ids = entry_ids || %s, digests = digests || sha256('forged') "
            "WHERE unit_id = %s AND number = %s",
            [made], trail.unit, number,
        )  # fmt: skip
        return {str(made), f"block {number}"}
    return {str(made)}


def truncate(trail: Trail, chance: random.Random) -> set[str]:
    """The last blocks and their entries go, as if they had never been."""
    cut = chance.randint(1, max(1, len(trail.blocks) // 2))
    gone = trail.blocks[-cut:]
    trail.run(
        "DELETE FROM audit_entry WHERE unit_id = %s AND id > %s OR unit_id = %s AND id = ANY(%s)",
        trail.unit, max(i for _, ids in trail.blocks[:-cut] for i in ids), trail.unit, [i for _, ids in gone for i in ids],
    )  # fmt: skip
    trail.run("DELETE FROM audit_block WHERE unit_id = %s AND number >= %s", trail.unit, gone[0][0])
    return {"truncated"}


def rewrite(trail: Trail, chance: random.Random) -> set[str]:
    """One old entry changes and every hash from there on is made anew, by the book."""
    edit(trail, chance)
    rows = trail.connection.execute(
        "SELECT unit_id, number, first_seq, entry_ids, digests, previous, sha256, "
        f"{US.format('sealed_at')}, {US.format('floor_at')} FROM audit_block WHERE unit_id = %s ORDER BY number",
        (trail.unit,),
    ).fetchall()
    texts = dict(
        trail.connection.execute(f"SELECT id, {FIELDS} FROM audit_entry WHERE unit_id = %s", (trail.unit,)).fetchall()
    )
    previous = b""
    for row in rows:
        digests = b"".join(digest_of(texts[i]) for i in row[3])
        block = Block(*row[:4], digests, previous, b"", *row[7:])
        previous = block.computed()
        trail.run(
            "UPDATE audit_block SET digests = %s, previous = %s, sha256 = %s WHERE unit_id = %s AND number = %s",
            digests, block.previous, previous, trail.unit, block.number,
        )  # fmt: skip
    return {"rewritten"}


WAYS = {"edit": edit, "delete": delete, "reorder": reorder, "insert": insert, "truncate": truncate, "rewrite": rewrite}
