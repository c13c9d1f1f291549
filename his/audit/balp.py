"""An entry of the trail as AuditEvent: IHE Basic Audit Log Patterns 1.1 (https://profiles.ihe.net/ITI/BALP).

A profile is named only where the entry meets it: a successful create, read, update, delete or query. In a read the data flow
from this server to the client, so the server is the source; in all others the client is. Of a search the names of its
parameters are shown, never their values: those were not kept. The network address of a client is not kept either.
"""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Final

from his.audit.tables import AuditEntry
from his.fhir.build import filled
from his.fhir.dates import instant_text
from his.fhir.resource_types import TYPES

PROFILE: Final = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
REST: Final = "http://hl7.org/fhir/restful-interaction"
EVENT: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
ENTITY: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
OBJECT_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
REQUEST: Final = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
FAMILIES: Final = {"C": "Create", "R": "Read", "U": "Update", "D": "Delete", "E": "Query"}
LOGIN: Final = {"sign-in": "110122", "sign-in-refused": "110122", "sign-out": "110123", "token": "110122"}
EXPORTS: Final = frozenset({"print", "export", "claim:download", "claim:export", "bulk:export", "bulk:download"})
READS: Final = frozenset({"read", "vread", "history", "everything", "summary", "document", "lastn"})
SEARCHES: Final = frozenset({"search", "match", "review:queue"})
CREATES: Final = frozenset(
    [
        "create",
        "visit:register",
        "patient:register",
        "encounter:open",
        "order:place",
        "prescription:add",
        "coverage:add",
        "payment:take",
        "ticket:enqueue",
        "paper:issue",
        "allergy:record",
        "client-added",
    ]
)


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry with what is looked up beside it: the patient whose record it touched, and the name of the account."""

    entry: AuditEntry
    patient_id: str = ""
    who: str = ""


def letter(action: str) -> str:
    """`AuditEvent.action` of an action of the trail."""
    if action in READS:
        return "R"
    if action in SEARCHES or action in EXPORTS or action in LOGIN:
        return "E"
    if action in CREATES:
        return "C"
    return "D" if action == "delete" else "U"


def interaction(action: str) -> str:
    """The RESTful interaction that the action comes down to; "" for signing in and for what leaves the house."""
    if action in LOGIN or action in EXPORTS:
        return ""
    if action in ("vread", "patch"):
        return action
    return {"R": "read", "E": "search-type", "C": "create", "U": "update", "D": "delete"}[letter(action)]


def to_fhir(seen: Seen, base: str) -> dict[str, Any]:
    """The AuditEvent of an entry; `base` is the public address of the FHIR interface."""
    entry = seen.entry
    what, act = interaction(entry.action), letter(entry.action)
    success = entry.outcome == "success"
    entities = list(_entities(seen, what, base))
    named = f"{entry.entity_type}/{entry.entity_id}" if entry.entity_type in TYPES and entry.entity_id else ""
    fits = success and what and (act == "E" or named)
    profile = f"{PROFILE}{'Patient' if seen.patient_id else ''}{FAMILIES[act]}" if fits else ""
    return filled(
        resourceType="AuditEvent",
        id=str(entry.id),
        meta=filled(versionId="1", lastUpdated=instant_text(entry.recorded_at), profile=[profile] if profile else None),
        type=_type(entry.action, what),
        subtype=_subtype(entry.action, what),
        action=act,
        recorded=instant_text(entry.recorded_at),
        outcome="0" if success else "4",
        outcomeDesc=None if success else str(entry.detail.get("why", entry.outcome)),
        agent=list(_agents(seen, act, base)),
        source={
            "site": f"Organization/{entry.unit_id}",
            "observer": {"display": base},
            "type": [{"system": "http://terminology.hl7.org/CodeSystem/security-source-type", "code": "4"}],
        },
        entity=entities,
    )


def _type(action: str, what: str) -> dict[str, str]:
    if what:
        return {"system": EVENT, "code": "rest", "display": "Restful Operation"}
    if action in LOGIN:
        return {"system": DCM, "code": "110114", "display": "User Authentication"}
    return {"system": DCM, "code": "110106", "display": "Export"}


def _subtype(action: str, what: str) -> list[dict[str, str]]:
    own = {"system": "urn:his:audit-action", "code": action}
    if what:
        return [{"system": REST, "code": what}, own]
    if action in LOGIN:
        return [{"system": DCM, "code": LOGIN[action]}, own]
    return [own]


def _agents(seen: Seen, act: str, base: str) -> Any:
    entry = seen.entry
    source, target = ("110153", "Source Role ID"), ("110152", "Destination Role ID")
    client, server = (target, source) if act == "R" else (source, target)
    machine = entry.role == "machine"
    app = (
        {"system": f"{base}/client", "value": entry.actor} if machine else {"system": f"{base}/client", "value": "web"}
    )
    yield {
        "type": _concept(DCM, *client),
        "who": {"identifier": app},
        "requestor": machine,
        "network": {"_address": {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}},
    }
    yield {
        "type": _concept(DCM, *server),
        "who": {"display": base},
        "requestor": False,
        "network": {"address": base, "type": "5"},
    }
    if not machine:
        yield filled(
            type=_concept(PARTICIPATION, *(("IRCP", "information recipient") if act in "RE" else ("AUT", "author"))),
            role=[{"coding": [{"system": "urn:his:role", "code": entry.role}]}] if entry.role else None,
            who={"identifier": {"system": f"{base}/account", "value": entry.actor}},
            name=seen.who or None,
            requestor=True,
        )


def _entities(seen: Seen, what: str, base: str) -> Any:
    entry = seen.entry
    if entry.request_id:
        yield {
            "what": {"identifier": {"value": entry.request_id}},
            "type": {"system": REQUEST, "code": "XrequestId"},
        }
    if seen.patient_id:
        yield {
            "what": {"reference": f"Patient/{seen.patient_id}"},
            "type": {"system": ENTITY, "code": "1", "display": "Person"},
            "role": {"system": OBJECT_ROLE, "code": "1", "display": "Patient"},
        }
    system = {"system": ENTITY, "code": "2", "display": "System Object"}
    if what == "search-type":
        names = "&".join(str(name) for name in entry.detail.get("parameters", ()))
        query = f"{entry.entity_type or entry.detail.get('route', '')}{'?' if names else ''}{names}"
        yield {
            "type": system,
            "role": {"system": OBJECT_ROLE, "code": "24", "display": "Query"},
            "query": b64encode((query or "/").encode()).decode(),
        }
    elif entry.entity_id:
        known = entry.entity_type in TYPES
        whole = {"reference": f"{entry.entity_type}/{entry.entity_id}"} if known else None
        yield {
            "what": whole
            or {"identifier": {"system": f"urn:his:{entry.entity_type or 'record'}", "value": entry.entity_id}},
            "type": system,
            "role": {"system": OBJECT_ROLE, "code": "4", "display": "Domain Resource"},
        }


def _concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}]}
