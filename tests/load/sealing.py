"""From database to signed bytes: a dossier of 60 lines, with the floor beside it (lxml build of its size, one signature)."""

import asyncio
import shutil
import tempfile
import time
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod
from signxml.signer import XMLSigner

from his.app import create_app
from his.billing.tables import Charge
from his.claims import store
from his.claims.keys import make_key, signer_of
from his.claims.signature import DS, Signer, _key_info
from his.claims.stating import state_claim
from his.claims.xml.envelope import seal_bytes
from his.kit.changes import Changes
from his.kit.db import Database, Scope
from his.kit.embedded import Embedded
from his.kit.ids import new_id
from his.migrate import migrate
from his.orders.tables import ServiceRequest
from his.seed import seed_reference
from tests.integration.finished_visits import Visits, at
from tests.load.pure import LINES, claim, floor_xml
from tests.load.report import cpu_ms, line

WHEN = at(date(2026, 11, 2), 15)
SCOPE = Scope(2, "bench", "worker")


async def visit_of(database: Database) -> UUID:
    """One visit with 60 charged services in the database."""
    changes = Changes()
    visit = Visits(database, seed=1).new(changes, at(date(2026, 11, 2)), closed_at=WHEN)
    for number in range(LINES):
        began = visit.arrived_at + timedelta(minutes=number % 50)
        common: dict[str, Any] = {
            "unit_id": 2,
            "encounter_id": visit.id,
            "patient_id": visit.patient_id,
            "ordered_at": began,
            "performed_at": began,
        }
        order = ServiceRequest(
            **common, service_code=f"23.{number:04d}.1498", service_name="Định lượng Glucose [Máu]", kind="lab", cost_group="1",
            status="completed", resulted_at=began + timedelta(minutes=20),
        )  # fmt: skip
        money = {
            "amount_hospital": Decimal(10_000),
            "amount_covered": Decimal(10_000),
            "insurer_share": Decimal(8_000),
            "copayment": Decimal(2_000),
        }
        changes.insert(
            order,
            Charge(
                **common, **money, id=new_id(), source_type="service_request", source_id=order.id, kind="service", code=order.service_code,
                name=order.service_name, unit="Lần", cost_group="1", unit_price=Decimal(10_000), insured_unit_price=Decimal(10_000),
                benefit_rate=Decimal(80),
            ),
        )  # fmt: skip
    async with database.scoped(SCOPE) as db:
        await db.apply(changes, WHEN)
    return visit.id


def floor_signature(signer: Signer, content: bytes) -> bytes:
    """A signature by the library, the key loaded."""
    root = etree.fromstring(content)
    etree.SubElement(root[-1], f"{{{DS}}}Signature", {"Id": "placeholder"}, nsmap={"ds": DS})
    tool = XMLSigner(SignatureConstructionMethod.enveloped, c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0)
    signed: bytes = etree.tostring(tool.sign(root, key=signer._key, key_info=_key_info(signer.certificate)))
    return signed


async def timed(database: Database, visit_id: UUID, signer: Signer, seconds: float) -> dict[str, float]:
    """Median CPU milliseconds of each part, and of the whole."""
    samples: list[tuple[float, ...]] = []
    end = time.perf_counter() + seconds
    facts = claim()
    while time.perf_counter() < end or len(samples) < 20:
        marks = [time.process_time()]
        async with database.scoped(SCOPE) as db:
            dossier = await store.load_dossier(db, visit_id)
        marks.append(time.process_time())
        stated = state_claim(dossier, WHEN)
        marks.append(time.process_time())
        assert len(stated.services) == len(facts.services)
        content = seal_bytes(facts, WHEN)  # the same size; its values satisfy the standard
        marks.append(time.process_time())
        signer.sign(content, WHEN)
        marks.append(time.process_time())
        samples.append((*(b - a for a, b in pairwise(marks)), marks[-1] - marks[0]))
    middle = [sorted(column)[len(samples) // 2] * 1000 for column in zip(*samples, strict=True)]
    return dict(
        zip(("load_ms", "state_ms", "write_ms", "sign_ms", "cpu_ms"), (round(m, 2) for m in middle), strict=True)
    )


async def _measure(dsn: str, data_dir: Path, seconds: float) -> None:
    database = Database(dsn, size=2)
    create_app(database)
    await database.open()
    make_key(data_dir, "97002", "Bench", WHEN)
    signer = signer_of(data_dir, "97002")
    parts = await timed(database, await visit_of(database), signer, seconds)
    content = seal_bytes(claim(), WHEN)
    xml, signature = cpu_ms(floor_xml, 1.0), cpu_ms(lambda: floor_signature(signer, content), 1.0)
    floor = round(xml + signature, 2)
    line(
        "database to signed bytes", lines=LINES, **parts, floor_xml_ms=xml, floor_signature_ms=signature, floor_ms=floor,
        ratio=round(parts["cpu_ms"] / floor, 2), most=2.5,
    )  # fmt: skip
    await database.close()


def measure(seconds: float) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="his-seal-"))
    try:
        with Embedded(scratch, durable=False) as server:
            dsns = migrate(server.conninfo(), scratch)
            seed_reference(dsns["his_app"], scratch, units=2)
            asyncio.run(_measure(dsns["his_app"], scratch, min(seconds, 5.0)))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
