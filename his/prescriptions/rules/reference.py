"""Clinical reference of the rules: daily limits, ages, indications. A starter set from leaflets and Dược thư Quốc gia.

It covers what a district outpatient department prescribes every day; substances that are not here are not judged.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from his.catalog.rules import ingredient_key


def key_of(ingredient: str) -> str:
    """The comparable name of a single substance; empty for combinations."""
    return "" if " + " in ingredient else ingredient_key(ingredient)


_STRENGTH = re.compile(r"^([\d.]+(?:,\d+)?)\s*(mg|g|mcg)$")
_FACTOR = {"mg": Decimal(1), "g": Decimal(1000), "mcg": Decimal("0.001")}


def strength_mg(text: str) -> Decimal | None:
    """Milligrams in one unit, or None when the text says something else (`10mg/ml`, `1%`, combinations).

    >>> strength_mg("0,5g")
    Decimal('500.0')
    """
    found = _STRENGTH.match(text.strip().lower())
    if found is None:
        return None
    return Decimal(found[1].replace(".", "").replace(",", ".")) * _FACTOR[found[2]]


# mg a day for an adult by mouth
DAILY_LIMITS: Mapping[str, Decimal] = {
    ingredient_key(name): Decimal(most)
    for name, most in {
        "Paracetamol": 4000, "Ibuprofen": 2400, "Diclofenac": 150, "Meloxicam": 15, "Celecoxib": 400, "Naproxen": 1250,
        "Tramadol hydroclorid": 400, "Colchicin": 3, "Allopurinol": 800, "Cetirizin dihydroclorid": 10, "Loratadin": 10,
        "Amlodipin": 10, "Enalapril maleat": 40, "Losartan kali": 100, "Telmisartan": 80, "Bisoprolol fumarat": 20,
        "Furosemid": 600, "Spironolacton": 400, "Atorvastatin": 80, "Rosuvastatin": 40, "Simvastatin": 40,
        "Metformin hydroclorid": 3000, "Gliclazid": 120, "Glimepirid": 8, "Omeprazol": 80, "Esomeprazol": 80,
        "Domperidon": 30, "Prednisolon": 60, "Diazepam": 30, "Amitriptylin hydroclorid": 150,
    }.items()
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeastAge:
    """From which age drugs of an ATC group may be given, and why not before."""

    atc: str
    years: int
    reason: str


LEAST_AGES: tuple[LeastAge, ...] = (
    LeastAge("N02BA01", 16, "nguy cơ hội chứng Reye"),
    LeastAge("B01AC06", 16, "nguy cơ hội chứng Reye"),
    LeastAge("N02AJ06", 12, "nguy cơ suy hô hấp"),
    LeastAge("R05DA04", 12, "nguy cơ suy hô hấp"),
    LeastAge("N02AX02", 12, "nguy cơ suy hô hấp"),
    LeastAge("J01MA", 18, "hại sụn khớp đang phát triển"),
    LeastAge("J01AA", 8, "làm hỏng men răng"),
    LeastAge("A07DA03", 6, "nguy cơ liệt ruột"),
    LeastAge("M01AC06", 16, "chưa đủ dữ liệu an toàn"),
)


@dataclass(frozen=True, slots=True)
class Indication:
    """Diseases (beginnings of ICD-10 codes) of which one must be on the record when drugs of an ATC group are insured."""

    atc: str
    codes: tuple[str, ...]
    hint: str


INDICATIONS: tuple[Indication, ...] = (
    Indication("C10A", ("E78", "I20", "I21", "I22", "I23", "I24", "I25", "I63", "I70", "E11", "E10"), "E78"),
    Indication("A10", ("E10", "E11", "E12", "E13", "E14", "O24", "R73"), "E11"),
    Indication("C08", ("I10", "I11", "I12", "I13", "I15", "I20", "I25"), "I10"),
    Indication("C09", ("I10", "I11", "I12", "I13", "I15", "I25", "I50", "N18", "E11.2"), "I10"),
    Indication("C02AB", ("I10", "O10", "O11", "O13", "O14"), "I10"),
    Indication("H03AA", ("E00", "E01", "E02", "E03", "E04", "E06", "E89.0", "C73"), "E03"),
    Indication("H03B", ("E05",), "E05"),
    Indication("M04A", ("M10", "M11", "E79"), "M10"),
    Indication("A02BC", ("K20", "K21", "K25", "K26", "K27", "K28", "K29", "K30", "K22", "Z79", "R10"), "K29"),
    Indication("G04CA", ("N40", "N20", "N21"), "N40"),
    Indication("N03A", ("G40", "G41", "G50", "G53", "G62", "G63", "M79", "F31", "E10.4", "E11.4", "B02"), "G40"),
    Indication("R03", ("J44", "J45", "J46", "J20", "J21", "J30", "J40", "J42", "J98"), "J45"),
)


@dataclass(frozen=True, slots=True)
class Contraindication:
    """Drugs of an ATC group must not be given with these diseases, and why."""

    atc: str
    codes: tuple[str, ...]
    reason: str


CONTRAINDICATIONS: tuple[Contraindication, ...] = (
    Contraindication("M01A", ("K25", "K26", "K27", "K28"), "gây loét và xuất huyết tiêu hóa"),
    Contraindication("M01A", ("N18.4", "N18.5", "N17"), "làm nặng suy thận"),
    Contraindication("A10BA02", ("N18.4", "N18.5", "N17"), "nguy cơ nhiễm toan lactic"),
    Contraindication("C09", ("Z33", "Z34", "Z35", "O"), "hại thai"),
    Contraindication("C10A", ("Z33", "Z34", "Z35", "O"), "hại thai"),
    Contraindication("C07", ("J45", "J46"), "gây co thắt phế quản"),
    Contraindication("J01AA", ("Z33", "Z34", "Z35", "O"), "hại xương và răng thai nhi"),
    Contraindication("B01AA", ("K25.0", "K25.4", "K26.0", "K26.4", "I60", "I61", "I62"), "đang xuất huyết"),
)

# Diseases for which up to ninety days may be prescribed (the common ones of annex VII of TT 26/2025/TT-BYT).
LONG_TERM = (
    "E10", "E11", "E13", "E14", "E78", "E03", "E05", "I10", "I11", "I12", "I13", "I15", "I20", "I25", "I48", "I50", "J44", "J45",
    "N18", "N40", "B18", "B20", "F20", "F31", "F32", "F33", "G20", "G30", "G40", "M05", "M06", "M10", "M45", "L40", "H40", "C",
)  # fmt: skip
