"""Amounts in Vietnamese words, as receipts and statements must write them."""

from decimal import Decimal

from his.kit.money import whole

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_BILLION = 1_000_000_000


def number_words(value: int) -> str:
    """`141488` -> `một trăm bốn mươi mốt nghìn bốn trăm tám mươi tám`; a negative number starts with `âm`."""
    if value < 0:
        return "âm " + number_words(-value)
    return " ".join(_words(value, padded=False)) or _DIGITS[0]


def money_words(amount: Decimal | int) -> str:
    """The amount in whole đồng as a sentence part: `Một trăm nghìn đồng`."""
    text = number_words(int(whole(Decimal(amount)))) + " đồng"
    return text[0].upper() + text[1:]


def _words(value: int, *, padded: bool) -> list[str]:
    """Words of a number; `padded` says that larger groups stand before it, so that its own hundreds are spoken."""
    if value >= _BILLION:
        head, rest = divmod(value, _BILLION)
        return [*_words(head, padded=padded), "tỷ", *_words(rest, padded=True)]
    parts: list[str] = []
    for size, name in ((1_000_000, "triệu"), (1_000, "nghìn"), (1, "")):
        group, value = divmod(value, size)
        if group:
            parts += _group(group, padded=padded or bool(parts))
            parts += [name] if name else []
    return parts


def _group(value: int, *, padded: bool) -> list[str]:
    """Words of 1 to 999."""
    hundreds, rest = divmod(value, 100)
    tens, units = divmod(rest, 10)
    parts: list[str] = []
    if hundreds or padded:
        parts += [_DIGITS[hundreds], "trăm"]
    if tens > 1:
        parts += [_DIGITS[tens], "mươi"]
    elif tens == 1:
        parts.append("mười")
    elif units and parts:
        parts.append("linh")
    if units == 1 and tens > 1:
        parts.append("mốt")
    elif units == 4 and tens > 1:
        parts.append("tư")
    elif units == 5 and tens:
        parts.append("lăm")
    elif units:
        parts.append(_DIGITS[units])
    return parts
