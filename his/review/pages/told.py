"""The unit's side: what it was told about a dossier, the lines that wait for an answer, and the answers."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.errors import HisError, Kind, invalid, not_found
from his.review import service, store
from his.review.rules import Told, told_line, told_sums
from his.review.rules.dispute import PAPER_BYTES, PAPERS_OF_A_LINE
from his.review.service import Answered, Officer, Paper, Reply
from his.review.terms import DECISION_WORDS, NEEDS_REASON, REPLY_WORDS, TOLD_STATES, CaseState, Decision, ReplyKind
from his.review.view import STATE_CHIPS
from his.web.page import Toast, render

router = APIRouter()
Desk = Annotated[Caller, needs(Capability.CLAIM_DESK)]
Staff = Annotated[Caller, needs(Capability.ANSWER_REVIEW)]
TONES = {
    Decision.ACCEPT: ("ok", "check"),
    Decision.REDUCE: ("warn", "arrow-down"),
    Decision.REJECT: ("stop", "x"),
    Decision.ASK: ("info", "info"),
    Decision.NONE: ("n", "clock"),
}
SIDES = {"unit": "Cơ sở", "insurer": "BHXH"}
STEP_WORDS = {**{k.value: w for k, w in REPLY_WORDS.items()}, **{k.value: w for k, w in DECISION_WORDS.items() if k}}


def thread(replies: list[Any], line_id: UUID) -> list[dict[str, Any]]:
    """The steps of the dispute about a line, oldest first: who signed what and when."""
    return [
        {
            "at": r.at, "who": f"{SIDES[r.side]} {r.signer}".strip(), "word": STEP_WORDS.get(r.kind, r.kind),
            "words": r.words, "reason": r.reason_code, "approved": r.approved, "seal": r.sha256[:12],
        }
        for r in replies
        if r.line_id == line_id
    ]  # fmt: skip


def _context(found: Answered | None, claim_id: UUID, error: str = "", wrong: UUID | None = None) -> dict[str, Any]:
    lines = [_line(found, line, error if line.id == wrong else "") for line in found.lines] if found else []
    return {
        "found": found,
        "claim_id": claim_id,
        "lines": lines,
        "sums": told_sums(found.case) if found else None,
        "state": STATE_CHIPS[found.case.state] if found else None,
        "kinds": [(kind.value, word) for kind, word in REPLY_WORDS.items()],
    }


def _line(found: Answered, line: Any, error: str) -> dict[str, Any]:
    told = told_line(found.case, line)
    tone, icon = TONES[told.decision]
    open_ = found.case.state in TOLD_STATES and found.case.state != CaseState.FINAL
    return {
        "line": line, "told": told, "word": DECISION_WORDS[told.decision], "tone": tone, "icon": icon,
        "may_answer": told.decision in NEEDS_REASON and open_ and (line.waiting or not line.answer),
        "thread": thread(found.replies, line.id), "papers": [p for p in found.papers if p.line_id == line.id],
        "error": error,
    }  # fmt: skip


def signer(caller: Caller) -> Officer:
    """The person who signs the unit's answer."""
    return Officer(caller.user.account_id, caller.user.display_name)


@router.get("/claims/{claim_id}/decisions")
async def decisions(request: Request, caller: Desk, claim_id: UUID) -> Response:
    """What the insurer decided, line by line; before that, where the dossier stands."""
    found = await service.load_decisions(caller.db, claim_id)
    return render(request, "review/decisions.html", _context(found, claim_id))


@router.post("/claims/{claim_id}/decisions/{line_id}")
async def answer(
    request: Request,
    caller: Desk,
    claim_id: UUID,
    line_id: UUID,
    answer: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "explain",
) -> Response:
    """Write the unit's answer to a line."""
    try:
        reply = Reply(reply_kind(kind), answer)
        found = await service.answer_line(caller.db, claim_id, line_id, reply, signer(caller), caller.now)
    except HisError as error:
        if error.kind is not Kind.INVALID:
            raise
        known = await service.load_decisions(caller.db, claim_id)
        return render(request, "review/decisions.html", _context(known, claim_id, error.message, line_id), 422)
    return render(request, "review/decisions.html", _context(found, claim_id), toast=Toast("Đã gửi giải trình"))


def reply_kind(word: str) -> ReplyKind:
    """What the unit says, by its word; raises INVALID."""
    try:
        return ReplyKind(word)
    except ValueError as error:
        raise invalid("kind", "Chọn: đồng ý, giải trình, gửi giấy tờ hoặc gửi bản sửa.") from error


@router.get("/answers")
async def waiting(request: Request, caller: Staff, after: UUID | None = None) -> Response:
    """The lines that wait for the answer of this doctor, or of the unit; and the insurer's cost warnings."""
    queue = await service.load_queue(caller.db, caller.user, caller.now, after)
    warnings = await service.list_own_warnings(caller.db) if queue.doctor is None else []
    context = {
        "rows": [_waiting(row) for row in queue.lines],
        "after": queue.after,
        "own": queue.doctor is not None,
        "kinds": [(kind.value, word) for kind, word in REPLY_WORDS.items()],
        "warnings": warnings,
        "most": PAPERS_OF_A_LINE,
        "megabytes": PAPER_BYTES // 1024 // 1024,
        "done": None,
    }
    return render(request, "review/answers.html", context)


def _waiting(row: Any, error: str = "", words: str = "", kind: str = "explain") -> dict[str, Any]:
    told: Told = told_line(row, row) if row.told else Told()
    return {
        "row": row, "told": told, "word": DECISION_WORDS[told.decision], "tone": TONES[told.decision][0],
        "icon": TONES[told.decision][1], "error": error, "words": words, "kind": kind,
    }  # fmt: skip


async def _papers(request: Request) -> list[Paper]:
    form = await request.form(max_files=PAPERS_OF_A_LINE + 1)
    files = [f for f in form.getlist("papers") if isinstance(f, UploadFile) and f.filename]
    return [Paper(str(f.filename), await f.read(PAPER_BYTES + 1)) for f in files]


@router.post("/answers/{line_id}")
async def answer_waiting(request: Request, caller: Staff, line_id: UUID) -> Response:
    """Answer a waiting line with words and papers (multipart: kind, answer, papers); comes back as the row."""
    papers = await _papers(request)
    form = await request.form()
    kind, words = str(form.get("kind", "explain")), str(form.get("answer", ""))
    doctor = await service.doctor_of(caller.db, caller.user)
    claim_id = await store.claim_of_line(caller.db, line_id)
    if claim_id is None:
        raise not_found()
    context: dict[str, Any] = {
        "kinds": [(k.value, w) for k, w in REPLY_WORDS.items()], "most": PAPERS_OF_A_LINE,
        "megabytes": PAPER_BYTES // 1024 // 1024,
    }  # fmt: skip
    try:
        reply = Reply(reply_kind(kind), words, papers)
        found = await service.answer_line(caller.db, claim_id, line_id, reply, signer(caller), caller.now, doctor)
    except HisError as error:
        if error.kind is not Kind.INVALID:
            raise
        rows = await store.list_waiting(caller.db, doctor, only=line_id)
        if not rows:
            raise
        shown = {"w": _waiting(rows[0], error.message, words, kind), "done": None}
        return render(request, "review/_answer.html", {**context, **shown}, 422)
    line = next(x for x in found.lines if x.id == line_id)
    done = {"line": line, "word": REPLY_WORDS[ReplyKind(line.reply)], "state": STATE_CHIPS[found.case.state]}
    return render(
        request, "review/_answer.html", {**context, "w": None, "done": done}, toast=Toast("Đã gửi giải trình")
    )


@router.post("/answers/warnings/{month}")
async def answer_warning(caller: Desk, month: str, answer: Annotated[str, Form()] = "") -> Response:
    """Explain a month's mean cost to the insurer."""
    await service.answer_warning(caller.db, service.check_period(month), answer, caller.user.account_id, caller.now)
    return Response(status_code=204, headers={"HX-Redirect": "/answers"})


def paper_response(name: str, media_type: str, content: bytes) -> Response:
    """A paper for saving: never shown inside the site."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in ".-_") else "_" for c in name) or "giay-to"
    return Response(content, media_type=media_type, headers={"content-disposition": f'attachment; filename="{safe}"'})


@router.get("/answers/{case_id}/paper")
async def own_paper(caller: Staff, case_id: UUID, document: UUID) -> Response:
    """A paper that the unit attached."""
    paper, content = await service.open_paper(caller.db, case_id, document)
    return paper_response(paper.name, paper.media_type, content)
