"""The paper that a way of coming rests on: a referral holds for a time, an appointment slip is good for one visit."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from his.kit.errors import Finding, Severity
from his.kit.rulebook import Dated, on_day
from his.kit.workdays import add_working_days
from his.reception.terms import Paper, Way

WITH_PAPER: Final = frozenset({Way.REFERRAL, Way.FOLLOW_UP})
NAME: Final = {Way.REFERRAL: "Phiếu chuyển cơ sở", Way.FOLLOW_UP: "Phiếu hẹn khám lại"}
NUMBER_LENGTH: Final = 50  # GIAY_CHUYEN_TUYEN, QĐ 4750 table 1
# Working days after the day of issue; a disease of Phụ lục III keeps its paper for a year.
REFERRAL_WORKING_DAYS: Final = (Dated(10, date(2025, 1, 1), None, "TT 01/2025/TT-BYT Phụ lục VI"),)
REFERRAL_YEAR: Final = timedelta(days=365)
KEPT: Final = ("referral_paper", "referred_from", "paper_issued_on", "paper_one_year")


def check_paper(way: Way, paper: Paper | None, on: date, unit_code: str) -> Iterator[Finding]:
    """What is wrong with the paper on the day of the visit (QĐ 3276 mã 1.3, 1.5; TT 01/2025/TT-BYT Điều 9-11)."""
    if way not in WITH_PAPER:
        return
    name = NAME[way]
    if paper is None or not paper.number.strip():
        yield _stop("REC-PAPER-01", f"{name}: ghi số giấy, tối đa {NUMBER_LENGTH} ký tự.", "paper_number")
        return
    if len(paper.number.strip()) > NUMBER_LENGTH:
        yield _stop("REC-PAPER-01", f"Số giấy dài {len(paper.number)} ký tự, chỉ nhận {NUMBER_LENGTH}.", "paper_number")
    if paper.issued_on is None:
        yield _stop("REC-PAPER-02", f"{name}: ghi ngày cấp dạng dd/mm/yyyy.", "paper_on")
    elif paper.issued_on > on:
        yield _stop("REC-PAPER-02", f"{name} cấp ngày {paper.issued_on:%d/%m/%Y} là ngày sau hôm nay.", "paper_on")
    if way is Way.REFERRAL:
        yield from _check_referral(paper, on, unit_code)


def _check_referral(paper: Paper, on: date, unit_code: str) -> Iterator[Finding]:
    code = paper.facility_code.strip()
    if not (len(code) == 5 and code.isascii() and code.isalnum()):
        yield _stop("REC-PAPER-03", "Ghi mã cơ sở cấp phiếu chuyển, 5 ký tự in trên phiếu.", "paper_facility")
    elif code == unit_code:
        yield _stop("REC-PAPER-03", f"Phiếu chuyển ghi chính cơ sở này ({code}). Kiểm mã nơi chuyển.", "paper_facility")
    last = last_day(paper)
    if last is not None and last < on:
        yield _stop(
            "REC-PAPER-04",
            f"Phiếu chuyển số {paper.number.strip()} cấp {paper.issued_on:%d/%m/%Y} hết giá trị sau ngày "
            f"{last:%d/%m/%Y}. Chọn cách đến khác, hoặc đánh dấu giá trị 1 năm nếu bệnh thuộc Phụ lục III.",
            "paper_on",
        )


def used_before(way: Way, paper: Paper, visit: tuple[str, date] | None) -> list[Finding]:
    """An appointment slip serves once: `visit` is dossier code and day of the visit that used it, None when none did."""
    if way is not Way.FOLLOW_UP or visit is None:
        return []
    text = (
        f"Phiếu hẹn số {paper.number.strip()} đã dùng cho lượt {visit[0]} ngày {visit[1]:%d/%m/%Y}. Chọn cách đến khác."
    )
    return [_stop("REC-PAPER-05", text, "paper_number")]


def last_day(paper: Paper) -> date | None:
    """The last day on which a referral holds; None without a day of issue."""
    if paper.issued_on is None:
        return None
    if paper.one_year:
        return paper.issued_on + REFERRAL_YEAR
    first = max(paper.issued_on, REFERRAL_WORKING_DAYS[-1].valid_from)
    return add_working_days(paper.issued_on, on_day(REFERRAL_WORKING_DAYS, first))


def paper_document(way: Way, paper: Paper | None) -> dict[str, Any]:
    """What is kept of the paper with the visit; the claim reads number and sender (GIAY_CHUYEN_TUYEN, MA_NOI_DI)."""
    if way not in WITH_PAPER or paper is None or paper.issued_on is None:
        return {}
    kept: dict[str, Any] = {"referral_paper": paper.number.strip(), "paper_issued_on": paper.issued_on.isoformat()}
    if way is Way.REFERRAL:
        kept["referred_from"] = paper.facility_code.strip()
    if paper.one_year:
        kept["paper_one_year"] = True
    return kept


def paper_words(way: Way, paper: Paper | None) -> str:
    """The reason that the paper itself gives: `Phiếu chuyển cơ sở số 12 ngày 22/11/2026 của 97002`."""
    if way not in WITH_PAPER or paper is None or paper.issued_on is None:
        return ""
    sender = f" của {paper.facility_code.strip()}" if way is Way.REFERRAL else ""
    return f"{NAME[way]} số {paper.number.strip()} ngày {paper.issued_on:%d/%m/%Y}{sender}"


def _stop(code: str, message: str, field: str) -> Finding:
    return Finding(code, Severity.ERROR, message, field)
