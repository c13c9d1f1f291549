"""Invented people of the province; the same seed gives the same person."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from his.registration.terms import CardForm, PatientForm

FAMILY = (
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Vũ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Lò",
    "Quàng",
    "Cà",
    "Vàng",
    "Giàng",
    "Nông",
    "Lường",
    "Hà",
    "Đào",
)
WOMEN = (
    "Thị Minh Nguyệt",
    "Thị Hoa",
    "Thị Lan",
    "Thị Thu Hà",
    "Thị Xuân",
    "Ngọc Mai",
    "Thị Yến",
    "Thị Thảo",
    "Thanh Hương",
    "Thị Kim Oanh",
)
MEN = (
    "Văn Chiêm",
    "Quốc Huy",
    "Văn Thành",
    "Đức Anh",
    "Minh Tuấn",
    "Văn Sơn",
    "Hữu Thắng",
    "A Sình",
    "Văn Dũng",
    "Công Lý",
)
HAMLETS = ("Thôn 1", "Thôn 2", "Thôn 4", "Bản Nà Sáy", "Bản Mới", "Tổ 3", "Tổ 7", "Khu phố 2")
WARDS = (
    ("97033", "xã Hồ Xanh"),
    ("97036", "xã Tả Lùng"),
    ("97045", "xã Nậm Khe"),
    ("97009", "phường Tân Giang"),
    ("97081", "xã Yên Khê"),
)
INCOMPLETE = 0.03  # records whose commune nobody typed: their dossiers wait at the claims desk
GROUPS = (("GD4", 60), ("HT3", 12), ("HN2", 8), ("DT2", 8), ("DN4", 12))


@dataclass(frozen=True, slots=True)
class Invented:
    """A person with a card, or without."""

    form: PatientForm
    card: CardForm | None
    age: int


def person(chance: random.Random, on: date, home: str) -> Invented:
    """One invented person; `home` is the facility where most cards are registered; nine of ten have a card."""
    woman = chance.random() < 0.54
    age = _age(chance)
    born = on - timedelta(days=age * 365 + chance.randrange(20, 340))
    century = 2 if born.year >= 2000 else 0
    number = f"097{century + (1 if woman else 0)}{born.year % 100:02d}{chance.randrange(10**6):06d}"
    ward, ward_name = chance.choice(WARDS)
    child = age < 14
    form = PatientForm(
        name=f"{chance.choice(FAMILY)} {chance.choice(WOMEN if woman else MEN)}",
        birth_date=born,
        gender="female" if woman else "male",
        citizen_number=number,
        phone=f"09{chance.randrange(10**8):08d}",
        address=f"{chance.choice(HAMLETS)}, {ward_name}, tỉnh Tân Giang",
        province_code="97",
        ward_code=ward if chance.random() > INCOMPLETE else "",
        guardian_name=f"{chance.choice(FAMILY)} {chance.choice(WOMEN)}" if child else "",
        guardian_phone=f"09{chance.randrange(10**8):08d}" if child else "",
    )
    return Invented(form, _card(chance, number, born, on, home, age), age)


def _age(chance: random.Random) -> int:
    return chance.choice((3, 8, 25, 34, 42, 51, 58, 63, 67, 72, 79)) + chance.randrange(0, 5)


def _card(chance: random.Random, citizen: str, born: date, on: date, home: str, age: int) -> CardForm | None:
    if chance.random() < 0.1:
        return None
    group = "TE1" if age < 6 else chance.choices([g for g, _ in GROUPS], [w for _, w in GROUPS])[0]
    registered = home if chance.random() < 0.8 else "97001"
    start = max(date(on.year, 1, 1), born)
    five_years = date(2019 + chance.randrange(9), 1 + chance.randrange(12), 1)
    return CardForm(f"{group}9797{citizen[-8:]}", start, date(on.year, 12, 31), registered, five_years_on=five_years)
