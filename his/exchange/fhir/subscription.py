"""Subscription: http://hl7.org/fhir/R4/subscription.html. Its status is the server's: requested, active, error, off.

A subscription that may be served becomes a row, and the worker takes it up. While no target is on the list of the settings the
feature is off: the text is kept alone, tagged `engine-only`, and nobody is told anything.
"""

from datetime import UTC, datetime
from typing import Any

from his.exchange import store
from his.exchange.subscriptions.asked import read, switched_on
from his.exchange.subscriptions.notice import status_text
from his.exchange.subscriptions.rights import may_hear
from his.fhir.build import filled
from his.fhir.http import Response
from his.fhir.operations.collect import entry
from his.fhir.operations.declare import INSTANCE, Call, Operation
from his.fhir.outcome import FhirError, not_found
from his.fhir.reader import Seen
from his.fhir.registry import Incoming, Resource, to_unit
from his.fhir.searching import bundle
from his.fhir.tables import Subscription
from his.kit.changes import Changes
from his.kit.db import Db


def to_fhir(row: Subscription) -> dict[str, Any]:
    """What the client wrote, with the status that the server gives."""
    return filled(resourceType="Subscription", id=row.id, **{**row.sent, "status": row.state, "error": row.error})


async def accept(incoming: Incoming, db: Db) -> Changes | None:
    """A row for the subscription; asked for again, it begins anew. Raises 403 and 422 for one that cannot be served."""
    if not switched_on():
        return None
    scope = db.scope
    assert scope.unit_id is not None
    if scope.role != "machine":
        raise FhirError(403, "forbidden", "Chỉ máy khách được đăng ký nhận tin.", "Subscription")
    asked = read(incoming.resource)
    if not await may_hear(db, scope.actor, scope.unit_id, asked.kind):
        raise FhirError(403, "forbidden", f"Máy khách này không được đọc {asked.kind}.", "Subscription.criteria")
    off = incoming.resource.get("status") == "off"
    fields: dict[str, Any] = {
        "state": "off" if off else "requested", "kind": asked.kind, "criteria": asked.criteria, "topic": asked.topic,
        "endpoint": asked.endpoint, "content": asked.content, "sent": asked.sent, "actor": scope.actor, "error": "",
        "failures": 0, "failing_since": None, "next_attempt_at": None, "end_at": asked.end_at,
    }  # fmt: skip
    changes = Changes().notify("subscription")
    held = await store.get_subscription(db, incoming.id)
    if held is None:
        row = Subscription(unit_id=scope.unit_id, id=incoming.id, created_at=incoming.at, **fields)
        changes.insert(row)
    else:
        row = changes.update(held, **fields)
    return changes.version(row)


async def discard(identity: str, db: Db, _at: datetime) -> Changes | None:
    """The row goes, and what waited to be told with it."""
    held = await store.get_subscription(db, identity)
    return Changes().delete(held) if held is not None else None


async def status(call: Call) -> Response:
    """How a subscription stands: http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition-backport-subscription-status."""
    async with call.engine.database.scoped(call.caller.scope) as db:
        row = await store.get_subscription(db, call.identity)
    await call.engine.reader.audit(Seen("read", "Subscription", call.identity, call.caller.scope))
    if row is None:
        raise not_found()
    text = status_text(call.engine.base, row, "query-status", [])
    return Response(200, bundle("searchset", [], [entry(call.engine, "Parameters", row.id, text, "match")], 1))


def example() -> Subscription:
    """An invented subscription."""
    return Subscription(
        unit_id=1, id="018f3c5e-0000-7000-8000-0000000000a1", state="active", kind="Encounter", criteria="status=finished",
        endpoint="https://client.example/hook/", actor="client", created_at=datetime(2026, 1, 5, 1, 0, tzinfo=UTC),
        sent={
            "reason": "Theo dõi lượt khám đã xong", "criteria": "Encounter?status=finished",
            "channel": {
                "type": "rest-hook", "endpoint": "https://client.example/hook/", "payload": "application/fhir+json",
            },
        },
    )  # fmt: skip


OPERATIONS = [
    Operation(
        name="status",
        run=status,
        types=("Subscription",),
        levels=(INSTANCE,),
        definition="http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-status",
        documentation="Trạng thái của một đăng ký nhận tin và số tin đã gửi.",
    )
]
RESOURCE = Resource(
    type="Subscription",
    subject=Subscription,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(["contact", "end", "reason", "criteria", "_criteria", "channel", "status", "error"]),
    accept=accept,
    discard=discard,
)
