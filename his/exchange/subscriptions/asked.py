"""Reads what a Subscription asks for; every refusal names the element."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from his.fhir.dates import interval
from his.fhir.outcome import FhirError
from his.fhir.resource_types import TYPES
from his.fhir.search import parse, split_query
from his.fhir.systems import HIS
from his.kit.config import get_settings
from his.kit.outbound import permits

TOPIC = f"{HIS}/SubscriptionTopic/"
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
FILTER, CONTENT = f"{BACKPORT}backport-filter-criteria", f"{BACKPORT}backport-payload-content"
CONTENTS = ("empty", "id-only", "full-resource")
PAYLOADS = ("application/fhir+json", "application/json")
ELEMENTS = ("contact", "end", "reason", "criteria", "_criteria", "channel")
_HEADER = re.compile(r"([A-Za-z0-9-]{1,100}): ?([\x21-\x7e][\x20-\x7e]{0,1999})$")
OURS = frozenset(
    ["host", "content-type", "content-length", "transfer-encoding", "connection", "accept", "te", "upgrade", "expect"]
)
MOST_HEADERS = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """A subscription, understood."""

    kind: str
    criteria: str
    topic: str
    endpoint: str
    content: str
    end_at: datetime | None
    sent: dict[str, Any]


def switched_on() -> bool:
    """Has the administrator named anybody who may be told?"""
    return bool(get_settings().subscription_targets.split())


def read(resource: dict[str, Any]) -> Asked:
    """What the resource asks for. Raises FhirError(422) that names the element that cannot be served."""
    channel = resource["channel"]
    if channel.get("type") != "rest-hook":
        raise refused("channel.type", "Chỉ hỗ trợ kênh rest-hook.", "not-supported")
    endpoint = channel.get("endpoint", "")
    if not permits(endpoint, get_settings().subscription_targets.split()):
        raise refused("channel.endpoint", "Địa chỉ nhận tin không nằm trong danh sách được phép.", "forbidden")
    headers_of(channel)
    topic = resource["criteria"] if "?" not in resource["criteria"] and ":" in resource["criteria"] else ""
    kind, query = _watched(resource, topic)
    end = interval(resource["end"]) if "end" in resource else None
    return Asked(
        kind=kind,
        criteria=query,
        topic=topic,
        endpoint=endpoint,
        content=_content(channel, topic),
        end_at=datetime.fromisoformat(end[0]) if end else None,
        sent=_plain({name: resource[name] for name in ELEMENTS if name in resource}),
    )


def refused(element: str, text: str, code: str = "value") -> FhirError:
    """A Subscription that cannot be served (422)."""
    return FhirError(422, code, text, f"Subscription.{element}")


def _watched(resource: dict[str, Any], topic: str) -> tuple[str, str]:
    """Type and query that a resource must meet."""
    text, element = str(resource["criteria"]), "criteria"
    if topic:
        kind = topic.removeprefix(TOPIC)
        if not topic.startswith(TOPIC) or kind not in TYPES:
            raise refused("criteria", f"Không có chủ đề này. Chủ đề có dạng {TOPIC}Encounter.", "not-found")
        filters = _extensions(resource.get("_criteria"), FILTER, "valueString")
        if len(filters) > 1:
            raise refused("criteria.extension", "Chỉ nhận một bộ lọc.", "not-supported")
        text, element = (filters[0] if filters else kind), "criteria.extension"
        if text.partition("?")[0] != kind:
            raise refused(element, f"Bộ lọc của chủ đề này phải bắt đầu bằng {kind}.")
    kind, _, query = text.partition("?")
    if kind not in TYPES:
        raise refused(element, "criteria cần Loại?điều-kiện.")
    check_query(kind, query, element)
    return kind, query


def check_query(kind: str, query: str, element: str = "criteria") -> None:
    """The conditions are ones that a search understands; how a page is made has no place in them."""
    try:
        pairs = split_query(query) if query else []
        control = next((name for name, _ in pairs if name.startswith("_") and name.partition(":")[0] != "_id"), None)
        if control is not None:
            raise refused(element, f"criteria không nhận {control[:60]}.", "not-supported")
        parse(kind, pairs)
    except FhirError as error:
        if error.status == 422:
            raise
        raise refused(element, error.message) from None


def _content(channel: dict[str, Any], topic: str) -> str:
    payload = channel.get("payload")
    if payload is not None and payload.partition(";")[0].strip() not in PAYLOADS:
        raise refused("channel.payload", f"Chỉ gửi được {PAYLOADS[0]}.", "not-supported")
    if not topic:
        return "full-resource" if payload else "empty"
    asked = _extensions(channel.get("_payload"), CONTENT, "valueCode") or ["empty"]
    if asked[0] not in CONTENTS:
        raise refused("channel.payload.extension", f"Chỉ nhận {', '.join(CONTENTS)}.")
    if payload is None:
        raise refused("channel.payload", "Kênh của chủ đề cần payload.", "required")
    return asked[0]


def _extensions(element: Any, url: str, name: str) -> list[str]:
    listed = element.get("extension", []) if isinstance(element, dict) else []
    return [str(one[name]) for one in listed if isinstance(one, dict) and one.get("url") == url and name in one]


def headers_of(channel: dict[str, Any]) -> list[tuple[str, str]]:
    """The headers to send; those that belong to the connection are refused."""
    listed = channel.get("header") or []
    if len(listed) > MOST_HEADERS:
        raise refused("channel.header", f"Tối đa {MOST_HEADERS} header.")
    found = []
    for n, text in enumerate(listed):
        match = _HEADER.match(str(text))
        if match is None or match[1].lower() in OURS:
            raise refused(f"channel.header[{n}]", "header cần dạng Tên: giá trị, không dùng tên dành cho kết nối.")
        found.append((match[1], match[2]))
    return found


def _plain(value: Any) -> Any:
    """The elements as JSON holds them: numbers without their written form."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value
