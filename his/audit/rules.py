"""The arithmetic of the trail's chain, the same as the database's (schema.py): digests of entries, blocks, Merkle roots."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import UUID

DIGEST_BYTES: Final = 32


def digest_of(fields: Iterable[str]) -> bytes:
    """SHA-256 of an entry: each field as `length:text,`, so that no two entries read the same."""
    return sha256("".join(f"{len(field)}:{field}," for field in fields).encode()).digest()


@dataclass(frozen=True, slots=True)
class Block:
    """A sealed block as it is hashed; instants in microseconds since 1970."""

    unit_id: int
    number: int
    first_seq: int
    entry_ids: Sequence[UUID]
    digests: bytes
    previous: bytes
    sha256: bytes
    sealed_us: int
    floor_us: int

    @property
    def last_seq(self) -> int:
        """The place of the last entry."""
        return self.first_seq + len(self.entry_ids) - 1

    def digest(self, place: int) -> bytes:
        """The digest of the entry at this place of the block, counted from 0."""
        return self.digests[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]

    def computed(self) -> bytes:
        """What `sha256` must be."""
        head = f"{self.unit_id}:{self.number}:{self.first_seq}:{len(self.entry_ids)}:{self.sealed_us}:{self.floor_us}"
        named = b"".join(identity.bytes for identity in self.entry_ids)
        return sha256(self.previous + head.encode() + named + self.digests).digest()

    def follows(self, before: "Block | None") -> bool:
        """Whether number, place and hash continue the block before."""
        if before is None:
            return (self.number, self.first_seq, self.previous) == (1, 1, b"")
        return (self.number, self.first_seq, self.previous) == (before.number + 1, before.last_seq + 1, before.sha256)


@dataclass(frozen=True, slots=True, order=True)
class Head:
    """The newest block of a unit."""

    unit_id: int
    number: int
    last_seq: int
    sha256: str  # hexadecimal


def merkle_root(heads: Iterable[Head]) -> str:
    """Root over the heads in the order of their units, hexadecimal; leaves and nodes are hashed apart (RFC 9162, 2.1)."""
    level = [sha256(b"\0" + f"{h.unit_id}:{h.number}:{h.last_seq}:{h.sha256}".encode()).digest() for h in sorted(heads)]
    if not level:
        return sha256(b"").hexdigest()
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [sha256(b"\1" + b"".join(pair)).digest() if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0].hex()
