"""Codes of the card look-up (CV 1923, CV 1245) as a sentence with the next action, and what follows for the card.

The same fault gives the same sentence on every screen. Codes 003 and 004 never overwrite a card that is still valid:
both are kept with their days and chosen by the day of the visit.
"""

from datetime import date
from typing import Final

from his.exchange.terms import CardAnswer
from his.registration.terms import CardAdvice

USABLE: Final = frozenset({"000", "001", "002", "003", "004"})
NO_ANSWER: Final = "no-answer"
TRY_AGAIN: Final = frozenset({"100", "101", "401", "500", NO_ANSWER})
_MILITARY: Final = {"001": "Bộ Quốc phòng", "002": "Bộ Công an"}
_NOT_FOUND: Final = frozenset({"050", "051", "052", "053"})
_DIFFERENT: Final = frozenset({"060", "061", "070"})
_STOPPED: Final = frozenset({"110", "120", "124"})
_MOVED: Final = frozenset({"121", "122", "123"})
_OFFICER: Final = frozenset({"054", "055"})


def _day(value: date | None) -> str:
    return f"{value:%d/%m/%Y}" if value else "ngày chưa rõ"


def advise(
    reply: CardAnswer | None,
    on: date,
    *,
    rate: str = "",
    since: str = "",
    again_at: str = "",
) -> CardAdvice:
    """What to say and do. `reply` None = no answer; `rate` ("80 %") is what the fund pays, when known;

    `since` and `again_at` are times of the wall clock ("09:42"): since when there is no answer, when it is asked again.
    """
    code = reply.code if reply else NO_ANSWER
    if reply is None or code in TRY_AGAIN:
        return _no_answer(code, rate, since, again_at)
    if code in USABLE:
        return _usable(reply, on, rate)
    if code == "010":
        return CardAdvice(code, "warn", _expired(reply.valid_to), False, False, "refused", "Thẻ hết hạn", "self-pay")
    return _refused(code)


def _usable(reply: CardAnswer, on: date, rate: str) -> CardAdvice:
    code, fund = reply.code, f" Quỹ trả {rate}." if rate else ""
    if code == "003":
        start = _day(reply.new_valid_from)
        text = f"Thẻ này đã hết hạn, người bệnh có thẻ mới. Đã lấy thẻ mới, dùng từ {start}."
        late = reply.new_valid_from is not None and reply.new_valid_from > on
        return CardAdvice(code, "warn" if late else "ok", text, not late, False, "confirmed", f"Có thẻ mới từ {start}")
    if reply.valid_to is not None and reply.valid_to < on:
        return CardAdvice(code, "warn", _expired(reply.valid_to), False, False, "refused", "Thẻ hết hạn", "self-pay")
    if reply.valid_from is not None and reply.valid_from > on:
        text = f"Thẻ chỉ dùng từ {_day(reply.valid_from)}. Hôm nay đăng ký tự trả, bổ sung trước khi ra viện."
        return CardAdvice(code, "warn", text, False, False, "confirmed", "Thẻ chưa đến hạn dùng", "self-pay")
    if code == "004":
        text = (
            f"Thẻ này còn dùng đến {_day(reply.valid_to)}, đã có thẻ mới từ {_day(reply.new_valid_from)}. "
            "Đã lưu cả hai, tự chọn theo ngày khám."
        )
        title = f"Có thẻ mới từ {_day(reply.new_valid_from)}"
        return CardAdvice(code, "info", text, True, False, "confirmed", title)
    if code in _MILITARY:
        text = f"Thẻ do BHXH {_MILITARY[code]} quản lý. So hạn và ảnh trên thẻ giấy, nhập hạn thẻ rồi lưu."
        return CardAdvice(code, "info", text, True, False, "confirmed", "Xem thẻ giấy")
    return CardAdvice(code, "ok", f"Thẻ dùng được hôm nay.{fund}", True, False, "confirmed", "Thẻ dùng được")


def _expired(valid_to: date | None) -> str:
    return f"Thẻ hết hạn ngày {_day(valid_to)}. Hỏi thẻ mới; chưa có thì đăng ký tự trả, bổ sung trước khi ra viện."


def _no_answer(code: str, rate: str, since: str, again_at: str) -> CardAdvice:
    start = f" từ {since}" if since else ""
    until = f" lúc {again_at}" if again_at else ""
    fund = f" {rate}" if rate else ""
    if code == "401":
        text = f"Cổng từ chối tài khoản của đơn vị{start}. Cứ tiếp đón, thẻ tạm tính{fund}; báo quản trị xem tài khoản."
    else:
        text = f"Cổng chưa trả lời{start}. Cứ tiếp đón, thẻ tạm tính{fund}; máy tự hỏi lại{until}."
    title = f"Cổng BHXH không trả lời{start}"
    return CardAdvice(code, "warn", text, True, True, "provisional", title, "ask-again")


_REFUSALS: Final = (
    (_NOT_FOUND, "stop", "Không có số thẻ này", "fix-number",
     "Không tìm thấy số thẻ này. Kiểm 15 ký tự trên thẻ hoặc quét CCCD."),
    (_DIFFERENT, "warn", "Khác tên hoặc ngày sinh", "compare",
     "Thẻ đúng số nhưng khác tên hoặc ngày sinh. So với CCCD, chọn thông tin đúng rồi hỏi lại."),
    (_STOPPED, "stop", "Thẻ không còn giá trị", "self-pay",
     "Thẻ đã bị thu hồi hoặc báo giảm. Thu như người tự trả, đưa người bệnh tờ hướng dẫn hỏi BHXH."),
    (_MOVED, "warn", "Đã chuyển nơi tham gia", "ask-citizen",
     "Người bệnh đã chuyển nơi tham gia. Hỏi lại bằng số CCCD để lấy thẻ mới."),
    (frozenset({"130"}), "info", "Trẻ chưa có thẻ", "newborn",
     "Trẻ chưa có thẻ. Dùng giấy chứng sinh hoặc khai sinh, hệ thống lập thẻ tạm TE1."),
    (_OFFICER, "warn", "Tài khoản chưa đăng ký với cổng", "other-officer",
     "Tài khoản của bạn chưa đăng ký với cổng. Người khác ở quầy có thể hỏi thẻ; báo quản trị để đăng ký."),
    (frozenset({"205"}), "warn", "Cổng không đọc được câu hỏi", "fix-number",
     "Cổng không đọc được số thẻ, tên hoặc ngày sinh đã gửi. Kiểm ba ô này rồi hỏi lại."),
)  # fmt: skip


def _refused(code: str) -> CardAdvice:
    for codes, tone, title, action, text in _REFUSALS:
        if code in codes:
            provisional = code in _OFFICER
            says_card_is_void = code in _STOPPED or code in _NOT_FOUND
            state = "provisional" if provisional else "refused" if says_card_is_void else ""
            return CardAdvice(code, tone, text, provisional, False, state, title, action)
    text = f"Cổng trả mã {code} chưa có trong danh mục. Cứ tiếp đón, thẻ tạm tính; báo quản trị mã này."
    return CardAdvice(code, "warn", text, True, False, "provisional", "Mã cổng lạ", "report")
