"""What the gateway's bodies say, read tolerantly: names and forms differ between its versions."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from his.exchange.terms import CardAnswer, Reply
from his.kit import clock

TOKEN_LIFE = timedelta(minutes=50)
"""The life seen to be safe; the answer's own end counts when it is earlier."""
EARLY = timedelta(seconds=60)
_STAMPS = ("%d/%m/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S", "%a, %d %b %Y %H:%M:%S GMT")
_HISTORY = ("dsLichSuKCB2018", "dsLichSuKCB2025", "dsLichSuKCB2024", "dsLskcb")


def token_end(value: object, now: datetime) -> datetime:
    """When a token is to be renewed: a minute before `expires_in`, which comes as a UTC date-time (with or without
    zone), an epoch (seconds or milliseconds) or a number of seconds; never later than the life seen to be safe, and
    that life when the value says nothing."""
    return min(now + TOKEN_LIFE, (_expiry(value, now) or now + TOKEN_LIFE + EARLY) - EARLY)


def _expiry(value: object, now: datetime) -> datetime | None:
    text = str(value if value is not None else "").strip()
    if len(text) == len("yyyymmddHHMMSS") and text.isdigit():  # too long for an epoch, even in milliseconds
        return _moment(text)
    try:
        number = float(text)
    except ValueError:
        return _moment(text)
    if not 0 < number < 1e14:  # also NaN and infinity
        return None
    if number > 1e11:
        number /= 1000
    return datetime.fromtimestamp(number, UTC) if number > 1e9 else now + timedelta(seconds=number)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        for pattern in _STAMPS:
            try:
                return datetime.strptime(text, pattern).replace(tzinfo=UTC)
            except ValueError:
                continue
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day(value: object) -> date | None:
    text = str(value or "").strip()
    for pattern in ("%d/%m/%Y", "%Y%m%d"):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None


def card_answer(body: dict[str, Any]) -> CardAnswer:
    """The answer to a card look-up; the visit history stands under a name that changes with the year."""
    text = {key: str(value).strip() for key, value in body.items() if isinstance(value, str | int)}
    history: list[Any] = next((body[name] for name in _HISTORY if isinstance(body.get(name), list)), [])
    return CardAnswer(
        code=text.get("maKetQua", ""),
        note=text.get("ghiChu", ""),
        card_number=text.get("maThe", ""),
        name=text.get("hoTen", ""),
        birth=text.get("ngaySinh", ""),
        gender={"nam": "male", "nữ": "female"}.get(text.get("gioiTinh", "").lower(), ""),
        address=text.get("diaChi", ""),
        primary_facility_code=text.get("maDKBD", ""),
        valid_from=_day(body.get("gtTheTu")),
        valid_to=_day(body.get("gtTheDen")),
        area_code=text.get("maKV", ""),
        five_years_on=_day(body.get("ngayDu5Nam")),
        old_card=text.get("maTheCu", ""),
        new_card_number=text.get("maTheMoi", ""),
        new_valid_from=_day(body.get("gtTheTuMoi")),
        new_valid_to=_day(body.get("gtTheDenMoi")),
        new_primary_facility_code=text.get("maDKBDMoi", ""),
        history=tuple(entry for entry in history if isinstance(entry, dict))[:50],
    )


def reply_of(body: dict[str, Any], raw: str, status: int, endpoint: str) -> Reply:
    """The answer to a submission, with its whole text."""
    stamp = str(body.get("thoiGianTiepNhan") or "")
    try:
        received = datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=clock.VIETNAM)
    except ValueError:
        received = None
    return Reply(
        code=str(body.get("maKetQua", "")).strip(),
        receipt=str(body.get("maGiaoDich") or "").strip(),
        received_at=received,
        message=str(body.get("thongDiep") or "").strip(),
        body=raw,
        status=status,
        endpoint=endpoint,
    )
