"""The dispute about a decision: who must see it twice, how often a unit may answer, what an answer and a paper must be.

Basis: TT 12/2026/TT-BTC (form 09/BH, answer in working days; a refusal states reason and legal basis), NĐ 188/2025/NĐ-CP
article 51(3) (the dispute is recorded). The amount for the second pair of eyes is a rule of the house, dated like a law.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from his.kit.errors import HisError, Kind, invalid
from his.kit.rulebook import Dated, on_day
from his.review.terms import CaseState, ReplyKind

FOUR_EYES_ABOVE = (
    Dated(Decimal(5_000_000), date(2015, 1, 1), None, "quy định nội bộ: hồ sơ trên 5 triệu đồng do hai người quyết"),
)
DISPUTES = (Dated(2, date(2015, 1, 1), None, "quy định nội bộ: cơ sở giải trình nhiều nhất hai vòng, sau đó chốt"),)
ANSWER_LENGTH = 2000
PAPER_BYTES = 2 * 1024 * 1024
PAPERS_OF_A_LINE = 5
PAPER_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", "application/pdf", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
)
"""What a paper may be: the bytes it begins with, its media type, its ending."""


def needs_second(asked: Decimal, on: date) -> bool:
    """Must a second officer confirm what was decided on a dossier of this amount?"""
    return asked > on_day(FOUR_EYES_ABOVE, on)


def is_last_round(disputes: int, on: date) -> bool:
    """Has the unit answered as often as it may, so that the next decision is final?"""
    return disputes >= on_day(DISPUTES, on)


def told_state(asked_lines: int, cut_lines: int, disputes: int, on: date) -> CaseState:
    """What a told case becomes: waiting for papers, decided (may be answered), or final (nothing to answer any more)."""
    if asked_lines:
        return CaseState.ASKING
    if not cut_lines or is_last_round(disputes, on):
        return CaseState.FINAL
    return CaseState.DECIDED


def refuse_same_person(second: UUID, deciders: Iterable[UUID | None]) -> None:
    """The second pair of eyes belongs to somebody else; raises FORBIDDEN."""
    if second in set(deciders):
        raise HisError(Kind.FORBIDDEN, "Người xác nhận phải khác người đã quyết. Nhờ giám định viên khác xác nhận.")


def check_reply(kind: ReplyKind, words: str, papers: int) -> None:
    """Is the answer complete? Raises INVALID with the field."""
    if len(words) > ANSWER_LENGTH:
        raise invalid("answer", f"Lời giải trình dài quá {ANSWER_LENGTH} chữ.")
    if kind is ReplyKind.ATTACH and not papers:
        raise invalid("papers", "Chọn ít nhất một tệp PDF, PNG hoặc JPEG để gửi.")
    if kind in (ReplyKind.EXPLAIN, ReplyKind.CORRECT) and not words:
        raise invalid("answer", "Ghi lời giải trình cho dòng này.")


def check_due(due: date | None, today: date) -> None:
    """May the unit still answer? Raises CONFLICT."""
    if due is not None and today > due:
        raise HisError(
            Kind.CONFLICT,
            f"Hạn giải trình là {due:%d/%m/%Y}, nay đã qua. Ghi ý kiến vào biên bản quyết toán.",
        )


def paper_kind(content: bytes, name: str) -> str:
    """The media type of a paper by its first bytes; raises INVALID (papers) for any other, an empty or a large one."""
    if not content:
        raise invalid("papers", f"Tệp {name} rỗng. Chọn lại tệp.")
    if len(content) > PAPER_BYTES:
        raise invalid("papers", f"Tệp {name} lớn hơn {PAPER_BYTES // 1024 // 1024} MB. Chụp hoặc nén lại.")
    for start, kind, _ in PAPER_KINDS:
        if content.startswith(start):
            return kind
    raise invalid("papers", f"Tệp {name} không phải PDF, PNG hoặc JPEG.")


def check_papers(already: int, added: int) -> None:
    """Are there not too many papers on one line? Raises INVALID."""
    if already + added > PAPERS_OF_A_LINE:
        raise invalid("papers", f"Mỗi dòng kèm nhiều nhất {PAPERS_OF_A_LINE} tệp.")


def seal_reply(
    previous: str,
    line_id: UUID,
    at: datetime,
    side: str,
    kind: str,
    words: str,
    signer: str,
    papers: Sequence[str] = (),
) -> str:
    """SHA-256 of a step and of the step before it: a step that is changed or taken out later shows."""
    parts = (previous, str(line_id), at.isoformat(), side, kind, words, signer, *papers)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
