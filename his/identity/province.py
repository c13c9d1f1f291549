"""The invented province Tân Giang: its forty medical units and two authorities."""

from his.identity.tables import Unit

PROVINCE = "97"
INSURER_ID, HEALTH_ID, SYSTEM_ID = 900, 901, 902
REGIONS = ("Hồ Xanh", "Tả Lùng", "Sơn Dương Hạ", "Pa Thăm", "Mường Lả", "Yên Khê", "Cửa Khe", "Tam Hồ")
CLINICS = (
    "An Khang", "Bình Minh", "Cầu Mây", "Đông Y Nghĩa Sơn", "Gia Phúc", "Hòa Phong",
    "Ngân Hà", "Sông Ngân", "Tâm Đức", "Thiện Nhân", "Thượng Lâm", "Vạn Xuân",
)  # fmt: skip
STATIONS = (
    "Hồ Xanh", "Nậm Khe", "Bản Mường", "Nà Sáy", "Khe Mây", "Suối Lim", "Đồng Vải", "Làng Nhạn", "Cốc Sâu", "Lũng Pao",
    "Thung Mơ", "Vân Đồi", "Đá Ong", "Rừng Thông", "Mỏ Bạc", "Quế Rừng", "Hạ Lũng", "Huổi Cuông", "Tà Sín",
)  # fmt: skip


def unit_rows() -> list[Unit]:
    """One provincial hospital, eight regional hospitals, twelve clinics, nineteen stations, and two authorities."""
    rows = [
        _unit(1, "97001", "BVĐK tỉnh Tân Giang", "hospital", "intensive", 85, "provincial", "97009"),
        *(
            _unit(
                2 + i,
                f"97{2 + i:03d}",
                f"BVĐK KV {name}",
                "hospital",
                "basic",
                (45, 55, 62)[i % 3],
                "district",
                f"97{33 + 3 * i:03d}",
            )
            for i, name in enumerate(REGIONS)
        ),
        *(
            _unit(10 + i, f"97{101 + i}", f"PKĐK {name}", "clinic", "initial", 0, "", f"97{3 + 3 * (i % 10):03d}")
            for i, name in enumerate(CLINICS)
        ),
        *(
            _unit(
                22 + i,
                f"97{301 + i}",
                f"TYT xã {name}",
                "station",
                "initial",
                0,
                "",
                f"97{33 + 3 * i:03d}",
                station=True,
            )
            for i, name in enumerate(STATIONS)
        ),
    ]
    rows += [
        _unit(INSURER_ID, "BH097", "BHXH tỉnh Tân Giang", "insurer", "", 0, "", ""),
        _unit(HEALTH_ID, "SYT97", "Sở Y tế tỉnh Tân Giang", "health-department", "", 0, "", ""),
        _unit(SYSTEM_ID, "QTHT0", "Quản trị hệ thống", "operator", "", 0, "", ""),
    ]
    return rows


def _unit(
    number: int,
    code: str,
    name: str,
    kind: str,
    level: str,
    points: int,
    tier: str,
    ward: str,
    *,
    station: bool = False,
) -> Unit:
    medical = kind in ("hospital", "clinic", "station")
    return Unit(
        id=number,
        code=code,
        name=name,
        kind=kind,
        level=level,
        points=points,
        former_tier=tier,
        is_station=station,
        province_code=PROVINCE,
        ward_code=ward,
        address=f"{10 + number} đường Hòa Bình, tỉnh Tân Giang" if medical else "",
        phone=f"0297 3{number:06d}",
        head_number=f"97{number:04d}0060" if medical else "",
        payer_id=INSURER_ID if medical else None,
    )
