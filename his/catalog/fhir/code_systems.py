"""The lists as code systems, value sets and concept maps: their canonical addresses and names.

Every list is one code system and one value set of all its codes; a map is a column of a list that carries another code.
"""

from dataclasses import dataclass

from his.catalog.store.concepts import LISTS
from his.fhir.systems import ANALYTE, COST_GROUP, DRUG, HIS, ICD10, SERVICE, SUPPLY

ATC = "http://www.whocc.no/atc"
INGREDIENT = f"{HIS}:code:ingredient"
IMPLICIT = "?fhir_vs"  # http://hl7.org/fhir/R4/valueset.html: the value set of all codes of a system
VALUE_SET = f"{HIS}/ValueSet/"
CONCEPT_MAP = f"{HIS}/ConceptMap/"
TITLES = {
    "icd-10": "ICD-10 (TT 06/2026/TT-BYT)", "service": "Dịch vụ kỹ thuật", "drug": "Thuốc theo số đăng ký",
    "supply": "Vật tư y tế",
    "analyte": "Chỉ số xét nghiệm", "ward": "Xã, phường, đặc khu", "entitlement": "Đối tượng khám chữa bệnh",
    "care-setting": "Loại hình khám chữa bệnh", "department": "Khoa", "cost-group": "Nhóm chi phí",
    "card-object": "Đối tượng của thẻ BHYT", "benefit-digit": "Mức hưởng BHYT", "ethnicity": "Dân tộc",
    "occupation": "Nghề nghiệp", "nationality": "Quốc tịch", "province": "Tỉnh, thành phố", "accident": "Tai nạn",
    "area": "Mã khu vực", "route": "Đường dùng thuốc", "review-reason": "Lý do từ chối thanh toán",
    "allergy-group": "Nhóm hoạt chất dị ứng", "facility": "Cơ sở khám chữa bệnh", "traditional": "Bệnh y học cổ truyền",
}  # fmt: skip
SYSTEMS: dict[str, str] = {
    "icd-10": ICD10,
    "service": SERVICE,
    "drug": DRUG,
    "supply": SUPPLY,
    "analyte": ANALYTE,
    "ward": f"{HIS}:code:ward",
    **{name: f"{HIS}:code:{name}" for name in sorted(LISTS)},
}
KEYS = {url: key for key, url in SYSTEMS.items()}


@dataclass(frozen=True, slots=True)
class Map:
    """A map: the column of the list `key` that carries a code of the system `target` (of the list `names`, if ours)."""

    id: str
    key: str
    column: str
    target: str
    names: str = ""

    @property
    def url(self) -> str:
        """The canonical address."""
        return CONCEPT_MAP + self.id


MAPS = (
    Map("drug-to-atc", "drug", "atc", ATC),
    Map("drug-to-ingredient", "drug", "ingredient_code", INGREDIENT),
    Map("service-to-cost-group", "service", "cost_group", COST_GROUP, "cost-group"),
    Map("analyte-to-service", "analyte", "service_code", SERVICE, "service"),
    Map("ward-to-province", "ward", "province_code", f"{HIS}:code:province", "province"),
)


def value_set_key(url: str) -> str:
    """The list whose value set this is, "" for a foreign one."""
    bare = url.partition("|")[0]
    if bare.endswith(IMPLICIT):
        return KEYS.get(bare.removesuffix(IMPLICIT), "")
    key = bare.removeprefix(VALUE_SET)
    return key if bare.startswith(VALUE_SET) and key in SYSTEMS else ""
