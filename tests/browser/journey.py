"""One insured person from the door to the insurer's decision, step by step, with whatever hands the test gives."""

import re
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import psycopg
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from tests.browser.conftest import House
from tests.browser.hands import Hands

ROOM, UNIT = "103", 2
CHEST_CT, HBA1C, EXAM_FEE = 550_100, 105_300, 36_500  # the catalogue's prices, VND
CO_PAY_FREE = Decimal("379500")  # 15 % of the reference amount of 2 530 000 đ: a smaller bill costs the patient nothing
SHARE_URL = "urn:his/StructureDefinition/charge-share"
DAY_FIGURE = """SELECT coalesce(sum(value), 0)::int FROM stat_cell
WHERE unit_id = %s AND day = %s AND indicator = 'A01' AND split = 'all'"""


def money(text: str) -> int:
    """The amount in a Vietnamese text like `539.440 đ`."""
    return int(re.sub(r"[^\d]", "", text) or 0)


def pdf_text(content: bytes) -> str:
    """All words of a PDF, blanks made equal."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages).split())


class CloseWatch(threading.Thread):
    """Looks at the database every few milliseconds: when the visit was closed, when the day's figure counted it."""

    def __init__(self, dsn: str, visit: str, day: Any, before: int) -> None:
        super().__init__(daemon=True)
        self.dsn, self.visit, self.day, self.before = dsn, visit, day, before
        self.closed: float | None = None
        self.counted: float | None = None
        self.figure = before
        self.stopped = threading.Event()

    def run(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            while not self.stopped.wait(0.01) and self.counted is None:
                row = connection.execute("SELECT status FROM encounter WHERE id = %s", (self.visit,)).fetchone()
                if self.closed is None and row == ("finished",):
                    self.closed = time.monotonic()
                found = connection.execute(DAY_FIGURE, (UNIT, self.day)).fetchone()
                assert found is not None
                if found[0] != self.before:
                    self.figure, self.counted = found[0], time.monotonic()

    def wait(self, seconds: float) -> None:
        """Wait until both were seen."""
        self.join(seconds)
        self.stopped.set()


@dataclass
class Journey:
    """The story and what was learnt on the way."""

    house: House
    browser: Browser
    hands: type[Hands]
    person: str = "Trần Thị Minh Nguyệt"
    citizen: str = "097168004542"
    visit: str = ""
    dossier: str = ""
    ticket: str = ""
    claim: str = ""
    total: int = 0
    insurer: int = 0
    due: int = 0
    noise: list[str] = field(default_factory=list)
    pages: dict[str, Page] = field(default_factory=dict)

    def enter(self, account: str) -> Hands:
        """Sign in as somebody, in a browser of their own."""
        context = self.browser.new_context(
            locale="vi-VN", viewport={"width": 1366, "height": 768}, base_url=self.house.address
        )
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("console", lambda m: self.noise.append(f"{account}: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda error: self.noise.append(f"{account}: {error}"))
        page.goto("/sign-in")
        hands = self.hands(page)
        hands.write(page.locator("[name=username]"), account)
        hands.write(page.locator("[name=password]"), "demo")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        page.wait_for_load_state("networkidle")
        self.pages[account] = page
        return hands

    def ask(self, query: str, *values: Any) -> Any:
        """One value of the database."""
        with psycopg.connect(self.house.owner, autocommit=True) as connection:
            row = connection.execute(query, values).fetchone()  # type: ignore[arg-type]
        return row[0] if row else None

    # 1. the front desk

    def register(self) -> None:
        """Scan the citizen card of a person nobody knows, card checked at the gateway, room, slip."""
        hands = self.enter("front-desk")
        page = hands.page
        expect(page.locator("#scan")).to_be_focused()
        hands.scan(f"{self.citizen}|123456789|{self.person}|14031968|Nữ|Thôn 4, xã Hồ Xanh, tỉnh Tân Giang|20042021")
        expect(page.locator("#name")).to_have_value(self.person)
        expect(page.locator("#card-panel")).to_contain_text("Thẻ dùng được hôm nay. Quỹ trả 80")
        hands.write(page.locator("#reason"), "Ho, sốt ba ngày")
        hands.mark(page.locator(f"#room-{ROOM}"), page.locator(f"label[for=room-{ROOM}]"))
        page.wait_for_load_state("networkidle")
        expect(page.locator(f"#room-{ROOM}")).to_be_checked()
        expect(page.locator("#visit-panel .est")).to_contain_text("36.500")
        with page.context.expect_page() as opened:
            hands.press(page.locator("[data-action=save-print]"), "Control+i")
        slip = opened.value
        slip.wait_for_url("**/front-desk/slip/*.pdf")
        self.visit = slip.url.rsplit("/", 1)[1].removesuffix(".pdf")
        content = page.request.get(slip.url)
        slip.close()
        expect(page.locator(".done")).to_contain_text(self.person)
        self.ticket = page.locator(".done .big").inner_text()
        self.dossier = str(self.ask("SELECT dossier_code FROM encounter WHERE id = %s", self.visit))
        text = pdf_text(content.body())
        assert self.ticket in text
        assert self.dossier in text
        assert (
            self.ask(
                "SELECT state FROM coverage c JOIN encounter e ON e.coverage_id = c.id WHERE e.id = %s", self.visit
            )
            == "confirmed"
        )

    def wait_in_the_hall(self) -> None:
        """Twenty-five minutes pass before the person is called: everything written so far becomes that much older."""
        earlier = "- interval '25 minutes'"
        with psycopg.connect(self.house.owner, autocommit=True) as connection:
            for query in (
                f"UPDATE encounter SET arrived_at = arrived_at {earlier} WHERE id = %s",
                f"UPDATE ticket SET created_at = created_at {earlier} WHERE encounter_id = %s",
                f"UPDATE service_request SET ordered_at = ordered_at {earlier} WHERE encounter_id = %s",
            ):
                connection.execute(query, (self.visit,))

    # 2. nurse and doctor

    def measure(self) -> None:
        """The nurse calls the next person of the room, lets her in, writes the vital signs."""
        hands = self.enter("nurse")
        page = hands.page
        hands.press(page.locator(f"#rooms a[href='/queue?room={ROOM}']"))
        page.wait_for_url(f"**/queue?room={ROOM}")
        page.wait_for_load_state("networkidle")
        hands.press(page.locator("[data-action=call-next]"), "F8")
        row = page.locator("#queue-table tbody tr").filter(has_text=self.person)
        expect(row).to_contain_text("Đang gọi")
        hands.stand_on(row)
        expect(page.locator("#side")).to_contain_text(self.person)
        hands.press(page.locator("[data-action=open-visit]"), "Enter")
        page.wait_for_url(f"**/visit/{self.visit}")
        page.wait_for_load_state("networkidle")
        hands.press(page.get_by_label("Ghi sinh hiệu"))
        expect(page.locator("#v-systolic")).to_be_focused()
        values = (
            ("systolic", "132"),
            ("diastolic", "84"),
            ("pulse", "88"),
            ("temperature_c", "37,9"),
            ("weight_kg", "56"),
        )
        for name, value in values:
            hands.write(page.locator(f"#v-{name}"), value)
        hands.press(page.get_by_role("button", name="Lưu sinh hiệu"))
        expect(page.locator("#vitals")).to_contain_text("132/84")

    def examine(self) -> None:
        """The doctor writes, codes by words without accents, orders."""
        hands = self.enter("doctor")
        page = hands.page
        hands.go("Khám bệnh")
        page.wait_for_url(f"**/visit/{self.visit}")
        page.wait_for_load_state("networkidle")
        expect(page.locator("#banner")).to_contain_text(self.person)
        hands.write(page.locator("#note-history"), "Ho có đờm, sốt ba ngày.")
        hands.write(page.locator("#note-exam"), "Phổi ran ẩm đáy phải, không khó thở.")
        page.keyboard.press("Control+s")
        expect(page.locator("#saved")).to_contain_text("Đã lưu")
        for words, code in (("viem phe quan cap", "J20"), ("dai thao duong tip 2 khong", "E11.9")):
            hands.pick(page.locator("#dx"), "F4", words, code)
            expect(page.locator("#diagnoses .dx", has_text=code)).to_be_visible()
        for words, name in (("cat lop vi tinh long nguc", "lồng ngực"), ("hba1c", "HbA1c")):
            hands.pick(page.locator("#order-q"), "F7", words, name)
            expect(page.locator("#orders table")).to_contain_text(name)
        expect(page.locator("#before")).to_contain_text("CON-ORD-01")

    def report_results(self) -> None:
        """The nurse enters the results, the doctor signs them."""
        hands = self.enter("nurse")
        page = hands.page
        hands.go("Kết quả")
        page.wait_for_url("**/results*")
        page.wait_for_load_state("networkidle")
        hands.open_row(page.locator("#waiting [data-row]").filter(has_text=self.person))
        value = page.get_by_label("HbA1c", exact=True)
        expect(value).to_be_visible()
        page.wait_for_load_state("networkidle")
        hands.write(value, "8,1")
        page.keyboard.press("Tab")
        expect(page.locator("#entry .flag")).to_contain_text("cao")
        hands.write(page.locator("[name=device]"), "XN.1.97002.1")
        page.keyboard.press("Control+s")
        expect(page.locator("#toast")).to_contain_text("lưu", ignore_case=True)
        self._sign_report("lab")
        page.wait_for_load_state("networkidle")
        self._open_kind(hands, "imaging")
        hands.open_row(page.locator("#waiting [data-row]").filter(has_text=self.person))
        page.wait_for_load_state("networkidle")
        hands.write(page.get_by_label("Mô tả"), "Đám mờ thùy dưới phổi phải.")
        hands.write(page.get_by_label("Kết luận"), "Viêm thùy dưới phổi phải.")
        hands.write(page.locator("[name=device]"), "CL.1.97002.1")
        page.keyboard.press("Control+s")
        expect(page.locator("#toast")).to_contain_text("lưu", ignore_case=True)
        self._sign_report("imaging")

    def _open_kind(self, hands: Hands, kind: str) -> None:
        link = hands.page.locator(f".kinds a[href*='kind={kind}']")
        hands.press(link)
        hands.page.wait_for_url(f"**kind={kind}*")
        hands.page.wait_for_load_state("networkidle")

    def _sign_report(self, kind: str) -> None:
        page = self.pages["doctor"]
        hands = self.hands(page)
        if "/results" not in page.url:
            hands.go("Kết quả")
            page.wait_for_url("**/results*")
            page.wait_for_load_state("networkidle")
        if kind != "lab":
            self._open_kind(hands, kind)
        hands.open_row(page.locator("#waiting [data-row]").filter(has_text=self.person))
        page.wait_for_load_state("networkidle")
        expect(page.locator("#entry [data-action=next]")).to_be_visible()
        hands.press(page.locator("#entry [data-action=next]"), "Control+d")
        expect(page.locator("#toast")).to_contain_text("Đã ký kết quả")

    def prescribe(self) -> None:
        """Allergy asked and recorded; penicillin blocks and goes; doses compute quantities; conclusion; signature."""
        page = self.pages["doctor"]
        hands = self.hands(page)
        hands.go("Khám bệnh")
        page.wait_for_url(f"**/visit/{self.visit}")
        page.wait_for_load_state("networkidle")
        expect(page.locator("#results")).to_contain_text("8,1 %")
        hands.press(page.locator("#prescription").get_by_role("button", name="Ghi dị ứng"))
        dialog = page.locator("#modal")
        expect(dialog.locator("[name=substance]")).to_be_visible()
        hands.write(dialog.locator("[name=substance]"), "Penicilin")
        hands.write(dialog.locator("[name=reaction]"), "phát ban")
        hands.press(dialog.get_by_role("button", name="Lưu dị ứng"))
        expect(page.locator("#banner")).to_contain_text("Penicilin")
        self._drug(hands, "amoxicilin 500", "Amoxicilin 500mg")
        expect(page.locator("#before")).to_contain_text("PRE-ALLERGY-01")
        expect(page.locator("#sign")).to_contain_text("điều chặn")
        wrong = page.locator("#rx tbody tr[data-row]").filter(has_text="Amoxicilin")
        hands.stand_on(wrong)
        page.keyboard.press("Delete")
        expect(wrong).to_have_count(0)
        expect(page.locator("#before")).not_to_contain_text("PRE-ALLERGY-01")
        self._drug(
            hands, "paracetamol 500", "Paracetamol 500mg", ("1", "1", "1", "0", "5"), "15", "uống khi sốt trên 38,5"
        )
        self._drug(hands, "metformin 850", "Metformin 850mg", ("1", "0", "1/2", "0", "28"), "42", "uống sau ăn")
        self._conclude(hands)

    def _drug(
        self, hands: Hands, words: str, name: str, doses: tuple[str, ...] = (), quantity: str = "", how: str = ""
    ) -> None:
        page = hands.page
        hands.pick(page.locator("#drug"), "F3", words, name)
        row = page.locator("#rx tbody tr[data-row]").filter(has_text=name)
        expect(row).to_be_visible()
        page.wait_for_load_state("networkidle")
        for place, dose in enumerate(doses):
            hands.write(row.locator("input.dose").nth(place), dose)
        if not doses:
            return
        page.keyboard.press("Tab")
        expect(row.locator("[data-quantity]")).to_have_text(quantity)
        page.wait_for_load_state("networkidle")
        hands.stand_on(row)
        page.keyboard.press("Enter")
        dialog = page.locator("#modal")
        hands.write(dialog.locator("[name=instruction]"), how)
        page.keyboard.press("Enter")
        expect(dialog).to_be_hidden()
        expect(row).to_contain_text(how)

    def _conclude(self, hands: Hands) -> None:
        page = hands.page
        hands.choose(page.locator("#outcome_code"), "2")
        hands.choose(page.locator("#discharge_code"), "1")
        hands.write(page.locator("#treatment"), "Hạ sốt, kiểm soát đường huyết")
        page.keyboard.press("Tab")
        expect(page.locator("#sign")).to_contain_text("Ký, xong khám")
        page.wait_for_load_state("networkidle")
        hands.press(page.locator("#sign [data-action=next]"), "Control+d")
        expect(page.locator("#before")).to_contain_text("Đã ký")

    # 3. the cashier

    def pay(self) -> None:
        """The bill is beyond the free limit: 20 % are due; cash; the statement says the same."""
        hands = self.enter("cashier")
        page = hands.page
        hands.open_row(page.locator("#visits tbody tr").filter(has_text=self.person))
        page.wait_for_url(f"**/cashier/{self.visit}")
        page.wait_for_load_state("networkidle")
        sums = [money(text) for text in page.locator("#lines tfoot td, #lines tfoot th").all_inner_texts()]
        hospital, insurer, copayment, own = sums[3:7]
        assert hospital > CO_PAY_FREE
        drugs = self.ask(
            "SELECT sum(amount_hospital) FROM charge WHERE encounter_id = %s AND kind = 'drug'", self.visit
        )
        assert hospital == CHEST_CT + HBA1C + EXAM_FEE + drugs
        assert own == 0
        assert insurer + copayment == hospital
        assert copayment == round(hospital * Decimal("0.2"))
        self.total, self.insurer, self.due = hospital, insurer, money(page.locator(".due").inner_text())
        assert self.due == copayment
        before = page.request.get(f"/cashier/{self.visit}/statement.pdf")
        hands.press(page.locator("[data-action=cash]"), "F6")
        expect(page.locator(".pay-panel")).to_contain_text("Đã thu")
        assert (
            money(
                page.locator(".pay-panel h3, .pay-panel .empty b, .pay-panel .body")
                .first.inner_text()
                .split("Người")[0]
                .split("phiếu")[0]
                .split("lúc")[0]
            )
            >= self.due
        )
        after = page.request.get(f"/cashier/{self.visit}/statement.pdf")
        for paper in (before, after):
            text = pdf_text(paper.body())
            assert f"{self.total:,}".replace(",", ".") in text
            assert f"{self.due:,}".replace(",", ".") in text

    # 4. the pharmacy, and the visit closes by itself

    def hand_out(self, watch: CloseWatch) -> None:
        """Every box is checked, everything handed out; nobody touches the visit afterwards."""
        hands = self.enter("pharmacist")
        page = hands.page
        hands.open_row(page.locator("#queue [data-row]").filter(has_text=self.person))
        page.wait_for_load_state("networkidle")
        lines = page.locator("#lines tbody tr")
        expect(lines).to_have_count(2)
        for n in range(2):
            self._check_box(hands, n)
        watch.start()
        ready = page.locator("[data-action=save-print]")
        expect(ready).not_to_have_attribute("aria-disabled", "true")
        hands.press(ready, "Control+i")
        expect(page.locator("#order")).to_contain_text("Đã phát xong")
        watch.wait(30)

    def _check_box(self, hands: Hands, place: int) -> None:
        page = hands.page
        row = page.locator("#lines tbody tr").nth(place)
        if hands.name == "mouse":
            hands.press(row.get_by_role("checkbox"))
        else:
            hands.scan(row.locator("td b").nth(1).inner_text())
        expect(row).to_contain_text("Đúng")
        page.wait_for_load_state("networkidle")

    # 5. the claim

    def see_receipt(self) -> None:
        """The dossier was sealed and delivered without anybody: the desk shows the gateway's receipt."""
        hands = self.enter("unit-admin")
        page = hands.page
        deadline = time.monotonic() + 30
        while not (receipt := self.ask("SELECT receipt FROM claim WHERE encounter_id = %s", self.visit)):
            assert time.monotonic() < deadline, self.ask(
                "SELECT state || findings::text FROM claim WHERE encounter_id = %s", self.visit
            )
            time.sleep(0.2)
        self.claim = str(self.ask("SELECT id FROM claim WHERE encounter_id = %s", self.visit))
        page.goto("/claims?show=list")
        page.wait_for_load_state("networkidle")
        row = page.locator("#claim-rows tbody tr").filter(has_text=self.person)
        expect(row).to_contain_text(receipt)
        assert money(row.locator("td").nth(4).inner_text()) == self.total
        assert money(row.locator("td").nth(5).inner_text()) == self.insurer
        hands.open_row(row)
        page.wait_for_url(f"**/claims/{self.claim}")
        expect(page.locator("#receipt")).to_contain_text(receipt)
        self._compare_fhir(page)

    def _compare_fhir(self, page: Page) -> None:
        answer = page.request.get(f"/fhir/r4/Claim/{self.claim}")
        assert answer.ok, answer.text()
        claim = answer.json()
        assert Decimal(str(claim["total"]["value"])) == self.total
        shares = [
            Decimal(str(part["valueMoney"]["value"]))
            for item in claim["item"]
            for outer in item["extension"]
            if outer["url"] == SHARE_URL
            for part in outer["extension"]
            if part["url"] == "insurer_share"
        ]
        assert sum(shares) == self.insurer

    # 6. the insurer decides, the unit and the province see it

    def review(self) -> None:
        """The officer accepts, reduces one line, rejects one with a reason, finishes."""
        hands = self.enter("insurance-officer")
        page = hands.page
        number = str(self.ask("SELECT number FROM claim WHERE id = %s", self.claim))
        hands.open_row(page.locator("#cases tbody tr").filter(has_text=number))
        page.wait_for_url("**/review/*")
        page.wait_for_load_state("networkidle")
        expect(page.locator("#banner")).to_contain_text(self.person)
        expect(page.locator("#banner")).to_contain_text(f"{self.insurer:,}".replace(",", "."))
        rows = page.locator("#lines tbody tr")
        for name in ("Khám", "lồng ngực", "Paracetamol"):
            hands.decide(rows.filter(has_text=name), "A")
            expect(rows.filter(has_text=name).locator("[data-letter=A]")).to_be_checked()
            page.wait_for_load_state("networkidle")
        self._reduce(hands)
        self._reject(hands)
        hands.press(page.locator("#finish"), "Control+d")
        page.wait_for_url(lambda url: self.claim not in url and not url.endswith(str(number)))
        expect(page.locator("h1")).to_contain_text("Hồ sơ giám định")

    def _reduce(self, hands: Hands) -> None:
        page = hands.page
        row = page.locator("#lines tbody tr").filter(has_text="Metformin")
        hands.decide(row, "G")
        expect(row.locator("[name=approved_quantity]")).to_be_focused()
        page.keyboard.press("Control+a")
        page.keyboard.type("28")
        page.keyboard.press("Tab")
        self._reason(hands, row, "DD1")
        expect(row.locator("[name=approved_quantity]")).to_have_value("28")

    def _reject(self, hands: Hands) -> None:
        row = hands.page.locator("#lines tbody tr").filter(has_text="HbA1c")
        hands.decide(row, "T")
        self._reason(hands, row, "G1")
        expect(row.locator("td b").first).to_have_text("0")

    def _reason(self, hands: Hands, row: Any, code: str) -> None:
        page = hands.page
        box = page.locator("#reason-box")
        expect(box).to_be_focused()
        hands.pick(box, "", code.lower(), code)
        expect(row).not_to_contain_text("Chọn lý do")
        page.wait_for_load_state("networkidle")

    def see_decision(self) -> None:
        """The unit reads the decision on its dossier."""
        page = self.pages["unit-admin"]
        page.reload()
        told = page.locator("#decisions")
        expect(told).to_contain_text("DD1")
        expect(told).to_contain_text("G1")
        expect(told).to_contain_text("28/42")

    def province_figure(self, page: Page) -> int:
        """The month's visits of the unit on the province officer's page."""
        return money(page.locator("#unit-97002 td.num a").inner_text())

    def day(self) -> Any:
        """The day on which the visit ends, on the wall clock of Viet Nam."""
        return self.ask("SELECT (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date")

    def started(self) -> datetime:
        """The database's clock."""
        return self.ask("SELECT now()")  # type: ignore[no-any-return]
