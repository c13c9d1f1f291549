"""The demonstration province Tân Giang: 40 invented units with rooms, staff, accounts; the same every time."""

import random
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from his.identity import store
from his.identity.passwords import hash_password
from his.identity.province import HEALTH_ID, INSURER_ID, SYSTEM_ID, unit_rows
from his.identity.tables import Account, ApiClient, Department, Practitioner, Room, Unit
from his.identity.terms import Role
from his.kit.changes import Changes
from his.kit.db import Database, Db, Scope

CLIENT = "demo-client"
MAIN_UNIT = 2  # a regional hospital; the plain user names and the machine client work there
NAMESPACE = UUID("6f1d0a52-6d0f-4b1e-9c57-3f6f2f6b97a0")
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
    "Mạc",
    "Nông",
)
MIDDLE = ("Thị", "Văn", "Minh", "Thu", "Quốc", "Hữu", "Ngọc", "Đức", "Thanh", "Hải")
GIVEN = (
    "Hà",
    "Huy",
    "Mai",
    "Thắng",
    "Lan",
    "Sơn",
    "Hương",
    "Tuấn",
    "Yến",
    "Dũng",
    "Hạnh",
    "Phúc",
    "Linh",
    "Khánh",
    "Oanh",
    "Toàn",
)
EXAM_ROOMS = {
    "hospital": (
        ("101", "Tim mạch", "02.1898", "K04"), ("102", "Ngoại", "10.1898", "K19"), ("103", "Nội tổng hợp", "02.1898", "K03"),
        ("104", "Nội tiết", "07.1898", "K08"), ("105", "Nhi", "03.1898", "K18"), ("106", "Phụ sản", "13.1898", "K27"),
        ("107", "Tai mũi họng", "15.1898", "K28"), ("108", "Mắt", "14.1898", "K30"),
    ),
    "clinic": (("P1", "Nội", "02.1898", "K01"), ("P2", "Nhi", "03.1898", "K01")),
    "station": (("P1", "Khám chung", "02.1898", "K01"),),
}  # fmt: skip
DEPARTMENTS = {
    "hospital": (
        ("K01", "Khám bệnh"), ("K02", "Hồi sức cấp cứu"), ("K03", "Nội tổng hợp"), ("K04", "Nội tim mạch"), ("K08", "Nội tiết"),
        ("K18", "Nhi"), ("K19", "Ngoại tổng hợp"), ("K27", "Phụ sản"), ("K28", "Tai mũi họng"), ("K30", "Mắt"),
    ),
    "clinic": (("K01", "Khám bệnh"),),
    "station": (("K01", "Khám bệnh"),),
}  # fmt: skip
WORKROOMS = (
    ("TD", "Quầy tiếp đón", "reception"), ("XN", "Xét nghiệm", "laboratory"), ("CDHA", "Chẩn đoán hình ảnh", "imaging"),
    ("NT", "Nhà thuốc", "pharmacy"), ("VP", "Viện phí", "cashier"),
)  # fmt: skip
STAFF = {
    "front-desk": "ĐD.",
    "nurse": "ĐD.",
    "pharmacist": "DS.",
    "cashier": "",
    "unit-admin": "",
    "hiv-doctor": "BS.",
    "privacy-officer": "",
    "psychiatrist": "BS.",
}
PLACE = {
    "front-desk": "TD",
    "nurse": "TD",
    "pharmacist": "NT",
    "cashier": "VP",
    "unit-admin": "",
    "hiv-doctor": "",
    "privacy-officer": "",
    "psychiatrist": "",
}


@dataclass(frozen=True, slots=True)
class SignIn:
    """One account of the demonstration, for the list that is printed at the start."""

    role: str
    username: str
    password: str


def sign_ins(password: str) -> list[SignIn]:
    """One sign-in for each role, in the demonstration's main unit or authority."""
    return [SignIn(role.value, _username(role.value, MAIN_UNIT), password) for role in Role]


async def seed(database: Database, password: str, now: datetime, units: int = 40) -> list[Unit]:
    """Write the province (its first `units` medical units); safe to repeat after an interruption; returns those units.

    Every step is one change set and is left out when it was done before.
    """
    rows = unit_rows()
    medical = [u for u in rows if u.kind in EXAM_ROOMS][:units]
    hashed = hash_password(password)
    async with database.scoped(Scope(SYSTEM_ID, "seed")) as db:
        known = {unit.id for unit in await store.list_units(db)}
        if await store.find_account(db, Role.INSTALLATION_ADMIN.value) is None:
            await db.apply(_authorities(rows, hashed, now), now)
    for unit in medical:
        if unit.id not in known:
            async with database.scoped(Scope(unit.id, "seed")) as db:
                await db.apply(_unit_changes(unit, hashed, now).insert(unit), now)
    return medical


async def finish(database: Database, client_secret: str, now: datetime) -> None:
    """Write the machine client, the last row of the demonstration: where it stands, all the rest stands (`is_seeded`)."""
    client = ApiClient(
        id=CLIENT,
        secret_hash=hash_password(client_secret),
        name="Máy khách trình diễn",
        unit_id=MAIN_UNIT,
        scopes="system/*.cruds his/blind-update",
        sensitive=True,
        created_at=now,
    )
    async with database.scoped(Scope(SYSTEM_ID, "seed")) as db:
        await db.apply(Changes().insert(client), now)


async def is_seeded(db: Db) -> bool:
    """Has the demonstration province been written to its end?"""
    return await store.find_client(db, CLIENT) is not None


def _authorities(rows: list[Unit], hashed: str, now: datetime) -> Changes:
    changes = Changes().insert(*(unit for unit in rows if unit.kind not in EXAM_ROOMS))
    for unit_id, role, name in (
        (INSURER_ID, Role.INSURANCE_OFFICER, "GĐV. Mạc Hữu Thắng"),
        (HEALTH_ID, Role.PROVINCE_OFFICER, "Nông Thị Yến"),
        (SYSTEM_ID, Role.INSTALLATION_ADMIN, "Quản trị hệ thống"),
    ):
        changes.insert(_account(unit_id, role.value, role.value, name, hashed, now))
    return changes


def _username(role: str, unit_id: int) -> str:
    """The demonstration's main unit has the plain names; others carry the unit's number."""
    return role if unit_id in (MAIN_UNIT, INSURER_ID, HEALTH_ID, SYSTEM_ID) else f"{role}-{unit_id}"


def _id(unit_id: int, *key: str) -> UUID:
    return uuid5(NAMESPACE, "/".join((str(unit_id), *key)))


def _account(
    unit_id: int, role: str, username: str, name: str, hashed: str, now: datetime,
    practitioner: UUID | None = None, room: UUID | None = None,
) -> Account:  # fmt: skip
    return Account(
        id=_id(unit_id, "account", username),
        username=username,
        password_hash=hashed,
        role=role,
        unit_id=unit_id,
        practitioner_id=practitioner,
        display_name=name,
        room_id=room,
        created_at=now,
        factor_exempt=True,
    )


def _unit_changes(unit: Unit, hashed: str, now: datetime) -> Changes:
    chance = random.Random(unit.id)  # noqa: S311  # invented names, not secrets
    changes = Changes()
    for code, name in DEPARTMENTS[unit.kind]:
        changes.insert(Department(unit_id=unit.id, id=_id(unit.id, "department", code), code=code, name=name))
    first = DEPARTMENTS[unit.kind][0][0]
    rooms = {code: _id(unit.id, "room", code) for code, _, _ in WORKROOMS}
    for code, name, kind in WORKROOMS:
        department = _id(unit.id, "department", first)
        changes.insert(Room(unit_id=unit.id, id=rooms[code], department_id=department, code=code, name=name, kind=kind))
    for index, (code, name, service, department_code) in enumerate(EXAM_ROOMS[unit.kind]):
        doctor = _staff(unit, f"doctor-{code}", "BS.", department_code, index + 1, chance)
        room = Room(
            unit_id=unit.id,
            id=_id(unit.id, "room", code),
            department_id=_id(unit.id, "department", department_code),
            code=code,
            name=name,
            service_code=service,
            practitioner_id=doctor.id,
        )
        main = unit.id == 2 and code == "103"
        username = "doctor" if main else f"doctor-{unit.id}-{code.lower()}"
        display = f"{doctor.title} {doctor.name}"
        changes.insert(doctor, room, _account(unit.id, "doctor", username, display, hashed, now, doctor.id, room.id))
        changes.version(doctor, op="create")
    for index, (role, title) in enumerate(STAFF.items()):
        person = _staff(unit, role, title, first, 60 + index, chance)
        account = _account(
            unit.id,
            role,
            _username(role, unit.id),
            f"{title} {person.name}".strip(),
            hashed,
            now,
            person.id,
            rooms.get(PLACE[role]),
        )
        changes.insert(person, account)
    for index, kind in enumerate(("technician-lab", "technician-imaging")):
        changes.insert(_staff(unit, kind, "KTV.", first, 80 + index, chance))
    return changes.version(unit, op="create")


def _staff(unit: Unit, key: str, title: str, department: str, number: int, chance: random.Random) -> Practitioner:
    middle = chance.choice(MIDDLE)
    name = f"{chance.choice(FAMILY)} {middle} {chance.choice(GIVEN)}"
    if unit.id == 2 and key == "doctor-103":
        name = "Phạm Quốc Huy"
    return Practitioner(
        unit_id=unit.id,
        id=_id(unit.id, "practitioner", key),
        name=name,
        title=title,
        license_number=f"{unit.id:04d}{number:02d}/TG-CCHN",
        insurance_number=f"97{unit.id:04d}{number:04d}",
        citizen_number=f"097{1 if middle == 'Thị' else 0}{80 + number % 15:02d}{unit.id:03d}{number:03d}",
        department_code=department,
        gender="female" if middle == "Thị" else "male",
    )
