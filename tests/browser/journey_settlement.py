"""The second half of the journey: cashier, pharmacy, closing by itself, claim, the insurer's decision."""

import time
from datetime import date
from decimal import Decimal

from playwright.sync_api import Locator, Page, expect

from tests.browser.hands import Hands
from tests.browser.story import CloseWatch, Story, money, pdf_text, spelled

CHEST_CT, HBA1C, EXAM_FEE = 550_100, 105_300, 36_500  # the catalogue's prices, VND
CO_PAY_FREE = Decimal("379500")  # 15 % of the reference amount of 2 530 000 đ: a smaller bill costs the patient nothing
SHARE_URL = "urn:his/StructureDefinition/charge-share"


class Settlement(Story):
    """What happens to the money."""

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
        expect(page.locator(".pay-panel")).to_contain_text(spelled(self.due))
        after = page.request.get(f"/cashier/{self.visit}/statement.pdf")
        for paper in (before, after):
            text = pdf_text(paper.body())
            assert spelled(self.total) in text
            assert spelled(self.due) in text

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
        ready = page.locator("[data-action=save-print]:visible")
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
        expect(page.locator("#banner")).to_contain_text(spelled(self.insurer))
        rows = page.locator("#lines tbody tr")
        for name in ("Khám", "lồng ngực", "Paracetamol"):
            hands.decide(rows.filter(has_text=name), "A")
            expect(rows.filter(has_text=name).locator("[data-letter=A]")).to_be_checked()
            page.wait_for_load_state("networkidle")
        self._reduce(hands)
        self._reject(hands)
        hands.press(page.locator("#finish"), "Control+d")
        page.wait_for_url(lambda url: self.claim not in url and not url.endswith(str(number)))
        expect(page.locator("h1")).to_contain_text("Hồ sơ giám định", timeout=20_000)

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

    def _reason(self, hands: Hands, row: Locator, code: str) -> None:
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

    def day(self) -> date:
        """Today on the wall clock of Viet Nam."""
        today: date = self.ask("SELECT (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date")
        return today
