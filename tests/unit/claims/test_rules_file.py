"""Rules of the file that leaves: each fires on bytes that are really broken so; a sealed file passes all."""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import date, datetime

import pytest

from his.claims.rules.file import FILE_RULES, assess_file
from his.claims.rules.file_facts import state_file
from his.claims.signature import Signer
from his.claims.terms import WALL_CLOCK, ClaimFacts
from his.claims.xml.envelope import seal_bytes

from .full_visit import full_visit

TODAY = date(2026, 8, 11)
MADE = datetime(2026, 8, 10, 10, 0, tzinfo=WALL_CLOCK)


def inner(data: bytes, change: Callable[[bytes], bytes], number: int = 0) -> bytes:
    """The file with one table changed inside its base64."""
    start = -1
    for _ in range(number + 1):
        start = data.index(b"<NOIDUNGFILE>", start + 1)
    start += len(b"<NOIDUNGFILE>")
    end = data.index(b"</NOIDUNGFILE>", start)
    return data[:start] + b64encode(change(b64decode(data[start:end]))) + data[end:]


def swapped(table: bytes) -> bytes:
    name, born = table.index(b"<HO_TEN>"), table.index(b"<SO_CCCD>")
    end = table.index(b"<NGAY_SINH>")
    return table[:name] + table[born:end] + table[name:born] + table[end:]


def first_file(data: bytes) -> bytes:
    start, end = data.index(b"<FILEHOSO>"), data.index(b"</FILEHOSO>") + len(b"</FILEHOSO>")
    return data[start:end]


CASES: dict[str, Callable[[bytes], bytes]] = {
    "CLM-FILE-01": lambda d: d.replace(b"THONGTINDONVI", b"DONVI"),
    "CLM-FILE-02": lambda d: d.replace(b"<NGAYLAP>20260810", b"<NGAYLAP>20260812"),
    "CLM-FILE-03": lambda d: d.replace(b"<SOLUONGHOSO>1", b"<SOLUONGHOSO>2"),
    "CLM-FILE-04": lambda d: d.replace(b"</HOSO>", b"</HOSO><HOSO></HOSO>"),
    "CLM-FILE-05": lambda d: d.replace(b"<NOIDUNGFILE>", b"<NOIDUNGFILE>*"),
    "CLM-FILE-06": lambda d: d.replace(b"</HOSO>", first_file(d) + b"</HOSO>"),
    "CLM-FILE-07": lambda d: d.replace(b"<LOAIHOSO>XML2", b"<LOAIHOSO>XML3"),
    "CLM-FILE-08": lambda d: inner(d, lambda t: t.replace(b"01999.2026.000042", b"01999.2026.000043"), 1),
    "CLM-FILE-09": lambda d: inner(d, lambda t: t.replace(b"01999.2026.000042", b"01999.2026.000043")),
    "CLM-FILE-10": lambda d: d.replace(b"<LOAIHOSO>XML5", b"<LOAIHOSO>XML12"),
    "CLM-FILE-11": lambda d: d.replace(b'URI=""', b'URI="#part"'),
    "CLM-FILE-12": lambda d: d + b"\n",
    "CLM-FILE-13": lambda d: inner(d, swapped),
    "CLM-FILE-14": lambda d: d.replace(b"<MACSKCB>01999", b"<MACSKCB>01998"),
}

PAPERS: dict[str, tuple[str, bytes, bytes]] = {
    "CLM-FILE-15": ("XML7", b"<MA_YTE>BN", b"<MA_YTE>BX"),
    "CLM-FILE-16": ("XML11", b"<PP_DIEUTRI>", b"<PP_DIEUTRI>Khac "),
}


@pytest.fixture(scope="module")
def sealed(good: ClaimFacts, signer: Signer) -> bytes:
    return signer.sign(seal_bytes(good, MADE))


def codes(data: bytes, sealed: bytes) -> set[str]:
    sha = hashlib.sha256(sealed).hexdigest()
    facts = state_file(data, TODAY, sealed_sha256=sha, dossier_code="01999.2026.000042")
    return {finding.code for finding in assess_file(facts)}


@pytest.mark.parametrize("code", CASES)
def test_rule_fires_on_broken_bytes(code: str, sealed: bytes) -> None:
    broken = CASES[code](sealed)
    assert broken != sealed
    assert code in codes(broken, sealed)


def test_a_sealed_file_passes_every_rule(sealed: bytes) -> None:
    assert codes(sealed, sealed) == set()


def test_a_file_with_another_hash_of_signature_is_refused(sealed: bytes) -> None:
    weak = sealed.replace(b"http://www.w3.org/2001/04/xmlenc#sha256", b"http://www.w3.org/2000/09/xmldsig#sha1")
    assert "CLM-FILE-11" in codes(weak, sealed)


def test_every_rule_of_the_file_has_a_case() -> None:
    assert [rule.code for rule in FILE_RULES] == [*CASES, *PAPERS]


@pytest.mark.parametrize("code", PAPERS)
def test_papers_that_differ_from_the_header_are_named(code: str, signer: Signer) -> None:
    data = signer.sign(seal_bytes(full_visit(), MADE))
    assert [f for f in assess_file(state_file(data, TODAY)) if f.code in PAPERS] == []
    table, old, new = PAPERS[code]
    names = [part.split(b"<", 1)[0].decode() for part in data.split(b"<LOAIHOSO>")[1:]]
    broken = inner(data, lambda t: t.replace(old, new, 1), names.index(table))
    found = [f for f in assess_file(state_file(broken, TODAY)) if f.code in PAPERS]
    assert [(f.code, f.expression.split(".")[0]) for f in found] == [(code, table)]
