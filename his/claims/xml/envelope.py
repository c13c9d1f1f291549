"""The outer file of a dossier, in the one shape the gateway is known to accept.

No declaration and no namespace on GIAMDINHHS, NOIDUNGFILE on one line in base64, the inner tables with their own
declaration and CRLF, CHUKYDONVI last and empty until the signature is placed in it.
"""

from base64 import b64encode
from datetime import datetime

from his.claims.terms import WALL_CLOCK, ClaimFacts
from his.claims.xml.table import day, escape
from his.claims.xml.xml1 import XML1
from his.claims.xml.xml2 import XML2
from his.claims.xml.xml3 import XML3
from his.claims.xml.xml4 import XML4
from his.claims.xml.xml5 import XML5
from his.kit.errors import Finding, refuse_errors

SIGNATURE_PLACE = "CHUKYDONVI"


def check_tables(facts: ClaimFacts) -> list[Finding]:
    """Every value of XML1 to XML5 that the standard cannot hold."""
    return XML1.check(facts) + XML2.check(facts) + XML3.check(facts) + XML4.check(facts) + XML5.check(facts)


def table_texts(facts: ClaimFacts) -> list[tuple[str, str]]:
    """Name and own XML of each table to send: XML1 always, the others when they have rows."""
    texts = [(XML1.name, XML1.write(facts))]
    if facts.drugs:
        texts.append((XML2.name, XML2.write(facts)))
    if facts.services:
        texts.append((XML3.name, XML3.write(facts)))
    if facts.results:
        texts.append((XML4.name, XML4.write(facts)))
    if facts.notes:
        texts.append((XML5.name, XML5.write(facts)))
    return texts


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


def seal_bytes(facts: ClaimFacts, made_at: datetime) -> bytes:
    """The unsigned dossier of one visit: the same facts and day always give the same bytes.

    Raises `HisError(RULES)` with every finding when a value does not fit the standard; nothing is ever cut.
    """
    refuse_errors(check_tables(facts))
    return wrap(facts.facility_code, made_at, table_texts(facts))
