"""Each trouble of the gateway, one by one: what the client believes after it, and that the dossier arrives once."""

import asyncio
import hashlib

import pytest

from his.exchange.terms import NoAnswerError
from his.standin.faults import Fault, FaultPlan
from tests.faults.dossiers import AT, CODE, signed
from tests.faults.outbox import Clock, client, due_ids, parcel_of, put, send
from tests.standin import free_port, gateway

AFTER_ONE = {
    Fault.REFUSE: "unknown", Fault.BUSY: "unknown", Fault.SERVER_ERROR: "unknown", Fault.SLOW: "accepted",
    Fault.TIMEOUT_BEFORE: "unknown", Fault.TIMEOUT_AFTER: "unknown", Fault.LATE: "unknown", Fault.TWICE: "accepted",
    Fault.DOUBLE_ANSWER: "unknown", Fault.ERROR_BODY: "unknown", Fault.ERROR_CODE: "unknown",
    Fault.TRUNCATED: "unknown", Fault.WRONG_RECEIPT: "unknown",
}  # fmt: skip
PROCESSED = {f for f in AFTER_ONE if f not in (Fault.REFUSE, Fault.BUSY, Fault.TIMEOUT_BEFORE, Fault.LATE)}


def test_every_fault_has_its_case():
    assert set(AFTER_ONE) == set(Fault) - {Fault.NONE}


@pytest.mark.parametrize("fault", AFTER_ONE, ids=str)
async def test_after_the_fault_the_truth_is_found_and_the_file_is_there_once(worker_database, data_dir, fault):
    first, (code, content) = signed(data_dir, [1, 2])
    now = Clock()
    with gateway(data_dir, now=now) as (address, stand_in):
        insurance = client(address, data_dir, now)
        earlier, parcel_id = await put(worker_database, [first, (code, content)])
        assert await send(worker_database, insurance, earlier, now()) == "accepted"
        stand_in.plan = FaultPlan({fault: 1.0}, silence_seconds=1.3)
        assert await send(worker_database, insurance, parcel_id, now()) == AFTER_ONE[fault]
        found = len(stand_in.ledger.find(CODE, code))
        assert found == (1 if fault in PROCESSED else 0)
        stand_in.plan = FaultPlan()
        now.move(minutes=1)
        if AFTER_ONE[fault] != "accepted":
            assert await send(worker_database, insurance, parcel_id, now()) == "accepted"
        if fault is Fault.LATE:
            await asyncio.sleep(1.0)  # the first request is processed only now, after the second was accepted
        await insurance.close()
        (arrival,) = stand_in.ledger.find(CODE, code)
    parcel, events = await parcel_of(worker_database, parcel_id)
    assert arrival.sha256 == hashlib.sha256(content).hexdigest() == parcel.sha256
    assert (parcel.state, parcel.receipt) == ("accepted", arrival.receipt)
    assert all(event.request_sha256 == parcel.sha256 for event in events)
    assert '"maGiaoDich"' in events[-1].body, "the whole answer is kept"
    assert parcel.lease_until is None
    assert parcel.next_attempt_at is None


async def test_a_receipt_told_to_the_wrong_dossier_goes_to_its_owner(worker_database, data_dir):
    """One arrives without an answer, the next is told its receipt: once asked, each has its own and nothing went twice."""
    now = Clock()
    files = list(signed(data_dir, [1, 2]))
    with gateway(data_dir, FaultPlan({Fault.SERVER_ERROR: 1.0}), now) as (address, stand_in):
        insurance = client(address, data_dir, now)
        owner, other = await put(worker_database, files)
        assert await send(worker_database, insurance, owner, now()) == "unknown"
        stand_in.plan = FaultPlan({Fault.WRONG_RECEIPT: 1.0})
        assert await send(worker_database, insurance, other, now()) == "accepted", "nothing shows yet that it is wrong"
        stand_in.plan = FaultPlan()
        now.move(minutes=1)
        assert await send(worker_database, insurance, owner, now()) == "accepted"
        assert (await parcel_of(worker_database, other))[0].state == "unknown"
        assert await due_ids(worker_database, now()) == [other]
        assert await send(worker_database, insurance, other, now()) == "accepted"
        await insurance.close()
        receipts = {code: stand_in.ledger.find(CODE, code)[0].receipt for code, _ in files}
        assert stand_in.ledger.counts()["arrivals"] == 2
    for parcel_id in (owner, other):
        parcel, _ = await parcel_of(worker_database, parcel_id)
        assert parcel.receipt == receipts[parcel.reference]
    events = (await parcel_of(worker_database, other))[1]
    assert [event.state for event in events] == ["queued", "accepted", "unknown", "accepted"]


async def test_an_unreachable_gateway_leaves_the_parcel_unsent(worker_database, data_dir):
    now = Clock()
    insurance = client(f"http://127.0.0.1:{free_port()}", data_dir, now)
    (parcel_id,) = await put(worker_database, signed(data_dir, [1]))
    assert await send(worker_database, insurance, parcel_id, now()) == "queued"
    await insurance.close()
    parcel, events = await parcel_of(worker_database, parcel_id)
    assert "Không có câu trả lời" in events[-1].detail
    assert parcel.next_attempt_at > now()


async def test_a_gateway_without_the_question_gets_the_same_bytes_again(worker_database, data_dir):
    """No public description names a question for these files; the same MA_LK replaces, the same bytes change nothing."""
    ((code, content),) = signed(data_dir, [1])
    now = Clock()
    with gateway(data_dir, FaultPlan({Fault.ERROR_BODY: 1.0}), now) as (address, stand_in):
        routes = stand_in.app.app.router.routes
        routes[:] = [route for route in routes if "KQGiamDinh" not in route.path]
        insurance = client(address, data_dir, now)
        (parcel_id,) = await put(worker_database, [(code, content)])
        assert await send(worker_database, insurance, parcel_id, now()) == "unknown"
        stand_in.plan = FaultPlan()
        with pytest.raises(NoAnswerError) as caught:
            await insurance.ask(CODE, code, hashlib.sha256(content).hexdigest())
        assert caught.value.missing
        assert await send(worker_database, insurance, parcel_id, now()) == "accepted"
        await insurance.close()
        counts = stand_in.ledger.counts()
    assert (counts["arrivals"], counts["different"], counts["replaced"]) == (1, 0, 0)
    _, events = await parcel_of(worker_database, parcel_id)
    assert "gửi lại đúng tệp cũ" in events[-1].detail


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda d: d.replace(b"CHUKYDONVI", b"CHUKYDONVI ", 1), "125"),
        (lambda d: d.partition(b"<ds:Signature")[0] + b"</CHUKYDONVI></GIAMDINHHS>", "123"),
        (lambda d: d[:-20], "201"),
    ],
)
async def test_a_file_that_is_refused_comes_back_to_the_clerk(worker_database, data_dir, spoil, code):
    ((reference, content),) = signed(data_dir, [1])
    now = Clock()
    with gateway(data_dir, now=now) as (address, stand_in):
        insurance = client(address, data_dir, now)
        (parcel_id,) = await put(worker_database, [(reference, spoil(content))])
        assert await send(worker_database, insurance, parcel_id, now()) == "rejected"
        assert await send(worker_database, insurance, parcel_id, now()) == "", "never sent again by itself"
        await insurance.close()
        assert stand_in.ledger.counts()["arrivals"] == 0
    parcel, _ = await parcel_of(worker_database, parcel_id)
    assert parcel.reply_code == code
    assert "lập và ký lại hồ sơ" in parcel.reply
    assert parcel.received_at.date() == AT.date()
