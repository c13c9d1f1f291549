"""StructureDefinitions, ValueSets and CodeSystems of this system as FHIR says them, made from profile_set.py and systems.py."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from his.fhir import systems
from his.fhir.dates import instant_text
from his.fhir.profile_set import OURS, SETS, Element, Profile

Json = dict[str, Any]
CODE_SYSTEMS: Final[tuple[tuple[str, str, str], ...]] = (
    ("service", systems.SERVICE, "Dịch vụ kỹ thuật theo danh mục đang dùng của cơ sở"),
    ("drug", systems.DRUG, "Thuốc theo danh mục đang dùng của cơ sở"),
    ("analyte", systems.ANALYTE, "Chỉ số xét nghiệm"),
    ("cost-group", systems.COST_GROUP, "Nhóm chi phí (MA_NHOM)"),
    ("entitlement", systems.ENTITLEMENT, "Đối tượng đến khám (MA_DOITUONG_KCB)"),
    ("care-setting", systems.CARE_SETTING, "Loại hình khám chữa bệnh (MA_LOAI_KCB)"),
    ("department", systems.DEPARTMENT, "Khoa (MA_KHOA)"),
    ("indicator", systems.INDICATOR, "Chỉ tiêu thống kê"),
    ("card-result", systems.CARD_RESULT, "Kết quả tra cứu thẻ"),
    ("adjudication", systems.ADJUDICATION, "Phần của một quyết định giám định"),
)
"""Code systems whose codes are dated lists of the installation: the resource names them, the operations look codes up."""


def files(at: datetime) -> Iterator[tuple[str, Json]]:
    """File name and resource of every profile, value set and code system."""
    for profile in OURS:
        yield f"StructureDefinition-{_name(profile.address)}.json", structure_definition(profile, at)
    for address, (title, codes) in SETS.items():
        include = [
            {"system": system, "concept": [{"code": code} for code in listed]} for system, listed in codes.items()
        ]
        yield f"ValueSet-{_name(address)}.json", _value_set(_name(address), address, title, include, at)
    for name, system, title in CODE_SYSTEMS:
        yield f"CodeSystem-{name}.json", _code_system(name, system, title, at)
        address = f"{systems.HIS}/ValueSet/{name}"
        yield f"ValueSet-{name}.json", _value_set(name, address, title, [{"system": system}], at)


def structure_definition(profile: Profile, at: datetime) -> Json:
    """A profile with its differential; elements in the order that paths and slices need."""
    root: Json = {"id": profile.type, "path": profile.type}
    if profile.invariants:
        root["constraint"] = [
            {"key": r.key, "severity": "error", "human": r.human, "expression": r.expression}
            for r in profile.invariants
        ]
    return {
        "resourceType": "StructureDefinition",
        "id": _name(profile.address),
        "url": profile.address,
        "name": "".join(part.capitalize() for part in _name(profile.address).split("-")),
        "title": profile.title,
        "status": "active",
        "date": instant_text(at),
        "fhirVersion": "4.0.1",
        "kind": "resource",
        "abstract": False,
        "type": profile.type,
        "baseDefinition": profile.base,
        "derivation": "constraint",
        "differential": {"element": [root, *(_element(one) for one in _merged(profile.elements))]},
    }


def _merged(elements: tuple[Element, ...]) -> list[Element]:
    """One element for each id: rules that were written apart stand together."""
    out: dict[str, Element] = {}
    for one in elements:
        out.setdefault(one["id"], {}).update(one)
    return list(out.values())


def _element(rules: Element) -> Json:
    steps = [step.partition(":") for step in rules["id"].split(".")]
    out: Json = {"id": rules["id"], "path": ".".join(name for name, _, _ in steps)}
    if steps[-1][2]:
        out["sliceName"] = steps[-1][2]
    for name, value in rules.items():
        if name == "slicing":
            out["slicing"] = {
                "discriminator": [{"type": kind, "path": path} for kind, path in value["by"]],
                "rules": "closed" if value["closed"] else "open",
            }
        elif name == "set":
            out["binding"] = {"strength": "required", "valueSet": value}
        elif name != "id":
            out[name] = value
    return out


def _name(address: str) -> str:
    return address.rpartition("/")[2]


def _value_set(name: str, address: str, title: str, include: list[Json], at: datetime) -> Json:
    return {
        "resourceType": "ValueSet",
        "id": name,
        "url": address,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "title": title,
        "status": "active",
        "date": instant_text(at),
        "compose": {"include": include},
    }


def _code_system(name: str, system: str, title: str, at: datetime) -> Json:
    return {
        "resourceType": "CodeSystem",
        "id": name,
        "url": system,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "title": title,
        "status": "active",
        "date": instant_text(at),
        "caseSensitive": True,
        "content": "not-present",
        "valueSet": f"{systems.HIS}/ValueSet/{name}",
    }
