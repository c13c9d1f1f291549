"""Pure rules of the workbench: disputes, facets, proofs, what was told, false alarms, comparisons of mean costs."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from his.claims.terms import WALL_CLOCK
from his.kit.errors import HisError, Kind
from his.review.rules import (
    Certificate,
    PriceRow,
    check_due,
    check_papers,
    facets_of,
    needs_second,
    paper_kind,
    prove,
    refuse_same_person,
    seal_reply,
    told_line,
    told_state,
    told_sums,
)
from his.review.rules.warning import compare, false_alarm_rate, is_noisy, like_mean, mean, warn_by, warning_due
from his.review.terms import CaseState, FacetKind, Figures
from tests.integration.dossiers import DOCTOR, TECHNICIAN, drug, service

DAY = date(2026, 11, 20)
AT = datetime(2026, 10, 17, 8, 5, tzinfo=WALL_CLOCK)


@dataclass
class Line:
    code: str = "40.677"
    claim_table: str = "XML2"
    doctor: str = DOCTOR
    atc: str = "A02BC05"
    decision: str = ""
    approved: Decimal | None = None
    asked: Decimal = Decimal(100)
    findings: list[dict[str, Any]] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)


@dataclass
class Case:
    state: str = "decided"
    asked: Decimal = Decimal(100)
    approved: Decimal = Decimal(70)
    reduced: Decimal = Decimal(30)
    asking: Decimal = Decimal(0)
    told: dict[str, Any] = field(default_factory=dict)


def test_states_after_telling() -> None:
    assert told_state(1, 0, 0, DAY) is CaseState.ASKING
    assert told_state(0, 0, 0, DAY) is CaseState.FINAL  # nothing was cut
    assert told_state(0, 1, 0, DAY) is CaseState.DECIDED
    assert told_state(0, 1, 1, DAY) is CaseState.DECIDED
    assert told_state(0, 1, 2, DAY) is CaseState.FINAL  # the unit has answered twice


def test_the_second_pair_of_eyes() -> None:
    assert needs_second(Decimal(5_000_001), DAY)
    assert not needs_second(Decimal(5_000_000), DAY)
    refuse_same_person(UUID(int=2), [UUID(int=1), None])
    with pytest.raises(HisError) as same:
        refuse_same_person(UUID(int=1), [UUID(int=1)])
    assert same.value.kind is Kind.FORBIDDEN


def test_papers_are_known_by_their_first_bytes_and_bounded() -> None:
    assert paper_kind(b"%PDF-1.4 x", "a") == "application/pdf"
    assert paper_kind(b"\x89PNG\r\n\x1a\n..", "a") == "image/png"
    assert paper_kind(b"\xff\xd8\xff\xe0", "a.exe") == "image/jpeg"  # the name says nothing
    for content in (b"", b"<html>", b"PK\x03\x04", b"%PDF-" + b"0" * 3_000_000):
        with pytest.raises(HisError) as refused:
            paper_kind(content, "a.pdf")
        assert refused.value.field == "papers"
    check_papers(4, 1)
    with pytest.raises(HisError):
        check_papers(4, 2)


def test_the_last_day_counts_as_in_time() -> None:
    check_due(DAY, DAY)
    check_due(None, DAY)
    with pytest.raises(HisError) as late:
        check_due(DAY, date(2026, 11, 21))
    assert "20/11/2026" in late.value.message


def test_a_changed_step_breaks_the_seal() -> None:
    line = UUID(int=1)
    first = seal_reply("", line, AT, "insurer", "reject", "Đã gồm", "GĐV. Một")
    second = seal_reply(first, line, AT, "unit", "explain", "Có chỉ định", "BS. Bảy", ["aa"])
    assert second != seal_reply(first, line, AT, "unit", "explain", "Có chỉ định", "BS. Bảy", ["ab"])
    assert second != seal_reply("", line, AT, "unit", "explain", "Có chỉ định", "BS. Bảy", ["aa"])


def test_facets_count_lines_and_what_became_of_them() -> None:
    flag = [{"code": "REV-DRUG-01"}]
    lines = [
        Line(findings=flag, decision="accept", approved=Decimal(100)),
        Line(findings=flag, decision="reject", approved=Decimal(0)),
        Line(findings=flag, decision="ask"),
        Line(code="02.1896", claim_table="XML3", atc="", doctor="", decision="accept", approved=Decimal(100)),
    ]
    found = {(f.kind, f.value): f for f in facets_of([{"code": "CLM-CARD-01"}], lines)}
    rule = found[FacetKind.RULE, "REV-DRUG-01"]
    assert (rule.lines, rule.decided, rule.accepted, rule.taken) == (3, 2, 1, Decimal(100))
    assert found[FacetKind.DRUG, "A02"].lines == found[FacetKind.DRUG, "40.677"].lines == 3
    assert found[FacetKind.DOCTOR, DOCTOR].asked == Decimal(300)
    whole = found[FacetKind.RULE, "CLM-CARD-01"]
    assert (whole.lines, whole.decided, whole.accepted) == (1, 0, 0)  # a line is still asked about
    assert (FacetKind.DRUG, "02.1896") not in found


def test_proofs_of_price_certificate_and_tender() -> None:
    scan = service("18.0015.0001", "Siêu âm ổ bụng", 58600, "2", AT, 16)
    staff = {
        DOCTOR: Certificate(DOCTOR, "BS. Huy", "Nội", "K01"),
        TECHNICIAN: Certificate(TECHNICIAN, "KTV", active=False),
    }
    price = PriceRow(scan.code, "Siêu âm", Decimal(50000), Decimal(100), date(2026, 1, 1))
    dear = {p["label"] + p["state"]: p["text"] for p in prove(scan, {scan.code: price}, staff)}
    assert "cao hơn 8.600\xa0đ" in dear["Giáwarn"]
    assert "BS. Huy" in dear["Chứng chỉok"]
    assert "Đã ngừng" in dear["Chứng chỉwarn"]
    none = prove(scan, {}, {})
    assert [p["state"] for p in none] == ["missing", "missing", "missing"]
    pill = drug("40.677", "Esomeprazol", 2350, 56, AT, "VD-1")
    same = PriceRow("VD-1", "Esomeprazol", Decimal(2350), Decimal(100))
    assert [(p["label"], p["state"]) for p in prove(pill, {"VD-1": same}, staff)] == [
        ("Giá", "ok"), ("Chứng chỉ", "ok"), ("Thầu", "ok"),
    ]  # fmt: skip


def test_what_was_told_stays_while_the_officer_writes() -> None:
    told = {"decision": "reject", "approved": "0.00", "reason_code": "DD4", "reason": "Đã gồm"}
    line = Line(decision="accept", approved=Decimal(100), told=told)
    assert told_line(Case("appealed", told={"x": 1}), line).decision == "reject"
    assert told_line(Case("in-review"), Line(decision="accept")).decision == ""
    sums = told_sums(Case("appealed", told={"approved": 40, "reduced": "35.50", "asking": 0}))
    assert (sums.approved, sums.reduced, sums.open) == (Decimal(40), Decimal("35.50"), Decimal("24.50"))
    assert told_sums(Case("decided")).approved == Decimal(70)  # decided before tellings were kept
    assert told_sums(Case("in-review")).open == Decimal(100)


def test_false_alarms_above_thirty_per_cent_are_marked() -> None:
    assert false_alarm_rate(Figures(decided=9, accepted=9)) is None
    assert false_alarm_rate(Figures(decided=10, accepted=3)) == Decimal("30.00")
    assert not is_noisy(Decimal(30), DAY)
    assert is_noisy(Decimal("30.01"), DAY)
    assert not is_noisy(None, DAY)


@pytest.mark.parametrize(
    ("now", "before", "peers", "level"),
    [(100, 100, 100, ""), (109, 100, 100, ""), (110, 100, 100, "low"), (125, 100, 100, "high"),
     (160, 100, 100, "very-high"), (160, 100, 155, ""), (160, 155, 100, ""), (160, 0, 100, "")],
)  # fmt: skip
def test_a_warning_needs_a_rise_over_the_past_and_the_peers(now: int, before: int, peers: int, level: str) -> None:
    figures = [Figures(cases=10, asked=Decimal(n * 10)) if n else Figures() for n in (now, before, peers)]
    assert compare(*figures, 3, DAY).level == level
    alone = compare(figures[0], figures[1], Figures(), 0, DAY)
    assert alone.mean_peers is None


def test_means_and_days() -> None:
    assert mean(Decimal(10), 3) == Decimal("3.33")
    assert mean(Decimal(0), 0) is None
    assert like_mean(29, Decimal(100)) is None
    assert like_mean(30, Decimal(300)) == 10
    assert warn_by("2026-10") == date(2026, 11, 14)
    assert warn_by("2026-12") == date(2027, 1, 14)
    assert warning_due(date(2026, 11, 12)) == date(2026, 11, 22)
