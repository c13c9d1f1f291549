"""Client of the insurance authority's gateway: token, card look-up, submission, and the question after a time-out."""

import asyncio
import base64
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx

from his.exchange import endpoints
from his.exchange.accounts import GatewayAccount, account_of
from his.exchange.answers import card_answer, reply_of, token_end
from his.exchange.circuit import Circuit
from his.exchange.terms import CardAnswer, NoAnswerError, Reply, SubmissionCode
from his.kit import clock
from his.kit.config import Settings, get_settings
from his.kit.db import Database
from his.kit.errors import HisError, Kind

logging.getLogger("httpx").setLevel(logging.WARNING)  # its INFO lines hold the token and password of the query

LOOK_UP_SECONDS = 3.0
LARGEST_REPLY = 1 << 20
"""Characters of an answer that are kept; real ones have a few hundred."""
ACCOUNT_REST = timedelta(minutes=10)
"""How long a refused account is not tried again: more wrong passwords would lock it."""
ABSENT = (404, 405, 501)
UNAUTHENTICATED = SubmissionCode.UNAUTHENTICATED.value
NO_GATEWAY = "Cổng BHXH chưa trả lời. Cứ tiếp đón, thẻ tạm tính; máy tự hỏi lại sau ít phút."
OUTAGE = "Cổng đang gián đoạn, tạm ngừng gọi"


class Insurance:
    """One gateway, many facilities: tokens are cached by facility, never shared; the outage is one for all."""

    def __init__(
        self,
        settings: Settings,
        transport: httpx.AsyncBaseTransport | None = None,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self.settings = settings
        self.now = now
        limits = httpx.Timeout(settings.gateway_timeout_seconds, connect=5)
        self.http = httpx.AsyncClient(
            base_url=settings.gateway_url, timeout=limits, transport=transport, trust_env=False
        )
        self.circuit = Circuit()
        self.tokens: dict[str, tuple[str, str, datetime]] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._refused: dict[tuple[str, GatewayAccount], datetime] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def token(self, unit_code: str, account: GatewayAccount, *, not_this: str = "") -> tuple[str, str]:
        """Access token and id token of a facility; `not_this` is one that the gateway has just refused.

        Many may ask at once: one fetches, the others take what it brought. Raises NoAnswerError, or
        HisError(FORBIDDEN) for an account that the gateway refuses (for ten minutes without asking again).
        """
        async with self._turns.setdefault(unit_code, asyncio.Lock()):
            cached = self.tokens.get(unit_code)
            if cached and cached[0] != not_this and cached[2] > self.now():
                return cached[0], cached[1]
            if self._refused.get((unit_code, account), self.now()) > self.now():
                raise self._account_refused(unit_code)
            form = {"username": account.username, "password": account.password_md5}
            body, _ = await self._post(endpoints.TOKEN, data=form, sent=False)
            found = body.get("APIKey")
            key = found if isinstance(found, dict) else body  # some versions answer at the root
            access, identity = str(key.get("access_token") or ""), str(key.get("id_token") or "")
            if str(body.get("maKetQua", "200")) != "200" or not access:
                self.refuse(unit_code, account)
                raise self._account_refused(unit_code)
            self.tokens[unit_code] = (access, identity, token_end(key.get("expires_in"), self.now()))
            return access, identity

    def refuse(self, unit_code: str, account: GatewayAccount) -> None:
        """Leave a refused account alone for a while; a corrected one is tried at once."""
        self._refused[unit_code, account] = self.now() + ACCOUNT_REST
        self.tokens.pop(unit_code, None)

    @staticmethod
    def _account_refused(unit_code: str) -> HisError:
        return HisError(
            Kind.FORBIDDEN, f"Cổng BHXH không nhận tài khoản của cơ sở {unit_code}. Kiểm lại mật khẩu cổng."
        )

    async def look_up(self, unit_code: str, question: dict[str, str]) -> CardAnswer:
        """Ask about a card (number, name, birth date, and the officer who asks: CV 1923).

        Retries once with a new token after 401. Raises NoAnswerError.
        """
        account = account_of(self.settings.data_dir, unit_code)
        refused, body = "", dict[str, Any]()
        for _ in range(2):
            access, identity = await self.token(unit_code, account, not_this=refused)
            query = {
                "token": access,
                "id_token": identity,
                "username": account.username,
                "password": account.password_md5,
            }
            body, _ = await self._post(
                endpoints.LOOK_UP, params=query, json=question, sent=False, seconds=LOOK_UP_SECONDS
            )
            if str(body.get("maKetQua")) != UNAUTHENTICATED:
                break
            refused = access
        return card_answer(body)

    async def submit(self, unit_code: str, kind: str, content: bytes, standard: str = "3176") -> Reply:
        """Send a signed file (`check-in` or `dossier`), bytes untouched. Raises NoAnswerError(sent=True) when in doubt."""
        path = endpoints.submit_path(kind, standard)
        account = account_of(self.settings.data_dir, unit_code)
        form = {
            "username": account.username,
            "loaiHoSo": endpoints.FILE_TYPE[kind],
            "maTinh": unit_code[:2],
            "maCSKCB": unit_code,
            "fileHSBase64": base64.b64encode(content).decode(),
        }
        refused, reply = "", Reply("")
        for _ in range(2):
            access, identity = await self.token(unit_code, account, not_this=refused)
            body, response = await self._post(path, data=form, headers=_headers(access, identity, account), sent=True)
            reply = reply_of(body, response.text[:LARGEST_REPLY], response.status_code, path)
            if reply.code != UNAUTHENTICATED:
                return reply
            refused = access
        self.refuse(unit_code, account)
        return reply

    async def ask(self, unit_code: str, reference: str, sha256: str) -> Reply | None:
        """Did these bytes of the dossier arrive? The receipt when they did, None when they did not.

        Raises NoAnswerError; with `missing` when this gateway has no such question.
        """
        account = account_of(self.settings.data_dir, unit_code)
        question = {"maCSKCB": unit_code, "maLK": reference}
        refused = ""
        for _ in range(2):
            access, identity = await self.token(unit_code, account, not_this=refused)
            headers = _headers(access, identity, account)
            body, response = await self._post(endpoints.ASK, json=question, headers=headers, sent=False)
            code = str(body.get("maKetQua", ""))
            if code != UNAUTHENTICATED:
                break
            refused = access
        rows = body.get("dsKetQua")
        if code not in ("", SubmissionCode.ACCEPTED) or not isinstance(rows, list):
            raise NoAnswerError(f"hỏi lại nhận mã {code or 'trống'}", sent=False, body=response.text[:LARGEST_REPLY])
        for entry in rows:
            if isinstance(entry, dict) and entry.get("sha256") == sha256:
                found = {"maKetQua": SubmissionCode.ACCEPTED, **entry}
                return reply_of(found, response.text[:LARGEST_REPLY], response.status_code, endpoints.ASK)
        return None

    async def _post(
        self, path: str, *, sent: bool, seconds: float | None = None, **arguments: Any
    ) -> tuple[dict[str, Any], httpx.Response]:
        """The JSON object that came, whatever the HTTP status said; everything else is no answer."""
        if not self.circuit.allows(self.now()):
            raise NoAnswerError(OUTAGE, sent=False, endpoint=path)
        if seconds is not None:
            arguments["timeout"] = httpx.Timeout(seconds, connect=2)
        try:
            response = await self.http.post(path, **arguments)
        except httpx.HTTPError as error:
            unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
            self.circuit.failed(self.now(), type(error).__name__)
            raise NoAnswerError(type(error).__name__, sent=sent and not unsent, endpoint=path) from error
        body, status = _object(response), response.status_code
        if body is not None and status < 500:
            self.circuit.succeeded(self.now())
            return body, response
        why = f"HTTP {status}" if status >= 400 else "câu trả lời không phải JSON"
        if status in (401, 403):  # said without a body
            self.circuit.succeeded(self.now())
            return {"maKetQua": str(status)}, response
        if status not in ABSENT:
            self.circuit.failed(self.now(), why)
        text = response.text[:LARGEST_REPLY]
        raise NoAnswerError(
            why, sent=sent and status not in ABSENT, missing=status in ABSENT, body=text, status=status, endpoint=path
        )


def _object(response: httpx.Response) -> dict[str, Any] | None:
    """The JSON object of a body, None when it is none."""
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _headers(access: str, identity: str, account: GatewayAccount) -> dict[str, str]:
    return {"accessToken": access, "tokenId": identity, "passwordHash": account.password_md5}


_clients: dict[str, Insurance] = {}


def client() -> Insurance:
    """The client of this process."""
    settings = get_settings()
    if settings.gateway_url not in _clients:
        _clients[settings.gateway_url] = Insurance(settings)
    return _clients[settings.gateway_url]


def answered_at() -> datetime | None:
    """When this process last had an answer of the gateway, or None."""
    return client().circuit.answered_at


def failing_since() -> datetime | None:
    """Since when the gateway gives this process no answer; None while it does."""
    return client().circuit.failing_since


async def look_up_card(
    database: Database, unit_code: str, number: str, name: str, birth: str, officer_name: str, officer_citizen: str
) -> CardAnswer:
    """Ask the gateway about a card, CCCD or insurance number; no database connection is used or held.

    Raises HisError(BUSY) when there is no answer within about three seconds, or at once while the gateway is out.
    """
    question = {"maThe": number, "hoTen": name, "ngaySinh": birth, "hoTenCb": officer_name, "cccdCb": officer_citizen}
    try:
        return await client().look_up(unit_code, question)
    except NoAnswerError as error:
        raise HisError(Kind.BUSY, NO_GATEWAY) from error
