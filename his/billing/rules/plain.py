"""The plain form of benefit examples: facts in Vietnamese field names in, the answer in the same form out.

Amounts are strings in đồng, times `yyyymmddHHMM`, dates `yyyymmdd`. Facts: vao, ra, loai_kcb, facility (level, points,
former, station), route (how the patient came), cards (code, from, to), copay, exempt_from, lines (kind, qty, price,
price_bh, at, pham_vi, tyle_bh, session, team, contained, share, hours, donor), packages (at, lines, five_years,
copay_before), outcome, discharge, sent_down, medicine_days, service_days; `vao_noi_tru` where admission is not `vao`.
"""

from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, cast, get_args, get_type_hints

from his.billing.rules.cards import is_card_number
from his.billing.rules.category import PICKUP_CODES
from his.billing.rules.compute import DEFAULT
from his.billing.rules.plain_fields import Fields
from his.billing.terms import (
    BenefitSettings,
    CardFacts,
    ChargeFacts,
    CopayHistory,
    DonorFacts,
    DonorMode,
    FacilityFacts,
    LineKind,
    LineShare,
    OtherSources,
    PackageFacts,
    PackageLine,
    PackageShare,
    RouteFacts,
    Shares,
    VisitFacts,
    VisitShare,
)
from his.kit.errors import invalid
from his.kit.money import ZERO, plain, r2

_KINDS: Final = tuple(kind.value for kind in LineKind)
_SETTINGS: Final = get_type_hints(BenefitSettings)


def read_visit(source: object) -> tuple[VisitFacts, list[str]]:
    """Facts of one visit, and the paths of fields the form does not know (they were left aside).

    Raises HisError INVALID whose `field` is the path of the bad value and whose message ends the sentence.
    """
    form = Fields(source, "")
    arrived = form.required("vao", form.moment)
    seen = [form]
    facts = VisitFacts(
        arrived_at=arrived,
        ended_at=form.required("ra", form.moment),
        care_setting=_care_setting(form),
        facility=_facility(form, seen),
        route=_route(form, seen),
        cards=tuple(_card(card, seen) for card in form.children("cards")),
        lines=tuple(_line(line, str(i), arrived, seen) for i, line in enumerate(form.children("lines"), start=1)),
        packages=tuple(
            _package(package, str(i), arrived, seen) for i, package in enumerate(form.children("packages"), start=1)
        ),
        copay=_copay(form, seen),
        exempt_from=form.day("exempt_from"),
        admitted_at=form.moment("vao_noi_tru"),
        outcome=form.whole("outcome"),
        discharge=form.whole("discharge"),
        sent_down=form.flag("sent_down"),
        medicine_days=form.whole("medicine_days"),
        service_days=form.whole("service_days"),
    )
    if facts.ended_at < facts.arrived_at:
        raise invalid("ra", "không được trước vao.")
    return facts, [path for one in seen for path in one.unknown()]


def read_settings(source: object, base: BenefitSettings = DEFAULT) -> BenefitSettings:
    """The readings a vector asks for under `options`; None keeps `base`."""
    if source is None:
        return base
    form = Fields(source, "options")
    chosen: dict[str, Any] = {one.name: getattr(base, one.name) for one in fields(BenefitSettings)}
    for name, raw in form.source.items():
        if name not in chosen:
            raise form.fail(name, "không phải cách đọc đã biết.")
        allowed = get_args(_SETTINGS[name]) or (True, False)
        if not any(raw is value or (isinstance(raw, str) and raw == value) for value in allowed):
            raise form.fail(name, f"chỉ nhận {', '.join(str(value) for value in allowed)}, không phải {raw!r}.")
        chosen[name] = raw
    return BenefitSettings(**chosen)


def write_visit(visit: VisitShare) -> dict[str, Any]:
    """The answer in the form of the examples' `expected`."""
    totals = visit.totals
    result: dict[str, Any] = {
        "category": visit.category,
        "lines": [_write_line(line) for line in visit.lines],
        "header": {"t_tongchi_bv": _money(totals.amount_hospital), "t_tongchi_bh": _money(totals.amount_covered)}
        | _parts(totals),
        "so_ngay_dtri": visit.treatment_days,
    }
    if visit.bed_days is not None:
        result["bed_days"] = visit.bed_days
    if visit.exempt is not None:
        result["exempt"] = visit.exempt
    if visit.copay_room is not None:
        result["copay_room"] = f"{visit.copay_room:.2f}"
    if visit.packages:
        result["packages"] = [_write_package(package) for package in visit.packages]
    return result


def _care_setting(form: Fields) -> str:
    code = form.word("loai_kcb") or "01"
    if not (len(code) == 2 and code.isascii() and code.isdigit()):
        raise form.fail("loai_kcb", f"phải là hai chữ số, không phải {code!r}.")
    return code


def _facility(form: Fields, seen: list[Fields]) -> FacilityFacts:
    one = form.child("facility")
    if one is None:
        raise form.fail("facility", "thiếu.")
    seen.append(one)
    level = one.required("level", lambda name: one.choice(name, ("initial", "basic", "intensive")))
    former = one.choice("former", ("district", "provincial", "central"))
    return FacilityFacts(cast(Any, level), one.amount("points"), cast(Any, former), one.flag("station"))


def _route(form: Fields, seen: list[Fields]) -> RouteFacts:
    one = form.child("route")
    if one is None:
        return RouteFacts()
    seen.append(one)
    return RouteFacts(
        registered=one.flag("registered"),
        referral=one.flag("referral"),
        emergency=one.flag("emergency"),
        follow_up=one.flag("follow_up"),
        moved=one.flag("moved"),
        organ_donor=one.flag("organ_donor"),
        newborn=one.flag("newborn"),
        pickup=_pickup(one),
        annex=cast(Any, one.choice("annex", ("I", "II"))),
        area=cast(Any, one.choice("area", ("K1", "K2", "K3"))),
        area36=one.flag("area36"),
        insured=one.flag("insured", default=True),
    )


def _pickup(one: Fields) -> str | None:
    """true means category 7; a code of the list stands for itself."""
    if isinstance(one.get("pickup"), bool):
        return "7" if one.flag("pickup") else None
    return one.choice("pickup", tuple(sorted(PICKUP_CODES)))


def _card(one: Fields, seen: list[Fields]) -> CardFacts:
    seen.append(one)
    number = one.required("code", one.word)
    if not is_card_number(number):
        raise one.fail("code", "phải là thẻ 15 ký tự, mã số 10 chữ số hoặc CCCD 12 chữ số.")
    digit = one.whole("digit")
    if digit is not None and not 1 <= digit <= 5:
        raise one.fail("digit", "chỉ nhận từ 1 đến 5.")
    return CardFacts(number, one.required("from", one.day), one.day("to"), digit, one.word("object") or "")


def _line(one: Fields, key: str, arrived: datetime, seen: list[Fields]) -> ChargeFacts:
    seen.append(one)
    scope = one.whole("pham_vi")
    if scope not in (None, 1, 2, 3):
        raise one.fail("pham_vi", f"chỉ nhận 1, 2 hoặc 3, không phải {scope}.")
    cover = one.amount("tyle_bh")
    if cover is not None and cover > 100:
        raise one.fail("tyle_bh", "chỉ nhận từ 0 đến 100.")
    share = one.whole("share")
    if share == 0:
        raise one.fail("share", "phải từ 1 trở lên.")
    quantity = one.amount("qty")
    return ChargeFacts(
        key=key,
        kind=LineKind(one.required("kind", lambda name: one.choice(name, _KINDS))),
        unit_price=one.required("price", one.amount),
        ordered_at=one.moment("at") or arrived,
        quantity=Decimal(1) if quantity is None else quantity,
        insured_unit_price=one.amount("price_bh"),
        cover_scope=scope or 1,
        cover_rate=Decimal(100) if cover is None else cover,
        session=one.word("session"),
        team=one.word("team"),
        contained=one.flag("contained"),
        share=share or 1,
        hours=one.amount("hours"),
        donor=_donor(one, seen),
    )


def _donor(line: Fields, seen: list[Fields]) -> DonorFacts | None:
    one = line.child("donor")
    if one is None:
        return None
    seen.append(one)
    mode = one.required("mode", lambda name: one.choice(name, ("a", "b", "c")))
    amounts = [one.amount(name) or ZERO for name in ("nsnn", "vtnn", "vttn", "cl")]
    return DonorFacts(DonorMode(mode), OtherSources(*amounts))


def _package(one: Fields, key: str, arrived: datetime, seen: list[Fields]) -> PackageFacts:
    seen.append(one)
    lines = []
    for index, line in enumerate(one.children("lines"), start=1):
        seen.append(line)
        quantity, cover = line.amount("qty"), line.amount("tyle_bh")
        lines.append(
            PackageLine(
                key=f"{key}.{index}",
                quantity=Decimal(1) if quantity is None else quantity,
                unit_price=line.required("price", line.amount),
                ceiling_price=line.amount("ceiling"),
                cover_rate=Decimal(100) if cover is None else cover,
            )
        )
    five = one.flag("five_years") if one.get("five_years") is not None else None
    return PackageFacts(key, one.moment("at") or arrived, tuple(lines), five, one.amount("copay_before"))


def _copay(form: Fields, seen: list[Fields]) -> CopayHistory | None:
    one = form.child("copay")
    if one is None:
        return None
    seen.append(one)
    return CopayHistory(one.day("five_years_on"), one.amount("first_half") or ZERO, one.amount("second_half") or ZERO)


def _write_line(line: LineShare) -> dict[str, Any]:
    return {
        "tyle_tt_dv": line.service_rate,
        "muc_huong": plain(line.benefit_rate),
        "thanh_tien_bv": _money(line.amount_hospital),
        "thanh_tien_bh": _money(line.amount_covered),
        **_parts(line),
        "so_luong": plain(line.quantity),
    }


def _write_package(package: PackageShare) -> dict[str, Any]:
    return {
        "t_trantt": _money(package.ceiling),
        "base": _money(package.amount_covered),
        "muc_huong": plain(package.benefit_rate),
        **_parts(package),
    }


def _parts(shares: Shares) -> dict[str, str]:
    return {
        "t_bhtt": _money(shares.insurer_share),
        "t_bncct": _money(shares.copayment),
        "t_bntt": _money(shares.self_paid),
        "t_nguonkhac": _money(shares.other_sources),
    }


def _money(amount: Decimal) -> str:
    """Whole đồng without decimals, otherwise exactly two."""
    rounded = r2(amount)
    return f"{rounded:.0f}" if rounded == rounded.to_integral_value() else f"{rounded:.2f}"
