"""From a query string or a Parameters resource to checked inputs; every refusal names the parameter.

http://hl7.org/fhir/R4/operations.html#request and http://hl7.org/fhir/R4/parameters.html.
"""

import re
from typing import Any

from his.fhir.dates import interval
from his.fhir.http import Request
from his.fhir.jsontext import decode, read_document
from his.fhir.operations.declare import PRIMITIVES, Input, Inputs, Operation, Value
from his.fhir.outcome import FhirError
from his.fhir.resource_types import TYPES

CONTROLS = frozenset({"_format", "_pretty"})
MOST = 1000
_INTEGER = re.compile(r"-?[0-9]{1,9}$", re.ASCII)
_CODE = re.compile(r"\S+( \S+)*$")
_VALUE = re.compile(r"value([A-Z]\w+)$")
_TEXTS = frozenset({"string", "code", "uri", "canonical", "id", "date", "dateTime", "instant"})


def refused(place: str, text: str, code: str = "invalid") -> FhirError:
    """A parameter that cannot be used (400), with its place."""
    return FhirError(400, code, text, place)


async def read_inputs(operation: Operation, request: Request) -> Inputs:
    """The parameters of a call; GET takes them from the query, POST from the query and the body."""
    inputs = Inputs()
    for name, text in request.pairs:
        if name not in CONTROLS:
            inputs.values.append(_from_query(operation, name, text))
    if request.method == "POST":
        await _read_body(operation, request, inputs)
    _check_numbers(operation, inputs)
    return inputs


def _from_query(operation: Operation, name: str, text: str) -> Value:
    place = f"http.{name[:60]}"
    declared = _declared(operation, name, place)
    if declared.kind not in PRIMITIVES:
        raise refused(place, f"Tham số {name} chỉ gửi được trong Parameters bằng POST.", "not-supported")
    if declared.kind == "integer":
        if not _INTEGER.match(text):
            raise refused(place, f"Tham số {name} cần một số nguyên.", "value")
        return Value(name, "integer", int(text), place)
    if declared.kind == "boolean":
        if text not in ("true", "false"):
            raise refused(place, f"Tham số {name} chỉ nhận true hoặc false.", "value")
        return Value(name, "boolean", text == "true", place)
    if declared.kind in ("instant", "dateTime"):
        text = text.replace(" ", "+")  # a plus sign that was sent unencoded
    return Value(name, declared.kind, _text(declared.kind, text, name, place), place)


def _declared(operation: Operation, name: Any, place: str) -> Input:
    declared = operation.input(name) if isinstance(name, str) else None
    if declared is None:
        shown = name[:60] if isinstance(name, str) else "không tên"
        raise refused(place, f"Thao tác ${operation.name} không có tham số {shown}.", "not-supported")
    return declared


async def _read_body(operation: Operation, request: Request, inputs: Inputs) -> None:
    body = await request.json_body()
    if not body.strip():
        return
    document = read_document(decode(body))
    sent = document.value
    if sent.get("resourceType") != "Parameters":
        alone = operation.resource_input
        kind = sent.get("resourceType")
        if alone is None or not isinstance(kind, str) or kind not in TYPES:
            raise refused("resourceType", f"Thao tác ${operation.name} cần Parameters.", "structure")
        inputs.values.append(Value(alone.name, "Resource", sent, kind))
        return
    listed = sent.get("parameter", [])
    if not isinstance(listed, list) or len(listed) > MOST:
        raise refused("Parameters.parameter", f"parameter phải là danh sách, tối đa {MOST} mục.", "structure")
    for n, item in enumerate(listed):
        inputs.values.append(_from_body(operation, item, f"Parameters.parameter[{n}]"))


def _from_body(operation: Operation, item: Any, place: str) -> Value:
    if not isinstance(item, dict):
        raise refused(place, "Mỗi parameter phải là một đối tượng.", "structure")
    name = item.get("name")
    declared = _declared(operation, name, f"{place}.name")
    name = declared.name
    held = [key for key in item if _VALUE.match(key) or key in ("resource", "part")]
    if len(held) != 1:
        raise refused(place, f"Tham số {name} cần đúng một giá trị.", "structure")
    key, value = held[0], item[held[0]]
    if key == "resource":
        kind = value.get("resourceType") if isinstance(value, dict) else None
        if declared.kind != "Resource" or not isinstance(kind, str) or kind not in TYPES:
            raise refused(f"{place}.resource", f"Tham số {name} không nhận tài nguyên này.", "structure")
        return Value(name, "Resource", value, f"{place}.resource")
    if key == "part":
        if declared.kind != "part" or not isinstance(value, list):
            raise refused(f"{place}.part", f"Tham số {name} không có phần con.", "structure")
        return Value(name, "part", value, f"{place}.part")
    kind = key.removeprefix("value")
    kind = kind[0].lower() + kind[1:] if kind[0].lower() + kind[1:] in PRIMITIVES else kind
    allowed = _accepted(declared, kind)
    if not allowed:
        raise refused(f"{place}.{key}", f"Tham số {name} cần value{_suffix(declared.kind)}.", "value")
    return Value(name, allowed, _typed(allowed, value, name, f"{place}.{key}"), f"{place}.{key}")


def _suffix(kind: str) -> str:
    return kind[0].upper() + kind[1:]


def _accepted(declared: Input, kind: str) -> str:
    """The declared type that takes a value of this type; text types take each other's values, "" when none does."""
    if kind in declared.kinds:
        return kind
    if kind in _TEXTS:
        return next((one for one in declared.kinds if one in _TEXTS), "")
    return ""


def _typed(kind: str, value: Any, name: str, place: str) -> Any:
    if kind == "integer":
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 10**9:
            raise refused(place, f"Tham số {name} cần một số nguyên.", "value")
        return value
    if kind == "boolean":
        if not isinstance(value, bool):
            raise refused(place, f"Tham số {name} chỉ nhận true hoặc false.", "value")
        return value
    if kind == "decimal":
        if isinstance(value, bool | str | dict | list):
            raise refused(place, f"Tham số {name} cần một số.", "value")
        return value
    if kind in _TEXTS:
        if not isinstance(value, str):
            raise refused(place, f"Tham số {name} cần một chuỗi.", "value")
        return _text(kind, value, name, place)
    if not isinstance(value, dict):
        raise refused(place, f"Tham số {name} cần một {kind}.", "value")
    return value


def _text(kind: str, text: str, name: str, place: str) -> str:
    if not text or len(text) > 10_000 or (kind == "code" and not _CODE.match(text)):
        raise refused(place, f"Tham số {name} thiếu giá trị hoặc sai dạng.", "value")
    if kind in ("date", "dateTime", "instant") and interval(text) is None:
        raise refused(place, f"Tham số {name} cần ngày giờ dạng 2026-11-22T08:00:00+07:00.", "value")
    return text


def _check_numbers(operation: Operation, inputs: Inputs) -> None:
    for declared in operation.inputs:
        found = inputs.all(declared.name)
        if declared.required and not found:
            raise refused(inputs.place(declared.name), f"Thiếu tham số {declared.name}.", "required")
        if len(found) > 1 and not declared.many:
            raise refused(found[1].place, f"Tham số {declared.name} chỉ gửi một lần.")
