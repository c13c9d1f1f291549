"""The payment QR against the published vector, and the groups of the legal form."""

from decimal import Decimal

import pytest

from his.billing.rules.form import FORM_GROUPS, OTHER, form_group
from his.billing.rules.vietqr import crc16, plain_content, vietqr
from his.kit.errors import HisError

VECTOR = "00020101021138540010A00000072701240006970423011001234567890208QRIBFTTA53037045802VN6304F64B"


def read(text: str) -> dict[str, str]:
    """The TLV fields of one level."""
    found, at = {}, 0
    while at < len(text):
        size = int(text[at + 2 : at + 4])
        found[text[at : at + 2]] = text[at + 4 : at + 4 + size]
        at += 4 + size
    return found


def test_static_code_is_the_published_vector() -> None:
    assert vietqr("970423", "0123456789") == VECTOR


def test_crc_is_the_published_check_value() -> None:
    assert crc16(b"123456789") == 0x29B1


def test_dynamic_code_carries_amount_and_content() -> None:
    code = vietqr("970423", "0123456789", Decimal("141488.00"), "KB 2611230042 viện phí")
    fields = read(code)
    assert fields["01"] == "12"
    assert fields["54"] == "141488"
    assert read(fields["62"])["08"] == "KB 2611230042 VIEN PHI"
    assert fields["63"] == f"{crc16(code[:-4].encode()):04X}"


@pytest.mark.parametrize(("bank", "account", "field"), [("97042", "0123456789", "bin"), ("970423", "12 34", "number")])
def test_unreadable_accounts_are_refused(bank: str, account: str, field: str) -> None:
    with pytest.raises(HisError) as refused:
        vietqr(bank, account)
    assert refused.value.field == field


def test_content_has_no_marks_and_at_most_fifty_characters() -> None:
    assert plain_content("Đặng Thị Ánh; đợt #1") == "DANG THI ANH DOT 1"
    assert len(plain_content("a" * 80)) == 50


def test_every_cost_group_has_one_place_and_unknown_ones_are_kept() -> None:
    codes = [code for group in FORM_GROUPS for code in group.costs]
    assert len(codes) == len(set(codes))
    assert {"1", "2", "3", "4", "7", "8", "10", "12", "13", "14", "15", "16", "17", "18"} <= set(codes)
    assert form_group("99") is OTHER
    assert [group.number for group in (*FORM_GROUPS, OTHER)] == list(range(1, 12))
