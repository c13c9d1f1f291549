"""How drugs are dosed, for how long, and how they were bought (QĐ 4750 table 2; TT 26/2025/TT-BYT for days)."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from his.claims.rules.common import WARNING, Say, about, at, rule
from his.claims.rules.line_code import SUPPLY_IN_LIST, is_untendered
from his.claims.rules.readings import LONG_TERM_DAYS, LONG_TERM_DISEASES, SUPPLY_DAYS
from his.claims.terms import ClaimFacts, DrugLine, Line
from his.kit.money import plain
from his.kit.rulebook import Rule

_N = r"([0-9]+(?:[.,][0-9]+)?)"
# the form of the standard, and the words of our own prescription
_STANDARD = re.compile(rf"{_N} ?\D*?/ ?lần ?\* ?{_N} ?lần/ ?ngày ?\* ?{_N} ?ngày.*", re.IGNORECASE)
_OWN = re.compile(rf"Ngày {_N} [^:;]+(?::[^;]*)?; {_N} ngày.*", re.IGNORECASE)
_CONTRAST_DRUG = re.compile(r"iohexol|iopromid|iobitridol|iodixanol|iopamidol|gado|cản quang|tương phản", re.IGNORECASE)
_CONTRAST_SERVICE = re.compile(r"cản quang|tương phản|chụp mạch|DSA", re.IGNORECASE)
IMAGING = "2"
OLDEST_TENDER = 5  # years: framework agreements and carried-over lots


def _n(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def read_dose(dose: str) -> tuple[Decimal, Decimal] | None:
    """Quantity a day and days of a LIEU_DUNG in the standard's form or in ours; None when it is neither."""
    found = _STANDARD.fullmatch(dose.strip())
    if found:
        return _n(found[1]) * _n(found[2]), _n(found[3])
    found = _OWN.fullmatch(dose.strip())
    return (_n(found[1]), _n(found[2])) if found else None


def is_long_term(facts: ClaimFacts) -> bool:
    """Is the main diagnosis on the list of diseases treated for long?"""
    return facts.main_diagnosis_code.startswith(LONG_TERM_DISEASES)


@rule("CLM-DRUG-01", "Liều dùng ghi đúng dạng", "CORE-111; QĐ 4750 (LIEU_DUNG)", severity=WARNING)
def dose_readable(facts: ClaimFacts) -> Iterator[Say]:
    """`n viên/lần * n lần/ngày * n ngày`; drugs without a dose are found by the rules of form."""
    for line in facts.drugs:
        if line.dose and line.group_code in {"4", "6"} and read_dose(line.dose) is None:
            yield about(
                line,
                f"liều “{line.dose[:60]}” không đúng dạng số lượng/lần * số lần/ngày * số ngày. Ghi lại liều.",
                "LIEU_DUNG",
            )


def _same(line: DrugLine) -> tuple[str, str, str]:
    """Lines of one prescription line: one drug, split by lot."""
    return line.drug_code, line.registration_number, line.dose


@rule("CLM-DRUG-02", "Số lượng thuốc không vượt liều kê", "CORE-111; TT 26/2025/TT-BYT", severity=WARNING)
def quantity_within_dose(facts: ClaimFacts) -> Iterator[Say]:
    """The quantity of all lots of one line is at most dose x days, rounded up to whole units."""
    given: dict[tuple[str, str, str], Decimal] = {}
    for line in facts.drugs:
        given[_same(line)] = given.get(_same(line), Decimal(0)) + line.quantity
    for line in facts.drugs:
        read = read_dose(line.dose)
        quantity = given.pop(_same(line), None)
        if read is None or quantity is None:
            continue
        most = -(-read[0] * read[1] // 1)
        if quantity > most:
            yield about(
                line,
                f"cấp {plain(quantity)} {line.unit_name}, liều {plain(read[0])} mỗi ngày trong {plain(read[1])} ngày "
                f"chỉ cần {plain(most)}. Sửa liều hoặc số lượng.",
                "SO_LUONG",
            )


@rule("CLM-DRUG-03", "Thuốc không quá số ngày được kê", "CORE-112; TT 26/2025/TT-BYT", severity=WARNING)
def days_within_limit(facts: ClaimFacts) -> Iterator[Say]:
    """30 days, 90 for a disease on the list for long-term prescriptions."""
    most = LONG_TERM_DAYS if is_long_term(facts) else SUPPLY_DAYS
    for line in facts.drugs:
        read = read_dose(line.dose)
        if read and read[1] > most:
            yield about(
                line,
                f"kê {plain(read[1])} ngày, với bệnh chính {facts.main_diagnosis_code} được nhiều nhất {most} ngày. "
                "Giảm số ngày.",
                "LIEU_DUNG",
            )


@rule("CLM-DRUG-04", "Thuốc cản quang đi cùng chẩn đoán hình ảnh có tiêm", "CORE-116", severity=WARNING)
def contrast_has_imaging(facts: ClaimFacts) -> Iterator[Say]:
    """An imaging service with contrast on the same day, not performed before the contrast was ordered."""
    scans = [x for x in facts.services if x.group_code == IMAGING and _CONTRAST_SERVICE.search(x.name)]
    for line in facts.drugs:
        if not _CONTRAST_DRUG.search(line.drug_name):
            continue
        same_day = [x for x in scans if x.ordered_at.date() == line.ordered_at.date()]
        if not same_day:
            yield about(
                line,
                f"không có dịch vụ chụp có tiêm cản quang ngày {line.ordered_at:%d/%m/%Y}. Kiểm lại chỉ định.",
                "MA_THUOC",
            )
        elif all((x.performed_at or x.ordered_at) < line.ordered_at for x in same_day):
            yield about(line, f"y lệnh lúc {at(line.ordered_at)}, sau khi đã chụp. Sửa giờ y lệnh.", "NGAY_YL")


def _parts(line: Line) -> list[str]:
    parts = line.tender.split(";")
    return parts if len(parts) >= 4 else []


def _tendered(facts: ClaimFacts, table: str) -> Iterator[Line]:
    if table == "XML2":
        yield from (x for x in facts.drugs if not is_untendered(x))
    else:
        yield from (x for x in facts.services if x.group_code == SUPPLY_IN_LIST)


Look = Callable[[ClaimFacts, list[str]], str]


def _package(facts: ClaimFacts, parts: list[str]) -> str:
    fits = re.fullmatch(r"G[1-9][0-9]{0,2}", parts[1])
    return "" if fits else f"gói thầu “{parts[1]}” không phải G1 đến G999. Sửa thông tin thầu."


def _group(facts: ClaimFacts, parts: list[str]) -> str:
    return "" if re.fullmatch(r"N[1-9]", parts[2]) else f"nhóm thầu “{parts[2]}” không phải N1 đến N9. Sửa nhóm thầu."


def _year(facts: ClaimFacts, parts: list[str]) -> str:
    latest = facts.arrived_at.year
    fits = re.fullmatch(r"[0-9]{4}", parts[3]) and latest - OLDEST_TENDER <= int(parts[3]) <= latest
    return "" if fits else f"năm thầu “{parts[3]}” không trong {latest - OLDEST_TENDER}–{latest}. Sửa năm thầu."


def _tender_rule(number: int, table: str, title: str, source: str, look: Look) -> Rule[ClaimFacts]:
    def check(facts: ClaimFacts) -> Iterator[Say]:
        for line in _tendered(facts, table):
            parts = _parts(line)
            sentence = look(facts, parts) if parts else ""
            if sentence:
                yield about(line, sentence, "TT_THAU")

    core = "CORE-099" if table == "XML2" else "CORE-122"
    return rule(f"CLM-TENDER-{number:02d}", f"{table}: {title}", f"{core}; CHK-{table}_INFO_ERROR_{source}; QĐ 4750")(
        check
    )


_TENDER_LOOKS = (
    ("gói thầu là G1 đến G999", "GOI_THAU", _package),
    ("nhóm thầu là N1 đến N9", "NHOM_THAU", _group),
    ("năm thầu hợp lý", "NAM_THAU", _year),
)
TENDER_RULES: tuple[Rule[ClaimFacts], ...] = tuple(
    _tender_rule(place * 3 + number, table, title, source, look)
    for place, table in enumerate(("XML2", "XML3"))
    for number, (title, source, look) in enumerate(_TENDER_LOOKS, 1)
)
DRUG_RULES: tuple[Rule[ClaimFacts], ...] = (
    dose_readable,
    quantity_within_dose,
    days_within_limit,
    contrast_has_imaging,
    *TENDER_RULES,
)
