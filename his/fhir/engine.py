"""The parts of the engine that every interaction needs, made once per process."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from his.fhir.conditions import Asking
from his.fhir.reader import Reader
from his.fhir.registry import Registry
from his.fhir.search import Query, parse
from his.fhir.searchcompare import Sql
from his.fhir.searchsql import page
from his.fhir.systems import ORIGIN
from his.fhir.writer import Writer, only_one
from his.kit import clock
from his.kit.db import Database, Scope


def milliseconds() -> datetime:
    """This instant as FHIR writes it: cut to milliseconds, so that `lastUpdated` and the stored instant are equal."""
    at = clock.now()
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost."""

    body_bytes: int = 16_000_000
    bundle_entries: int = 20_000
    answer_bytes: int = 32_000_000  # what the reads of one bundle may bring together
    thread_bytes: int = 200_000  # a bundle larger than this is prepared in a thread


FOUND_TOGETHER = 50
"""Conditions looked for in one statement."""


@dataclass
class Engine:
    """Database, declarations and settings of the FHIR interface; `base` is its public address without final slash."""

    database: Database
    registry: Registry
    base: str
    tag_system: str = ORIGIN
    limits: Limits = field(default_factory=Limits)
    now: Callable[[], datetime] = milliseconds

    def __post_init__(self) -> None:
        self.reader = Reader(self.database, self.now)
        self.writer = Writer(self.database, self.registry, self.tag_system)

    def localize(self, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Search values that are absolute addresses of this server, as relative references."""
        own = self.base + "/"
        return [(name, value.removeprefix(own)) for name, value in pairs]

    async def find_each(self, scope: Scope, asked: list[tuple[str, list[tuple[str, str]]]]) -> list[tuple[str, bool]]:
        """The id that each condition names: ("", False) for none, (id, False) for one, ("", True) for several.

        So many go in one statement; each is a page of its own type that ends after its second row.
        """
        assert scope.unit_id is not None
        answers = []
        for start in range(0, len(asked), FOUND_TOGETHER):
            sql = Sql()
            for n, (kind, pairs) in enumerate(asked[start : start + FOUND_TOGETHER]):
                query: Query = only_one(parse(kind, self.localize(pairs), Asking(now=self.now().isoformat())))
                one = page(query, scope.unit_id)
                sql.add("UNION ALL" if n else "").add(f"(SELECT {n} AS n, q.id FROM ({one.text}) q)", *one.arguments)
            found: dict[int, list[str]] = {}
            for n, identity in await self.reader.rows(sql):
                found.setdefault(n, []).append(identity)
            several = [found.get(n, []) for n in range(len(asked[start : start + FOUND_TOGETHER]))]
            answers += [("", True) if len(ids) > 1 else ("".join(ids), False) for ids in several]
        return answers

    async def find_one(self, scope: Scope, resource_type: str, pairs: list[tuple[str, str]]) -> tuple[str, bool]:
        """As `find_each`, of one condition."""
        return (await self.find_each(scope, [(resource_type, pairs)]))[0]
