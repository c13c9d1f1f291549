"""The state of the installation for its administrator: worker, queues, code lists, units."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.reporting import service
from his.web.page import render

router = APIRouter()
Admin = Annotated[Caller, needs(Capability.ADMIN)]
KINDS = {
    "hospital": "Bệnh viện",
    "clinic": "Phòng khám",
    "station": "Trạm y tế",
    "insurer": "Cơ quan BHXH",
    "health-department": "Sở Y tế",
    "operator": "Quản trị",
}
LISTS = {
    "accident": "Tai nạn",
    "allergy-group": "Nhóm dị ứng",
    "area": "Khu vực",
    "benefit-digit": "Mức hưởng trên thẻ",
    "card-object": "Đối tượng trên thẻ",
    "care-setting": "Loại hình khám chữa bệnh",
    "cost-group": "Nhóm chi phí",
    "department": "Khoa phòng",
    "drugs": "Thuốc",
    "entitlement": "Đối tượng đến khám",
    "ethnicity": "Dân tộc",
    "icd10": "ICD-10",
    "ingredient-synonyms": "Tên khác của hoạt chất",
    "interactions": "Tương tác thuốc",
    "lab-tests": "Xét nghiệm",
    "nationality": "Quốc tịch",
    "occupation": "Nghề nghiệp",
    "province": "Tỉnh, thành phố",
    "review-reason": "Lý do giám định",
    "route": "Đường dùng thuốc",
    "services": "Dịch vụ kỹ thuật",
    "vital-ranges": "Ngưỡng sinh hiệu",
    "wards": "Xã, phường",
}


@router.get("/system")
async def system_page(request: Request, caller: Admin) -> Response:
    """Worker and queues, versions of the code lists, units; renewed while it is open."""
    state = await service.load_system(caller.db, caller.now)
    return render(request, "reporting/system.html", {"state": state, "kinds": KINDS, "names": LISTS})
