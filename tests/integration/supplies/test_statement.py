"""Each package of supplies has a heading of its own with its sums and ceiling, on the printed statement and on the page."""

from decimal import Decimal
from io import BytesIO

from pypdf import PdfReader

from his.billing.print import statement_pdf
from his.billing.service import preview_bill, total_shares
from his.billing.view import groups_of
from his.encounters import service as encounters
from his.kit import clock
from his.kit.db import Database
from his.kit.money import vnd
from tests.integration.supplies.story import operated
from tests.integration.visits import doctor_db


def words_of(pdf: bytes) -> str:
    """The text of all pages, white space folded."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


async def test_a_heading_for_each_package(database: Database) -> None:
    db = doctor_db(database)
    story = await operated(database, db)
    now = clock.now()
    bill = await preview_bill(db, story.cast.id, now)
    (supplies,) = [group for group in groups_of(bill.lines) if group.form.number == 9]
    assert [(p.code, p.ceiling, len(p.lines)) for p in supplies.packages] == [
        ("G1", Decimal(113_850_000), 2), ("G2", None, 2),
    ]  # fmt: skip
    assert supplies.loose == ()
    assert total_shares([c for p in supplies.packages for c in p.lines]) == supplies.sums
    told = words_of(await statement_pdf(bill, await encounters.list_diagnoses(db, story.cast.id), now))
    told = told.replace("\u00a0", " ")
    first, second = told.index("9.1. Gói vật tư y tế G1"), told.index("9.2. Gói vật tư y tế G2")
    assert first < second
    assert "mức trần 113.850.000" in told[first:second]
    for package in supplies.packages:
        assert vnd(package.sums.amount_hospital, "").replace("\u00a0", " ").strip() in told
    await db.release()
