"""What the twelve digits of a citizen number say: century with sex, year of birth (NĐ 70/2024/NĐ-CP; no check digit)."""

from datetime import date


def citizen_facts(number: str) -> tuple[str, int] | None:
    """Gender and birth year in the number; None for anything that is not twelve digits."""
    if len(number) != 12 or not number.isascii() or not number.isdigit():
        return None
    century, digit = divmod(int(number[3]), 2)
    return ("male" if digit == 0 else "female"), 1900 + 100 * century + int(number[4:6])


def citizen_contradiction(number: str, birth: date | None, gender: str) -> str:
    """A sentence when the number says another sex or year of birth than the form; empty when they agree."""
    facts = citizen_facts(number)
    if facts is None:
        return ""
    words = {"male": "nam", "female": "nữ"}
    said_gender, said_year = facts
    if birth is not None and birth.year != said_year:
        return f"Số CCCD mang năm sinh {said_year}, ô ngày sinh ghi {birth.year}. Xem lại bản chính."
    if gender in words and gender != said_gender:
        return f"Số CCCD mang giới {words[said_gender]}, ô giới tính ghi {words[gender]}. Xem lại bản chính."
    return ""
