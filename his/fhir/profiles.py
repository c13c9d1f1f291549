"""The conformance files of this system under `fhir_profiles/`: what it says about itself, as FHIR resources."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from his.fhir import systems
from his.fhir.capability import statement
from his.fhir.dates import instant_text
from his.fhir.jsontext import ENGINE_ONLY
from his.fhir.profile_files import files
from his.fhir.registry import Registry

NAMING: tuple[tuple[str, str, str], ...] = (
    ("citizen", systems.CITIZEN, "Số căn cước công dân, 12 chữ số"),
    ("insurance", systems.INSURANCE, "Mã số bảo hiểm xã hội, 10 chữ số"),
    ("patient-code", systems.PATIENT_CODE, "Mã người bệnh của đơn vị (MA_BN)"),
    ("facility", systems.FACILITY, "Mã cơ sở khám chữa bệnh (MA_CSKCB)"),
    ("license", systems.LICENSE, "Số chứng chỉ hành nghề"),
    ("dossier", systems.DOSSIER, "Mã đợt điều trị (MA_LK)"),
    ("claim-number", systems.CLAIM_NUMBER, "Số hồ sơ đề nghị thanh toán của đơn vị"),
    ("statement", systems.STATEMENT, "Số bảng kê chi phí"),
    ("card", systems.CARD, "Số thẻ bảo hiểm y tế, 15 ký tự"),
    ("prescription", systems.PRESCRIPTION, "Đơn thuốc"),
)
SHARE_PARTS = ("amount_covered", "insurer_share", "copayment", "self_paid", "other_sources")


def resources(registry: Registry, base: str, at: datetime) -> Iterator[tuple[str, bytes]]:
    """File name and content of every conformance resource."""
    yield "CapabilityStatement.json", statement(registry, base, at)
    for name, resource in files(at):
        yield name, _json(resource)
    for name, system, description in NAMING:
        yield f"NamingSystem-{name}.json", _json(_naming(name, system, description, at))
    yield "CodeSystem-origin.json", _json(_origin(at))
    yield "StructureDefinition-charge-share.json", _json(_share(at))


def write(folder: Path, registry: Registry, base: str, at: datetime) -> list[Path]:
    """Write the files; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in resources(registry, base, at):
        path = folder / name
        path.write_bytes(orjson.dumps(orjson.loads(content), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        paths.append(path)
    return paths


def _json(resource: dict[str, Any]) -> bytes:
    return orjson.dumps(resource)


def _naming(name: str, system: str, description: str, at: datetime) -> dict[str, Any]:
    return {
        "resourceType": "NamingSystem",
        "id": name,
        "name": name.replace("-", "_"),
        "status": "active",
        "kind": "identifier",
        "date": instant_text(at),
        "description": description,
        "uniqueId": [{"type": "uri", "value": system, "preferred": True}],
    }


def _origin(at: datetime) -> dict[str, Any]:
    return {
        "resourceType": "CodeSystem",
        "id": "origin",
        "url": systems.ORIGIN,
        "name": "Origin",
        "status": "active",
        "date": instant_text(at),
        "content": "complete",
        "concept": [
            {
                "code": ENGINE_ONLY,
                "display": "Chỉ lưu trong kho FHIR",
                "definition": "Nội dung gửi qua FHIR chưa đủ để thành hồ sơ của đơn vị; phần mềm giữ nguyên văn.",
            }
        ],
    }


def _share(at: datetime) -> dict[str, Any]:
    parts = []
    for name in SHARE_PARTS:
        path = f"Extension.extension:{name}"
        parts += [
            {"id": path, "path": "Extension.extension", "sliceName": name, "min": 0, "max": "1"},
            {"id": f"{path}.url", "path": "Extension.extension.url", "fixedUri": name},
            {"id": f"{path}.value[x]", "path": "Extension.extension.value[x]", "type": [{"code": "Money"}]},
        ]
    return {
        "resourceType": "StructureDefinition",
        "id": "charge-share",
        "url": f"{systems.HIS}/StructureDefinition/charge-share",
        "name": "ChargeShare",
        "status": "active",
        "date": instant_text(at),
        "description": "Các phần của một dòng chi phí: trong phạm vi, BHYT, cùng chi trả, tự trả, nguồn khác (đồng).",
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": "Claim.item"}],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {"element": [{"id": "Extension", "path": "Extension"}, *parts]},
    }
