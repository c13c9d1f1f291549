"""Result entry: the worklist of the laboratory, imaging and functional rooms, typing with Tab, flags at once, signing."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from his.encounters import service as encounters
from his.encounters.terms import Flag
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.errors import Finding, HisError, Kind, not_found
from his.orders import service, store, view
from his.orders.service.results import judge
from his.orders.tables import Observation, ServiceRequest
from his.orders.terms import ANAESTHESIA, WORK_KINDS, ResultEntry
from his.web.i18n import gettext as _
from his.web.page import Toast, render, toast_event

router = APIRouter()
Reporter = Annotated[Caller, needs(Capability.RESULT)]
Kind_ = Annotated[str, Query(pattern="^(lab|imaging|functional|procedure|surgery)$")]


@router.get("/results")
async def worklist(request: Request, caller: Reporter, kind: Kind_ = "lab", key: str = "") -> Response:
    """Who waits in the rooms of a kind, the form of the chosen one, and the critical values nobody acknowledged."""
    context = await _work(caller, kind, key)
    return render(request, "orders/worklist.html", context)


async def _work(caller: Caller, kind: str, key: str) -> dict[str, Any]:
    groups = view.group_work(await store.list_work(caller.db, kind))
    chosen = next((g for g in groups if g.key == key), None)
    context: dict[str, Any] = {
        "kind": kind,
        "kinds": [(value, _(word), f"/results?kind={value}") for value, word in WORK_KINDS],
        "groups": groups,
        "chosen": chosen,
        "age_on": view.age_on,
        "notices": await store.list_open_notices(caller.db),
        "reported": await store.list_reported_visits(caller.db, caller.now - timedelta(hours=24)),
    }
    if chosen is not None:
        context |= await _form(caller, chosen.requests)
    return context


async def _form(caller: Caller, requests: Sequence[ServiceRequest]) -> dict[str, Any]:
    visit = await encounters.get_visit(caller.db, requests[0].encounter_id)
    tests = await service.expected_tests(caller.db, requests)
    values = {
        (v.service_request_id, v.code): v for v in await store.list_observations_of(caller.db, [r.id for r in requests])
    }
    codes = [t.code for group in tests.values() for t in group]
    history = await store.list_history(caller.db, visit.patient.id, codes, before=caller.now)
    draft = await encounters.get_draft(caller.db, caller.user.account_id, "result", str(requests[0].id))
    typed = {name: str(text) for name, text in draft.content.items()} if draft else {}
    blocks = []
    for request in requests:
        rows = []
        for test in tests.get(request.service_code, []):
            known = values.get((request.id, test.code))
            empty = judge(test, known.value_text if known else "0", visit, caller.now)
            rows.append(
                {
                    "code": test.code,
                    "name": test.name,
                    "unit": "" if test.unit == "định tính" else test.unit,
                    "value": typed.get(
                        f"v-{request.id}-{test.code}", known.value_text.replace(".", ",") if known else ""
                    ),
                    "flag": _word(known),
                    "range": view.range_text(empty.low, empty.high),
                    "previous": _previous(history.get(test.code, []), request),
                }
            )
        texts = (typed.get(f"d-{request.id}", request.description), typed.get(f"c-{request.id}", request.conclusion))
        blocks.append({"request": request, "rows": rows, "description": texts[0], "conclusion": texts[1]})
    device = next((r.device_code for r in requests if r.device_code), "")
    numbed = next((r.anaesthesia for r in requests if r.anaesthesia), "")
    return {
        "visit": visit, "blocks": blocks, "device": typed.get("device", device), "draft": draft,
        "anaesthesia": typed.get("anaesthesia", numbed), "ways": [(code, _(word)) for code, word in ANAESTHESIA],
    }  # fmt: skip


def _previous(values: Sequence[Observation], request: ServiceRequest) -> str:
    earlier = [v for v in values if v.service_request_id != request.id]
    return earlier[-1].value_text.replace(".", ",") if earlier else "–"


def _word(value: Observation | None) -> str:
    if value is None:
        return ""
    flag = Flag(value.flag)
    return "critical" if flag.critical else {Flag.NORMAL: "normal", Flag.LOW: "low"}.get(flag, "high")


@router.get("/results/judge/{encounter_id}/{code}")
async def judge_value(request: Request, encounter_id: UUID, code: str, caller: Reporter) -> Response:
    """The word beside a value while it is typed."""
    typed = next((value for name, value in request.query_params.items() if name.startswith("v-")), "")
    visit = await encounters.get_visit(caller.db, encounter_id)
    test = (await service.get_lab_tests(caller.db, [code])).get(code)
    if test is None:
        raise not_found()
    flag = judge(test, typed[:200], visit, caller.now).flag
    word = "critical" if flag.critical else {Flag.NORMAL: "normal", Flag.LOW: "low"}.get(flag, "high")
    return render(request, "orders/_word.html", {"word": word if typed.strip() else ""})


@router.post("/results/start")
async def start(request: Request, caller: Reporter, kind: Kind_ = "lab", key: str = "") -> Response:
    """Sample taken: every order of the form begins."""
    group = await _chosen(caller, kind, key)
    for row in group.requests:
        await service.start(caller.db, row.id, caller.user.practitioner_id, caller.now)
    return render(request, "orders/_work.html", await _work(caller, kind, key))


@router.post("/results/save")
async def save(request: Request, caller: Reporter, kind: Kind_ = "lab", key: str = "", sign: bool = False) -> Response:
    """Save what is typed; with `sign` sign it as well. What is missing comes back as findings beside the form."""
    group = await _chosen(caller, kind, key)
    form = await request.form()
    entries = [_entry(form, row) for row in group.requests]
    who, visit_id = caller.user.practitioner_id, group.item.request.encounter_id
    findings: list[Finding] = []
    try:
        subject = str(group.requests[0].id)
        _rows, _values, findings = await service.record_results(caller.db, visit_id, entries, who, caller.now)
        await encounters.drop_draft(caller.db, caller.user.account_id, "result", subject, caller.now)
        if sign:
            chosen = [
                e.request_id for e in entries if any(v.strip() for v in e.values.values()) or e.conclusion.strip()
            ]
            chosen = chosen or [e.request_id for e in entries]
            _signed, findings = await service.sign_results(caller.db, visit_id, chosen, who, caller.now)
    except HisError as error:
        if error.kind is not Kind.RULES:
            raise
        context = {**await _work(caller, kind, key), "findings": error.findings}
        return render(request, "orders/_work.html", context, 422)
    context = {**await _work(caller, kind, "" if sign else key), "findings": [] if sign else findings}
    toast = Toast(_("Đã ký kết quả, bác sĩ thấy ngay") if sign else _("Đã lưu, chưa ký"))
    return render(request, "orders/_work.html", context, headers={"HX-Trigger": toast_event(toast)})


async def _chosen(caller: Caller, kind: str, key: str) -> view.WorkGroup:
    groups = view.group_work(await store.list_work(caller.db, kind))
    found = next((g for g in groups if g.key == key), None)
    if found is None:
        raise HisError(Kind.CONFLICT, "Phiếu này đã ký hoặc đã hủy. Chọn phiếu khác trong danh sách.")
    return found


def _entry(form: FormData, row: ServiceRequest) -> ResultEntry:
    mark = f"v-{row.id}-"
    values = {name[len(mark) :]: str(text) for name, text in form.items() if name.startswith(mark)}
    return ResultEntry(
        row.id,
        values,
        str(form.get(f"d-{row.id}", ""))[:8000],
        str(form.get(f"c-{row.id}", ""))[:4000],
        str(form.get("device", ""))[:100],
        str(form.get("anaesthesia", ""))[:1],
    )


@router.post("/results/notices/{notice_id}/tell")
async def tell(request: Request, notice_id: UUID, caller: Reporter, kind: Kind_ = "lab") -> Response:
    """The room called the doctor, who read the value back."""
    who = caller.user.practitioner_id
    await service.tell_notice(caller.db, notice_id, who, caller.now, told_to=None, read_back=True)
    return render(request, "orders/_work.html", await _work(caller, kind, ""))
