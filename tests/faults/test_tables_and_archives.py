"""Trial 44: files that leave and files that come: no formula in a table, no fetch by the printer, no exploding archive."""

import contextlib
import csv
import io
import random
import socket
import threading
import urllib.request
import zipfile
from datetime import date

import openpyxl
import pytest

from his.billing.print.parts import para, rich, safe
from his.kit.archive import MAX_MEMBERS, unpack
from his.kit.errors import HisError
from his.kit.pdf import register_fonts
from his.kit.sheets import FORMULA_SIGNS, inert
from his.settlement.papers import csv_text, workbook
from his.settlement.terms import Paper, Sheet
from tests.faults import trial

COUNT = trial.count("HIS_TABLES", 200)
STARTS = ("=", "+", "-", "@", "\t=", "\r=", " =", "\n=", "\x00=", "＝", "＋", "－", "＠", '"=', "'=", "%0A=", "\u200b=")
BODIES = (
    "1+1", 'HYPERLINK("http://evil","x")', "cmd|' /C calc'!A0", 'WEBSERVICE("http://evil")', "DDE(\"cmd\";\"/C calc\")", "SUM(A1:A9)",
    "IMPORTXML(\"http://evil\",\"//a\")", "2+5+cmd|' /C calc'!A0",
)  # fmt: skip


def hostile(count: int) -> list[str]:
    chance = random.Random(trial.seed())
    return [chance.choice(STARTS) + chance.choice(BODIES) for _ in range(count)]


def sheet_of(texts: list[str]) -> Sheet:
    return Sheet("Danh sách", ["Mã", "Tên"], [[f"{n}", value] for n, value in enumerate(texts)], widths=[10, 40])


def paper_of(texts: list[str]) -> Paper:
    return Paper(
        name="01", basis="", form="01/BH", title=texts[0], unit=texts[1], unit_code="97002", period_words="11/2026", state_words="", sheets=[sheet_of(texts)],
    )  # fmt: skip


def formulas_in_csv(content: str) -> int:
    rows = csv.reader(io.StringIO(content.removeprefix("\ufeff")))
    return sum(cell.startswith(FORMULA_SIGNS) for row in rows for cell in row)


def formulas_in_workbook(content: bytes) -> int:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return sum(cell.data_type == "f" for page in book for row in page.iter_rows() for cell in row)


def test_no_cell_is_a_formula() -> None:
    texts = hostile(COUNT)
    got = formulas_in_csv(csv_text(sheet_of(texts))) + formulas_in_workbook(workbook(paper_of(texts)))
    trial.report("44-tables", n=2 * COUNT, expected=0, got=got, seed=trial.seed())


def test_a_plain_writer_would_write_formulas() -> None:
    """The sabotage: the same cells without care."""
    out, book = io.StringIO(), openpyxl.Workbook()
    csv.writer(out).writerows([[value] for value in hostile(50)])
    for value in hostile(50):
        book.active.append([openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", value)])
    saved = io.BytesIO()
    book.save(saved)
    assert formulas_in_csv(out.getvalue()) > 0
    assert formulas_in_workbook(saved.getvalue()) > 0


@pytest.mark.parametrize("value", ["Nguyễn Thị Hoa", "97002", "", "a=b", 12, None])
def test_honest_cells_stay_as_they_are(value) -> None:
    assert inert(value) == value


def archive(members: list[tuple[str, bytes]], **options) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as made:
        for name, content in members:
            made.writestr(name, content)
    return out.getvalue()


def lying(content: bytes) -> bytes:
    """The same archive, with every stated size of the open content set to one."""
    data = bytearray(content)
    for sign, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = data.find(sign)
        while at >= 0:
            data[at + place : at + place + 4] = (1).to_bytes(4, "little")
            at = data.find(sign, at + 4)
    return bytes(data)


BOMBS = {
    "one large member": archive([("a.xml", b"0" * (17 << 20))]),
    "ratio": archive([("a.xml", b"0" * (8 << 20))]),
    "many small": archive([(f"{n}.xml", b"x") for n in range(MAX_MEMBERS + 1)]),
    "together too large": archive([(f"{n}.bin", random.Random(n).randbytes(1 << 20) * 15) for n in range(6)]),
    "a lie about the size": lying(archive([("a.xml", b"0" * (1 << 20))])),
    "an archive in an archive": archive([("inner.zip", archive([("a.xml", b"<a/>")]))]),
    "cut off": archive([("a.xml", b"<a/>" * 1000)])[:-40],
    "no archive": b"PK\x03\x04" + b"\x00" * 100,
}


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_an_archive_that_explodes_is_refused(name: str) -> None:
    with pytest.raises(HisError):
        unpack(BOMBS[name])


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..\\..\\x", "C:\\x"])
def test_a_name_that_climbs_writes_nothing(name: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with contextlib.suppress(HisError):
        unpack(archive([(name, b"<a/>")]))
    assert list(tmp_path.iterdir()) == []


def knocks(draw) -> int:
    """How many connections a piece of work opens to a listener of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        seen = []

        def listen():
            try:
                while True:
                    connection, _ = server.accept()
                    seen.append(1)
                    connection.close()
            except OSError:
                return

        listener = threading.Thread(target=listen)
        listener.start()
        draw(f"http://127.0.0.1:{server.getsockname()[1]}/x.png")
        listener.join()
        return len(seen)


def test_a_print_fetches_nothing() -> None:
    register_fonts()

    def typed(address: str) -> None:
        for text in (f'<img src="{address}"/>', f'<a href="{address}">x</a>', f'<para><img src="{address}"/></para>', f"file:///etc/passwd {address}"):  # fmt: skip
            para(text).wrap(400, 400)
            rich(f"<b>{safe(text)}</b>").wrap(400, 400)

    def careless(address: str) -> None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=2)

    trial.report("44-prints", n=8, expected=0, got=knocks(typed))
    assert knocks(careless) > 0, "the listener hears a printer that fetches"


def test_days_are_no_formulas() -> None:
    assert inert(date(2026, 11, 28)) == date(2026, 11, 28)
