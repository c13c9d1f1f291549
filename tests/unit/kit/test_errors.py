"""Errors: every kind has a status, refusals carry their findings, equal answers stay equal."""

import psycopg
import pytest

from his.kit.errors import STATUS, Finding, HisError, Kind, Severity, invalid, not_found, refuse_errors
from his.kit.refusals import translate

EXPECTED = {
    "invalid": 400, "unauthenticated": 401, "forbidden": 403, "not-found": 404, "conflict": 409, "deleted": 410,
    "stale": 412, "too-large": 413, "rejected-by-rules": 422, "precondition-required": 428, "too-many": 429, "busy": 503,
    "unsupported": 400,
}  # fmt: skip


def finding(code, severity):
    return Finding(code, severity, f"Câu {code}.")


def test_every_kind_has_the_status_of_the_written_list():
    assert {kind.value: status for kind, status in STATUS.items()} == EXPECTED
    assert set(STATUS) == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_an_error_answers_with_its_status(kind):
    error = HisError(kind, "Câu.")
    assert error.status == STATUS[kind]
    assert str(error) == error.message == "Câu."


def test_invalid_names_its_field():
    error = invalid("birth_date", "Ngày sinh sai.")
    assert (error.kind, error.field, error.status) == (Kind.INVALID, "birth_date", 400)


def test_a_missing_row_says_always_the_same():
    assert not_found().message == not_found().message
    assert not_found().field == ""


def test_warnings_refuse_nothing():
    refuse_errors([])
    refuse_errors([finding("A", Severity.WARNING), finding("B", Severity.INFORMATION)])


def test_the_first_error_speaks_and_the_others_are_counted():
    found = [finding("W", Severity.WARNING), finding("E1", Severity.ERROR), finding("E2", Severity.ERROR)]
    with pytest.raises(HisError) as caught:
        refuse_errors(iter(found))
    assert caught.value.kind is Kind.RULES
    assert caught.value.message == "Câu E1. (và 1 điều khác)"
    assert caught.value.findings == tuple(found)


def test_one_error_speaks_alone():
    with pytest.raises(HisError) as caught:
        refuse_errors([finding("E1", Severity.ERROR)])
    assert caught.value.message == "Câu E1."


@pytest.mark.parametrize("ended", [psycopg.errors.IdleInTransactionSessionTimeout, psycopg.errors.QueryCanceled])
def test_what_the_server_ended_is_told_to_come_back(ended: type[psycopg.Error]) -> None:
    assert translate(ended("terminating connection")).kind is Kind.BUSY
