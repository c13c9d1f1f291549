"""FHIRPath Patch: a Parameters resource with operations add, insert, delete, replace and move.

http://hl7.org/fhir/R4/fhirpatch.html. A document that is no patch is 400; one that does not fit the resource is 422.
"""

from dataclasses import dataclass, field
from typing import Any

from his.fhir.elements import Element, choices
from his.fhir.outcome import FhirError
from his.fhir.patchplaces import Place, places

MAX_OPERATIONS = 1_000
_PARTS = {
    "add": ("path", "name", "value"),
    "insert": ("path", "index", "value"),
    "delete": ("path",),
    "replace": ("path", "value"),
    "move": ("path", "source", "destination"),
}
_CODES = frozenset({"type", "path", "name", "index", "source", "destination"})


@dataclass(slots=True)
class Operation:
    """One operation: its parts by name, `value` kept as the part that holds it."""

    place: str
    kind: str
    parts: dict[str, Any] = field(default_factory=dict)
    value: dict[str, Any] = field(default_factory=dict)


def apply_path_patch(resource: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """The patched resource (the argument is changed); no operation is no change. Raises 400 or 422 with the place."""
    for operation in _operations(parameters):
        try:
            _APPLY[operation.kind](resource, operation)
        except FhirError as error:
            if error.field in ("", "Parameters.parameter.part"):
                error.field = operation.place
            raise
    return resource


def _operations(parameters: dict[str, Any]) -> list[Operation]:
    if parameters.get("resourceType") != "Parameters":
        raise _malformed("cần một tài nguyên Parameters.", "Parameters")
    listed = parameters.get("parameter", [])
    if not isinstance(listed, list) or len(listed) > MAX_OPERATIONS:
        raise _malformed(f"cần một danh sách, tối đa {MAX_OPERATIONS} thao tác.", "Parameters.parameter")
    return [_operation(item, f"Parameters.parameter[{n}]") for n, item in enumerate(listed)]


def _operation(item: Any, place: str) -> Operation:
    parts = item.get("part") if isinstance(item, dict) and item.get("name") == "operation" else None
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise _malformed("mỗi tham số phải là operation có part.", place)
    found = Operation(place, "")
    for part in parts:
        name = part.get("name")
        if name == "value":
            found.value = part
            found.parts["value"] = part
        elif isinstance(name, str) and name in _CODES:
            found.parts[name] = next((v for key, v in part.items() if key.startswith("value")), None)
    kind = found.parts.get("type")
    if not isinstance(kind, str) or kind not in _PARTS:
        raise _malformed("type phải là add, insert, delete, replace hoặc move.", place)
    found.kind = kind
    for name in _PARTS[found.kind]:
        value = found.parts.get(name)
        if value is None:
            raise _malformed(f"thao tác {found.kind} thiếu {name}.", place)
        number = name in ("index", "source", "destination")
        if name != "value" and (isinstance(value, bool) or not isinstance(value, int if number else str)):
            raise _malformed(f"{name} sai kiểu.", place)
    return found


def _add(resource: dict[str, Any], operation: Operation) -> None:
    target = _single(places(resource, operation.parts["path"]), operation)
    name = operation.parts["name"]
    if not isinstance(target.value, dict):
        raise _unfit("chỉ thêm được vào một đối tượng.", operation)
    kind = str(target.value.get("resourceType", target.kind))
    element, value, beside = _valued(kind, name, operation)
    holder = target.value
    if element.many:
        _put(holder, element.name, len(holder.get(element.name) or ()), value, beside)
    elif any(other.name in holder for other in choices(kind)[element.choice]):
        raise _unfit(f"{name[:60]} đã có giá trị, hãy dùng replace.", operation)
    else:
        _set(holder, element.name, value, beside)


def _insert(resource: dict[str, Any], operation: Operation) -> None:
    holder, name, length, element = _list(resource, operation)
    index = operation.parts["index"]
    if not 0 <= index <= length:
        raise _unfit(f"index {index} nằm ngoài danh sách có {length} mục.", operation)
    value, beside = _value_of(element, operation)
    _put(holder, name, index, value, beside)


def _delete(resource: dict[str, Any], operation: Operation) -> None:
    found = places(resource, operation.parts["path"])
    if not found:
        return
    target = _single(found, operation)
    if target.element is None:
        raise _unfit("không xóa được cả tài nguyên bằng bản vá.", operation)
    for name in (target.name, f"_{target.name}"):
        held = target.holder.get(name)
        if target.index is None:
            target.holder.pop(name, None)
        elif isinstance(held, list) and target.index < len(held):
            held.pop(target.index)
            if not any(item is not None for item in held):
                target.holder.pop(name)
    _prune(resource)


def _prune(value: Any) -> bool:
    """Take away elements that a delete left without content; whether nothing is left of this one."""
    if isinstance(value, dict):
        for name in [name for name, item in value.items() if _prune(item)]:
            del value[name]
        return not value
    if isinstance(value, list):
        value[:] = [item for item in value if not _prune(item)]
        return not value
    return False


def _replace(resource: dict[str, Any], operation: Operation) -> None:
    target = _single(places(resource, operation.parts["path"]), operation)
    if target.element is None:
        raise _unfit("không thay được cả tài nguyên bằng bản vá.", operation)
    if target.index is not None:
        value, beside = _value_of(target.element, operation)
        target.holder[target.name][target.index] = value
        shadow = target.holder.get(f"_{target.name}")
        if isinstance(shadow, list) and target.index < len(shadow):
            shadow[target.index] = beside
        return
    element, value, beside = _valued(target.owner, target.element.choice, operation)
    target.holder.pop(target.name)
    target.holder.pop(f"_{target.name}", None)
    _set(target.holder, element.name, value, beside)


def _move(resource: dict[str, Any], operation: Operation) -> None:
    holder, name, length, _ = _list(resource, operation)
    source, destination = operation.parts["source"], operation.parts["destination"]
    if not (0 <= source < length and 0 <= destination < length):
        raise _unfit(f"source và destination phải dưới {length}.", operation)
    for member in (name, f"_{name}"):
        held = holder.get(member)
        if isinstance(held, list):
            held += [None] * (length - len(held))
            held.insert(destination, held.pop(source))


_APPLY = {"add": _add, "insert": _insert, "delete": _delete, "replace": _replace, "move": _move}


def _single(found: list[Place], operation: Operation) -> Place:
    if len(found) != 1:
        raise _unfit(f"path khớp {len(found)} phần tử, cần đúng một.", operation)
    return found[0]


def _list(resource: dict[str, Any], operation: Operation) -> tuple[dict[str, Any], str, int, Element]:
    """Holder, name and length of the one list that the path stands for."""
    found = places(resource, operation.parts["path"])
    lists = {(id(place.holder), place.name) for place in found}
    if len(lists) != 1 or found[0].index is None or found[0].element is None:
        raise _unfit("path phải chỉ tới một danh sách có sẵn.", operation)
    first = found[0]
    return first.holder, first.name, len(first.holder[first.name]), found[0].element


def _valued(kind: str, name: str, operation: Operation) -> tuple[Element, Any, Any]:
    """The element of this name that fits the value sent, with the value and its id and extensions."""
    group = choices(kind).get(name, ())
    if not group:
        raise _unfit(f"{kind} không có phần tử {name[:60]}.", operation)
    if len(group) == 1:
        return group[0], *_value_of(group[0], operation)
    key = next((key for key in operation.value if key.startswith("value")), "")
    element = next((one for one in group if one.name == name or one.name.removeprefix(one.choice) == key[5:]), None)
    if element is None:
        raise _unfit(f"{name[:60]} không nhận kiểu {key[5:45]}.", operation)
    return element, *_value_of(element, operation)


def _value_of(element: Element, operation: Operation) -> tuple[Any, Any]:
    """The value of an operation and its id and extensions; a value given in parts becomes an object."""
    value, beside = _plain(operation.value, element, operation)
    if value is None and beside is None:
        raise _malformed("thiếu giá trị.", operation.place)
    return value, beside


def _plain(part: dict[str, Any], element: Element, operation: Operation) -> tuple[Any, Any]:
    if isinstance(part.get("part"), list):
        return _object(part["part"], element, operation), None
    if "resource" in part:
        return part["resource"], None
    key = next((key for key in part if key.startswith("value")), None)
    shadow = next((key for key in part if key.startswith("_value")), None)
    return (part[key] if key else None), (part[shadow] if shadow else None)


def _object(parts: list[Any], element: Element, operation: Operation) -> dict[str, Any]:
    """An element without a type of its own (`Patient.contact`), built from nested parts."""
    made: dict[str, Any] = {}
    group = choices(element.type)
    for part in parts:
        name = part.get("name") if isinstance(part, dict) else None
        if not isinstance(name, str) or name not in group:
            raise _unfit(f"{element.type} không có phần tử {str(name)[:60]}.", operation)
        inner = group[name][0]
        key = next((key for key in part if key.startswith("value")), "")
        for one in group[name]:
            if one.name.removeprefix(one.choice) == key[5:]:
                inner = one
        value, beside = _plain(part, inner, operation)
        if inner.many:
            _put(made, inner.name, len(made.get(inner.name) or ()), value, beside)
        else:
            _set(made, inner.name, value, beside)
    return made


def _set(holder: dict[str, Any], name: str, value: Any, beside: Any) -> None:
    if value is not None:
        holder[name] = value
    if beside is not None:
        holder[f"_{name}"] = beside


def _put(holder: dict[str, Any], name: str, index: int, value: Any, beside: Any) -> None:
    """Insert into a list, and into the list of ids and extensions beside it when there is one or has to be one."""
    held = holder.setdefault(name, [])
    shadow = holder.get(f"_{name}")
    if beside is not None and shadow is None:
        shadow = holder[f"_{name}"] = [None] * len(held)
    held.insert(index, value)
    if isinstance(shadow, list):
        shadow += [None] * (len(held) - 1 - len(shadow))
        shadow.insert(index, beside)


def _malformed(why: str, place: str) -> FhirError:
    return FhirError(400, "structure", f"FHIRPath Patch sai: {why}", place)


def _unfit(why: str, operation: Operation) -> FhirError:
    return FhirError(422, "processing", f"FHIRPath Patch không áp dụng được: {why}", operation.place)
