"""Do facilities, departments of lines, traditional-medicine codes and birth papers stand in their lists (QĐ 4750).

Silent without `facts.known` and on a list that the installation has not loaded, as the other rules of lists are.
"""

from collections.abc import Callable, Iterable, Iterator

from his.claims.rules.common import Say, about, rule
from his.claims.rules.listed import unknown_codes
from his.claims.terms import ClaimFacts, ServiceLine
from his.kit.rulebook import Rule

FACILITY, TRADITIONAL, DEPARTMENT = "facility", "traditional", "department"


def _destination(facts: ClaimFacts) -> Iterable[str]:
    return (facts.papers.referral.destination_code,) if facts.papers.referral else ()


# number, list, codes of the dossier, field, what to call it, basis
_NAMED: tuple[tuple[str, str, Callable[[ClaimFacts], Iterable[str]], str, str, str], ...] = (
    ("01", FACILITY, lambda f: (f.facility_code,), "XML1.MA_CSKCB", "cơ sở KCB",
     "CORE-077; CHK-XML1_ADMIN_INFO_ERROR_MA_CSKCB_NOT_FOUND"),
    ("02", FACILITY, lambda f: (c.primary_facility_code for c in f.cards), "XML1.MA_DKBD", "nơi đăng ký ban đầu",
     "CORE-028; CHK-XML1_ADMIN_INFO_ERROR_MA_DKBD_NOT_FOUND"),
    ("03", FACILITY, lambda f: (f.referred_from,), "XML1.MA_NOI_DI", "nơi chuyển đi",
     "CORE-032; CHK-XML1_ADMIN_INFO_ERROR_MA_NOI_DI_NOT_FOUND"),
    ("04", FACILITY, lambda f: (f.referred_to,), "XML1.MA_NOI_DEN", "nơi chuyển đến",
     "CORE-033; CHK-XML1_ADMIN_INFO_ERROR_MA_NOI_DEN_NOT_FOUND"),
    ("05", FACILITY, _destination, "XML13.MA_CSKCB_DEN", "nơi đến trên giấy chuyển",
     "CORE-167; CHK-XML13_INFO_ERROR_MA_CSKCB_DEN_NOT_FOUND"),
    ("06", TRADITIONAL, lambda f: f.traditional_codes, "XML1.MA_BENH_YHCT", "bệnh YHCT",
     "CORE-043; CHK-XML1_DISEASE_ICD_CODE_ERROR_MA_BENH_YHCT"),
    ("07", "ethnicity", lambda f: (b.mother_ethnicity for b in f.papers.births), "XML9.MA_DANTOC_NND", "dân tộc của mẹ",
     "CORE-159; CHK-XML9_INFO_ERROR_INVALID_MA_DANTOC_NND"),
)  # fmt: skip


def _named_rule(
    number: str, name: str, codes: Callable[[ClaimFacts], Iterable[str]], field: str, word: str, basis: str
) -> Rule[ClaimFacts]:
    def check(facts: ClaimFacts) -> Iterator[Say]:
        for code in unknown_codes(facts, name, codes(facts)):
            yield Say(f"Mã {word} “{code}” không có trong danh mục hiện hành. Chọn lại {word}.", field)

    return rule(f"CLM-CODE-{number}", f"Mã {word} có trong danh mục", basis)(check)


def _of_lines(
    number: str, title: str, basis: str, name: str, word: str, field: str, codes: Callable[[ServiceLine], Iterable[str]]
) -> Rule[ClaimFacts]:
    def check(facts: ClaimFacts) -> Iterator[Say]:
        strange = set(unknown_codes(facts, name, (c for x in facts.services for c in codes(x)))) if facts.known else ()
        for line in facts.services if strange else ():
            for code in codes(line):
                if code in strange:
                    yield about(line, f"mã {word} “{code}” không có trong danh mục. Chọn lại {word}.", field)

    return rule(f"CLM-CODE-{number}", title, basis)(check)


@rule(
    "CLM-CODE-08",
    "Mã khoa của dòng có trong danh mục",
    "CORE-110; CHK-XML2_MA_KHOA_REQ_INVALID; CHK-XML3_MA_KHOA_REQ_INVALID; QĐ 5937/QĐ-BYT",
)
def line_department(facts: ClaimFacts) -> Iterator[Say]:
    """MA_KHOA of XML2 and XML3."""
    strange = set(unknown_codes(facts, DEPARTMENT, (x.department_code for x in facts.lines))) if facts.known else ()
    for line in facts.lines if strange else ():
        if line.department_code in strange:
            yield about(line, f"mã khoa “{line.department_code}” không có trong danh mục. Chọn lại khoa.", "MA_KHOA")


LISTED_CODE_RULES: tuple[Rule[ClaimFacts], ...] = (
    *(_named_rule(*row) for row in _NAMED),
    line_department,
    _of_lines(
        "09",
        "Mã bệnh YHCT của dịch vụ có trong danh mục",
        "CORE-144; CHK-XML3_INFO_ERROR_MA_BENH_YHCT_INVALID",
        TRADITIONAL,
        "bệnh YHCT",
        "MA_BENH_YHCT",
        lambda line: line.traditional_codes,
    ),
)
