"""The check-in as a file of its own, unsigned, in the edition of the day of arrival."""

from his.claims.terms import ClaimFacts
from his.claims.xml.tables import tables_on
from his.kit.errors import refuse_errors


def check_in_bytes(facts: ClaimFacts) -> bytes:
    """The unsigned check-in file, the signature's place last; `HisError(RULES)` when a field cannot be written."""
    table = next(table for table in tables_on(facts.arrived_at.date()) if table.name == "CHECKIN")
    refuse_errors(table.check(facts))
    _, _, body = table.write(facts, "<CHUKYDONVI></CHUKYDONVI>").partition("\r\n")
    return body.replace("\r\n", "").encode()
