"""Does every value fit the tables: one rule per table and kind of flaw, generated from the table descriptions."""

from collections.abc import Callable, Iterator

from his.claims.rules.common import ERROR
from his.claims.terms import ClaimFacts
from his.claims.xml.checkin import CHECKIN
from his.claims.xml.table import Flaw
from his.claims.xml.xml1 import XML1
from his.claims.xml.xml2 import XML2
from his.claims.xml.xml3 import XML3
from his.claims.xml.xml4 import XML4
from his.claims.xml.xml5 import XML5
from his.kit.errors import Finding
from his.kit.rulebook import Rule

TableCheck = Callable[[ClaimFacts], list[Finding]]

_TITLES = {
    Flaw.MISSING: ("trường bắt buộc có giá trị", "REQ"),
    Flaw.TOO_LONG: ("giá trị không dài quá mức của chuẩn", "LEN"),
    Flaw.NOT_A_NUMBER: ("trường số viết đúng dạng số", "LEN; CORE-074"),
    Flaw.BAD_CHARACTER: ("không có ký tự điều khiển", "CORE-005"),
}


def _rules(name: str, number: int, check: TableCheck) -> Iterator[Rule[ClaimFacts]]:
    for flaw, (title, source) in _TITLES.items():
        code = f"CLM-FORM-{number}{flaw.value}"

        def run(facts: ClaimFacts, code: str = code) -> list[Finding]:
            return [finding for finding in check(facts) if finding.code == code]

        basis = f"{source}-{name}; QĐ 4750/QĐ-BYT, QĐ 3176/QĐ-BYT" if source in {"REQ", "LEN"} else f"{source}; QĐ 4750"
        yield Rule(code, f"Bảng {name}: {title}", basis, ERROR, run, table=name)


FORM_RULES: tuple[Rule[ClaimFacts], ...] = (
    *_rules(XML1.name, XML1.number, XML1.check),
    *_rules(XML2.name, XML2.number, XML2.check),
    *_rules(XML3.name, XML3.number, XML3.check),
    *_rules(XML4.name, XML4.number, XML4.check),
    *_rules(XML5.name, XML5.number, XML5.check),
)
CHECK_IN_FORM_RULES: tuple[Rule[ClaimFacts], ...] = tuple(_rules(CHECKIN.name, CHECKIN.number, CHECKIN.check))
