"""What the gateway says, in every form it may say it, and what follows: pure functions only."""

from datetime import UTC, date, datetime, timedelta

import pytest

from his.exchange.answers import TOKEN_LIFE, card_answer, reply_of, token_end
from his.exchange.circuit import FAILURES, Circuit
from his.exchange.endpoints import standard_on, submit_path
from his.exchange.rules import advise_claim_time, advise_submission
from his.exchange.terms import ClaimTimeCode, Next, Reply, SubmissionCode
from his.kit.errors import HisError, Kind

NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
IN_20 = NOW + timedelta(minutes=20)


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-02T03:20:00Z", "2026-11-02T03:20:00", "2026-11-02T03:20:00.0000000Z", "2026-11-02 03:20:00",
        "2026-11-02T10:20:00+07:00", "02/11/2026 03:20:00", "20261102032000", "Mon, 02 Nov 2026 03:20:00 GMT",
        int(IN_20.timestamp()), str(int(IN_20.timestamp())), int(IN_20.timestamp() * 1000), 1200, "1200", 1200.0, "1200.0",
    ],
)  # fmt: skip
def test_the_end_of_a_token_in_every_form_is_renewed_a_minute_early(value):
    assert token_end(value, NOW) == IN_20 - timedelta(seconds=60)


@pytest.mark.parametrize("value", [None, "", "soon", "NaN", "inf", -5, 1e30, {}, [], "2099-01-01T00:00:00Z", 72_000])
def test_an_end_that_says_nothing_or_is_far_away_is_the_safe_life(value):
    assert token_end(value, NOW) == NOW + TOKEN_LIFE


@pytest.mark.parametrize("name", ["dsLichSuKCB2018", "dsLichSuKCB2024", "dsLichSuKCB2025", "dsLskcb"])
def test_the_visit_history_is_found_under_each_name(name):
    assert card_answer({"maKetQua": "000", name: [{"maHoSo": "1"}, "x"]}).history == ({"maHoSo": "1"},)


@pytest.mark.parametrize("code", SubmissionCode)
def test_every_code_of_a_submission_has_a_sentence_with_the_next_step(code):
    advice = advise_submission(Reply(code.value, receipt="R"))
    assert advice.sentence.endswith(".")
    again = {"100", "101", "408", "500"}
    assert (advice.next is Next.ASK) == (code.value in again), "only these are tried again"
    assert (advice.next is Next.ACCOUNT) == (code.value in {"401", "403"})
    assert (advice.next is Next.ACCEPT) == (code.value == "200")


def test_unknown_codes_and_missing_receipts():
    assert advise_submission(Reply("200")).next is Next.ASK
    assert advise_submission(Reply("")).next is Next.ASK
    strange = advise_submission(Reply("777", message="Thiếu NGAY_RA"))
    assert strange.next is Next.CORRECT
    assert "777" in strange.sentence
    assert "Thiếu NGAY_RA" in strange.sentence


def test_123_is_an_unsigned_file_here_and_the_claim_time_list_has_two_digits():
    assert "chưa ký" in advise_submission(Reply(SubmissionCode.UNSIGNED)).sentence
    assert {len(code) for code in ClaimTimeCode} == {2}
    assert all(advise_claim_time(code).count(".") >= 1 for code in ClaimTimeCode)
    assert len({advise_claim_time(code) for code in ClaimTimeCode}) == 12
    assert "99" in advise_claim_time("99")


@pytest.mark.parametrize(
    ("day", "standard"),
    [
        (date(2023, 6, 30), "4210"), (date(2023, 7, 1), "130"), (date(2024, 6, 30), "130"), (date(2024, 7, 1), "4750"),
        (date(2024, 12, 31), "4750"), (date(2025, 1, 1), "3176"), (date(2026, 11, 2), "3176"),
    ],
)  # fmt: skip
def test_the_decision_of_a_day(day, standard):
    assert standard_on(day) == standard


def test_the_address_follows_the_decision():
    assert submit_path("dossier", "3176").endswith("guiHoSoXmlQD3176")
    assert submit_path("dossier", "4750").endswith("guiHoSoXmlQD4750")
    assert submit_path("check-in", "3176").endswith("checkInKcbQd3176")
    assert submit_path("check-in", "4750").endswith("checkInKcbQd4750")
    with pytest.raises(HisError) as caught:
        submit_path("dossier", "130")
    assert caught.value.kind is Kind.UNSUPPORTED


def test_a_receipt_time_that_cannot_be_read_is_left_out():
    assert reply_of({"maKetQua": 200, "thoiGianTiepNhan": "hôm nay"}, "{}", 200, "/x").received_at is None


def test_five_failures_open_the_circuit_and_one_trial_closes_it():
    circuit = Circuit()
    for number in range(FAILURES):
        assert circuit.allows(NOW)
        assert not circuit.is_open
        circuit.failed(NOW + timedelta(seconds=number), "ReadTimeout")
    assert circuit.is_open
    assert circuit.failing_since == NOW
    assert not circuit.allows(NOW + timedelta(seconds=10))
    later = NOW + timedelta(seconds=30)
    assert circuit.would_allow(later)
    assert circuit.allows(later)
    assert not circuit.allows(later), "one trial only"
    circuit.failed(later, "ReadTimeout")
    assert not circuit.allows(later + timedelta(seconds=20)), "left alone longer after a failed trial"
    assert circuit.allows(later + timedelta(seconds=31))
    circuit.succeeded(later + timedelta(seconds=32))
    assert not circuit.is_open
    assert circuit.failing_since is None
    assert circuit.answered_at == later + timedelta(seconds=32)


def test_a_trial_that_never_came_back_does_not_block_for_ever():
    circuit = Circuit()
    for _ in range(FAILURES):
        circuit.failed(NOW, "x")
    assert circuit.allows(NOW + timedelta(seconds=20))
    assert circuit.allows(NOW + timedelta(seconds=90))


def test_an_answer_in_between_forgets_the_failures():
    circuit = Circuit()
    for _ in range(FAILURES - 1):
        circuit.failed(NOW, "x")
    circuit.succeeded(NOW)
    circuit.failed(NOW, "x")
    assert not circuit.is_open
