"""Laws of claims: the reader survives anything, values come back as written, lawful shares always balance."""

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from his.claims.rules import assess_claim
from his.claims.rules.line_money import lawful_shares
from his.claims.terms import WALL_CLOCK, ClaimFacts, DrugLine, sum_totals
from his.claims.xml.envelope import check_tables, table_texts, wrap
from his.claims.xml.reader import ReadReport, read_file
from his.claims.xml.table import escape
from his.kit.money import r2

ARRIVED = datetime(2026, 8, 10, 8, 0, tzinfo=WALL_CLOCK)
MADE_AT = datetime(2026, 8, 10, 3, 0, tzinfo=UTC)
WORDS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=40)
MONEY = st.decimals(min_value=0, max_value=10**9, places=2)


def drug(**changes: object) -> DrugLine:
    line = DrugLine(
        key="d1",
        group_code="4",
        unit_name="Viên",
        quantity=Decimal(1),
        cover_rate=Decimal(100),
        amount_hospital=Decimal(100),
        amount_covered=Decimal(100),
        benefit_rate=Decimal(80),
        insurer_share=Decimal(80),
        copayment=Decimal(20),
        self_paid=Decimal(0),
        department_code="K01",
        ordered_at=ARRIVED,
        drug_code="40.48",
        drug_name="Paracetamol",
        strength="500mg",
        route_code="1.01",
        dose="1 viên",
        unit_price=Decimal(100),
    )
    return replace(line, **changes)


def visit(**changes: object) -> ClaimFacts:
    facts = ClaimFacts(
        dossier_code="L1",
        facility_code="01999",
        patient_code="B1",
        patient_name="Lê Ba",
        birth_date="1990",
        gender="male",
        arrived_at=ARRIVED,
        care_setting="01",
        entitlement="1.1",
        ended_at=ARRIVED + timedelta(hours=1),
        drugs=(drug(),),
    )
    return replace(facts, **changes)


SEALED = wrap("01999", MADE_AT, table_texts(visit()))


def is_report(data: bytes) -> ReadReport:
    report = read_file(data)
    assert isinstance(report, ReadReport)
    assert report.dossiers or report.problems
    return report


@given(st.binary(max_size=400))
def test_random_bytes_never_crash_the_reader(data: bytes) -> None:
    is_report(data)


@given(st.integers(0, len(SEALED)))
def test_truncated_files_never_crash_the_reader(size: int) -> None:
    report = is_report(SEALED[:size])
    assert (size == len(SEALED)) == bool(report.dossiers)


@given(st.lists(st.tuples(st.integers(0, len(SEALED) - 1), st.integers(1, 255)), min_size=1, max_size=5))
@settings(max_examples=200)
def test_flipped_bits_never_crash_the_reader(flips: list[tuple[int, int]]) -> None:
    data = bytearray(SEALED)
    for place, mask in flips:
        data[place] ^= mask
    is_report(bytes(data))


TAGS = st.sampled_from(
    [
        "GIAMDINHHS",
        "HOSO",
        "FILEHOSO",
        "LOAIHOSO",
        "NOIDUNGFILE",
        "TONG_HOP",
        "CHI_TIET_THUOC",
        "MA_LK",
        "NGAY_RA",
        "DSACH_CHI_TIET_DVKT",
        "CHUKYDONVI",
        "x",
    ]
)
TREES = st.recursive(
    st.one_of(WORDS.map(escape), WORDS.map(lambda w: b64encode(w.encode()).decode())),
    lambda inner: st.tuples(TAGS, st.lists(inner, max_size=4)).map(lambda t: f"<{t[0]}>{''.join(t[1])}</{t[0]}>"),
    max_leaves=15,
)


@given(TAGS, TREES)
@settings(max_examples=200)
def test_any_tree_of_known_tags_never_crashes_the_reader(tag: str, tree: str) -> None:
    is_report(f"<{tag}>{tree}</{tag}>".encode())


@given(name=WORDS, note=WORDS, price=MONEY, quantity=st.decimals(min_value="0.001", max_value=99999, places=3))
@settings(max_examples=150)
def test_values_come_back_as_written_or_a_finding_says_why(
    name: str, note: str, price: Decimal, quantity: Decimal
) -> None:
    facts = visit(note=note, drugs=(drug(drug_name=name, unit_price=price, quantity=quantity),))
    flaws = {(f.expression, f.code[-1]) for f in check_tables(facts)}
    report = read_file(wrap("01999", MADE_AT, table_texts(facts)))
    (dossier,) = report.dossiers
    row, header = dossier.tables["XML2"][0], dossier.tables["XML1"][0]
    assert Decimal(row["DON_GIA"]) == price
    assert Decimal(row["SO_LUONG"]) == quantity
    for field, value, read in (("XML2.TEN_THUOC", name, row["TEN_THUOC"]), ("XML1.GHI_CHU", note, header["GHI_CHU"])):
        if (field, "4") not in flaws:
            assert read == value.replace("\r\n", "\n").replace("\r", "\n").strip()


@given(facts=st.builds(visit, note=WORDS, patient_name=WORDS, treatment_days=st.integers(-5, 500)))
def test_same_facts_same_bytes_same_findings(facts: ClaimFacts) -> None:
    twin = replace(facts)
    assert wrap("01999", MADE_AT, table_texts(facts)) == wrap("01999", MADE_AT, table_texts(twin))
    day = date(2026, 8, 10)
    assert assess_claim(facts, day) == assess_claim(twin, day)


@given(
    hospital=MONEY,
    part=st.integers(0, 100),
    rate=st.sampled_from([Decimal(r) for r in ("0", "32", "47.5", "80", "95", "100")]),
    donor=st.integers(0, 100),
)
def test_every_lawful_split_balances_to_the_dong(hospital: Decimal, part: int, rate: Decimal, donor: int) -> None:
    covered, given_away = r2(hospital * part / 100), r2(hospital * donor / 100)
    line = drug(amount_hospital=hospital, amount_covered=covered, benefit_rate=rate, other_sources=given_away)
    for insurer, copay, own in lawful_shares(line):
        assert insurer + copay + own + given_away == hospital


@given(st.lists(st.tuples(MONEY, MONEY, st.sampled_from(["1", "2"])), max_size=6))
def test_header_sums_do_not_depend_on_the_order_of_lines(rows: list[tuple[Decimal, Decimal, str]]) -> None:
    lines = [drug(amount_hospital=a, insurer_share=b, payment_method=m) for a, b, m in rows]
    totals = sum_totals(lines, ())
    assert totals == sum_totals(reversed(lines), ())
    assert totals.drugs == totals.total_hospital
    assert totals.insurer_fee_for_service <= totals.insurer_share
