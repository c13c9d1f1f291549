"""JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7396) on a resource; numbers keep their digits.

A document that is no patch is 400; a patch that does not fit the resource as it stands is 422.
"""

from decimal import Decimal
from typing import Any

import jsonpatch
from jsonpointer import JsonPointer, JsonPointerException

from his.fhir.outcome import FhirError

MAX_OPERATIONS = 1_000
MAX_POINTER = 1_000
MAX_COPIED = 100_000
"""Values that the copies of one patch may make together: a few dozen copies could double a resource without end."""
MISFITS = (TypeError, ValueError, AttributeError, RecursionError)
_NEEDS = {
    "add": ("value",),
    "remove": (),
    "replace": ("value",),
    "move": ("from",),
    "copy": ("from",),
    "test": ("value",),
}


def apply_json_patch(resource: dict[str, Any], operations: Any) -> Any:
    """The patched resource (the argument is changed). Raises 400 or 422 with the operation's place."""
    if not isinstance(operations, list) or not operations:
        raise _malformed("cần một danh sách thao tác.", "http.body")
    if len(operations) > MAX_OPERATIONS:
        raise _malformed(f"nhiều hơn {MAX_OPERATIONS} thao tác.", "http.body")
    document: Any = resource
    copied = 0
    for n, operation in enumerate(operations):
        place = f"http.body[{n}]"
        kind = _check(operation, place)
        try:
            if kind == "test":
                held = JsonPointer(operation["path"]).resolve(document)
                if not equal(held, operation["value"]):
                    raise _unfit(f"thao tác test ở {operation['path'][:80]} không đúng.", place)
                continue
            if kind == "copy":
                copied += _size(JsonPointer(operation["from"]).resolve(document), MAX_COPIED - copied)
                if copied >= MAX_COPIED:
                    raise _unfit("chép quá nhiều.", place)
            document = jsonpatch.JsonPatch([operation]).apply(document, in_place=True)
        except (jsonpatch.JsonPatchException, JsonPointerException, LookupError, *MISFITS) as error:
            raise _unfit(f"{kind} {str(operation['path'])[:80]} không khớp tài nguyên.", place) from error
    return document


def _check(operation: Any, place: str) -> str:
    """The kind of a well-formed operation."""
    if not isinstance(operation, dict) or not isinstance(operation.get("op"), str) or operation["op"] not in _NEEDS:
        raise _malformed("op phải là add, remove, replace, move, copy hoặc test.", f"{place}.op")
    kind: str = operation["op"]
    for name in ("path", *_NEEDS[kind]):
        if name not in operation:
            raise _malformed(f"thao tác {kind} thiếu {name}.", f"{place}.{name}")
    for name in ("path", "from"):
        pointer = operation.get(name, "")
        if not isinstance(pointer, str) or len(pointer) > MAX_POINTER or (pointer and pointer[0] != "/"):
            raise _malformed(f"{name} phải là con trỏ JSON như /name/0/family.", f"{place}.{name}")
    return kind


def equal(left: Any, right: Any) -> bool:
    """Equality of JSON values: `true` is not 1, 1.0 is 1 (RFC 6902, 4.6)."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(equal(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    numbers = (int, Decimal)
    return isinstance(left, numbers) == isinstance(right, numbers) and bool(left == right)


def _size(value: Any, most: int) -> int:
    """How many values a value holds, counted up to `most`."""
    count, left = 0, [value]
    while left and count < most:
        item = left.pop()
        count += 1
        if isinstance(item, dict):
            left += item.values()
        elif isinstance(item, list):
            left += item
    return count


def apply_merge_patch(target: Any, change: Any) -> Any:
    """The target with the members of `change`; a null takes a member away."""
    if not isinstance(change, dict):
        return change
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in change.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = apply_merge_patch(merged.get(name), value)
    return merged


def _malformed(why: str, place: str) -> FhirError:
    return FhirError(400, "structure", f"JSON Patch sai: {why}", place)


def _unfit(why: str, place: str) -> FhirError:
    return FhirError(422, "processing", f"JSON Patch không áp dụng được: {why}", place)
