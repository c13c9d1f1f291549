"""Two pairs of hands for the same journey: one with a mouse, one that has only a keyboard."""

from playwright.sync_api import Locator, Page, expect

MOST_TABS = 160
FOCUSED = "e => e === document.activeElement"
HOLDS_FOCUS = "e => e.contains(document.activeElement)"
PLACE = "e => [...e.closest('[data-rows]').querySelectorAll('[data-row]')].indexOf(e)"
FOCUSED_PLACE = """e => { const all = [...e.closest('[data-rows]').querySelectorAll('[data-row]')];
return all.findIndex(r => r.contains(document.activeElement)); }"""


class Hands:
    """What a person does on a page; every wait belongs to the steps, not to the hands."""

    name = ""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator, key: str = "") -> None:
        """Push a button or follow a link; `key` is the one printed on it."""
        raise NotImplementedError

    def write(self, field: Locator, text: str) -> None:
        """Put a text into a field in place of what stands there."""
        raise NotImplementedError

    def choose(self, select: Locator, value: str) -> None:
        """Choose an entry of a list of words."""
        raise NotImplementedError

    def mark(self, choice: Locator, word: Locator) -> None:
        """Choose one of a group: the round button, and the word beside it."""
        raise NotImplementedError

    def pick(self, box: Locator, key: str, words: str, wanted: str) -> None:
        """Search in a box with options and take the one that says `wanted`."""
        raise NotImplementedError

    def open_row(self, row: Locator) -> None:
        """Open what a row of a list stands for."""
        raise NotImplementedError

    def stand_on(self, row: Locator) -> None:
        """Make a row the current one."""
        raise NotImplementedError

    def drop(self, row: Locator) -> None:
        """Take a row out."""
        raise NotImplementedError

    def edit(self, row: Locator) -> None:
        """Open the dialog of a row."""
        raise NotImplementedError

    def decide(self, row: Locator, letter: str) -> None:
        """Accept (A), reduce (G), reject (T) or ask (H) about the line."""
        raise NotImplementedError

    def go(self, word: str) -> None:
        """Go to a page of the menu."""
        raise NotImplementedError

    def scan(self, text: str) -> None:
        """A scanner types the text into the scan box, which F2 reaches from everywhere, and ends with Enter."""
        self.page.keyboard.press("F2")
        expect(self.page.locator("#scan")).to_be_focused()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Enter")


class Mouse(Hands):
    """Points and clicks; types only words."""

    name = "mouse"

    def press(self, target: Locator, key: str = "") -> None:
        target.click()

    def write(self, field: Locator, text: str) -> None:
        field.click()
        field.fill("")
        field.press_sequentially(text)

    def choose(self, select: Locator, value: str) -> None:
        select.select_option(value)

    def mark(self, choice: Locator, word: Locator) -> None:
        word.click()

    def pick(self, box: Locator, key: str, words: str, wanted: str) -> None:
        self.write(box, words)
        self.page.locator("[role=option]:visible", has_text=wanted).first.click()

    def open_row(self, row: Locator) -> None:
        row.locator("a").first.click()

    def stand_on(self, row: Locator) -> None:
        row.locator("td").first.click()

    def drop(self, row: Locator) -> None:
        row.locator("[data-drop]").click()

    def edit(self, row: Locator) -> None:
        row.locator("[data-open]").click()

    def decide(self, row: Locator, letter: str) -> None:
        row.locator(f"label[for$='-{letter}']").click()

    def go(self, word: str) -> None:
        self.page.locator("#menu").get_by_role("link", name=word, exact=True).click()


class Keyboard(Hands):
    """Never touches the mouse: what Tab, arrows, Enter and the printed keys do not reach fails here."""

    name = "keyboard"

    def tab_to(self, target: Locator, test: str = FOCUSED) -> None:
        """Press Tab until the target has the focus."""
        for _ in range(MOST_TABS):
            if target.evaluate(test):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{target} was not reached by {MOST_TABS} tabs")

    def press(self, target: Locator, key: str = "") -> None:
        expect(target).to_be_visible()
        if key:
            self.page.keyboard.press(key)
            return
        self.tab_to(target)
        self.page.keyboard.press("Enter")

    def write(self, field: Locator, text: str) -> None:
        self.tab_to(field)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)

    def choose(self, select: Locator, value: str) -> None:
        self.tab_to(select)
        for _ in range(30):
            if select.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{value} is not in the list")

    def mark(self, choice: Locator, word: Locator) -> None:
        ring = "e => document.activeElement.type === 'radio' && document.activeElement.name === e.name"
        self.tab_to(choice, ring)
        for _ in range(30):
            if choice.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{choice} was not reached by the arrows")

    def pick(self, box: Locator, key: str, words: str, wanted: str) -> None:
        if key:
            self.page.keyboard.press(key)
        else:
            self.tab_to(box)
        expect(box).to_be_focused()
        self.page.keyboard.type(words)
        options = self.page.locator("[role=option]:visible")
        expect(options.filter(has_text=wanted).first).to_be_visible()
        for _ in range(10):
            if wanted in self.page.locator("[role=option][aria-selected=true]:visible").inner_text():
                self.page.keyboard.press("Enter")
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{wanted} is not among the options")

    def stand_on(self, row: Locator) -> None:
        self.tab_to(row, "e => e.closest('[data-rows]').contains(document.activeElement)")
        self._leave_field(row)
        if row.evaluate(FOCUSED_PLACE) < 0:
            self.page.keyboard.press("ArrowDown")
        for _ in range(60):
            step = row.evaluate(PLACE) - row.evaluate(FOCUSED_PLACE)
            if step == 0:
                return
            self.page.keyboard.press("ArrowDown" if step > 0 else "ArrowUp")
        raise AssertionError(f"{row} was not reached by the arrows")

    def _leave_field(self, row: Locator) -> None:
        """From a field of the table back to a row itself, where arrows, letters and Delete mean the row."""
        if row.evaluate("e => !document.activeElement.matches('input, select, textarea')"):
            return
        for _ in range(15):
            self.page.keyboard.press("Shift+Tab")
            if row.evaluate("e => document.activeElement.matches('[data-row]')"):
                return
        raise AssertionError(f"no row beside {row} can have the focus itself")

    def open_row(self, row: Locator) -> None:
        self.stand_on(row)
        self.page.keyboard.press("Enter")

    def drop(self, row: Locator) -> None:
        self.stand_on(row)
        self.page.keyboard.press("Delete")

    def edit(self, row: Locator) -> None:
        self.open_row(row)

    def decide(self, row: Locator, letter: str) -> None:
        self.stand_on(row)
        self.page.keyboard.press(letter.lower())

    def go(self, word: str) -> None:
        self.page.keyboard.press("Control+k")
        box = self.page.locator("#palette-q")
        expect(box).to_be_focused()
        self.page.keyboard.type(word)
        expect(self.page.locator("#palette [role=option]").first).to_have_text(word)
        self.page.keyboard.press("Enter")
