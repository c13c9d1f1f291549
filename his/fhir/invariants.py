"""Invariants of FHIR's data types, found in one walk over a resource: they hold wherever the type stands.

per-1 (a period starts before it ends), qty-3 (a unit code has its system), rng-2 (low is not above high), cpt-2 (a contact
value has its system), att-1 (data says its content type), ext-1 (an extension has a value or extensions, not both),
ref-1 (a local reference finds its contained resource). http://hl7.org/fhir/R4/datatypes.html.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from his.fhir.dates import interval
from his.kit.errors import Finding, Severity

_NUMBERS = (int, float, Decimal)


def walk(resource: dict[str, Any], resource_type: str) -> Iterator[Finding]:
    """Every broken invariant of a data type in the resource, with the place where it stands."""
    contained = resource.get("contained")
    local = {f"#{c.get('id')}" for c in contained if isinstance(c, dict)} if isinstance(contained, list) else set()
    yield from _item(resource, resource_type, local)


def _item(item: dict[str, Any], path: str, local: set[str]) -> Iterator[Finding]:
    if "start" in item and "end" in item:
        yield from _period(item, path)
    if "code" in item and "value" in item and "system" not in item and _is_number(item["value"]):
        yield _broken("FHIR-QTY-3", "Mã đơn vị cần system.", f"{path}.system")
    if "low" in item and "high" in item:
        yield from _range(item, path)
    reference = item.get("reference")
    if isinstance(reference, str) and reference[:1] == "#" and len(reference) > 1 and reference not in local:
        yield _broken("FHIR-REF-1", "Tham chiếu nội bộ không có trong contained.", f"{path}.reference")
    if "data" in item and "contentType" not in item and isinstance(item["data"], str) and _is_attachment(path):
        yield _broken("FHIR-ATT-1", "Dữ liệu đính kèm cần contentType.", f"{path}.contentType")
    for name, value in item.items():
        if isinstance(value, dict):
            yield from _item(value, f"{path}.{name}", local)
        elif isinstance(value, list):
            yield from _list(name, value, f"{path}.{name}", local)


def _list(name: str, values: list[Any], path: str, local: set[str]) -> Iterator[Finding]:
    for n, value in enumerate(values):
        if isinstance(value, dict):
            place = f"{path}[{n}]"
            if name == "telecom" and "value" in value and "system" not in value:
                yield _broken("FHIR-CPT-2", "Số liên lạc cần system.", f"{place}.system")
            elif name in ("extension", "modifierExtension"):
                has_value = any(key.startswith(("value", "_value")) for key in value)
                if has_value == ("extension" in value):
                    yield _broken("FHIR-EXT-1", "Phần mở rộng cần giá trị hoặc phần mở rộng con, không cả hai.", place)
            yield from _item(value, place, local)
        elif isinstance(value, list):
            yield from _list("", value, f"{path}[{n}]", local)


def _period(item: dict[str, Any], path: str) -> Iterator[Finding]:
    start, end = item["start"], item["end"]
    if isinstance(start, str) and isinstance(end, str):
        low, high = interval(start), interval(end)
        if low and high and low[0] >= high[1]:
            yield _broken("FHIR-PERIOD-01", f"{path}: ngày bắt đầu sau ngày kết thúc.", path)


def _range(item: dict[str, Any], path: str) -> Iterator[Finding]:
    low, high = item["low"], item["high"]
    if isinstance(low, dict) and isinstance(high, dict) and low.get("code") == high.get("code"):
        least, most = low.get("value"), high.get("value")
        if _is_number(least) and _is_number(most) and Decimal(str(least)) > Decimal(str(most)):
            yield _broken("FHIR-RNG-2", f"{path}: cận dưới lớn hơn cận trên.", path)


def _is_number(value: Any) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def _is_attachment(path: str) -> bool:
    last = path.rpartition(".")[2].partition("[")[0]
    return last in ("attachment", "photo", "content", "presentedForm", "valueAttachment", "contentAttachment")


def _broken(code: str, message: str, path: str) -> Finding:
    return Finding(code, Severity.ERROR, message, path)
