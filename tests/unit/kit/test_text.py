"""Vietnamese text: what is stored is composed and clean, what is searched has no marks."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from his.kit.text import clean, clean_lines, fold, mask, sort_key, tokens

ANY = st.text(max_size=60)


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("  Nguyễn \t Văn\u00a0A \n", "Nguyễn Văn A"),
        (unicodedata.normalize("NFD", "Trần Thị Ngọc Ẩn"), "Trần Thị Ngọc Ẩn"),
        ("a\x00b\x07c\x7f", "abc"),
        ("nửa\ud800đôi", "nửađôi"),
        ("", ""),
    ],
)
def test_clean(raw, kept):
    assert clean(raw) == kept


def test_notes_keep_their_lines():
    assert clean_lines("\n Ho khan \r\n  5 ngày\x00 \n\n") == "Ho khan\n5 ngày"


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Nguyễn Đức", "nguyen duc"),
        ("ĐẶNG THỊ  ỞN", "dang thi on"),
        ("Quàng Thị Hương", "quang thi huong"),
        ("H'Ring Niê", "h'ring nie"),
        ("Ýnh Lừ", "ynh lu"),
    ],
)
def test_fold(written, folded):
    assert fold(written) == folded


def test_tokens_are_words_once_in_order():
    assert tokens("Đau đầu, đau bụng (dau)") == ["dau", "bung"]
    assert tokens("H'Ring 03-4") == ["h", "ring", "03", "4"]
    assert tokens("…") == []


def test_names_sort_by_given_name():
    names = ["Trần Thị An", "Bùi Văn Bình", "Nguyễn An", "Đỗ Ái"]
    assert sorted(names, key=sort_key) == ["Đỗ Ái", "Nguyễn An", "Trần Thị An", "Bùi Văn Bình"]
    assert sort_key("") == ""


@pytest.mark.parametrize(
    ("number", "shown"),
    [("034168001212", "034168••••12"), ("097168012", "097168•12"), ("12345678", "12345678"), ("", "")],
)
def test_mask(number, shown):
    assert mask(number) == shown


@given(ANY)
def test_clean_is_stable_and_storable(raw):
    once = clean(raw)
    assert clean(once) == once
    assert "\x00" not in once
    once.encode("utf-8")
    assert once == once.strip()
    assert unicodedata.is_normalized("NFC", once)


@given(ANY)
def test_fold_does_not_care_for_case_marks_or_composition(raw):
    assert fold(fold(raw)) == fold(raw)
    assert fold(unicodedata.normalize("NFD", raw)) == fold(unicodedata.normalize("NFC", raw))


@given(ANY)
def test_tokens_are_found_in_the_folded_text(raw):
    found = tokens(raw)
    assert len(found) == len(set(found))
    assert all(word in fold(raw) for word in found)


@given(st.text(alphabet="0123456789", min_size=9, max_size=15))
def test_a_mask_hides_the_middle_and_keeps_the_length(number):
    shown = mask(number)
    assert len(shown) == len(number)
    assert (shown[:6], shown[-2:]) == (number[:6], number[-2:])
    assert set(shown[6:-2]) == {"•"}
