"""Search of drugs while prescribing: strength, what the store can give, price and cover; the doctor's own drugs first."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response

from his.catalog import service as catalog
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.kit.money import vnd
from his.pharmacy import service
from his.prescriptions import service as prescriptions
from his.web.filters import number
from his.web.page import templates

router = APIRouter()


@router.get("/visit/{encounter_id}/drugs")
async def search(
    encounter_id: UUID,
    caller: Annotated[Caller, needs(Capability.PRESCRIBE)],
    q: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """At most eight drugs as options of the typeahead; an empty box shows what the doctor prescribes most."""
    who = caller.user.practitioner_id
    mine = await prescriptions.list_favourites(caller.db, who) if who else []
    found = await catalog.search_drugs(caller.db, q, day_of(caller.now), favourites=mine)
    free = await service.available(caller.db, {drug.code for drug in found}, caller.now)
    options = []
    for drug in found:
        left = free[drug.code]
        cover = f"BHYT {drug.cover_rate} %" if drug.cover_scope == 1 else "tự trả"
        stock = f"còn {number(left)} {drug.unit.lower()}" if left > 0 else "hết trong kho"
        price = f"{vnd(drug.price_vnd)}/{drug.unit.lower()}" if drug.price_vnd else "chưa có giá"
        name = (
            drug.name
            if drug.strength.replace(" ", "") in drug.name.replace(" ", "")
            else f"{drug.name} {drug.strength}"
        )
        own = " · hay dùng" if drug.code in mine else ""
        options.append(
            {
                "value": drug.code,
                "label": name,
                "note": f"{drug.ingredient} · {drug.route.lower()} · {price} · {cover}{own}",
                "flag": stock,
                "tone": "mut" if left > 0 else "warn",
            }
        )
    module = templates.get_template("ui/search.html").module
    return Response(str(module.options(options)), media_type="text/html")  # type: ignore[attr-defined]
