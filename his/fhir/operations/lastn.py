"""`Observation/$lastn`: the newest results of a patient, so many of each code.

http://hl7.org/fhir/R4/observation-operation-lastn.html. Results are of one code when their first code (with system, in the
order of the index) is the same; the newest is the one whose time begins last.
"""

import re

from his.fhir.conditions import write_cursor
from his.fhir.extract import SEPARATOR, bounded
from his.fhir.http import Response
from his.fhir.operations.arguments import refused
from his.fhir.operations.collect import asked_count, cursor_of, entry, in_unit, link
from his.fhir.operations.declare import TYPE, Call, Input, Operation
from his.fhir.parameters import parameters
from his.fhir.reader import Seen
from his.fhir.search import ID
from his.fhir.searching import bundle
from his.fhir.searchsql import Sql

MOST_OF_A_CODE = 100
PAGE, MOST = 200, 1000
SUBJECTS = ("Patient", "Group", "Device", "Location")


async def lastn(call: Call) -> Response:
    """The newest `max` results of every code, codes in order, newest first."""
    subject = _subject(call)
    most = asked_count(call, 1, MOST_OF_A_CODE, "max")
    count = asked_count(call, PAGE, MOST)
    after = cursor_of(call, 2)
    if after and not (after[1].isascii() and after[1].isdigit() and len(after[1]) < 5):
        raise refused(call.inputs.place("_cursor"), "Đường dẫn trang không còn dùng được.")
    rows = await call.engine.reader.rows(_newest(call, subject, most, after, count))
    more, rows = len(rows) > count, rows[:count]
    detail = {"parameters": sorted({value.name for value in call.inputs.values}), "seen": [row[0] for row in rows]}
    await call.engine.reader.audit(Seen("lastn", "Observation", "", call.caller.scope, detail))
    links = [("self", link(call, "lastn"))]
    if more:
        links.append(("next", link(call, "lastn", write_cursor(rows[-1][2], str(rows[-1][3])))))
    entries = [entry(call.engine, "Observation", row[0], row[1], "match") for row in rows]
    return Response(200, bundle("searchset", links, entries))


def _subject(call: Call) -> str:
    """The index value of the subject asked about: exactly one of `patient` and `subject`."""
    given = [value for name in ("patient", "subject") for value in call.inputs.all(name)]
    if len(given) != 1:
        place = given[1].place if given else "http.patient"
        raise refused(place, "Cần đúng một tham số patient hoặc subject.", "required")
    text = str(given[0].value).removeprefix(call.engine.base + "/")
    kind, _, identity = text.rpartition("/")
    kind = kind or "Patient"
    if not ID.match(identity) or kind not in SUBJECTS or (given[0].name == "patient" and kind != "Patient"):
        raise refused(given[0].place, f"{given[0].name} cần dạng Patient/mã.", "value")
    return identity + SEPARATOR + kind


def _tokens(call: Call, name: str) -> list[tuple[str, str]] | None:
    """Ranges of index values of a token parameter; its alternatives stand behind commas or repeat."""
    given = call.inputs.all(name)
    found: list[tuple[str, str]] = []
    for sent in given:
        for text in re.split(r"(?<!\\),", str(sent.value)):
            parts = re.split(r"(?<!\\)\|", text)
            plain = [re.sub(r"\\([,|$\\])", r"\1", part) for part in parts]
            if len(plain) > 2 or not plain[-1] or len(found) == 50:
                raise refused(sent.place, f"{name} cần mã, hệ|mã hoặc |mã, tối đa 50 mã.", "value")
            low = bounded(plain[-1] + SEPARATOR + (plain[0] if len(plain) == 2 else ""))
            found.append((low, low + "\x01" if len(plain) == 2 else low[:-1] + " "))
    return found if given else None


def _newest(call: Call, subject: str, most: int, after: tuple[str, ...] | None, count: int) -> Sql:
    sql = in_unit(call.caller.scope).add(
        "(SELECT x.id, c.content, x.code, x.n FROM (SELECT s.id, k.code, row_number() OVER "
        "(PARTITION BY k.code ORDER BY d.low DESC NULLS LAST, s.id DESC) AS n FROM resource_index s "
        "CROSS JOIN LATERAL (SELECT min(i.value) AS code FROM resource_index i WHERE i.unit_id = ctx.unit "
        "AND i.type = s.type AND i.id = s.id AND i.param = 'code') k "
        "CROSS JOIN LATERAL (SELECT max(t.low) AS low FROM resource_date t WHERE t.unit_id = ctx.unit "
        "AND t.type = s.type AND t.id = s.id AND t.param = 'date') d "
        "WHERE s.unit_id = ctx.unit AND s.type = 'Observation' AND s.param = ANY(%s) AND s.value = %s "
        "AND k.code IS NOT NULL",
        list(parameters("Observation")["subject"].sources),
        subject,
    )
    for name in ("code", "category"):
        ranges = _tokens(call, name)
        if ranges is not None:
            sql.add("AND EXISTS (SELECT 1 FROM resource_index o WHERE o.unit_id = ctx.unit AND o.type = s.type")
            sql.add("AND o.id = s.id AND o.param = %s AND (", name)
            for n, (low, high) in enumerate(ranges):
                sql.add(f"{'OR ' if n else ''}(o.value >= %s AND o.value < %s)", low, high)
            sql.add("))")
    sql.add(
        ") x JOIN resource_current c ON c.unit_id = ctx.unit AND c.type = 'Observation' AND c.id = x.id "
        "WHERE x.n <= %s AND NOT c.deleted",
        most,
    )
    if after:
        sql.add("AND (x.code, x.n) > (%s, %s)", after[0], int(after[1]))
    return sql.add("ORDER BY x.code, x.n LIMIT %s) r", count + 1)


OPERATIONS = [
    Operation(
        name="lastn",
        run=lastn,
        types=("Observation",),
        levels=(TYPE,),
        inputs=(
            Input("patient", "string"),
            Input("subject", "string"),
            Input("code", "string", many=True),
            Input("category", "string", many=True),
            Input("max", "integer"),
            Input("_count", "integer"),
            Input("_cursor", "string"),
        ),
        needs="search",
        definition="http://hl7.org/fhir/OperationDefinition/Observation-lastn",
        documentation="Kết quả mới nhất của một người bệnh theo từng mã; max là số kết quả mỗi mã.",
    )
]
