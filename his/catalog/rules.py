"""Pure decisions on code lists: how an ingredient is recognised, what kind a service is, which limits hold."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from his.catalog.terms import COST_GROUP_OF_KIND, Limits, ServiceKind
from his.kit.text import fold

_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_JOIN = re.compile(r"\s*(?:\+|;|/|,(?!\d))\s*")
_NOT_LETTER = re.compile(r"[^a-z0-9/]")
_SALTS = re.compile(
    r"\b(?:di|tri|mono|hemi)?(?:hydroc(?:h?)lorid|hcl|maleat|fumarat|besilat|besylat|sul(?:f|ph)at|phosphat|citrat|tartrat|"
    r"succinat|acetat|mesilat|mesylat|axetil|acetil|proxetil|erbumin|arginin|hydrobromid|hydrat|propionat|disoproxil|hydrogen|"
    r"sodium|calcium|potassium|magnesium|natri|calci|kali|magnesi)e?\b"
)
_SPELLINGS = (("ph", "f"), ("th", "t"), ("ch", "c"), ("y", "i"))
_DOUBLED = re.compile(r"([a-z])\1+")
ORAL = "@uong"
INJECTED = "@tiem"


@lru_cache(maxsize=8192)
def ingredient_key(name: str) -> str:
    """The form in which an active ingredient is compared: no marks, salts, brackets, spaces, or English spelling.

    `Amoxicillin`, `Amoxicilin trihydrat` and `AMOXICILIN*` are one key; `Natri clorid` keeps its salt, being one.
    """
    plain = _BRACKETS.sub(" ", fold(name)).split("+/-")[0].strip()
    stripped = _SALTS.sub(" ", plain)
    if len(stripped.strip()) < 4 or stripped.split()[:1] in (["clorid"], ["gluconat"], ["lactat"], ["glubionat"]):
        stripped = plain
    words = [word[:-1] if len(word) > 5 and word.endswith("e") else word for word in re.split(r"[\s*.\-]+", stripped)]
    text = _NOT_LETTER.sub("", "".join(words))
    for wrong, right in _SPELLINGS:
        text = text.replace(wrong, right)
    return _DOUBLED.sub(r"\1", text)


def route_mark(name: str) -> str:
    """The route that a pair of the interaction list is limited to, read from its bracket; empty when any route counts."""
    words = fold(name)
    if re.search(r"\((?:[^)]*)(?:tiem|tinh mach)|duong tinh mach", words):
        return INJECTED
    return ORAL if re.search(r"\([^)]*\b(?:uong|vien)\b", words) else ""


def pair_key(name: str) -> str:
    """The key of one side of an interaction pair: the ingredient, and the route it is limited to."""
    return ingredient_key(name) + route_mark(name)


def ingredient_keys(ingredient: str, route_code: str = "", synonyms: Mapping[str, str] | None = None) -> set[str]:
    """All keys under which a drug with this composition can stand in the interaction list.

    `ingredient` is its components joined by ` + `; `route_code` (1.xx by mouth, 2.xx injected) may be empty: then both count.
    """
    known = synonyms or {}
    parts: list[str] = []
    for part in _JOIN.split(ingredient):
        names = [part, *re.findall(r"\(([^)]+)\)", part)]
        parts += [key for key in (ingredient_key(name) for name in names) if len(key) > 2]
    keys = {known.get(key, key) for key in parts} | set(parts)
    keys |= {f"{a}/{b}" for a in keys for b in keys if a != b} if len(parts) > 1 else set()
    marks = {"1": (ORAL,), "2": (INJECTED,), "": (ORAL, INJECTED)}.get(route_code[:1], ())
    return keys | {key + mark for key in keys for mark in marks}


def allergy_groups_of(ingredient: str, groups: Mapping[str, Sequence[str]]) -> list[str]:
    """Codes of the allergy groups that the ingredients belong to; a pattern `cef*` means every name that begins so."""
    keys = ingredient_keys(ingredient, "9")
    found = []
    for code, patterns in groups.items():
        for pattern in patterns:
            wanted = ingredient_key(pattern.rstrip("*"))
            if any(key.startswith(wanted) if pattern.endswith("*") else key == wanted for key in keys):
                found.append(code)
                break
    return found


def claim_code(code: str) -> str:
    """MA_DICH_VU of a service code: what follows `~` only tells apart two prices under one official code."""
    return code.split("~", 1)[0]


_SURGERY = re.compile(
    r"^(?:phau thuat|vi phau|cat |mo |ghep |tao hinh|noi |khau phuc hoi|dong dinh|ket hop xuong|co dinh )"
)
_NOT_SURGERY = re.compile(r"^(?:cat chi|mo khi quan|mo thong|noi soi|cat loc|cat chi khau)")
_INTERVENTION = re.compile(
    r"can thiep|(?<!khong )sinh thiet|lay di vat|lay soi|dat |nong |cat |tiem |that |thao |bom |nut |dot |dan luu|hut |mo thong|"
    r"cam mau|dieu tri|choc |go bo|bit |tan soi|roi |chich|trich"
)
_LAB_IN_19 = re.compile(r"^dinh luong|mien dich phong xa")
_TRANSFUSION = re.compile(r"^(?:rut mau|gan |truyen|lay tuy|thay |trao doi|dieu che|tach |choc hut|lay mau|ghep |loc )")


def service_kind(code: str, name: str) -> ServiceKind:
    """The kind of a service of a price list that does not say it.

    The last four digits of the code are its line in the national price list (TT 22/2023/TT-BYT and its successors), whose
    sections are: 1-70 imaging, 1213-1769 laboratory, 1770-1822 functional tests, 1895-1900 examinations. For the rest the
    chapter (first two digits) and the first words of the name decide.
    """
    words = fold(name)
    last = claim_code(code).rsplit(".", 1)[-1]
    chapter, line = code[:2], int(last) if last.isdigit() else 0
    if 1895 <= line <= 1900 and words.startswith(("kham", "hoi chan")):
        return ServiceKind.EXAM
    if words.startswith("giuong") or words.startswith("ngay giuong"):
        return ServiceKind.BED
    if (_SURGERY.match(words) and not _NOT_SURGERY.match(words) and line not in range(1, 311)) or chapter == "26":
        return ServiceKind.SURGERY
    if chapter in ("27", "28"):
        return ServiceKind.SURGERY
    if 1 <= line <= 70:
        return ServiceKind.PROCEDURE if 48 <= line <= 64 and _INTERVENTION.search(words) else ServiceKind.IMAGING
    if 1213 <= line <= 1769 or chapter in ("22", "23", "24", "25") or words.startswith("dinh luong"):
        return ServiceKind.PROCEDURE if chapter == "22" and _TRANSFUSION.match(words) else ServiceKind.LAB
    if chapter == "19":
        return ServiceKind.LAB if _LAB_IN_19.search(words) else _nuclear(words)
    if 1770 <= line <= 1822 or chapter == "21":
        return ServiceKind.FUNCTIONAL
    return _by_words(chapter, words)


def _nuclear(words: str) -> ServiceKind:
    return ServiceKind.PROCEDURE if "dieu tri" in words else ServiceKind.IMAGING


def _by_words(chapter: str, words: str) -> ServiceKind:
    if chapter == "18":
        return ServiceKind.PROCEDURE if _INTERVENTION.search(words) else ServiceKind.IMAGING
    if words.startswith(("noi soi", "soi ")) or chapter == "20":
        return ServiceKind.PROCEDURE if _INTERVENTION.search(words) else ServiceKind.FUNCTIONAL
    if _INTERVENTION.search(words) or words.startswith("do de"):
        return ServiceKind.PROCEDURE
    if words.startswith(("do ", "holter", "dien tim", "dien nao", "ghi dien", "tham do", "test ", "nghiem phap")):
        return ServiceKind.FUNCTIONAL
    return ServiceKind.PROCEDURE


def cost_group(kind: ServiceKind) -> str:
    """MA_NHOM of a kind of service (QĐ 5937/QĐ-BYT, appendix 3)."""
    return COST_GROUP_OF_KIND[kind]


_PACK_UNITS = (
    ("vien", "Viên"),
    ("goi", "Gói"),
    ("ong", "Ống"),
    ("lo", "Lọ"),
    ("tuyp", "Tuýp"),
    ("tup", "Tuýp"),
    ("chai", "Chai"),
    ("tui", "Túi"),
    ("binh", "Bình"),
    ("bom tiem", "Bơm tiêm"),
    ("but", "Bút"),
    ("mieng", "Miếng"),
)


def unit_of_packing(packing: str) -> str:
    """The unit in which a drug is counted, read from its packing: `Hộp 3 vỉ x 10 viên` -> `Viên`; empty when unclear."""
    words = f" {re.sub(r'[^a-z0-9]+', ' ', fold(packing))} "
    for word, unit in _PACK_UNITS:
        if f" {word} " in words:
            return unit
    return ""


def limits_for(ranges: Iterable[Mapping[str, Any]], age_days: int, sex: str) -> Limits | None:
    """The reference range of an analyte for an age in days and a sex (`M`, `F`, anything else: both); None = no range."""
    best: Mapping[str, Any] | None = None
    for row in ranges:
        if not int(row["age_from_days"]) <= age_days <= int(row["age_to_days"]):
            continue
        if row.get("sex") in ("", None) and best is None:
            best = row
        if row.get("sex") and row["sex"] == sex:
            return _limits(row)
    return None if best is None else _limits(best)


def _limits(row: Mapping[str, Any]) -> Limits:
    def number(key: str) -> Decimal | None:
        value = row.get(key)
        return None if value is None else Decimal(str(value))

    return Limits(
        number("low"),
        number("high"),
        number("critical_low"),
        number("critical_high"),
        expected=str(row.get("expected") or ""),
    )


def query_words(text: str) -> list[str]:
    """The words of a search, folded; dots inside a code vanish (`e11.9` -> `e119`), at most eight words."""
    words = [re.sub(r"[^a-z0-9]", "", word) for word in re.split(r"[\s,;/+()\[\]\-]+", fold(text))]
    return [word for word in words if word][:8]


COMMON = "+"  # no word of a query can match it


def search_text(code: str, *texts: str, common: bool = False) -> str:
    """What a row is found by: its code without dots, then every word of the texts, each between spaces.

    `common` marks what clinics use every day, so that it comes before rarer entries with the same words.
    """
    words = [re.sub(r"[^a-z0-9]", "", fold(code))]
    for text in texts:
        words += re.split(r"[^a-z0-9.,%]+", fold(text))
    cleaned = (re.sub(r"[^a-z0-9]", "", word) for word in words)
    return f" {' '.join([*(word for word in cleaned if word), *([COMMON] if common else [])])} "
