"""The keyboard map as data: one row per key and screen, written to /static/keys.json and printed in the key bar.

A key presses the visible element with `data-action`, so permission and state are decided once, by the button.
`key` is `[Ctrl+][Shift+][Alt+]NAME`; letters are read by their physical place, because Vietnamese typing tools rewrite
them. Zones (`list`, `decision`) work only while the focus is inside an element with `data-zone`.
"""

from dataclasses import dataclass

from his.web.i18n import gettext

# Keys that belong to the browser or to its menus: never taken.
FORBIDDEN = frozenset({"F1", "F5", "F11", "F12", "Ctrl+N", "Ctrl+T", "Ctrl+W", "Ctrl+L", "Ctrl+F"})
ZONES = frozenset({"list", "decision"})


@dataclass(frozen=True, slots=True)
class Key:
    """One key of one context: what it is called in `data-action`, and the words a person reads.

    `bar` is the place in the key bar (0: only in the list of all keys); `cap` overrides the text on the key cap.
    """

    context: str
    key: str
    action: str
    label: str
    bar: int = 0
    cap: str = ""

    @property
    def shown(self) -> str:
        """The text on the key cap: `Ctrl S`, `F2`, `↑ ↓`."""
        return self.cap or self.key.replace("Ctrl++", "Ctrl +").replace("+", " ")


CONTEXTS: dict[str, str] = {
    "global": "Mọi màn hình",
    "list": "Trong danh sách, bảng",
    "reception": "Tiếp đón",
    "queue": "Hàng đợi",
    "exam": "Khám bệnh",
    "results": "Kết quả",
    "entry": "Nhập kết quả",
    "pharmacy": "Nhà thuốc",
    "stock": "Kho thuốc",
    "ward": "Giường bệnh",
    "cashier": "Viện phí",
    "claims": "Hồ sơ BHYT",
    "review": "Giám định",
    "decision": "Trong bảng quyết định",
    "settlement": "Quyết toán",
    "province": "Toàn tỉnh",
    "dialog": "Trong hộp hỏi",
}

KEYS: tuple[Key, ...] = (
    Key("global", "F2", "scan", "Ô quét, tìm"),
    Key("global", "Ctrl+K", "palette", "Đến người, mã, màn hình"),
    Key("global", "Ctrl+S", "save", "Lưu"),
    Key("global", "Ctrl+I", "save-print", "Lưu và in"),
    Key("global", "Ctrl+D", "next", "Ký, xong, làm việc tiếp theo"),
    Key("global", "Ctrl+P", "print", "In phiếu"),
    Key("global", "Ctrl+E", "export", "Xuất, phát hành"),
    Key("global", "Ctrl+Z", "undo", "Hoàn tác việc vừa làm"),
    Key("global", "F10", "history", "Lịch sử"),
    Key("global", "Ctrl+Space", "templates", "Mẫu và mục hay dùng"),
    Key("global", "Escape", "back", "Lùi một bước, giữ nháp", cap="Esc"),
    Key("global", "?", "keys", "Tất cả phím", bar=99),
    Key("global", "Alt+1", "panel-1", "Đến khung, thẻ phát hiện", cap="Alt 1…9"),
    *(Key("global", f"Alt+{n}", f"panel-{n}", "") for n in range(2, 10)),  # told by the line of Alt+1
    Key("list", "ArrowUp", "row-up", "Dòng trên", cap="↑"),
    Key("list", "ArrowDown", "row-down", "Dòng dưới", cap="↓"),
    Key("list", "Home", "row-first", "Dòng đầu"),
    Key("list", "End", "row-last", "Dòng cuối"),
    Key("list", "PageUp", "page-up", "Trang trước", cap="PgUp"),
    Key("list", "PageDown", "page-down", "Trang sau", cap="PgDn"),
    Key("list", "Enter", "row-open", "Mở dòng"),
    Key("list", "Space", "row-mark", "Đánh dấu dòng"),
    Key("list", "Delete", "row-drop", "Bỏ dòng", cap="Del"),
    Key("list", "/", "filter", "Lọc"),
    Key("reception", "F2", "scan", "Quét", 1),
    Key("reception", "F3", "change-category", "Đổi đối tượng", 2),
    Key("reception", "F4", "ask-card", "Hỏi lại thẻ", 3),
    Key("reception", "F6", "new-person", "Người mới", 4),
    Key("reception", "F7", "emergency", "Cấp cứu, giấy tờ sau", 5),
    Key("reception", "Ctrl+S", "save", "Lưu", 6),
    Key("reception", "Ctrl+I", "save-print", "Lưu và in", 7),
    Key("queue", "Enter", "open-visit", "Vào khám", 1),
    Key("queue", "F8", "call-next", "Gọi tiếp", 2),
    Key("queue", "F9", "call-again", "Gọi lại", 3),
    Key("queue", "F4", "absent", "Vắng", 4),
    Key("queue", "M", "move", "Chuyển phòng", 5),
    Key("exam", "F3", "add-drug", "Thuốc", 1),
    Key("exam", "F4", "add-diagnosis", "Chẩn đoán", 2),
    Key("exam", "F6", "reuse-prescription", "Dùng lại đơn", 3),
    Key("exam", "F7", "add-order", "Chỉ định", 4),
    Key("exam", "F8", "call-next", "Gọi tiếp", 5),
    Key("exam", "Ctrl+S", "save", "Lưu", 6),
    Key("exam", "Ctrl+D", "next", "Ký", 7),
    Key("results", "Ctrl+D", "next", "Đã nhận, xử trí", 1),
    Key("results", "F6", "compare", "So sánh các lần", 2),
    Key("results", "F7", "add-order", "Chỉ định thêm", 3),
    Key("results", "Ctrl+P", "print", "In", 4),
    Key("results", "Escape", "back", "Về danh sách", 5, cap="Esc"),
    Key("entry", "Ctrl+S", "save", "Lưu, chưa ký", 1),
    Key("entry", "Ctrl+D", "next", "Ký kết quả", 2),
    Key("pharmacy", "F2", "scan", "Quét", 1),
    Key("pharmacy", "F6", "short-dispense", "Phát thiếu", 2),
    Key("pharmacy", "F8", "call-next", "Gọi tiếp", 3),
    Key("pharmacy", "F9", "call-again", "Gọi lại", 4),
    Key("pharmacy", "Ctrl+I", "save-print", "Phát và in nhãn", 5),
    Key("stock", "F2", "scan", "Tìm", 1),
    Key("stock", "F6", "receive", "Nhập kho", 2),
    Key("stock", "Escape", "back", "Về kho thuốc", 3, cap="Esc"),
    Key("cashier", "F2", "scan", "Quét phiếu", 1),
    Key("cashier", "F6", "cash", "Tiền mặt", 2),
    Key("cashier", "F7", "report-line", "Báo sai", 3),
    Key("cashier", "Ctrl+P", "print", "In bảng kê", 4),
    Key("cashier", "Ctrl+E", "export", "Phiếu thu", 5),
    Key("ward", "Enter", "row-open", "Mở người, giường", 1),
    Key("ward", "Ctrl+S", "save", "Lưu", 2),
    Key("ward", "Escape", "back", "Về bảng giường", 3, cap="Esc"),
    Key("claims", "Ctrl+D", "next", "Làm việc tiếp theo", 1),
    Key("claims", "F6", "sign-group", "Ký cả nhóm", 2),
    Key("claims", "F7", "send-now", "Gửi ngay", 3),
    Key("claims", "F10", "history", "Lịch sử gửi", 4),
    Key("decision", "A", "decide-A", "Chấp nhận"),
    Key("decision", "G", "decide-G", "Giảm"),
    Key("decision", "T", "decide-T", "Từ chối"),
    Key("decision", "H", "decide-H", "Hỏi hồ sơ"),
    Key("decision", "Shift+A", "same-A", "Chấp nhận các dòng giống hệt"),
    Key("decision", "Shift+G", "same-G", "Giảm các dòng giống hệt"),
    Key("decision", "Shift+T", "same-T", "Từ chối các dòng giống hệt"),
    Key("decision", "Shift+H", "same-H", "Hỏi các dòng giống hệt"),
    Key("review", "F4", "edit-reason", "Sửa lý do", 5),
    Key("review", "F7", "accept-clean", "Nhận dòng sạch", 4),
    Key("review", "J", "next-dossier", "Hồ sơ sau"),
    Key("review", "K", "previous-dossier", "Hồ sơ trước"),
    Key("review", "Ctrl+Z", "undo", "Hoàn tác", 6),
    Key("review", "Ctrl+D", "next", "Xong hồ sơ", 7),
    Key("settlement", "Ctrl+D", "next", "Bước tiếp theo", 1),
    Key("settlement", "F7", "answer", "Ý kiến, trả lại", 2),
    Key("settlement", "Ctrl+P", "print", "In", 3),
    Key("settlement", "Ctrl+E", "export", "Xuất Excel", 4),
    Key("province", "F6", "ask-question", "Đặt câu hỏi", 1),
    Key("province", "Ctrl+D", "next", "Nhắc đơn vị", 2),
    Key("province", "Ctrl+E", "export", "Xuất bảng", 3),
    Key("dialog", "Escape", "close", "Giữ lại, đóng", 1, cap="Esc"),
    Key("dialog", "Enter", "confirm", "Làm tiếp", 2),
)

# Printed in the key bar only: one cap for several keys of the zones.
HINTS: tuple[Key, ...] = (
    Key("queue", "", "", "Chọn người", -1, "↑ ↓"),
    Key("results", "", "", "Phiếu", -1, "↑ ↓"),
    Key("entry", "", "", "Phiếu", -1, "↑ ↓"),
    Key("stock", "", "", "Chọn lô", -1, "↑ ↓"),
    Key("pharmacy", "", "", "Chọn đơn", -1, "↑ ↓"),
    Key("cashier", "", "", "Chọn khoản", -1, "↑ ↓"),
    Key("claims", "", "", "Nguyên nhân", -1, "↑ ↓"),
    Key("review", "", "", "Dòng", -1, "↑ ↓"),
    Key("review", "", "", "Quyết định", 1, "A G T H"),
    Key("review", "", "", "Dòng giống hệt", 2, "Shift + phím"),
    Key("review", "", "", "Hồ sơ", 3, "J K"),
    Key("province", "", "", "Đơn vị", -2, "↑ ↓"),
    Key("province", "", "", "Mở số liệu", -1, "Enter"),
)

_NAMED = {"?": "Shift+Slash", "/": "Slash"}


def code_of(key: str) -> str:
    """The physical key as the browser names it: `Ctrl+K` -> `Ctrl+KeyK`, `Alt+1` -> `Alt+Digit1`, `?` -> `Shift+Slash`."""
    if key in _NAMED:
        return _NAMED[key]
    *modifiers, name = key.split("+")
    if len(name) == 1:
        name = f"Digit{name}" if name.isdigit() else f"Key{name}"
    return "+".join([*modifiers, name])


def context_names() -> dict[str, str]:
    """Context id to its title in the language of the request."""
    return {context: gettext(title) for context, title in CONTEXTS.items()}


def keys_json() -> list[dict[str, str]]:
    """The body of /static/keys.json: context `c`, physical key `k`, action `a`, label `l`, key cap `t`, title `g`."""
    titles = context_names()
    return [
        {
            "c": k.context,
            "k": code_of(k.key),
            "a": k.action,
            "l": gettext(k.label),
            "t": k.shown,
            "g": titles[k.context],
        }
        for k in KEYS
    ]


def key_bar(context: str) -> list[Key]:
    """The keys printed at the bottom of a screen, in order: those of the context, then those of every screen."""
    rows = [k for k in (*KEYS, *HINTS) if k.bar and k.context in {context, "global"}]
    return sorted(rows, key=lambda k: k.bar)


def keys_by_context() -> dict[str, list[Key]]:
    """All keys for the printed list, grouped by context in the order of `CONTEXTS`; Alt+1…9 is one line."""
    grouped: dict[str, list[Key]] = {context: [] for context in CONTEXTS}
    for k in KEYS:
        if k.label:
            grouped[k.context].append(k)
    return grouped


def cap(action: str, context: str = "global") -> str:
    """The key cap to print on a button: the key of `action` in this context, else everywhere, else an empty string."""
    for wanted in (context, "global"):
        for k in KEYS:
            if k.context == wanted and k.action == action:
                return k.shown
    return ""
