"""Why a known patient may be the person at the desk, and in which order the candidates stand."""

from collections.abc import Iterable

from his.kit.text import fold, sort_key, tokens
from his.registration.terms import Known, Match, Scan

LIMIT = 20


def judge(scan: Scan, known: Known) -> Match:
    """The strongest reason first: numbers of documents, numbers of the unit, phone, name with birth date, name."""
    same_name = bool(scan.name) and fold(scan.name) == fold(known.name)
    other_name = bool(scan.name) and scan.is_document and not same_name
    cards = {number[-10:] for number in known.cards}
    if scan.citizen_number and scan.citizen_number == known.citizen_number:
        return Match(known, 0, "Trùng số CCCD, khác tên" if other_name else "Trùng số CCCD", _tone(other_name))
    if scan.card_number and scan.card_number in known.cards:
        return Match(known, 1, "Trùng số thẻ BHYT, khác tên" if other_name else "Trùng số thẻ BHYT", _tone(other_name))
    if scan.insurance_number and scan.insurance_number in cards:
        return Match(known, 2, "Trùng mã số BHXH, khác tên" if other_name else "Trùng mã số BHXH", _tone(other_name))
    if scan.patient_code and scan.patient_code == known.code:
        return Match(known, 3, "Trùng mã người bệnh", "ok")
    if scan.phone and scan.phone == known.phone:
        return Match(known, 10, "Trùng số điện thoại", "info")
    return _by_name(scan, known, same_name)


def _tone(warned: bool) -> str:
    return "warn" if warned else "ok"


def _by_name(scan: Scan, known: Known, same_name: bool) -> Match:
    what = "Trùng tên" if same_name else "Gần đúng tên"
    step = 0 if same_name else 10
    if scan.birth_date is not None:
        if scan.birth_date == known.birth_date and scan.birth_precision == known.birth_precision == "day":
            return Match(known, 20 + step, f"{what}, trùng ngày sinh", "info")
        if scan.birth_date.year == known.birth_date.year:
            year_only = "year" in (scan.birth_precision, known.birth_precision)
            text = f"{what}, trùng năm sinh" if year_only else f"{what}, khác ngày sinh"
            return Match(known, 22 + step, text, "info")
        return Match(known, 26 + step, f"{what}, khác năm sinh", "")
    if scan.birth_year is not None:
        if scan.birth_year == known.birth_date.year:
            return Match(known, 22 + step, f"{what}, trùng năm sinh", "info")
        return Match(known, 26 + step, f"{what}, khác năm sinh", "")
    return Match(known, 24 + step, what, "")


def rank_matches(scan: Scan, candidates: Iterable[Known]) -> list[Match]:
    """At most twenty, each person once: identities first, then namesakes by closeness, then by given name."""
    best: dict[object, Match] = {}
    for known in candidates:
        best.setdefault(known.id, judge(scan, known))
    ordered = sorted(best.values(), key=lambda m: (m.rank, sort_key(m.known.name), m.known.birth_date, m.known.code))
    return ordered[:LIMIT]


def search_words(name: str) -> list[str]:
    """The folded words a name is searched by, at most six; the last one may be unfinished."""
    return tokens(name)[:6]
