"""May a client still hear of resources of a type? Asked when it subscribes and again before each notification."""

from his.fhir.registry import discover
from his.identity import service as identity
from his.identity.scopes import grants
from his.kit.db import Db, Scope


async def may_hear(db: Db, actor: str, unit_id: int, kind: str) -> bool:
    """The client is active, belongs to the unit, and its scopes let it read and search the whole of the type.

    A scope with a search restriction does not count: a notification is not searched.
    """
    machine = await identity.machine_of(db, actor)
    if machine is None or machine.unit_id != unit_id or not discover().visible(kind, Scope(unit_id, actor, "machine")):
        return False
    whole = [g for g in grants(machine.scopes, ("system",)) if g.names(kind) and not g.where]
    return any("r" in grant.letters for grant in whole) and any("s" in grant.letters for grant in whole)
