"""What is sent to a subscriber: a resource as R4 says it, or a notification bundle of the R5 backport.

http://hl7.org/fhir/R4/subscription.html#rest-hook: without payload a POST with no body, with payload an update (PUT) of the
resource below the endpoint. http://hl7.org/fhir/uv/subscriptions-backport/notifications.html: one POST of a history bundle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from his.fhir.build import Json
from his.fhir.dates import instant_text
from his.fhir.tables import Subscription

MIME = "application/fhir+json"
STATUS_PROFILE = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-status-r4"
NOTICE_PROFILE = (
    "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-notification-r4"
)


@dataclass(frozen=True, slots=True)
class Happened:
    """An event that meets the criteria: the resource as it stands now."""

    id: str
    version: int
    text: str
    op: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """One HTTP request."""

    method: str
    url: str
    body: bytes


def letters(base: str, row: Subscription, events: Sequence[Happened], at: datetime) -> list[Letter]:
    """The requests that tell of these events, in order."""
    if row.topic:
        return [Letter("POST", row.endpoint, notification(base, row, "event-notification", events, at))]
    if row.content == "empty":
        return [Letter("POST", row.endpoint, b"")] if events else []
    place = row.endpoint.rstrip("/")
    return [Letter("PUT", f"{place}/{row.kind}/{one.id}", one.text.encode()) for one in events]


def handshake(base: str, row: Subscription, at: datetime) -> Letter:
    """The question whether a topic's subscriber is there."""
    return Letter("POST", row.endpoint, notification(base, row, "handshake", [], at))


def notification(base: str, row: Subscription, kind: str, events: Sequence[Happened], at: datetime) -> bytes:
    """The bundle of the backport: the state of the subscription, then the resources."""
    address = f"{base}/Subscription/{row.id}"
    entries = [
        f'{{"fullUrl":"urn:uuid:{_status_id(row)}","resource":{status_text(base, row, kind, events)},'
        f'"request":{{"method":"GET","url":"{address}/$status"}},"response":{{"status":"200"}}}}'
    ]
    if row.content == "full-resource":
        entries += [_entry(base, row.kind, one) for one in events]
    head = f'"meta":{{"profile":["{NOTICE_PROFILE}"]}},"type":"history","timestamp":"{instant_text(at)}"'
    return f'{{"resourceType":"Bundle",{head},"entry":[{",".join(entries)}]}}'.encode()


def _status_id(row: Subscription) -> str:
    return f"status-{row.id}"[:64]


def _entry(base: str, kind: str, one: Happened) -> str:
    method, url = ("POST", kind) if one.op == "create" else ("PUT", f"{kind}/{one.id}")
    status = "201" if one.op == "create" else "200"
    return (
        f'{{"fullUrl":"{base}/{kind}/{one.id}","resource":{one.text},'
        f'"request":{{"method":"{method}","url":"{url}"}},"response":{{"status":"{status}"}}}}'
    )


def status_text(base: str, row: Subscription, kind: str, events: Sequence[Happened]) -> str:
    """The state as Parameters; event numbers go on from those told before."""
    listed: list[Json] = [
        {"name": "subscription", "valueReference": {"reference": f"{base}/Subscription/{row.id}"}},
        *([{"name": "topic", "valueCanonical": row.topic}] if row.topic else []),
        {"name": "status", "valueCode": "active" if kind == "event-notification" else row.state},
        {"name": "type", "valueCode": kind},
        {"name": "events-since-subscription-start", "valueString": str(row.told + len(events))},
    ]
    for number, one in enumerate(events, row.told + 1):
        parts: list[Json] = [
            {"name": "event-number", "valueString": str(number)},
            {"name": "timestamp", "valueInstant": instant_text(one.at)},
        ]
        if row.content != "empty":
            parts.append({"name": "focus", "valueReference": {"reference": f"{base}/{row.kind}/{one.id}"}})
        listed.append({"name": "notification-event", "part": parts})
    content = {
        "resourceType": "Parameters",
        "id": _status_id(row),
        "meta": {"profile": [STATUS_PROFILE]},
        "parameter": listed,
    }
    return orjson.dumps(content).decode()
