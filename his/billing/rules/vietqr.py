"""The text of a VietQR code (NAPAS, EMVCo TLV): account, amount, content and checksum."""

import re
from decimal import Decimal

from his.kit.errors import invalid
from his.kit.money import whole
from his.kit.text import fold

NAPAS = "A000000727"
MAX_CONTENT = 50


def vietqr(bank: str, account: str, amount: Decimal | None = None, content: str = "") -> str:
    """The text that the QR code holds. With an amount the code is dynamic (for one payment), without it static.

    `bank` is the six-digit number of the bank, `content` is written without marks and cut to 50 characters. Raises
    HisError INVALID for a bank or account number that no banking application could read.
    """
    if not re.fullmatch(r"\d{6}", bank):
        raise invalid("bin", "Mã ngân hàng phải có đúng 6 chữ số.")
    if not re.fullmatch(r"[0-9A-Za-z]{4,19}", account):
        raise invalid("number", "Số tài khoản chỉ gồm 4 đến 19 chữ số hoặc chữ cái.")
    party = _field("00", bank) + _field("01", account)
    text = _field("00", "01") + _field("01", "11" if amount is None else "12")
    text += _field("38", _field("00", NAPAS) + _field("01", party) + _field("02", "QRIBFTTA"))
    text += _field("53", "704")
    if amount is not None:
        text += _field("54", str(int(whole(amount))))
    text += _field("58", "VN")
    if content:
        text += _field("62", _field("08", plain_content(content)))
    text += "6304"
    return text + f"{crc16(text.encode()):04X}"


def plain_content(content: str) -> str:
    """What banks carry unchanged: capital letters, digits and spaces."""
    return re.sub(r"[^A-Z0-9 ]", "", fold(content).upper())[:MAX_CONTENT]


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF), over the text including `6304`."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021) & 0xFFFF if crc & 0x8000 else (crc << 1) & 0xFFFF
    return crc


def _field(tag: str, value: str) -> str:
    assert len(value) < 100, "a TLV value of a QR code has at most 99 characters"
    return f"{tag}{len(value):02d}{value}"
