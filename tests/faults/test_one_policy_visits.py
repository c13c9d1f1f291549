"""Trial 31, visits: mental health and staff as patients are closed at every channel to all who do not give the care.

One oracle (kind of the visit, right of the role, who signed it) and the same visits by read, version, search, count, include,
`_has`, history, `$everything`, bulk export, page, API and PDF; the work of cashier and pharmacist goes on.
"""

from dataclasses import dataclass
from typing import Any

from his.exchange.bulk import work as bulk
from his.fhir import viewschema
from his.identity import access, closed
from his.identity.rules import may, may_fhir
from his.identity.terms import Capability, Role
from his.kit import clock
from tests.contract import conftest as contract
from tests.faults.test_one_policy import Asker, client, owner, worker
from tests.faults.trial import report

web, world = contract.web, contract.world  # the fixtures
__all__ = ["owner", "worker"]
HOME = contract.HOME
MENTAL, STAFF, PLAIN = "mental", "staff", "plain"
KINDS = {"diagnosis": MENTAL, "department": MENTAL, "number": STAFF, "mark": STAFF, "plain": PLAIN}
TYPES = (
    "Encounter",
    "Condition",
    "Observation",
    "ServiceRequest",
    "MedicationRequest",
    "ChargeItem",
    "DiagnosticReport",
)
MONEY = ("ChargeItem",)


@dataclass(frozen=True)
class Visit:
    """One visit: how it became what it is, and the resources of its record by type."""

    how: str
    id: str
    patient: str
    resources: frozenset[tuple[str, str]]

    @property
    def kind(self) -> str:
        return KINDS[self.how]


def prepare(owner, world) -> list[Visit]:
    """Five visits of five patients that nobody of the askers cares for; four of them sensitive."""
    rows = owner.execute(
        "SELECT DISTINCT ON (e.patient_id) e.id, e.patient_id FROM encounter e JOIN diagnosis d ON d.unit_id = e.unit_id AND "
        "d.encounter_id = e.id WHERE e.unit_id = %s AND e.signed_at IS NOT NULL ORDER BY e.patient_id, e.id LIMIT 5",
        (HOME,),
    ).fetchall()
    assert len(rows) == len(KINDS), "too few signed visits"
    stranger = owner.execute(
        "SELECT id FROM practitioner WHERE unit_id = %s AND id NOT IN (SELECT practitioner_id FROM account WHERE role <> 'doctor' "
        "AND practitioner_id IS NOT NULL) AND id NOT IN (SELECT practitioner_id FROM account WHERE username = 'doctor')", (HOME,)
    ).fetchone()[0]  # fmt: skip
    found = []
    for how, (visit, patient) in zip(KINDS, rows, strict=True):
        owner.execute(
            "UPDATE encounter SET practitioner_id = %s, signed_by = %s, department_code = %s WHERE unit_id = %s AND id = %s",
            (stranger, stranger, "K15" if how == "department" else "K01", HOME, visit),
        )
        owner.execute(
            "UPDATE service_request SET ordered_by = %s, performed_by = NULL WHERE encounter_id = %s", (stranger, visit)
        )
        if how == "diagnosis":
            owner.execute(
                "UPDATE diagnosis SET code = 'F32.1' WHERE unit_id = %s AND id = (SELECT id FROM diagnosis WHERE "
                "encounter_id = %s ORDER BY position LIMIT 1)", (HOME, visit)
            )  # fmt: skip
        if how == "number":
            owner.execute(
                "UPDATE patient SET citizen_number = '097080002999' WHERE unit_id = %s AND id = %s", (HOME, patient)
            )
            owner.execute(
                "UPDATE practitioner SET citizen_number = '097080002999' WHERE unit_id = %s AND id = %s",
                (HOME, stranger),
            )
        if how == "mark":
            owner.execute(
                "INSERT INTO staff_patient (unit_id, id, version, patient_id, reason, marked_at, marked_by) "
                "VALUES (%s, gen_random_uuid(), 1, %s, 'Hộ lý', now(), gen_random_uuid()) ON CONFLICT DO NOTHING", (HOME, patient)
            )  # fmt: skip
        resources = owner.execute(
            "SELECT type, min(id) FROM resource_index WHERE unit_id = %s AND value = %s AND type = ANY (%s) GROUP BY type",
            (HOME, f"{visit}\x1fEncounter", list(TYPES)),
        ).fetchall()
        found.append(
            Visit(how, str(visit), str(patient), frozenset([("Encounter", str(visit)), *map(tuple, resources)]))
        )
    assert all(len(one.resources) > 2 for one in found)
    return found


def machines(owner) -> list[Asker]:
    """One that may not see sensitive records, one that may."""
    return [Asker(n, client(owner, n, s), s, True) for n, s in (("blind-visits", False), ("seeing-visits", True))]


def askers(owner, world) -> list[Asker]:
    """Machines with and without the flag, and a person of each clinical role and of the money."""
    roles = (Role.DOCTOR, Role.HIV_DOCTOR, Role.PSYCHIATRIST, Role.CASHIER)
    return machines(owner) + [Asker(role.value, world.headers(role), False, False) for role in roles]


def sees(asker: Asker, visit: Visit, kind: str, cares: frozenset[str]) -> bool:
    """The oracle for one resource of the visit."""
    if asker.machine:
        return asker.sees or visit.kind == PLAIN
    role = Role(asker.name)
    if not may_fhir(role, "read", kind):
        return False
    if visit.kind == PLAIN or asker.name in cares:
        return True
    if role is Role.CASHIER:
        return kind in MONEY
    return visit.kind == MENTAL and may(role, Capability.MENTAL_CARE)


async def channels(web, visit: Visit, asker: Asker) -> dict[str, frozenset[tuple[str, str]]]:
    """Which of the visit's resources each channel shows to the asker."""
    shown: dict[str, set[tuple[str, str]]] = {}

    async def look(channel: str, path: str, about: set[tuple[str, str]]) -> None:
        answer = await web.get(f"/fhir/r4/{path}", headers=asker.headers)
        assert answer.status_code in (200, 403, 404), (path, answer.text[:300])
        if answer.status_code != 200:
            return
        body: dict[str, Any] = answer.json()
        ids = {
            (r["resourceType"], r["id"]) for r in (e.get("resource", {}) for e in body.get("entry", [])) if "id" in r
        }
        if channel in ("read", "version") or (channel == "count" and body.get("total")):
            ids = about
        if channel == "has" and ids:
            ids = about
        shown.setdefault(channel, set()).update(ids & visit.resources)

    for kind, identity in sorted(visit.resources):
        one = {(kind, identity)}
        await look("read", f"{kind}/{identity}", one)
        await look("version", f"{kind}/{identity}/_history/1", one)
        await look("count", f"{kind}?_id={identity}&_summary=count", one)
        await look("has", f"Patient?_has:{kind}:subject:_id={identity}", one)
    for kind in sorted({kind for kind, _ in visit.resources}):
        await look("search", f"{kind}?patient={visit.patient}&_count=200", set())
        await look("history", f"{kind}/_history?_count=500", set())
        await look("include", f"Patient?_id={visit.patient}&_revinclude={kind}:subject&_count=300", set())
    if not asker.machine or asker.sees:
        await look("everything", f"Patient/{visit.patient}/$everything?_count=500", set())
    return {channel: frozenset(ids) for channel, ids in shown.items()}


EVERY = ("read", "version", "count", "search", "history", "include")


async def by_fhir(
    web, owner, world, visits: list[Visit], cares: frozenset[str], *, only: str = ""
) -> tuple[int, list[str]]:
    """Every asker at every visit by every channel of the interface."""
    n, wrong = 0, []
    for asker in askers(owner, world):
        for visit in visits if not only or asker.name == only else ():
            expected = frozenset(r for r in visit.resources if sees(asker, visit, r[0], cares))
            found = await channels(web, visit, asker)
            for channel in sorted({*EVERY, *found}):
                n += len(visit.resources)
                seen = found.get(channel, frozenset())
                less = channel in ("everything", "has")  # what they gather may be less, never more
                if not seen <= expected if less else seen != expected:
                    wrong.append(f"{asker.name} by {channel} of {visit.how}: {sorted(seen ^ expected)[:3]}")
    return n, wrong


PAGES = (
    "/visit/{v}", "/visit/{v}/papers", "/visit/{v}/banner", "/visit/{v}/orders", "/visit/{v}/prescription", "/visit/{v}/money",
    "/visit/{v}/results.pdf", "/visit/{v}/prescription.pdf", "/visit/{v}/order-slip.pdf", "/visit/{v}/supplies", "/results/{v}",
    "/wards/visits/{v}", "/api/encounters/{v}", "/api/encounters/{v}/diagnoses", "/api/encounters/{v}/notes",
    "/api/orders?encounter_id={v}", "/api/orders/values?encounter_id={v}", "/api/prescriptions/visits/{v}",
    "/api/wards/visits/{v}/stays", "/cashier/{v}", "/cashier/{v}/statement.pdf", "/api/billing/visits/{v}",
)  # fmt: skip


async def by_pages(web, world, owner, visits: list[Visit], cares: frozenset[str]) -> tuple[int, list[str]]:
    """Pages, API and papers: refused to strangers as for a visit that opens, never more; open to carers and to the money."""
    n, wrong = 0, []
    plain = next(v for v in visits if v.kind == PLAIN)
    for role in (Role.DOCTOR, Role.HIV_DOCTOR, Role.PSYCHIATRIST, Role.NURSE, Role.CASHIER):
        headers = world.headers(role)
        for page in PAGES:
            usual = (await web.get(page.format(v=plain.id), headers=headers)).status_code
            for visit in visits:
                answer = await web.get(page.format(v=visit.id), headers=headers)
                n += 1
                open_ = (
                    visit.kind == PLAIN or role.value in cares or role is Role.CASHIER
                    or (visit.kind == MENTAL and role is Role.PSYCHIATRIST)
                )  # fmt: skip
                refused = answer.status_code in (403, 404)
                if (open_ and refused and usual not in (403, 404)) or (not open_ and not refused):
                    wrong.append(f"{role.value} at {page} of {visit.how}: {answer.status_code} (usual {usual})")
    n += 2
    for path in ("/province/export", "/province"):
        text = (await web.get(path, headers=world.headers(Role.PROVINCE_OFFICER))).text
        wrong += [f"statistics name {v.how}" for v in visits if v.id in text or v.patient in text]
    paper = owner.execute("SELECT id, encounter_id FROM clinical_paper WHERE unit_id = %s LIMIT 1", (HOME,)).fetchone()
    owner.execute("UPDATE clinical_paper SET encounter_id = %s WHERE id = %s", (visits[0].id, paper[0]))
    n += 1
    stranger = await web.get(f"/papers/{paper[0]}.pdf", headers=world.headers(Role.HIV_DOCTOR))
    wrong += [] if stranger.status_code in (403, 404) else ["a printed paper of a closed visit"]
    owner.execute("UPDATE clinical_paper SET encounter_id = %s WHERE id = %s", (paper[1], paper[0]))
    return n, wrong


async def by_history(web, world, owner, visits: list[Visit]) -> list[str]:
    """The list of earlier visits on the page of another visit leaves closed ones out."""
    here, there = (next(v for v in visits if v.how == how) for how in ("plain", "diagnosis"))
    owner.execute("UPDATE encounter SET patient_id = %s WHERE id = %s", (here.patient, there.id))
    try:
        texts = {
            role: (await web.get(f"/visit/{here.id}", headers=world.headers(role))).text
            for role in (Role.HIV_DOCTOR, Role.PSYCHIATRIST)
        }
    finally:
        owner.execute("UPDATE encounter SET patient_id = %s WHERE id = %s", (there.patient, there.id))
    leak = there.id in texts[Role.HIV_DOCTOR] or "F32" in texts[Role.HIV_DOCTOR]
    return ["an earlier visit on the page"] * leak + (
        [] if "F32" in texts[Role.PSYCHIATRIST] else ["the psychiatrist misses an earlier visit"]
    )


async def exported(web, owner, worker, visits: list[Visit]) -> list[str]:
    """A blind client may not begin a bulk export; a seeing one finds every visit in the files."""
    blind, seeing = machines(owner)
    headers = {"prefer": "respond-async", "accept": "application/fhir+json"}
    refused = await web.get("/fhir/r4/$export?_type=Encounter", headers={**blind.headers, **headers})
    begun = await web.get("/fhir/r4/$export?_type=Encounter", headers={**seeing.headers, **headers})
    assert begun.status_code == 202, begun.text
    while await bulk.work_on_jobs(worker, clock.now()):
        pass
    where = begun.headers["content-location"].split("/fhir/r4", 1)[1]
    manifest = (await web.get(f"/fhir/r4{where}", headers=seeing.headers)).json()
    text = ""
    for one in manifest["output"]:
        text += (await web.get("/fhir/r4" + one["url"].split("/fhir/r4", 1)[1], headers=seeing.headers)).text
    missing = [f"{v.how} is not in the export" for v in visits if v.id not in text]
    return missing + ([] if refused.status_code == 403 else ["a blind client exports"])


def care(owner, visits: list[Visit]) -> None:
    """The doctor signs them all."""
    me = owner.execute("SELECT practitioner_id FROM account WHERE username = 'doctor'").fetchone()[0]
    owner.execute("UPDATE encounter SET signed_by = %s WHERE id = ANY (%s::uuid[])", (me, [v.id for v in visits]))


async def test_visits_are_closed_at_every_channel(web, world, owner, worker):
    visits = prepare(owner, world)
    n, wrong = await by_fhir(web, owner, world, visits, frozenset())
    for found, lost in (
        await by_pages(web, world, owner, visits, frozenset()),
        (1, await by_history(web, world, owner, visits)),
        (len(visits), await exported(web, owner, worker, visits)),
    ):
        n, wrong = n + found, wrong + lost
    care(owner, visits)
    doctor = frozenset({Role.DOCTOR.value})
    for found, lost in (
        await by_fhir(web, owner, world, visits, doctor, only=Role.DOCTOR.value), await by_pages(web, world, owner, visits, doctor)
    ):  # fmt: skip
        n, wrong = n + found, wrong + lost
    print(*wrong, sep="\n")
    report("31", n=n, expected={"discrepancies": 0}, got={"discrepancies": len(wrong)})


async def test_a_database_that_forgets_visits_is_seen(web, world, owner, monkeypatch):
    """The sabotages: the policy looks at single records only, and the pages do not ask."""
    visits = prepare(owner, world)
    body = viewschema._HIDDEN.replace("RETURN his_closed(", "RETURN false AND his_closed(")
    assert body != viewschema._HIDDEN
    owner.execute(body)

    async def never(*args: object, **more: object) -> bool:
        return False

    monkeypatch.setattr(closed, "is_closed", never)
    try:
        access.forget_tokens()
        _, by_interface = await by_fhir(web, owner, world, visits[:4:3], frozenset())
        _, on_pages = await by_pages(web, world, owner, visits[3:], frozenset())
    finally:
        owner.execute(viewschema._HIDDEN)
    assert any(line.startswith("blind-visits by") for line in by_interface)
    assert any(line.startswith("doctor by") for line in by_interface)
    assert any("/visit/{v} of mark" in line for line in on_pages)
