"""The outer file of a dossier, in the one shape the gateway is known to accept.

No declaration and no namespace on GIAMDINHHS, NOIDUNGFILE on one line in base64, the inner tables with their own
declaration and CRLF, CHUKYDONVI last and empty until the signature is placed in it.
"""

from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime

from his.claims.terms import WALL_CLOCK, ClaimFacts
from his.claims.xml.readings import DEFAULTS, Readings
from his.claims.xml.table import day, escape
from his.claims.xml.tables import AnyTable, dossier_tables
from his.kit.errors import Finding, refuse_errors

SIGNATURE_PLACE = "CHUKYDONVI"
DIED = frozenset({"5", "8"})
ABSCONDED = "3"
REFERRED = frozenset({"2", "5"})
WITH_SUMMARY = frozenset({"03", "04", "06"})
RESTRICTED = "XML6"
"""The table that only people with the right to HIV care may see."""


def to_send(facts: ClaimFacts, table: str) -> bool:
    """Does the table go with the dossier, given that it has rows? (rules.md 5: which tables to send.)

    A discharge paper is not sent for a patient who died or absconded, a summary only for stays, a referral with
    MA_LOAI_RV 2 or 5, a follow-up slip with NGAY_TAI_KHAM; the others go as soon as they have a row.
    """
    if table == "XML7":
        return facts.outcome not in DIED and facts.discharge_type != ABSCONDED
    if table == "XML8":
        return facts.care_setting in WITH_SUMMARY
    if table == "XML13":
        return facts.discharge_type in REFERRED
    return table != "XML14" or bool(facts.follow_up_on)


def _sent(facts: ClaimFacts, readings: Readings) -> Iterator[AnyTable]:
    """The tables of the dossier in the edition of the day on which the visit ended."""
    for table in dossier_tables(facts.ended_on, readings):
        if table.rows(facts) and to_send(facts, table.name):
            yield table


def check_tables(facts: ClaimFacts, readings: Readings = DEFAULTS) -> list[Finding]:
    """Every value of the tables to send that the standard of the visit's day cannot hold."""
    return [finding for table in _sent(facts, readings) for finding in table.check(facts)]


def table_texts(facts: ClaimFacts, readings: Readings = DEFAULTS) -> list[tuple[str, str]]:
    """Name and own XML of each table to send: XML1 always, the others when they have rows."""
    return [(table.name, table.write(facts)) for table in _sent(facts, readings)]


def wrap(facility_code: str, made_at: datetime, tables: list[tuple[str, str]]) -> bytes:
    """One dossier of these tables in its envelope, unsigned; `made_at` gives NGAYLAP on the calendar of Viet Nam."""
    files = "".join(
        f"<FILEHOSO><LOAIHOSO>{name}</LOAIHOSO><NOIDUNGFILE>{b64encode(text.encode()).decode()}</NOIDUNGFILE></FILEHOSO>"
        for name, text in tables
    )
    made_on = day(made_at.astimezone(WALL_CLOCK).date())
    return (
        f"<GIAMDINHHS><THONGTINDONVI><MACSKCB>{escape(facility_code)}</MACSKCB></THONGTINDONVI>"
        f"<THONGTINHOSO><NGAYLAP>{made_on}</NGAYLAP><SOLUONGHOSO>1</SOLUONGHOSO>"
        f"<DANHSACHHOSO><HOSO>{files}</HOSO></DANHSACHHOSO></THONGTINHOSO>"
        f"<{SIGNATURE_PLACE}></{SIGNATURE_PLACE}></GIAMDINHHS>"
    ).encode()


def seal_bytes(facts: ClaimFacts, made_at: datetime, readings: Readings = DEFAULTS) -> bytes:
    """The unsigned dossier of one visit: the same facts and day always give the same bytes.

    Raises `HisError(RULES)` with every finding when a value does not fit the standard; nothing is ever cut.
    """
    composed = [(table.name, *table.compose(facts)) for table in _sent(facts, readings)]
    refuse_errors([finding for *_, findings in composed for finding in findings])
    return wrap(facts.facility_code, made_at, [(name, text) for name, text, _ in composed])


def holds_restricted(content: str) -> bool:
    """Does a sealed dossier hold the table that asks for the right to HIV care?"""
    return f"<LOAIHOSO>{RESTRICTED}</LOAIHOSO>" in content
