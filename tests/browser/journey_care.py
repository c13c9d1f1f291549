"""The first half of the journey: front desk, nurse, doctor, results, prescription, signature."""

import psycopg
from playwright.sync_api import expect

from tests.browser.hands import Hands
from tests.browser.story import Story, pdf_text

ROOM = "103"


class Care(Story):
    """What happens to the person."""

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
            hands.press(page.locator("[data-action=save-print]:visible"), "Control+i")
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
        hands.drop(wrong)
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
        hands.edit(row)
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
        page.wait_for_timeout(500)  # the sign panel is fetched again after the last word
        hands.press(page.locator("#sign [data-action=next]"), "Control+d")
        expect(page.locator("#before")).to_contain_text("Đã ký", timeout=20_000)
