"""Route, money beforehand, sources of fields, and what to know before saving, without a database."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from his.billing.terms import RouteFacts
from his.exchange.terms import CardAnswer
from his.reception.rules.desk import because, card_words, five_years_words, order_rooms, standing_cards, suggested_room
from his.reception.rules.facts import expected_at, fact_for_doctor, facts_before_saving
from his.reception.rules.money import estimate_exam
from his.reception.rules.route import check_way, entitle, route_document
from his.reception.rules.sources import compare
from his.reception.terms import CardView, DrugInHand, History, PastVisit, Place, Way
from his.registration.rules.gateway import advise
from his.registration.terms import CardForm, Checked
from his.scheduling.terms import RoomLoad

ON = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 1, 12, tzinfo=UTC)
ROOM = UUID(int=103)


def place(number: int = 103, **values: Any) -> Place:
    """A room of an invented regional hospital of the basic level."""
    base: dict[str, Any] = {
        "unit_code": "97002", "unit_name": "BVĐK KV Hồ Xanh", "level": "basic", "points": 45,
        "former_tier": "district", "is_station": False, "room_id": UUID(int=number), "room_code": str(number),
        "room_name": "Nội", "department_code": "K03", "practitioner_id": UUID(int=1), "doctor": "BS. Phạm Quốc Huy",
        "service_code": "02.1898",
    }  # fmt: skip
    return Place(**(base | values))


def card(**values: Any) -> CardView:
    """A card of the year, registered here."""
    base: dict[str, Any] = {
        "card_number": "GD4970341680451", "valid_from": date(2026, 1, 1), "valid_to": date(2026, 12, 31),
        "primary_facility_code": "97002", "state": "confirmed",
    }  # fmt: skip
    return CardView(**(base | values))


@pytest.mark.parametrize(
    ("way", "held", "code", "rate"),
    [
        (Way.AUTO, card(), "1.1", 80),
        (Way.AUTO, card(primary_facility_code="97001"), "1.12", 80),
        (Way.REFERRAL, card(primary_facility_code="97001"), "1.3", 80),
        (Way.FOLLOW_UP, card(primary_facility_code="97001"), "1.5", 80),
        (Way.EMERGENCY, card(primary_facility_code="97001"), "2", 80),
        (Way.REGISTERED, card(primary_facility_code="97001"), "1.1", 80),
        (Way.SELF, card(), "9", 0),
        (Way.AUTO, None, "9", 0),
        (Way.AUTO, card(card_number="HN2970341680451"), "1.1", 100),
    ],
)
def test_category_follows_card_and_way(way: Way, held: CardView | None, code: str, rate: int) -> None:
    found, _ = entitle(way, held, place(), ON)
    assert (found.category, found.benefit_rate) == (code, rate)


def test_the_route_is_kept_as_the_benefit_rules_read_it() -> None:
    _, route = entitle(Way.REFERRAL, card(primary_facility_code="97001", area_code="K2"), place(), ON)
    kept = route_document(route)
    assert kept == {"referral": True, "area": "K2"}
    assert RouteFacts(**kept) == route


@pytest.mark.parametrize("way", [Way.MOVED, Way.SELF, Way.REGISTERED])
def test_a_way_by_hand_needs_its_paper(way: Way) -> None:
    assert check_way(way, " ")[0].code == "REC-WAY-01"
    assert check_way(way, "Phiếu 12") == []


def test_an_emergency_needs_no_paper() -> None:
    assert check_way(Way.EMERGENCY, "") == []


@pytest.mark.parametrize(
    ("held", "price", "insured", "pays", "share"),
    [
        (card(), 45000, 45000, 9000, 20),
        (card(), 50000, 45000, 14000, 20),
        (card(card_number="HN2970341680451"), 45000, 45000, 0, 0),
        (None, 45000, 45000, 45000, None),
    ],
)
def test_money_beforehand(held: CardView | None, price: int, insured: int, pays: int, share: int | None) -> None:
    found, _ = entitle(Way.AUTO, held, place(), ON)
    estimate = estimate_exam(Decimal(price), Decimal(insured), 100, found, insured=held is not None)
    assert (estimate.patient_pays, estimate.share_percent) == (pays, share)
    assert estimate.limit == 379500


@pytest.mark.parametrize(
    ("values", "shown", "source", "tone"),
    [
        (("Trần Nguyệt", "Trần Nguyệt", "Trần Nguyệt"), "Trần Nguyệt", "CCCD = thẻ = hồ sơ cũ", "ok"),
        (("Trần Nguyệt", "", "TRẦN NGUYỆT"), "Trần Nguyệt", "CCCD = hồ sơ cũ", "ok"),
        (("Thôn 4", "", "Thôn 5"), "Thôn 4", "Khác hồ sơ cũ", "warn"),
        (("Thôn 4", "Thôn 6", ""), "Thôn 4", "Khác thẻ", "warn"),
        (("", "", "0912"), "0912", "Hồ sơ cũ, 26/10/2026", "mut"),
        (("", "", ""), "", "", ""),
    ],
)
def test_each_field_names_its_source(values: tuple[str, str, str], shown: str, source: str, tone: str) -> None:
    view = compare(*values, stamp="26/10/2026")
    assert (view.value, view.source, view.tone) == (shown, source, tone)


def test_keeping_the_old_value_says_so() -> None:
    view = compare("Thôn 4", "", "Thôn 5", chosen="record")
    assert (view.value, view.other, view.chosen, view.tone) == ("Thôn 5", "Thôn 4", "record", "warn")


def visit(number: int, **values: Any) -> PastVisit:
    """An earlier visit."""
    base: dict[str, Any] = {
        "encounter_id": UUID(int=number), "dossier_code": f"26112300{number:02d}", "arrived_at": AT,
        "status": "finished", "reason": "", "room_code": "103", "room_id": ROOM, "doctor": "BS. Phạm Quốc Huy",
        "follow_up_on": None, "due": Decimal(0),
    }  # fmt: skip
    return PastVisit(**(base | values))


def sentences(history: History, elsewhere: list[dict[str, Any]] | None = None) -> list[str]:
    """What the desk reads."""
    days = {v.encounter_id: v.arrived_at.date() for v in history.visits}
    found = facts_before_saving(history, ON, unit_code="97002", visit_day=days, elsewhere=elsewhere or [])
    return [f.text for f in found]


def test_nothing_to_know_is_said_in_one_line() -> None:
    assert sentences(History()) == ["Không nợ viện phí. Hôm nay chưa khám nơi khác."]


def test_drugs_appointment_debt_and_other_places_are_told() -> None:
    earlier = datetime(2026, 10, 26, 2, 0, tzinfo=UTC)
    history = History(
        (visit(1, arrived_at=earlier, follow_up_on=ON, due=Decimal(99488)),),
        (DrugInHand("Amlodipin 5 mg", date(2026, 11, 25)), DrugInHand("Metformin", date(2026, 11, 20))),
    )
    elsewhere = [
        {"maCSKCB": "97101", "ngayVao": "202611230730"},
        {"maCSKCB": "97002", "ngayVao": "202611230700"},
        {"maCSKCB": "97103", "ngayVao": "202611220700"},
    ]
    assert sentences(history, elsewhere) == [
        "Còn thuốc Amlodipin 5 mg đến 25/11 (2 ngày). Bác sĩ sẽ thấy nhắc này.",
        "Có hẹn tái khám hôm nay với BS. Phạm Quốc Huy, phòng 103.",
        "Còn nợ viện phí 99.488\u00a0đ, lượt 2611230001. Nhắc người bệnh nộp.",
        "Hôm nay đã khám nơi khác: 97101. Hỏi lý do đến thêm.",
    ]


def test_an_open_visit_of_today_is_told_first() -> None:
    text = sentences(History((visit(1, status="in-progress"),)))[0]
    assert text.startswith("Hôm nay đã có lượt 2611230001, phòng 103, chưa xong.")


def test_the_line_for_the_doctor() -> None:
    drugs = History(drugs=(DrugInHand("Amlodipin", date(2026, 11, 27)),))
    assert fact_for_doctor(drugs, ON, False, False) == ("Còn thuốc đến 27/11", "info")
    assert fact_for_doctor(History(), ON, True, False) == ("Thẻ BHYT tạm tính", "warn")
    assert fact_for_doctor(drugs, ON, True, True) == ("Giấy tờ bổ sung sau", "warn")
    assert fact_for_doctor(History(), ON, False, False) == ("", "")


def checked(code: str, *cards: CardForm) -> Checked:
    """An answered check."""
    advice = advise(CardAnswer(code, valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31)), ON)
    return Checked(UUID(int=9), code, AT, AT, None, advice, None, cards)


def test_cards_as_they_will_stand() -> None:
    old, new = card(), CardForm("HT3970341680451", date(2027, 1, 1), date(2027, 12, 31), "97002")
    both = standing_cards([card(state="provisional")], checked("004", _form(old), new), old.card_number, None, ON)
    assert [(c.card_number, c.state) for c in both] == [(old.card_number, "confirmed"), (new.card_number, "confirmed")]
    refused = standing_cards([old], checked("110"), old.card_number, None, ON)
    assert [c.state for c in refused] == ["refused"]
    kept = standing_cards([old], checked("060"), old.card_number, None, ON)
    assert [c.state for c in kept] == ["confirmed"]
    typed = standing_cards([old], None, "", new, ON)
    assert [c.state for c in typed] == ["confirmed", "provisional"]
    by_citizen = standing_cards([old], checked("120"), "034168004512", None, ON)
    assert [c.state for c in by_citizen] == ["refused"]


def _form(view: CardView) -> CardForm:
    return CardForm(view.card_number, view.valid_from, view.valid_to, view.primary_facility_code)


def test_rooms_stand_in_a_helpful_order() -> None:
    places = [place(101), place(103), place(104), place(107, practitioner_id=None), place(105, department_code="K18")]
    loads = {UUID(int=104): RoomLoad(UUID(int=104), 11, 52, 50)}
    rooms = order_rooms(places, loads, appointment=UUID(int=104), usual=UUID(int=103))
    assert [r.place.room_code for r in rooms] == ["104", "103", "101", "105", "107"]
    assert (rooms[0].appointment, rooms[0].waiting, rooms[-1].open) == (True, 11, False)
    assert suggested_room(rooms, appointment=UUID(int=104), usual=None, child=False) == UUID(int=104)
    assert suggested_room(rooms, appointment=None, usual=None, child=True) == UUID(int=105)
    assert suggested_room(rooms, appointment=None, usual=None, child=False) is None
    assert suggested_room(rooms[:1], appointment=None, usual=None, child=False) == UUID(int=104)


def test_words_of_the_desk() -> None:
    assert card_words("GD4970341684512") == "GD 4 97 •••• 4512"
    assert five_years_words(date(2028, 1, 1), ON) == "Chưa đủ, đủ từ 01/01/2028"
    assert five_years_words(date(2025, 1, 1), ON) == "Đủ từ 01/01/2025"
    assert because("Đối tượng 1.1: đến đúng nơi.") == "Vì đến đúng nơi."
    assert expected_at(datetime(2026, 11, 23, 8, 12), 25) == "08:40"  # noqa: DTZ001  # the wall clock
    assert expected_at(datetime(2026, 11, 23, 23, 58), 0) == "00:05"  # noqa: DTZ001  # the wall clock
