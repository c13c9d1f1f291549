"""The change set: what goes to the database, exactly; and what it refuses to carry."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from his.audit.tables import AuditEntry
from his.exchange.tables import IdempotencyKey
from his.identity.tables import Department, Room, Unit
from his.kit.changes import Changes, columns, encode, values
from his.kit.errors import HisError, Kind

AT = datetime(2026, 11, 23, 1, 12, tzinfo=UTC)
ID = UUID("0198b2a0-0000-7000-8000-000000000001")


def department(**fields):
    return Department(**{"unit_id": 2, "id": ID, "code": "K01", "name": "Khám bệnh", **fields})


def body(changes, **context):
    return json.loads(changes.payload({"unit": 2, **context}, AT))


def test_columns_are_those_of_the_table_in_order():
    assert columns(Department) == ("department", ("unit_id", "id", "version", "code", "name"))


def test_an_empty_change_set_carries_only_its_context():
    assert body(Changes(), payer=None) == {"unit": 2, "at": "2026-11-23T01:12:00+00:00"}


def test_inserts_updates_deletes_and_upserts_are_grouped_by_table():
    changes = Changes().insert(department(), department(code="K02")).upsert(department(code="K03")).delete(department())
    new = changes.update(department(), name="Ngoại")
    sent = body(changes)
    assert [row["code"] for row in sent["i"]["department"]] == ["K01", "K02"]
    assert [row["code"] for row in sent["s"]["department"]] == ["K03"]
    assert [row["id"] for row in sent["d"]["department"]] == [str(ID)]
    assert sent["u"]["department"] == [
        {"unit_id": 2, "id": str(ID), "version": 2, "code": "K01", "name": "Ngoại"},
    ]
    assert (new.version, new.name) == (2, "Ngoại")


def test_an_update_leaves_the_row_that_was_read_alone():
    row = department()
    Changes().update(row, name="Ngoại")
    assert (row.version, row.name) == (1, "Khám bệnh")


def test_a_row_without_version_is_updated_as_it_is():
    unit = Unit(id=2, code="97002", name="A", kind="hospital", province_code="97")
    changes = Changes()
    assert changes.update(unit, name="B").name == "B"
    assert "version" not in body(changes)["u"]["unit"][0]


def test_audit_dirt_and_notices():
    changes = Changes().audit("encounter:sign", "Encounter", ID, lines=3).audit("x")
    changes.dirty("stat", date(2026, 11, 23)).dirty("stat", date(2026, 11, 23)).dirty("visit", ID).notify("parcel")
    sent = body(changes)
    assert sent["a"] == [
        {"action": "encounter:sign", "type": "Encounter", "id": str(ID), "detail": {"lines": 3}},
        {"action": "x", "type": "", "id": "", "detail": {}},
    ]
    assert sent["k"] == [["stat", "2026-11-23"], ["visit", str(ID)]]
    assert sent["n"] == ["dirty", "parcel"]


def test_merge_is_the_same_as_one_after_the_other():
    def first(changes):
        changes.insert(department()).audit("a").dirty("stat", "d").notify("parcel").version("x", op="create")
        changes.update(department(), name="Ngoại")

    def second(changes):
        changes.insert(department(code="K02")).delete(department()).upsert(department()).audit("b").dirty("stat", "d")
        changes.version("y")

    one, left, right = Changes(), Changes(), Changes()
    first(one)
    second(one)
    first(left)
    second(right)
    assert body(left.merge(right)) == body(one)
    assert left.subjects == one.subjects == [("x", "create"), ("y", "update")]


def test_money_keeps_every_digit():
    assert json.loads(encode({"a": Decimal("1.10"), "b": Decimal("1E+3"), "c": Decimal("0.30")})) == {
        "a": "1.10", "b": "1000", "c": "0.30",
    }  # fmt: skip


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**14), max_value=10**14))
def test_any_amount_reads_back_equal(amount):
    assert Decimal(json.loads(encode(amount))) == amount


@pytest.mark.parametrize(
    "value",
    [
        "nửa\ud800đôi", 2**64, -(2**64), Decimal("NaN"), Decimal("Infinity"), Decimal("sNaN"), Decimal("1e999999"),
        {"deep": ["nửa\udfff"]}, {"\ud800": 1},
    ],
)  # fmt: skip
def test_values_that_cannot_be_stored_are_the_callers_mistake(value):
    with pytest.raises(HisError) as caught:
        encode({"value": value})
    assert caught.value.kind is Kind.INVALID


def test_a_type_that_cannot_be_stored_is_our_mistake():
    with pytest.raises(TypeError, match="object"):
        encode({"value": object()})


def test_rows_are_written_with_all_their_columns():
    entry = IdempotencyKey(unit_id=2, key="k", request_sha256="s", created_at=AT)
    assert set(values(entry)) == {"unit_id", "id", "key", "request_sha256", "response", "created_at"}
    assert set(values(Room(unit_id=2, department_id=ID, code="1", name="x"))) == set(columns(Room)[1])
    assert "detail" in values(AuditEntry(unit_id=2, recorded_at=AT, actor="a", action="x"))
