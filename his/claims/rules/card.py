"""Is the stay covered by an insurance card, and is the card itself in order (Luật BHYT; QĐ 4750 table 1)."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from his.claims.rules.common import INPATIENT, UNINSURED, WARNING, Say, about, judged_until, on, rule
from his.claims.rules.reading import is_other
from his.claims.rules.readings import ARMED_GROUPS, GRACE_DAYS_INPATIENT, KNOWN_GROUPS, OPEN_END_GROUPS
from his.claims.terms import Card, ClaimFacts

_NUMBER = re.compile(r"[A-Z]{2}[1-5][0-9]{12}")
_FACILITY = re.compile(r"[0-9A-Z]{5}")
AREAS = frozenset({"K1", "K2", "K3"})


def covers(card: Card, day: date) -> bool:
    """Is the card valid on this day (both ends included, an empty end is open)?"""
    return (card.valid_from is None or card.valid_from <= day) and (card.valid_to is None or day <= card.valid_to)


def is_insured(facts: ClaimFacts) -> bool:
    """Does the visit claim anything from the fund?"""
    return facts.entitlement != UNINSURED


@rule("CLM-CARD-01", "Có thẻ còn hạn vào ngày đến khám", "CORE-030; Luật BHYT Điều 16")
def covered_on_arrival(facts: ClaimFacts) -> Iterator[Say]:
    """Some card covers the day of arrival."""
    day = facts.arrived_at.date()
    if is_insured(facts) and facts.cards and not any(covers(card, day) for card in facts.cards):
        ends = ", ".join(on(c.valid_to) if c.valid_to else "không rõ" for c in facts.cards)
        yield Say(
            f"Không có thẻ BHYT còn hạn vào ngày {on(day)} (thẻ đến hạn {ends}). Tra lại thẻ trên cổng BHXH.",
            "XML1.GT_THE_DEN",
        )


@rule(
    "CLM-CARD-02",
    "Thẻ còn hạn suốt đợt điều trị",
    "CORE-030; TT 01/2025/TT-BYT (thẻ hết hạn khi nội trú: thêm 15 ngày)",
)
def covered_through_stay(facts: ClaimFacts) -> Iterator[Say]:
    """Every day from arrival to the end is covered; an inpatient keeps an ended card for 15 days more."""
    first, last = facts.arrived_at.date(), judged_until(facts).date()
    if not is_insured(facts) or not any(covers(card, first) for card in facts.cards):
        return
    inpatient = facts.care_setting in INPATIENT
    grace = timedelta(days=GRACE_DAYS_INPATIENT if inpatient else 0)
    if inpatient and is_other("expired_card", facts):
        return
    reach = first
    for card in sorted(facts.cards, key=lambda c: c.valid_from or date.min):
        if card.valid_to is None and covers(card, reach):
            return
        if card.valid_to and (card.valid_from is None or card.valid_from <= reach + timedelta(days=1)):
            reach = max(reach, card.valid_to)
    if reach + grace < last:
        yield Say(
            f"Thẻ BHYT chỉ phủ đến {on(reach)}, đợt điều trị đến {on(last)}. Bổ sung thẻ mới hoặc tách chi phí.",
            "XML1.GT_THE_DEN",
        )


@rule("CLM-CARD-03", "Mã thẻ đúng 15 ký tự", "CORE-026; QĐ 1351/QĐ-BHXH")
def card_number_shape(facts: ClaimFacts) -> Iterator[Say]:
    """Two letters, benefit digit 1 to 5, twelve digits."""
    for card in facts.cards:
        if not _NUMBER.fullmatch(card.number):
            yield Say(
                f"Mã thẻ “{card.number}” không đúng dạng 2 chữ, 1 số quyền lợi (1–5), 12 chữ số. Nhập lại mã thẻ.",
                "XML1.MA_THE_BHYT",
            )


@rule("CLM-CARD-04", "Mã đối tượng trên thẻ có trong danh mục", "CORE-026; QĐ 1351/QĐ-BHXH")
def card_group_known(facts: ClaimFacts) -> Iterator[Say]:
    """The first two letters are a known group; a card that the gateway has confirmed proves a group newer than the list."""
    confirmed = {n for n, state in facts.known.card_states if state == "confirmed"} if facts.known else ()
    for card in facts.cards:
        strange = _NUMBER.fullmatch(card.number) and card.number[:2] not in KNOWN_GROUPS
        if strange and card.number not in confirmed:
            yield Say(f"Mã đối tượng “{card.number[:2]}” trên thẻ lạ. Đối chiếu lại với thẻ.", "XML1.MA_THE_BHYT")


@rule("CLM-CARD-05", "Nơi đăng ký ban đầu đủ 5 ký tự", "CORE-027, CORE-028")
def primary_facility_shape(facts: ClaimFacts) -> Iterator[Say]:
    """Each card names a facility of five characters."""
    for card in facts.cards:
        if not _FACILITY.fullmatch(card.primary_facility_code):
            yield Say(
                f"Nơi đăng ký ban đầu “{card.primary_facility_code}” không đủ 5 ký tự. Nhập lại theo thẻ.",
                "XML1.MA_DKBD",
            )


@rule("CLM-CARD-06", "Ngày bắt đầu thẻ không sau ngày hết hạn", "CORE-029")
def card_period_order(facts: ClaimFacts) -> Iterator[Say]:
    """First day not after last day, and a first day is known."""
    for card in facts.cards:
        if card.valid_from is None:
            yield Say("Thẻ BHYT chưa có ngày bắt đầu. Nhập ngày theo thẻ hoặc tra cổng BHXH.", "XML1.GT_THE_TU")
        elif card.valid_to and card.valid_to < card.valid_from:
            yield Say(
                f"Thẻ BHYT bắt đầu {on(card.valid_from)} sau ngày hết hạn {on(card.valid_to)}. Sửa lại hạn thẻ.",
                "XML1.GT_THE_TU",
            )


@rule("CLM-CARD-07", "Thẻ không khai lặp", "CORE-027", severity=WARNING)
def cards_not_repeated(facts: ClaimFacts) -> Iterator[Say]:
    """The same number twice with periods that overlap."""
    for place, card in enumerate(facts.cards):
        for other in facts.cards[:place]:
            if other.number == card.number and covers(other, card.valid_from or date.min):
                yield Say("Một thẻ BHYT được khai hai lần với hạn chồng nhau. Bỏ bớt một dòng thẻ.", "XML1.MA_THE_BHYT")


@rule(
    "CLM-CARD-08",
    "Chỉ thẻ QN, HC, LS, XK, CY, CA được trống ngày hết hạn",
    "QĐ 4750 bảng 1, GT_THE_DEN",
    severity=WARNING,
)
def open_end_allowed(facts: ClaimFacts) -> Iterator[Say]:
    """An empty last day belongs to few groups."""
    for card in facts.cards:
        if card.valid_to is None and card.number[:2] not in OPEN_END_GROUPS:
            yield Say(
                f"Thẻ đối tượng {card.number[:2]} phải có ngày hết hạn. Tra lại thẻ trên cổng BHXH.",
                "XML1.GT_THE_DEN",
            )


@rule("CLM-CARD-09", "Lượt khám BHYT phải có thẻ", "CORE-026, CORE-045; QĐ 3276/QĐ-BYT")
def insured_has_card(facts: ClaimFacts) -> Iterator[Say]:
    """Categories other than 9 need a card; organ donors and newborns may still wait for theirs."""
    if is_insured(facts) and not facts.cards and facts.entitlement not in {"1.6", "1.7"}:
        yield Say(
            f"Đối tượng KCB {facts.entitlement} nhưng chưa có thẻ BHYT. Nhập thẻ, hoặc chọn đối tượng 9 nếu không BHYT.",
            "XML1.MA_THE_BHYT",
        )


@rule("CLM-CARD-10", "Khám đúng nơi đăng ký thì đối tượng là 1.1 hoặc 1.2", "CORE-046; QĐ 3276/QĐ-BYT")
def registered_here(facts: ClaimFacts) -> Iterator[Say]:
    """Registered at this unit: 1.1 or 1.2; medicine by appointment (7.x, 8, 10) and emergency keep their own."""
    here = any(c.primary_facility_code == facts.facility_code for c in facts.cards)
    by_appointment = facts.entitlement.startswith("7") or facts.entitlement in {"8", "10"}
    excepted = facts.entitlement in {"9", "2"} or (by_appointment and not is_other("registered_here", facts))
    if here and not excepted and facts.entitlement not in {"1.1", "1.2"}:
        yield Say(
            f"Thẻ đăng ký ban đầu tại đơn vị nhưng đối tượng KCB là {facts.entitlement}. Chọn 1.1 hoặc 1.2.",
            "XML1.MA_DOITUONG_KCB",
        )


@rule(
    "CLM-CARD-11", "Phạm vi 3 chỉ dành cho quân đội, công an, cơ yếu", "CORE-087; QĐ 4750 (PHAM_VI)", severity=WARNING
)
def armed_scope(facts: ClaimFacts) -> Iterator[Say]:
    """PHAM_VI 3 without a card QN, CA or CY."""
    if any(card.number[:2] in ARMED_GROUPS for card in facts.cards):
        return
    for line in facts.lines:
        if line.cover_scope == "3":
            yield about(line, "phạm vi 3 chỉ dùng cho thẻ QN, CA, CY. Chọn lại phạm vi hưởng.", "PHAM_VI")


@rule("CLM-CARD-12", "Y lệnh có quỹ trả nằm trong hạn thẻ", "CORE-115")
def ordered_within_card(facts: ClaimFacts) -> Iterator[Say]:
    """A line that the fund pays was not ordered before any card became valid."""
    starts = [card.valid_from for card in facts.cards if card.valid_from]
    if not starts or len(starts) != len(facts.cards):
        return
    for line in facts.lines:
        if line.insurer_share > 0 and line.ordered_at.date() < min(starts):
            yield about(
                line,
                f"chỉ định ngày {on(line.ordered_at.date())}, trước khi thẻ có giá trị ({on(min(starts))}). "
                "Chuyển dòng sang tự trả hoặc sửa hạn thẻ.",
                "NGAY_YL",
            )


@rule("CLM-CARD-13", "Mã khu vực là K1, K2, K3 hoặc trống", "CORE-078")
def area_known(facts: ClaimFacts) -> Iterator[Say]:
    """MA_KHUVUC of the card."""
    if facts.area_code and facts.area_code not in AREAS:
        yield Say(f"Mã khu vực “{facts.area_code}” lạ. Chọn K1, K2, K3 hoặc để trống.", "XML1.MA_KHUVUC")


CARD_RULES = (
    covered_on_arrival,
    covered_through_stay,
    card_number_shape,
    card_group_known,
    primary_facility_shape,
    card_period_order,
    cards_not_repeated,
    open_end_allowed,
    insured_has_card,
    registered_here,
    armed_scope,
    ordered_within_card,
    area_known,
)
