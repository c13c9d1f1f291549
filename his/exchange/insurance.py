"""Client of the insurance authority's gateway: token, card look-up, submission, and the question after a time-out."""

import base64
import logging
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from his.exchange.accounts import GatewayAccount, account_of
from his.exchange.terms import CardAnswer, NoAnswerError, Reply
from his.kit import clock
from his.kit.config import Settings, get_settings
from his.kit.db import Database
from his.kit.errors import HisError, Kind

logging.getLogger("httpx").setLevel(logging.WARNING)  # its INFO lines hold the token and password of the query

TOKEN = "/api/token/take"  # noqa: S105  # an address, not a secret
LOOK_UP = "/api/egw/KQNhanLichSuKCB2024"
CHECK_IN = "/api/qd130/checkInKcbQd3176"
DOSSIER = "/api/qd130/guiHoSoXmlQD3176"
ASK = "/api/his/KQGiamDinhHoSo"
TYPE_OF = {"check-in": "0", "dossier": "130"}
PATH_OF = {"check-in": CHECK_IN, "dossier": DOSSIER}
LOOK_UP_SECONDS = 3.0
TOKEN_LIFE = timedelta(minutes=50)  # the life seen to be safe; the answer's own end counts when it is earlier
NO_GATEWAY = "Cổng BHXH chưa trả lời. Cứ tiếp đón, thẻ tạm tính; máy tự hỏi lại sau ít phút."


class Insurance:
    """One gateway, many facilities: tokens are cached by facility, never shared."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.settings = settings
        limits = httpx.Timeout(settings.gateway_timeout_seconds, connect=5)
        self.http = httpx.AsyncClient(
            base_url=settings.gateway_url, timeout=limits, transport=transport, trust_env=False
        )
        self.tokens: dict[str, tuple[str, str, datetime]] = {}
        self.answered_at: datetime | None = None
        self.failing_since: datetime | None = None

    def saw(self, *, answered: bool) -> None:
        """Remember whether the gateway answered, for the line in the top bar."""
        if answered:
            self.answered_at, self.failing_since = clock.now(), None
        elif self.failing_since is None:
            self.failing_since = clock.now()

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def token(self, unit_code: str, account: GatewayAccount, *, fresh: bool = False) -> tuple[str, str]:
        """Access token and id token of a facility. Raises NoAnswerError, or HisError(FORBIDDEN) for a wrong account."""
        cached = self.tokens.get(unit_code)
        if cached and not fresh and cached[2] > clock.now():
            return cached[0], cached[1]
        form = {"username": account.username, "password": account.password_md5}
        body = await self._post(TOKEN, data=form, sent=False)
        key = body.get("APIKey") or body
        if str(body.get("maKetQua", "200")) != "200" or not key.get("access_token"):
            raise HisError(
                Kind.FORBIDDEN, f"Cổng BHXH không nhận tài khoản của cơ sở {unit_code}. Kiểm lại mật khẩu cổng."
            )
        end = min(clock.now() + TOKEN_LIFE, _expiry(key.get("expires_in")) - timedelta(seconds=60))
        self.tokens[unit_code] = (key["access_token"], key.get("id_token", ""), end)
        return key["access_token"], key.get("id_token", "")

    async def look_up(self, unit_code: str, question: dict[str, str]) -> CardAnswer:
        """Ask about a card (number, name, birth date, and the officer who asks: CV 1923).

        Retries once with a new token after 401. Raises NoAnswerError.
        """
        account = account_of(self.settings.data_dir, unit_code)
        for attempt in (0, 1):
            access, identity = await self.token(unit_code, account, fresh=attempt > 0)
            query = {
                "token": access,
                "id_token": identity,
                "username": account.username,
                "password": account.password_md5,
            }
            body = await self._post(LOOK_UP, params=query, json=question, sent=False, seconds=LOOK_UP_SECONDS)
            if str(body.get("maKetQua")) != "401":
                break
        return _card_answer(body)

    async def submit(self, unit_code: str, kind: str, content: bytes) -> Reply:
        """Send a signed file (`check-in` or `dossier`), bytes untouched. Raises NoAnswerError(sent=True) when in doubt."""
        account = account_of(self.settings.data_dir, unit_code)
        form = {
            "username": account.username,
            "loaiHoSo": TYPE_OF[kind],
            "maTinh": unit_code[:2],
            "maCSKCB": unit_code,
            "fileHSBase64": base64.b64encode(content).decode(),
        }
        reply = Reply("")
        for attempt in (0, 1):
            access, identity = await self.token(unit_code, account, fresh=attempt > 0)
            headers = {"accessToken": access, "tokenId": identity, "passwordHash": account.password_md5}
            reply = _reply(await self._post(PATH_OF[kind], data=form, headers=headers, sent=True))
            if reply.code != "401":
                break
        return reply

    async def ask(self, unit_code: str, reference: str, sha256: str) -> Reply | None:
        """Did these bytes of the dossier arrive? The receipt when they did, None when they did not."""
        account = account_of(self.settings.data_dir, unit_code)
        access, identity = await self.token(unit_code, account)
        headers = {"accessToken": access, "tokenId": identity, "passwordHash": account.password_md5}
        question = {"maCSKCB": unit_code, "maLK": reference}
        body = await self._post(ASK, json=question, headers=headers, sent=False)
        for entry in body.get("dsKetQua") or []:
            if entry.get("sha256") == sha256:
                return _reply({"maKetQua": "200", **entry})
        return None

    async def _post(self, path: str, *, sent: bool, seconds: float | None = None, **arguments: Any) -> dict[str, Any]:
        if seconds is not None:
            arguments["timeout"] = httpx.Timeout(seconds, connect=2)
        try:
            response = await self.http.post(path, **arguments)
            self.saw(answered=response.status_code < 500)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            self.saw(answered=False)
            raise NoAnswerError(type(error).__name__, sent=False) from error
        except httpx.HTTPError as error:
            self.saw(answered=False)
            raise NoAnswerError(type(error).__name__, sent=sent) from error
        try:
            body = response.json()
        except ValueError as error:
            raise NoAnswerError(f"HTTP {response.status_code}, không phải JSON", sent=sent) from error
        if not isinstance(body, dict):
            raise NoAnswerError("câu trả lời không đúng dạng", sent=sent)
        if response.status_code >= 500:
            raise NoAnswerError(f"HTTP {response.status_code}", sent=sent)
        return body


_clients: dict[str, Insurance] = {}


def client() -> Insurance:
    """The client of this process."""
    settings = get_settings()
    if settings.gateway_url not in _clients:
        _clients[settings.gateway_url] = Insurance(settings)
    return _clients[settings.gateway_url]


def answered_at() -> datetime | None:
    """When this process last had an answer of the gateway, or None."""
    return client().answered_at


def failing_since() -> datetime | None:
    """Since when the gateway gives this process no answer; None while it does."""
    return client().failing_since


async def look_up_card(
    database: Database, unit_code: str, number: str, name: str, birth: str, officer_name: str, officer_citizen: str
) -> CardAnswer:
    """Ask the gateway about a card, CCCD or insurance number; no database connection is used or held.

    Raises HisError(BUSY) when there is no answer within about three seconds, or the gateway reports its own trouble.
    """
    question = {"maThe": number, "hoTen": name, "ngaySinh": birth, "hoTenCb": officer_name, "cccdCb": officer_citizen}
    try:
        return await client().look_up(unit_code, question)
    except NoAnswerError as error:
        raise HisError(Kind.BUSY, NO_GATEWAY) from error


def _expiry(value: object) -> datetime:
    """`expires_in` comes as a UTC date-time, an epoch or a number of seconds."""
    now = clock.now()
    if isinstance(value, int | float) or (isinstance(value, str) and value.isdigit()):
        number = float(value)
        return datetime.fromtimestamp(number, UTC) if number > 1e9 else now + timedelta(seconds=number)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return now + TOKEN_LIFE
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day(value: object) -> date | None:
    text = str(value or "").strip()
    for pattern in ("%d/%m/%Y", "%Y%m%d"):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None


def _card_answer(body: dict[str, Any]) -> CardAnswer:
    text = {key: str(value).strip() for key, value in body.items() if isinstance(value, str | int)}
    history = body.get("dsLichSuKCB2018") or body.get("dsLichSuKCB2025") or body.get("dsLichSuKCB2024") or []
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


def _reply(body: dict[str, Any]) -> Reply:
    stamp = str(body.get("thoiGianTiepNhan") or "")
    try:
        received = datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=clock.VIETNAM)
    except ValueError:
        received = None
    return Reply(
        str(body.get("maKetQua", "")), str(body.get("maGiaoDich") or ""), received, str(body.get("thongDiep") or "")
    )
