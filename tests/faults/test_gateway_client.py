"""Sessions, outages, replacement and late answers, against the real stand-in over HTTP."""

import asyncio

import psycopg
import pytest

from his.claims.xml.envelope import seal_bytes
from his.exchange import insurance as module
from his.exchange import jobs, service, store
from his.exchange.accounts import GatewayAccount, account_of, md5_upper, save_accounts
from his.exchange.circuit import FAILURES
from his.exchange.terms import NoAnswerError, ParcelState, Reply
from his.kit.errors import HisError, Kind
from his.standin.faults import Fault, FaultPlan
from tests.faults.dossiers import AT, CODE, UNIT, facts_of, signed, signer_in
from tests.faults.outbox import WORKER, Clock, client, due_ids, parcel_of, put, send
from tests.standin import free_port, gateway

QUESTION = {"maThe": "GD4970000000002", "hoTen": "A", "ngaySinh": "1968", "hoTenCb": "B", "cccdCb": "097000000001"}


async def test_many_at_once_fetch_one_token_and_it_is_renewed_a_minute_early(data_dir):
    now = Clock()
    with gateway(data_dir, now=now) as (address, stand_in):
        insurance = client(address, data_dir, now)
        await asyncio.gather(*(insurance.look_up(CODE, QUESTION) for _ in range(10)))
        assert len(stand_in.tokens) == 1
        now.move(minutes=49)
        await insurance.look_up(CODE, QUESTION)
        assert len(stand_in.tokens) == 1
        now.move(minutes=2)
        await insurance.look_up(CODE, QUESTION)
        assert len(stand_in.tokens) == 2
        await insurance.close()


async def test_a_forgotten_session_costs_one_new_token(worker_database, data_dir):
    now = Clock()
    with gateway(data_dir, now=now) as (address, stand_in):
        insurance = client(address, data_dir, now)
        assert (await insurance.look_up(CODE, QUESTION)).code == "000"
        stand_in.tokens.clear()
        assert (await insurance.look_up(CODE, QUESTION)).code == "000"
        assert len(stand_in.tokens) == 1
        stand_in.tokens.clear()
        (parcel_id,) = await put(worker_database, signed(data_dir, [1]))
        assert await send(worker_database, insurance, parcel_id, now()) == "accepted"
        await insurance.close()


async def test_a_refused_account_is_left_alone_and_waits_for_the_administrator(worker_database, data_dir):
    now, right = Clock(), account_of(data_dir, CODE)
    save_accounts(data_dir, {CODE: GatewayAccount(right.username, md5_upper("wrong"))})
    (parcel_id,) = await put(worker_database, signed(data_dir, [1]))
    with gateway(data_dir, now=now) as (address, _):
        wrong = account_of(data_dir, CODE)
        insurance = client(address, data_dir, now)
        insurance.settings = insurance.settings.model_copy(update={"data_dir": data_dir / "elsewhere"})
        (data_dir / "elsewhere").mkdir()
        save_accounts(data_dir, {CODE: right})
        save_accounts(data_dir / "elsewhere", {CODE: wrong})
        assert await send(worker_database, insurance, parcel_id, now()) == "queued"
        parcel, _ = await parcel_of(worker_database, parcel_id)
        assert "không nhận tài khoản" in parcel.reply
        assert (parcel.next_attempt_at - now()).total_seconds() >= 890
        with pytest.raises(HisError) as caught:
            await insurance.look_up(CODE, QUESTION)
        assert caught.value.kind is Kind.FORBIDDEN
        save_accounts(data_dir / "elsewhere", {CODE: right})
        assert await send(worker_database, insurance, parcel_id, now()) == "accepted", "a corrected one works at once"
        await insurance.close()


async def test_an_outage_stops_the_calls_is_written_down_and_ends_by_itself(worker_database, data_dir, monkeypatch):
    now, port = Clock(), free_port()
    insurance = client(f"http://127.0.0.1:{port}", data_dir, now)
    monkeypatch.setattr(module, "client", lambda: insurance)
    ids = await put(worker_database, signed(data_dir, range(FAILURES + 3)))
    for _ in range(4):
        await jobs.deliver_due(worker_database, now())
        now.move(minutes=1)
    assert insurance.circuit.is_open
    await jobs.note_outage(worker_database, now())
    tried = [(await parcel_of(worker_database, i))[0].attempts for i in ids]
    insurance.circuit.open_until = now() + (now() - AT)
    with pytest.raises(NoAnswerError, match="gián đoạn"):
        await insurance.look_up(CODE, QUESTION)
    assert await jobs.deliver_due(worker_database, now()) == 0
    assert [(await parcel_of(worker_database, i))[0].attempts for i in ids] == tried, "waiting costs no attempt"
    with gateway(data_dir, now=now) as (address, _):
        insurance.http.base_url = address
        for _ in range(10):
            now.move(hours=1)
            await jobs.deliver_due(worker_database, now())
    await jobs.note_outage(worker_database, now())
    await insurance.close()
    assert {(await parcel_of(worker_database, i))[0].state for i in ids} == {"accepted"}
    async with worker_database.scoped(WORKER) as db:
        (outage,) = await store.list_outages(db)
    assert outage.began_at < outage.ended_at
    assert outage.failures >= FAILURES


async def test_a_new_version_waits_for_the_old_one_and_replaces_it(worker_database, data_dir):
    now, signer = Clock(), signer_in(data_dir)
    ((code, old),) = signed(data_dir, [1])
    new = signer.sign(seal_bytes(facts_of(1, name="Quàng Thị Sửa"), AT))
    with gateway(data_dir, FaultPlan({Fault.TIMEOUT_AFTER: 1.0}, silence_seconds=1.2), now) as (address, stand_in):
        insurance = client(address, data_dir, now)
        (first,) = await put(worker_database, [(code, old)])
        assert await send(worker_database, insurance, first, now()) == "unknown"
        (second,) = await put(worker_database, [(code, new)])
        now.move(minutes=1)
        assert await due_ids(worker_database, now()) == [first]
        assert await send(worker_database, insurance, second, now()) == "", "the older one may still arrive"
        stand_in.plan = FaultPlan()
        assert await send(worker_database, insurance, first, now()) == "accepted"
        assert await send(worker_database, insurance, second, now()) == "accepted"
        await insurance.close()
        counts = stand_in.ledger.counts()
        current = stand_in.ledger.db.execute("SELECT sha256, replaced FROM current").fetchall()
    parcel, _ = await parcel_of(worker_database, second)
    assert current == [(parcel.sha256, 1)]
    assert (counts["arrivals"], counts["dossiers"]) == (2, 1)


async def test_an_answer_after_the_lease_is_kept_and_changes_nothing(worker_database, data_dir):
    now = Clock()
    with gateway(data_dir, now=now) as (address, _):
        insurance = client(address, data_dir, now)
        (parcel_id,) = await put(worker_database, signed(data_dir, [1]))
        before, _ = await parcel_of(worker_database, parcel_id)
        assert await send(worker_database, insurance, parcel_id, now()) == "accepted"
        await insurance.close()
    done, events = await parcel_of(worker_database, parcel_id)
    late = service.Outcome(ParcelState.REJECTED, Reply("125", body="{}"), "Cổng trả lại 125", sent=True)
    async with worker_database.scoped(service.Scope(UNIT, "worker", "worker")) as db:
        assert await service._record(db, before, late, now()) == "accepted"
    after, more = await parcel_of(worker_database, parcel_id)
    assert (after.state, after.receipt) == (done.state, done.receipt)
    assert len(more) == len(events) + 1
    assert more[-1].detail.startswith("Câu trả lời đến muộn")


async def test_replies_cannot_be_changed_or_deleted_by_the_service(worker_database, data_dir, clone):
    await put(worker_database, signed(data_dir, [1]))
    for role in ("his_app", "his_worker"):
        for statement in ("DELETE FROM parcel_event", "UPDATE parcel_event SET body = ''", "DELETE FROM parcel"):
            with psycopg.connect(clone[role]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


async def test_a_file_of_the_old_decision_goes_to_its_own_address(worker_database, data_dir):
    now = Clock()
    with gateway(data_dir, now=now) as (address, _):
        insurance = client(address, data_dir, now)
        (parcel_id,) = await put(worker_database, signed(data_dir, [1]), standard="4750")
        assert await send(worker_database, insurance, parcel_id, now()) == "accepted"
        await insurance.close()
    _, events = await parcel_of(worker_database, parcel_id)
    assert events[-1].endpoint == "/api/qd130/guiHoSoXmlQD4750"
