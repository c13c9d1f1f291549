"""Every word a reader sees in a template can be read in English, and no catalogue keeps a word nobody shows.

Sentences of rules and services (findings, errors) are quoted in records and claims, so they stay Vietnamese.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po
from jinja2 import nodes

from his.billing import pages as billing
from his.billing import service as payments
from his.billing.pages.donors import DONOR_MODES, DONOR_SOURCES
from his.billing.rules.form import FORM_GROUPS, OTHER
from his.breakglass import terms as breakglass
from his.consultation.pages import record
from his.consultation.view import facts, signing
from his.encounters.terms import NOTE_KINDS
from his.orders.terms import ANAESTHESIA, WORK_KINDS
from his.papers import pages as papers
from his.papers.terms import FORMS, TITLES
from his.pharmacy.terms import MOVE_NAMES
from his.reporting import service as reporting
from his.reporting.pages import board, system
from his.reporting.terms import SEXES, SPLITS
from his.settlement import view as settlement
from his.settlement.papers.summary import STEPS
from his.settlement.rules.forms import FORMS as SETTLEMENT_FORMS
from his.smart import terms as smart
from his.wards import terms as wards
from his.web import i18n, keys, page
from tests.unit.web import practice_words, trail_words

HIS = Path(__file__).parents[3] / "his"
GALLERY = {"web/templates/parts.html", "web/templates/parts_exam.html"}  # examples with invented people
NOT_WORDS = {"KB", "BHYT", "SHA-256", "Ctrl K", "Enter", "Esc", "required"}
"""A card's name, a hash, key caps, an attribute."""
OWN_LETTERS = {"đ", "đồng", "ẩn"}  # the currency, and the word a hidden cell of an export holds
ALLOWED = {"đ", "đồng", "tuổi", "Từ"}  # the currency; parts cut from an age group to fit a narrow column
VIETNAMESE = re.compile("[àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ]", re.IGNORECASE)
GETTEXT = {"_", "gettext", "ngettext"}


@cache
def _modules() -> dict[str, ast.Module]:
    paths = sorted(HIS.rglob("*.py"))
    return {p.relative_to(HIS).as_posix(): ast.parse(p.read_text(encoding="utf-8")) for p in paths}


def _cases(module: str) -> list[str]:
    """The words a `match` of a module answers to."""
    tree = _modules()[module]
    found = [
        n.value.value for n in ast.walk(tree) if isinstance(n, ast.MatchValue) and isinstance(n.value, ast.Constant)
    ]
    return [str(value) for value in found]


def _returned(module: str, function: str) -> list[str]:
    """The Vietnamese words a function of a module can return."""
    tree = _modules()[module]
    body = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == function)
    return [n.value for n in ast.walk(body) if isinstance(n, ast.Constant) and VIETNAMESE.search(str(n.value))]


def _menu() -> list[str]:
    """The labels of the top bar, written in the `MENU` of every slice."""
    found = []
    for tree in _modules().values():
        for n in ast.walk(tree):
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "MenuItem" and n.args:
                found.append(ast.literal_eval(n.args[0]))
    return found


KEY_WORDS = [k.label for k in (*keys.KEYS, *keys.HINTS) if k.label]
CHOSEN: Mapping[tuple[str, str], Iterable[str]] = {
    ("billing/templates/_bill.html", "bill.provisional_reason"): (),  # a sentence of the service
    ("billing/templates/_list.html", "word"): billing.STATES.values(),
    ("billing/templates/_list.html", "name"): payments.METHOD_NAMES.values(),
    ("billing/templates/_list.html", "methods[p.method]"): payments.METHODS.values(),
    ("breakglass/templates/open.html", "word"): breakglass.REASONS.values(),
    ("breakglass/templates/queue.html", "reasons[one.row.reason_code]"): breakglass.REASONS.values(),
    ("breakglass/templates/queue.html", "verdicts[one.row.verdict]"): breakglass.VERDICTS.values(),
    ("consultation/templates/differences.html", "d.label"): NOTE_KINDS.values(),
    ("consultation/templates/vitals_form.html", "label"): [label for _, label, _ in record.VITAL_FIELDS],
    ("consultation/view/facts.py", "GENDERS.get(patient.gender, 'Khác')"): [*facts.GENDERS.values(), "Khác"],
    ("consultation/view/facts.py", "name"): [*facts.SHORT_VITALS.values(), "BMI", "SpO₂"],
    ("consultation/view/signing.py", "finding.action"): _cases("consultation/view/signing.py"),
    ("consultation/view/signing.py", "state"): [*(word for word, _, _ in signing.STATES.values()), "đã làm"],
    ("billing/pages/donors.py", "word"): [word for _, word in (*DONOR_MODES, *DONOR_SOURCES)],
    ("orders/pages.py", "word"): [word for _, word in (*WORK_KINDS, *ANAESTHESIA)],
    ("papers/pages.py", "GENDERS.get(patient.gender, 'Khác')"): [*papers.GENDERS.values(), "Khác"],
    ("wards/pages.py", "word"): [*wards.KINDS.values(), *wards.ADMISSIONS.values()],
    ("wards/pages.py", "GENDERS.get(patient.gender, 'Khác')"): [*papers.GENDERS.values(), "Khác"],
    ("papers/templates/_papers.html", "c.title"): TITLES.values(),
    ("papers/templates/_papers.html", "titles[s.row.kind]"): TITLES.values(),
    ("papers/templates/_papers.html", "titles[kind]"): TITLES.values(),
    ("papers/templates/_papers.html", "states[s.row.state]"): papers.STATES.values(),
    ("papers/templates/_papers.html", "item.label"): [i.label for items in FORMS.values() for i in items],
    ("papers/templates/_papers.html", "item.hint"): [i.hint for items in FORMS.values() for i in items if i.hint],
    ("papers/templates/_papers.html", "w"): [w for items in FORMS.values() for i in items for _, w in i.choices],
    ("pharmacy/templates/_lot.html", "names[m.kind]"): MOVE_NAMES.values(),
    **practice_words.CHOSEN,
    **trail_words.CHOSEN,
    ("reporting/templates/_board.html", "word"): board.KINDS.values(),
    ("reporting/templates/_definition_body.html", "split_word(split)"): [reporting.split_word(s) for s in SPLITS],
    ("reporting/templates/day_close.html", "v.waiting_for"): _returned("reporting/store/upkeep.py", "_waits_for"),
    ("reporting/templates/morbidity.html", "word"): SEXES.values(),
    ("reporting/templates/system.html", "names.get(c.name, c.name)"): system.LISTS.values(),
    ("reporting/templates/system.html", "word"): system.KINDS.values(),
    ("settlement/templates/month.html", "state_word"): [word for word, _, _ in settlement.CHIPS.values()],
    ("settlement/templates/months.html", "r.word"): [word for word, _, _ in settlement.CHIPS.values()],
    ("settlement/templates/units.html", "r.word"): [word for word, _, _ in settlement.CHIPS.values()],
    ("settlement/templates/month.html", "next_words"): settlement.NEXT.values(),
    ("settlement/templates/month.html", "month.form.title"): [dated.value.title for dated in SETTLEMENT_FORMS],
    ("settlement/templates/month.html", "p.words"): settlement.PAPER_WORDS,
    ("settlement/templates/month.html", "word"): STEPS.values(),
    ("settlement/templates/month.html", "g.title"): [group.title for group in (*FORM_GROUPS, OTHER)],
    ("settlement/templates/month.html", "r.title"): settlement.ROW_TITLES,
    ("smart/view.py", "word"): smart.SPOKEN,
    ("smart/templates/clients.html", "word"): smart.KINDS.values(),
    ("web/templates/base.html", "item.label"): _menu(),
    ("web/templates/base.html", "k.label"): KEY_WORDS,
    ("web/templates/keys.html", "titles[context]"): (),  # context_names() has translated them
    ("web/templates/keys.html", "k.label"): KEY_WORDS,
    ("web/keys.py", "title"): keys.CONTEXTS.values(),
    ("web/keys.py", "k.label"): KEY_WORDS,
    ("web/page.py", "NEXT_STEP.get(error.kind, '')"): page.NEXT_STEP.values(),
}
"""Where gettext gets a variable: every word the variable can hold."""


@dataclass
class Extract:
    """What the sources show: message -> slices that use it, messages of templates, and calls with an unknown variable."""

    used: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    formatted: set[str] = field(default_factory=set)
    variables: set[tuple[str, str]] = field(default_factory=set)


def _written(node: nodes.Node) -> str:
    """A Jinja expression as it is written in the template."""
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return f"{_written(node.node)}.{node.attr}"
        case nodes.Getitem():
            return f"{_written(node.node)}[{_written(node.arg)}]"
        case nodes.Call():
            return f"{_written(node.node)}({', '.join(_written(a) for a in node.args)})"
        case _:
            return repr(node)


def _is_gettext(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in GETTEXT


@cache
def _templates() -> list[tuple[str, nodes.Template]]:
    paths = sorted(HIS.glob("*/templates/**/*.html"))
    return [(p.relative_to(HIS).as_posix(), page.templates.parse(p.read_text(encoding="utf-8"))) for p in paths]


def _python_calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call of `his.web.i18n.gettext` in a module, under whatever name it was imported."""
    for module, tree in _modules().items():
        names = {"i18n.gettext", "i18n.ngettext"}
        for n in ast.walk(tree):
            if isinstance(n, ast.ImportFrom) and n.module == "his.web.i18n":
                names |= {a.asname or a.name for a in n.names if a.name in GETTEXT}
        for n in ast.walk(tree):
            if isinstance(n, ast.Call) and ast.unparse(n.func) in names and module != "web/i18n.py":
                yield module, n


@cache
def extract() -> Extract:
    """All messages of all templates and modules."""
    found = Extract()
    for name, tree in _templates():
        for call in filter(_is_gettext, tree.find_all(nodes.Call)):
            for arg in call.args[: 2 if call.node.name == "ngettext" else 1]:  # type: ignore[attr-defined]
                if isinstance(arg, nodes.Const):
                    found.used[arg.value].add(name.split("/")[0])
                    found.formatted.add(arg.value)
                else:
                    found.variables.add((name, _written(arg)))
    for name, python_call in _python_calls():
        first = python_call.args[0]
        if isinstance(first, ast.Constant):
            found.used[str(first.value)].add(name.split("/")[0])
        else:
            found.variables.add((name, ast.unparse(first)))
    for name, expression in found.variables:
        for word in CHOSEN.get((name, expression), ()):
            found.used[word].add(name.split("/")[0])
            if name.endswith(".html"):
                found.formatted.add(word)
    return found


@cache
def catalogues() -> dict[str, dict[str, str]]:
    """Slice -> message -> English, as the files hold them."""
    found = {}
    for path in i18n.CATALOGUES:
        with path.open("rb") as file:
            found[path.relative_to(HIS).parts[0]] = {str(m.id): str(m.string) for m in read_po(file) if m.id}
    return found


def _outside(node: nodes.Node) -> Iterator[str]:
    """The text and the constants of a template that do not pass through gettext."""
    if _is_gettext(node):
        return
    if isinstance(node, nodes.TemplateData):
        yield node.data
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    for child in node.iter_child_nodes():
        yield from _outside(child)


def _markup(node: nodes.Node) -> Iterator[str]:
    """The text of a template in its order, each expression as one mark; block contents that are class names left out."""
    if isinstance(node, nodes.TemplateData):
        yield node.data
    elif isinstance(node, nodes.Expr):
        yield "\0"
    elif not (isinstance(node, nodes.Block) and node.name == "main_class"):
        for child in node.iter_child_nodes():
            yield from _markup(child)


def test_every_message_has_an_english_text() -> None:
    assert len(extract().used) > 900
    assert sorted(m for m in extract().used if not i18n.ENGLISH.get(m)) == []


def test_every_variable_given_to_gettext_is_known() -> None:
    assert extract().variables ^ set(CHOSEN) == set()


def test_placeholders_are_those_of_the_message() -> None:
    for message, english in i18n.ENGLISH.items():
        assert sorted(re.findall(r"%\((\w+)\)s", message)) == sorted(re.findall(r"%\((\w+)\)s", english)), message
    for message in extract().formatted:  # a template formats what gettext returns
        for text in (message, i18n.ENGLISH.get(message, "")):
            assert "%" not in re.sub(r"%\(\w+\)s|%%", "", text), text


def test_no_entry_is_unused() -> None:
    assert sorted(set(i18n.ENGLISH) - set(extract().used)) == []


def test_a_message_lives_in_the_catalogue_of_its_slice_or_of_the_web() -> None:
    wrong = []
    for place, entries in catalogues().items():
        for message in entries:
            users = extract().used.get(message, set())
            wrong += [(place, message)] if place != ("web" if len(users) > 1 else next(iter(users), "")) else []
    assert wrong == []


def test_english_is_english() -> None:
    left = {
        word for english in i18n.ENGLISH.values() for word in re.findall(r"\w+", english) if VIETNAMESE.search(word)
    }
    assert left - OWN_LETTERS == set()


def test_no_vietnamese_word_stands_outside_gettext() -> None:
    bare = [
        (name, text.strip())
        for name, tree in _templates()
        for text in _outside(tree)
        if name not in GALLERY and VIETNAMESE.search(text)
    ]
    assert [found for found in bare if found[1] not in ALLOWED] == []


def test_no_text_node_stands_outside_gettext() -> None:
    bare = []
    for name, tree in _templates():
        text = re.sub(
            r"<(style|script)\b.*?</\1>|<[^>]*>|\s[\w-]+=\"[^\"]*\"", "\n", "".join(_markup(tree)), flags=re.DOTALL
        )
        words = {w.strip() for w in re.split(r"[\n\0]", text) if re.search(r"[^\W\d_]{2}", w)}
        bare += [(name, w) for w in sorted(words - NOT_WORDS) if name not in GALLERY]
    assert bare == []
