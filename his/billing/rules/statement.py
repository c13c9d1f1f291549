"""The computation of a visit in sentences that anyone in a clinic can follow."""

from his.billing.rules.labels import number, percent
from his.billing.terms import LineShare, PackageShare, VisitShare
from his.kit.money import vnd

# Steps told once for the visit (card, rate) are not repeated for every line.
_LINE_FAMILIES = ("BIL-EXAM-", "BIL-OPER-", "BIL-BED-", "BIL-SCOPE-", "BIL-SPLIT-", "BIL-CARD-03")


_CARD_CODES = ("BIL-CARD-01", "BIL-CARD-02", "BIL-CARD-04")


def explain(visit: VisitShare) -> list[str]:
    """Vietnamese sentences in reading order: category, cards, the 15 % test, exemption, odd lines, supplies, the sums."""
    opening, closing = list(visit.explanation[:-1]), visit.explanation[-1:]
    sentences = [step.text for step in opening[:1]]
    sentences += _card_sentences(visit)
    sentences += [step.text for step in opening[1:]]
    for number_, line in enumerate(visit.lines, start=1):
        sentences += _line_sentences(number_, line)
    for number_, package in enumerate(visit.packages, start=1):
        sentences += _package_sentences(number_, package)
    sentences += [step.text for step in closing]
    return sentences


def explain_line(line: LineShare) -> list[str]:
    """Every step of one line, then its parts in one sentence (the explain button of a statement line)."""
    return [*(step.text for step in line.explanation), _parts(line)]


def _card_sentences(visit: VisitShare) -> list[str]:
    """Each card or exception once, in the order in which the lines met it."""
    steps = [step for line in visit.lines for step in line.explanation]
    steps += [step for package in visit.packages for step in package.explanation]
    cards = [step.text for step in steps if step.code in _CARD_CODES]
    return list(dict.fromkeys(cards))


def _line_sentences(index: int, line: LineShare) -> list[str]:
    return [f"Dòng {index}: {step.text}" for step in line.explanation if step.code.startswith(_LINE_FAMILIES)]


def _package_sentences(index: int, package: PackageShare) -> list[str]:
    steps = [f"Gói vật tư {index}: {step.text}" for step in package.explanation if step.code.startswith("BIL-DEV-")]
    parts = (
        f"Gói vật tư {index}: mức hưởng {percent(package.benefit_rate)}, quỹ trả {vnd(package.insurer_share)}, "
        f"cùng chi trả {vnd(package.copayment)}, tự trả {vnd(package.self_paid)}."
    )
    return [*steps, parts]


def _parts(line: LineShare) -> str:
    text = (
        f"{number(line.quantity)} đơn vị, thành tiền {vnd(line.amount_hospital)}, trong phạm vi "
        f"{vnd(line.amount_covered)}, mức hưởng {percent(line.benefit_rate)}: quỹ trả {vnd(line.insurer_share)}, "
        f"cùng chi trả {vnd(line.copayment)}, tự trả {vnd(line.self_paid)}"
    )
    return f"{text}, nguồn khác {vnd(line.other_sources)}." if line.other_sources else f"{text}."
