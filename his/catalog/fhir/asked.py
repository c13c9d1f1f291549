"""Reads the inputs that terminology operations share: the day, the codings, the refusals."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from his.catalog.fhir.code_systems import KEYS, SYSTEMS
from his.fhir.dates import interval
from his.fhir.operations.arguments import refused
from his.fhir.operations.declare import Call
from his.fhir.outcome import FhirError
from his.fhir.reader import Seen
from his.kit.clock import day_of


@dataclass(frozen=True, slots=True)
class Coding:
    """A code that is asked about, and where it stood."""

    system: str
    code: str
    display: str
    place: str


def day(call: Call) -> date:
    """The day the lists are read on: `date`, or today."""
    sent = call.inputs.get("date")
    span = interval(sent) if sent else None
    return day_of(datetime.fromisoformat(span[0]) if span else call.engine.now())


def text_of(coding: dict[str, Any], name: str, place: str) -> str:
    """A text member of a Coding, "" when absent."""
    found = coding.get(name, "")
    if not isinstance(found, str) or len(found) > 2000:
        raise refused(f"{place}.{name}", f"{name} phải là chuỗi.", "structure")
    return found


def codings(call: Call, system_name: str = "system") -> list[Coding]:
    """The codes asked about: `code` with its system, `coding`, or those of `codeableConcept`; exactly one of the three."""
    given = [name for name in ("code", "coding", "codeableConcept") if call.inputs.first(name)]
    if len(given) != 1:
        place = call.inputs.place(given[1]) if given else call.inputs.place("code")
        raise refused(place, "Cần đúng một trong code, coding, codeableConcept.", "required")
    sent = call.inputs.first(given[0])
    assert sent is not None
    if sent.name == "code":
        display = call.inputs.get("display", "")
        return [Coding(call.inputs.get(system_name, ""), sent.value, display, sent.place)]
    listed = [sent.value] if sent.name == "coding" else sent.value.get("coding")
    if not isinstance(listed, list) or not listed or not all(isinstance(one, dict) for one in listed):
        raise refused(sent.place, f"{sent.name} không có mã nào.", "required")
    found = []
    for n, one in enumerate(listed[:20]):
        place = sent.place if sent.name == "coding" else f"{sent.place}.coding[{n}]"
        system, code, display = (text_of(one, name, place) for name in ("system", "code", "display"))
        coding = Coding(system, code, display, place)
        if not coding.code:
            raise refused(place, "Thiếu code.", "required")
        found.append(coding)
    return found


def key_of(system: str, place: str) -> str:
    """The list of a system address; 404 for a system that is not ours."""
    bare = system.partition("|")[0]
    if bare not in KEYS:
        raise FhirError(404, "not-found", f"Hệ thống không có bộ mã {bare[:200]}.", place)
    return KEYS[bare]


def instance(call: Call) -> str:
    """The list named by the id in the path, "" when none is named."""
    if call.identity and call.identity not in SYSTEMS:
        raise FhirError(404, "not-found", "Không tìm thấy tài nguyên này. Kiểm lại loại và mã.")
    return call.identity


async def note(call: Call, action: str, key: str) -> None:
    """The entry of this act in the audit: which list, never which code."""
    detail = {"list": key, "parameters": sorted({value.name for value in call.inputs.values})}
    await call.engine.reader.audit(Seen(action, call.kind, key, call.caller.scope, detail))
