"""One dossier of the desk with everything that happened to it, and another revision of it to compare with."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select

from his.claims import store
from his.claims.tables import Claim, ClaimEvent
from his.encounters.tables import Encounter
from his.exchange.tables import Parcel, ParcelEvent
from his.kit.columns import table
from his.kit.db import Db
from his.kit.errors import not_found
from his.registration.tables import Patient

_claim, _encounter, _patient = table(Claim), table(Encounter), table(Patient)
_parcel, _step = table(Parcel), table(ParcelEvent)


@dataclass(frozen=True, slots=True)
class Dossier:
    """One claim with its history, its parcel and its other revisions (id, revision, state), newest first."""

    claim: Claim
    patient_name: str
    patient_code: str
    ended_at: datetime | None
    visit_open: bool
    events: list[ClaimEvent]
    parcel: Parcel | None
    steps: list[ParcelEvent]
    revisions: list[tuple[UUID, int, str]]

    @property
    def newest(self) -> bool:
        """Is this the revision that counts?"""
        return self.revisions[0][0] == self.claim.id

    @property
    def previous(self) -> UUID | None:
        """The revision before this one."""
        return next((id for id, number, _ in self.revisions if number == self.claim.revision - 1), None)


async def load_dossier(db: Db, claim_id: UUID) -> Dossier:
    """A claim of the unit in scope with everything that happened to it; raises NOT_FOUND."""
    claim = await store.get_claim(db, claim_id)
    if claim is None:
        raise not_found()
    head = (
        select(_patient.c.name, _patient.c.code, _encounter.c.ended_at, _encounter.c.closed_at)
        .join_from(
            _encounter,
            _patient,
            and_(_patient.c.unit_id == _encounter.c.unit_id, _patient.c.id == _encounter.c.patient_id),
        )
        .where(_encounter.c.id == claim.encounter_id)
    )
    person = await db.first(head)
    assert person is not None, "a claim has its visit and patient"
    parcel, steps = None, []
    if claim.parcel_id is not None:
        parcel = await db.model(Parcel, select(_parcel).where(_parcel.c.id == claim.parcel_id))
        query = select(_step).where(_step.c.parcel_id == claim.parcel_id).order_by(_step.c.at, _step.c.id)
        steps = await db.models(ParcelEvent, query.limit(200))
    others = select(_claim.c.id, _claim.c.revision, _claim.c.state).where(_claim.c.dossier_code == claim.dossier_code)
    revisions = await db.all(others.order_by(_claim.c.revision.desc()).limit(20))
    return Dossier(
        claim,
        person.name,
        person.code,
        person.ended_at,
        person.closed_at is None,
        await store.list_events(db, claim_id),
        parcel,
        steps,
        [(row.id, row.revision, row.state) for row in revisions],
    )


async def load_revision(db: Db, claim_id: UUID, dossier_code: str) -> Claim:
    """Another revision of the same dossier; raises NOT_FOUND."""
    found = await store.get_claim(db, claim_id)
    if found is None or found.dossier_code != dossier_code:
        raise not_found()
    return found
