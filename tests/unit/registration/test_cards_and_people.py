"""Cards by date, why a person matches, what a citizen number says, what stops a patient form."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from his.exchange.terms import CardAnswer
from his.kit.errors import Severity
from his.registration.rules.cards import card_of_scan, card_on, cards_of_reply, is_question_number, newborn_card
from his.registration.rules.citizen import citizen_contradiction, citizen_facts
from his.registration.rules.matching import rank_matches
from his.registration.rules.patient import check_card, check_patient, tidy
from his.registration.rules.retry import is_abandoned, next_attempt
from his.registration.rules.scan import parse_scan
from his.registration.terms import CardForm, Known, PatientForm

OLD, NEW = "GD4970341680451", "HT3970341680451"
YEAR = (date(2026, 1, 1), date(2026, 12, 31))
ON = date(2026, 11, 22)


class Held(CardForm):
    """A stored card, as the rules see it."""

    state = "confirmed"


def test_004_keeps_both_cards_with_their_days() -> None:
    reply = CardAnswer(
        "004", card_number=OLD, valid_from=YEAR[0], valid_to=YEAR[1], primary_facility_code="97002",
        new_card_number=NEW, new_valid_from=date(2027, 1, 1), new_valid_to=date(2027, 12, 31),
        new_primary_facility_code="97003",
    )  # fmt: skip
    cards = cards_of_reply(reply)
    assert [(c.card_number, c.valid_from, c.primary_facility_code) for c in cards] == [
        (OLD, YEAR[0], "97002"),
        (NEW, date(2027, 1, 1), "97003"),
    ]


def test_a_new_card_without_first_day_begins_after_the_old_one() -> None:
    reply = CardAnswer(
        "003", card_number=OLD, valid_from=YEAR[0], valid_to=date(2026, 10, 31),
        new_card_number=NEW, new_valid_to=date(2027, 12, 31),
    )  # fmt: skip
    assert cards_of_reply(reply)[1].valid_from == date(2026, 11, 1)


def test_a_card_without_last_day_is_left_out_not_guessed() -> None:
    reply = CardAnswer("004", card_number=OLD, valid_from=YEAR[0], valid_to=YEAR[1], new_card_number=NEW)
    assert [c.card_number for c in cards_of_reply(reply)] == [OLD]


def test_card_on_chooses_by_the_day_of_the_visit() -> None:
    old, new = Held(OLD, *YEAR), Held(NEW, date(2027, 1, 1), date(2027, 12, 31))
    assert card_on([new, old], ON) is old
    assert card_on([new, old], date(2027, 1, 1)) is new
    assert card_on([new, old], date(2025, 12, 31)) is None


def test_card_on_takes_the_higher_right_and_never_a_refused_card() -> None:
    low, high = Held(OLD, *YEAR), Held(NEW, *YEAR)
    assert card_on([low, high], ON) is high

    class Refused(CardForm):
        state = "refused"

    assert card_on([low, Refused(NEW, *YEAR)], ON) is low


def test_a_scanned_card_needs_its_days() -> None:
    assert card_of_scan(parse_scan(OLD)) is None


@pytest.mark.parametrize(
    ("birth", "end"),
    [
        (date(2026, 11, 1), date(2032, 11, 30)),
        (date(2026, 9, 30), date(2032, 9, 30)),
        (date(2026, 2, 28), date(2032, 9, 30)),
        (date(2026, 12, 15), date(2032, 12, 31)),
    ],
)
def test_newborn_card_ends_by_the_school_year(birth: date, end: date) -> None:
    card = newborn_card("123", "97", birth)
    assert card.card_number == "TE197KT00000123"
    assert (card.valid_from, card.valid_to) == (birth, end)
    assert not list(check_card(card))


def test_what_may_be_asked() -> None:
    assert [is_question_number(n) for n in (OLD, "0341680451", "034168004512", "123", "")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def known(number: int, **values: object) -> Known:
    base = Known(
        UUID(int=number), f"26-{number:06d}", "Trần Thị Minh Nguyệt", date(1968, 3, 14), "day", "female", "", "", ""
    )
    return replace(base, **values)  # type: ignore[arg-type]


SCAN = parse_scan("034168004512||Trần Thị Minh Nguyệt|14031968|Nữ|Thôn 4|20042021")


@pytest.mark.parametrize(
    ("values", "why", "tone"),
    [
        ({"citizen_number": "034168004512"}, "Trùng số CCCD", "ok"),
        ({"citizen_number": "034168004512", "name": "Trần Thị Nga"}, "Trùng số CCCD, khác tên", "warn"),
        ({}, "Trùng tên, trùng ngày sinh", "info"),
        ({"birth_date": date(1968, 5, 1)}, "Trùng tên, khác ngày sinh", "info"),
        ({"birth_date": date(1986, 11, 2)}, "Trùng tên, khác năm sinh", ""),
        ({"birth_date": date(1968, 1, 1), "birth_precision": "year"}, "Trùng tên, trùng năm sinh", "info"),
    ],
)
def test_why_a_person_matches(values: dict[str, object], why: str, tone: str) -> None:
    match = rank_matches(SCAN, [known(1, **values)])[0]
    assert (match.why, match.tone) == (why, tone)


def test_identities_stand_before_namesakes_and_nobody_twice() -> None:
    same = known(2, citizen_number="034168004512")
    found = rank_matches(SCAN, [known(1, birth_date=date(1986, 11, 2)), same, same])
    assert [m.known.id.int for m in found] == [2, 1]
    assert [m.certain for m in found] == [True, False]


def test_at_most_twenty() -> None:
    assert len(rank_matches(parse_scan("nguyệt"), [known(n) for n in range(1, 60)])) == 20


def test_citizen_number_says_sex_and_year() -> None:
    assert citizen_facts("034168004512") == ("female", 1968)
    assert citizen_facts("034209004512") == ("male", 2009)
    assert citizen_facts("12345") is None
    assert "1968" in citizen_contradiction("034168004512", date(1986, 3, 14), "female")
    assert "nữ" in citizen_contradiction("034168004512", date(1968, 3, 14), "male")
    assert citizen_contradiction("034168004512", date(1968, 3, 14), "female") == ""


FORM = PatientForm("Trần Thị Minh Nguyệt", date(1968, 3, 14), "female", citizen_number="034168004512")


@pytest.mark.parametrize(
    ("values", "code", "severity"),
    [
        ({"name": " "}, "REG-PAT-01", Severity.ERROR),
        ({"name": "x" * 201}, "REG-PAT-01", Severity.ERROR),
        ({"birth_date": date(2026, 11, 23), "citizen_number": ""}, "REG-PAT-02", Severity.ERROR),
        ({"gender": "xx"}, "REG-PAT-03", Severity.ERROR),
        ({"citizen_number": "123"}, "REG-PAT-04", Severity.ERROR),
        ({"gender": "male"}, "REG-PAT-05", Severity.WARNING),
        ({"phone": "12"}, "REG-PAT-06", Severity.ERROR),
        ({"birth_date": date(2023, 3, 14), "citizen_number": ""}, "REG-PAT-07", Severity.WARNING),
    ],
)
def test_mistakes_of_a_patient_form(values: dict[str, object], code: str, severity: Severity) -> None:
    findings = list(check_patient(tidy(replace(FORM, **values)), ON))  # type: ignore[arg-type]
    assert [(f.code, f.severity) for f in findings] == [(code, severity)]


def test_a_tidy_form() -> None:
    form = tidy(replace(FORM, name="  Trần  Thị Nguyệt ", phone="+84 912 000 468", citizen_number="034 168 004 512"))
    assert (form.name, form.phone, form.citizen_number) == ("Trần Thị Nguyệt", "0912000468", "034168004512")
    assert not list(check_patient(form, ON))


def test_card_form_mistakes() -> None:
    assert [f.code for f in check_card(CardForm("GD9", date(2026, 2, 1), date(2026, 1, 1)))] == [
        "REG-CARD-01",
        "REG-CARD-02",
    ]


def test_back_off_grows_and_ends() -> None:
    now = datetime(2026, 11, 22, 9, 42, tzinfo=UTC)
    assert [int((next_attempt(n, now) - now).total_seconds() // 60) for n in (1, 2, 3, 4, 5, 50)] == [
        5,
        5,
        10,
        20,
        40,
        40,
    ]
    assert not is_abandoned(now, now + timedelta(hours=2), has_patient=True)
    assert is_abandoned(now, now + timedelta(hours=2), has_patient=False)
    assert is_abandoned(now, now + timedelta(hours=25), has_patient=True)
