"""The HTTP side of the stand-in: token, card look-up, check-in, dossier, the question, and a control for faults."""

import asyncio
import contextlib
import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from his.claims.signature import verify
from his.exchange import accounts, endpoints
from his.kit import clock
from his.kit.errors import HisError
from his.kit.xml import from_base64, safe_parse
from his.standin.cards import answer
from his.standin.faults import SILENT, UNPROCESSED, Fault, FaultPlan
from his.standin.ledger import Ledger
from his.standin.structure import MALFORMED, FlawError, references_of

log = logging.getLogger("his.gateway")
UNSIGNED, CHANGED = "123", "125"
TOKEN_LIFE = timedelta(hours=1)
LARGEST_FILE = 8 * 1024 * 1024
"""Bytes of a signed file; a visit of two thousand lines has five million."""
LARGEST_FORM = LARGEST_FILE * 2
PATHS = {path: key for key, path in endpoints.SUBMIT.items()}


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said of a file: code and words, and whose it is."""

    code: str
    message: str = ""
    facility: str = ""
    kind: str = ""
    reference: str = ""
    content: bytes = b""


class Cut(Response):
    """Sends so much of an answer, or nothing, then cuts the connection as a failing network does."""

    def __init__(self, promised: bytes = b"", sent: bytes = b"") -> None:
        super().__init__(content=sent, media_type="application/json", headers={"content-length": str(len(promised))})
        self.promised = promised

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write what is to be written, then cut."""
        if self.promised:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": self.body, "more_body": True})
            await asyncio.sleep(0.01)  # the half goes out before the line is cut
        transport = scope.get("state", {}).get("transport")
        if transport is not None:
            transport.abort()


class Lines:
    """Gives each request its connection, so that a fault can cut it (uvicorn keeps it beside its `send`)."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http":
            scope.setdefault("state", {})["transport"] = getattr(getattr(send, "__self__", None), "transport", None)
        with contextlib.suppress(ClientDisconnect):  # whoever went away needs no answer
            await self.app(scope, receive, send)


class StandIn:
    """One gateway with its ledger, accounts and certificates (both read from the data directory)."""

    def __init__(
        self,
        data_dir: Path,
        ledger: Ledger,
        plan: FaultPlan | None = None,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self.data_dir = data_dir
        self.ledger = ledger
        self.plan = plan or FaultPlan()
        self.now = now
        self.tokens: dict[str, tuple[str, str, datetime]] = {}
        self.later: set[asyncio.Task[None]] = set()
        self.app = Lines(
            Starlette(
                routes=[
                    Route(endpoints.TOKEN, self.take_token, methods=["POST"]),
                    Route(endpoints.LOOK_UP, self.look_up, methods=["POST"]),
                    *(Route(path, self.receive, methods=["POST"]) for path in PATHS),
                    Route(endpoints.ASK, self.ask, methods=["POST"]),
                    Route("/control", self.control, methods=["GET", "POST"]),
                    Route("/livez", self.livez, methods=["GET"]),
                ]
            )
        )

    async def livez(self, request: Request) -> Response:
        """The server answers."""
        return JSONResponse({"status": "ok"})

    async def control(self, request: Request) -> Response:
        """Counts of the ledger (GET); set the faults to come (POST `{"seed", "rates", "silence_seconds"}`)."""
        if request.method == "POST":
            body = await request.json()
            rates = {Fault(name): float(rate) for name, rate in body.get("rates", {}).items()}
            self.plan = FaultPlan(rates, float(body.get("silence_seconds", 3.0)), int(body.get("seed", 0)))
        return JSONResponse(self.ledger.counts())

    async def take_token(self, request: Request) -> Response:
        """A token for a facility's account: form or JSON, the password's MD5 in any case, as the real one takes them."""
        json_body = request.headers.get("content-type", "").startswith("application/json")
        given: Any = await request.json() if json_body else await request.form()
        username, password = str(given.get("username", "")), str(given.get("password", ""))
        known = self._account(username)
        if known is None or known.password_md5 != password.upper():
            return JSONResponse({"maKetQua": "401"})
        token, identity, end = secrets.token_urlsafe(24), secrets.token_urlsafe(12), self.now() + TOKEN_LIFE
        self.tokens[token] = (username[:5], identity, end)
        key = {
            "access_token": token,
            "id_token": identity,
            "token_type": "bearer",
            "username": username,
            "expires_in": f"{end:%Y-%m-%dT%H:%M:%S}Z",
        }
        return JSONResponse({"maKetQua": "200", "APIKey": key})

    def _account(self, username: str) -> accounts.GatewayAccount | None:
        try:
            known = accounts.account_of(self.data_dir, username[:5])
        except HisError:
            return None
        return known if known.username == username else None

    def _facility(self, token: str, identity: str, password: str) -> str:
        """The facility of a session; empty when token, id token or password do not belong together or are too old."""
        facility, known_identity, end = self.tokens.get(token, ("", "", self.now()))
        if not facility or identity != known_identity or end <= self.now():
            return ""
        account = self._account(f"{facility}_BV")
        return facility if account is not None and account.password_md5 == password.upper() else ""

    def _by_headers(self, request: Request) -> str:
        return self._facility(*(request.headers.get(name, "") for name in ("accesstoken", "tokenid", "passwordhash")))

    async def look_up(self, request: Request) -> Response:
        """Answer about a card."""
        facility = self._facility(*(request.query_params.get(name, "") for name in ("token", "id_token", "password")))
        if not facility:
            return JSONResponse({"maKetQua": "401"})
        fault = self.plan.draw()
        if fault in SILENT:
            await asyncio.sleep(self.plan.silence_seconds)
        if fault in (Fault.REFUSE, Fault.BUSY):
            return JSONResponse({"maKetQua": "500"}, 503)
        return JSONResponse(answer(await request.json(), clock.local(self.now()).date()))

    async def ask(self, request: Request) -> Response:
        """Which files of a dossier arrived."""
        facility = self._by_headers(request)
        if not facility:
            return JSONResponse({"maKetQua": "401"})
        body = await request.json()
        if body.get("maCSKCB") != facility:
            return JSONResponse({"maKetQua": "403"})
        found = self.ledger.find(facility, str(body.get("maLK", "")))
        rows = [{"maGiaoDich": a.receipt, "thoiGianTiepNhan": a.received, "sha256": a.sha256} for a in found]
        return JSONResponse({"maKetQua": "200", "dsKetQua": rows})

    async def receive(self, request: Request) -> Response:
        """Take a signed file: account, structure, signature over the untouched bytes, then a receipt."""
        if int(request.headers.get("content-length", LARGEST_FORM)) > LARGEST_FORM:
            return JSONResponse({"maKetQua": MALFORMED, "thongDiep": "Tệp quá lớn"}, 413)
        form = await request.form(max_fields=20)
        refusal = self._refusal(request, form)
        if refusal is not None:
            return refusal
        kind, _ = PATHS[request.url.path]
        facility, file_type, packed = (str(form.get(name, "")) for name in ("maCSKCB", "loaiHoSo", "fileHSBase64"))
        if file_type != endpoints.FILE_TYPE[kind]:
            return JSONResponse({"maKetQua": MALFORMED, "thongDiep": f"loaiHoSo {file_type[:10]} sai với địa chỉ"})

        async def process() -> Judged:
            return await asyncio.to_thread(self.judge, facility, file_type, packed)

        fault = self.plan.draw()
        if fault is Fault.LATE:
            self._process_later(process)
        if fault in UNPROCESSED or fault is Fault.LATE:
            return await self._unprocessed(fault)
        judged = await process()
        told = self._keep(judged)
        if fault is Fault.TWICE:
            told = self._keep(judged)
        return await self._answer(fault, judged, told)

    def _refusal(self, request: Request, form: FormData) -> Response | None:
        """Whoever has no session, or sends for another facility, is not listened to."""
        facility = self._by_headers(request)
        if not facility:
            return JSONResponse({"maKetQua": "401", "thongDiep": "Phiên không hợp lệ"})
        same = form.get("maCSKCB") == facility and form.get("username") == f"{facility}_BV"
        if not same or form.get("maTinh") != facility[:2]:
            return JSONResponse({"maKetQua": "403", "thongDiep": "Cơ sở không khớp tài khoản"})
        return None

    def _process_later(self, process: Callable[[], Any]) -> None:
        async def wait() -> None:
            await asyncio.sleep(self.plan.silence_seconds * 1.2)
            self._keep(await process())

        task = asyncio.create_task(wait())
        self.later.add(task)
        task.add_done_callback(self.later.discard)

    async def _unprocessed(self, fault: Fault) -> Response:
        if fault is Fault.BUSY:
            return JSONResponse({"maKetQua": "500"}, 503)
        if fault is not Fault.REFUSE:
            await asyncio.sleep(self.plan.silence_seconds)
        return Cut()

    async def _answer(self, fault: Fault, judged: Judged, told: dict[str, str]) -> Response:
        """The answer to a processed file, spoiled by the fault."""
        whole = json.dumps(told, ensure_ascii=False).encode()
        if fault in (Fault.SLOW, Fault.TIMEOUT_AFTER):
            await asyncio.sleep(self.plan.silence_seconds * (0.3 if fault is Fault.SLOW else 1.0))
        if fault is Fault.SERVER_ERROR:
            return JSONResponse({"maKetQua": "500", "thongDiep": "Lỗi máy chủ"}, 500)
        if fault is Fault.ERROR_CODE:
            return JSONResponse({"maKetQua": "500", "thongDiep": "Lỗi hệ thống"})
        if fault is Fault.ERROR_BODY:
            return Response("<html>Service unavailable</html>", media_type="text/html")
        if fault is Fault.TRUNCATED:
            return Cut(whole, whole[: len(whole) // 2])
        if fault is Fault.DOUBLE_ANSWER:
            return Response(whole * 2, media_type="application/json")
        if fault is Fault.WRONG_RECEIPT and told["maKetQua"] == "200":
            told = {**told, "maGiaoDich": self.ledger.anothers_receipt(judged.facility, judged.reference)}
        return JSONResponse(told)

    def judge(self, facility: str, kind: str, encoded: str) -> Judged:
        """Refusal code and words, or the file with its dossier code; CPU work, runs in a thread."""
        try:
            content = from_base64(encoded, LARGEST_FILE)
            root = safe_parse(content)
        except HisError:
            return Judged(MALFORMED, "Tệp không đúng cấu trúc", facility, kind)
        if b"SignatureValue" not in content:
            return Judged(UNSIGNED, "Tệp chưa ký", facility, kind, content=content)
        try:
            certificate = (self.data_dir / "keys" / f"{facility}.cert.pem").read_bytes()
            verify(content, x509.load_pem_x509_certificate(certificate), self.now())
        except (HisError, OSError, ValueError):
            return Judged(CHANGED, "Chữ ký sai hoặc tệp đã đổi", facility, kind, content=content)
        try:
            references = references_of(root, kind, facility)
        except FlawError as flaw:
            return Judged(flaw.code, flaw.message, facility, kind, content=content)
        return Judged("200", "", facility, kind, references[0], content)

    def _keep(self, judged: Judged) -> dict[str, str]:
        who = (judged.facility, judged.kind, judged.reference, judged.content)
        if judged.code != "200":
            self.ledger.note(*who, judged.code)
            return {"maKetQua": judged.code, "thongDiep": judged.message}
        arrival = self.ledger.accept(*who, clock.local(self.now()))
        self.ledger.note(*who, "accepted")
        return {"maKetQua": "200", "maGiaoDich": arrival.receipt, "thoiGianTiepNhan": arrival.received, "thongDiep": ""}
