"""Gateway codes become the sentences of the style guide, word for word, with what follows for the card."""

from datetime import date

import pytest

from his.exchange.terms import CardAnswer
from his.registration.rules.gateway import advise

ON = date(2026, 11, 22)
YEAR = {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 12, 31)}


def answer(code: str, **values: object) -> CardAnswer:
    return CardAnswer(code, **{**YEAR, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (answer("000"), "Thẻ dùng được hôm nay. Quỹ trả 80 %."),
        (
            answer("003", valid_to=date(2026, 10, 31), new_valid_from=date(2026, 11, 1)),
            "Thẻ này đã hết hạn, người bệnh có thẻ mới. Đã lấy thẻ mới, dùng từ 01/11/2026.",
        ),
        (
            answer("004", new_valid_from=date(2027, 1, 1)),
            "Thẻ này còn dùng đến 31/12/2026, đã có thẻ mới từ 01/01/2027. Đã lưu cả hai, tự chọn theo ngày khám.",
        ),
        (
            answer("010", valid_to=date(2026, 10, 31)),
            "Thẻ hết hạn ngày 31/10/2026. Hỏi thẻ mới; chưa có thì đăng ký tự trả, bổ sung trước khi ra viện.",
        ),
        *(
            (answer(code), "Không tìm thấy số thẻ này. Kiểm 15 ký tự trên thẻ hoặc quét CCCD.")
            for code in ("050", "051", "052", "053")
        ),
        *(
            (
                answer(code),
                "Thẻ đúng số nhưng khác tên hoặc ngày sinh. So với CCCD, chọn thông tin đúng rồi hỏi lại.",
            )
            for code in ("060", "061", "070")
        ),
        *(
            (
                answer(code),
                "Thẻ đã bị thu hồi hoặc báo giảm. Thu như người tự trả, đưa người bệnh tờ hướng dẫn hỏi BHXH.",
            )
            for code in ("110", "120", "124")
        ),
        *(
            (answer(code), "Người bệnh đã chuyển nơi tham gia. Hỏi lại bằng số CCCD để lấy thẻ mới.")
            for code in ("121", "122")
        ),
        (answer("130"), "Trẻ chưa có thẻ. Dùng giấy chứng sinh hoặc khai sinh, hệ thống lập thẻ tạm TE1."),
        *(
            (
                answer(code),
                "Tài khoản của bạn chưa đăng ký với cổng. Người khác ở quầy có thể hỏi thẻ; báo quản trị để đăng ký.",
            )
            for code in ("054", "055")
        ),
        *(
            (
                given,
                "Cổng chưa trả lời từ 09:42. Cứ tiếp đón, thẻ tạm tính 80 %; máy tự hỏi lại lúc 09:47.",
            )
            for given in (None, answer("100"), answer("101"), answer("500"))
        ),
    ],
)
def test_sentences_of_the_style_guide(given: CardAnswer | None, sentence: str) -> None:
    assert advise(given, ON, rate="80 %", since="09:42", again_at="09:47").sentence == sentence


@pytest.mark.parametrize("code", ["000", "001", "002", "003", "004"])
def test_usable_codes(code: str) -> None:
    advice = advise(answer(code, new_valid_from=date(2026, 11, 1)), ON)
    assert (advice.usable, advice.pending, advice.state) == (True, False, "confirmed")


@pytest.mark.parametrize("code", ["010", "050", "053", "110", "120", "124"])
def test_codes_that_refuse_the_card(code: str) -> None:
    advice = advise(answer(code), ON)
    assert (advice.usable, advice.pending, advice.state) == (False, False, "refused")


@pytest.mark.parametrize("code", ["060", "061", "070", "121", "122", "123", "130", "205"])
def test_codes_that_say_nothing_about_the_card_on_record(code: str) -> None:
    advice = advise(answer(code), ON)
    assert (advice.usable, advice.pending, advice.state) == (False, False, "")


@pytest.mark.parametrize("code", ["100", "101", "401", "500"])
def test_trouble_of_the_gateway_counts_provisionally_and_is_asked_again(code: str) -> None:
    advice = advise(answer(code), ON)
    assert (advice.usable, advice.pending, advice.state) == (True, True, "provisional")


def test_an_officer_without_registration_does_not_refuse_the_card() -> None:
    advice = advise(answer("054"), ON)
    assert (advice.usable, advice.pending, advice.state) == (True, False, "provisional")


def test_code_000_with_past_days_is_expired_all_the_same() -> None:
    advice = advise(answer("000", valid_to=date(2026, 11, 21)), ON)
    assert not advice.usable
    assert "21/11/2026" in advice.sentence


def test_code_000_that_begins_later_does_not_count_today() -> None:
    advice = advise(answer("000", valid_from=date(2026, 12, 1)), ON)
    assert not advice.usable
    assert "01/12/2026" in advice.sentence


def test_an_unknown_code_never_stops_the_desk() -> None:
    advice = advise(answer("999"), ON)
    assert advice.usable
    assert advice.state == "provisional"
    assert "999" in advice.sentence


def test_no_sentence_is_longer_than_two_and_none_shouts() -> None:
    codes = [
        "000",
        "001",
        "002",
        "003",
        "004",
        "010",
        "050",
        "054",
        "060",
        "100",
        "110",
        "121",
        "130",
        "205",
        "401",
        "999",
    ]
    for code in codes:
        text = advise(answer(code, new_valid_from=date(2027, 1, 1)), ON, rate="80 %").sentence
        assert "!" not in text
        assert text.endswith(".")
        assert text.count(". ") <= 1
