"""The HTTP side of the stand-in: token, card look-up, check-in, dossier, the question, and a control for faults."""

import asyncio
import base64
import binascii
import json
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from his.claims.signature import verify
from his.exchange import accounts, insurance
from his.kit import clock
from his.kit.errors import HisError
from his.kit.xml import safe_parse
from his.standin.cards import answer
from his.standin.faults import Fault, FaultPlan
from his.standin.ledger import Ledger

log = logging.getLogger("his.gateway")
Endpoint = Callable[[Request], Awaitable[Response]]
UNSIGNED, CHANGED, STRUCTURE = "123", "125", "203"


class StandIn:
    """One gateway with its ledger, accounts and certificates (both read from the data directory)."""

    def __init__(self, data_dir: Path, ledger: Ledger, plan: FaultPlan | None = None) -> None:
        self.data_dir = data_dir
        self.ledger = ledger
        self.plan = plan or FaultPlan()
        self.tokens: dict[str, str] = {}
        self.app = Starlette(
            routes=[
                Route("/api/token/take", self.take_token, methods=["POST"]),
                Route(insurance.LOOK_UP, self.look_up, methods=["POST"]),
                Route(insurance.CHECK_IN, self.receive, methods=["POST"]),
                Route(insurance.DOSSIER, self.receive, methods=["POST"]),
                Route(insurance.ASK, self.ask, methods=["POST"]),
                Route("/control", self.control, methods=["GET", "POST"]),
                Route("/livez", self.livez, methods=["GET"]),
            ]
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
        """A token for a facility's account."""
        form = await request.form()
        username, password = str(form.get("username", "")), str(form.get("password", ""))
        try:
            known = accounts.account_of(self.data_dir, username[:5])
        except HisError:
            known = None
        if known is None or known.username != username or known.password_md5 != password.upper():
            return JSONResponse({"maKetQua": "401"})
        token = secrets.token_urlsafe(24)
        self.tokens[token] = username[:5]
        end = clock.now().timestamp() + 3600
        key = {
            "access_token": token,
            "id_token": secrets.token_urlsafe(12),
            "token_type": "bearer",
            "expires_in": int(end),
        }
        return JSONResponse({"maKetQua": "200", "APIKey": {**key, "username": username}})

    async def look_up(self, request: Request) -> Response:
        """Answer about a card."""
        if request.query_params.get("token", "") not in self.tokens:
            return JSONResponse({"maKetQua": "401"})
        fault = self.plan.draw()
        if fault in (Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER):
            await asyncio.sleep(self.plan.silence_seconds)
        if fault in (Fault.REFUSE, Fault.BUSY):
            return JSONResponse({"maKetQua": "500"}, 503)
        return JSONResponse(answer(await request.json(), clock.local(clock.now()).date()))

    async def ask(self, request: Request) -> Response:
        """Which files of a dossier arrived."""
        if request.headers.get("accesstoken", "") not in self.tokens:
            return JSONResponse({"maKetQua": "401"})
        body = await request.json()
        found = self.ledger.find(str(body.get("maCSKCB", "")), str(body.get("maLK", "")))
        rows = [{"maGiaoDich": a.receipt, "thoiGianTiepNhan": a.received, "sha256": a.sha256} for a in found]
        return JSONResponse({"maKetQua": "200", "dsKetQua": rows})

    async def receive(self, request: Request) -> Response:
        """Take a signed file: account, structure, signature over the untouched bytes, then a receipt."""
        try:
            form = await request.form()
        except ClientDisconnect:
            return Response(status_code=400)
        facility = self.tokens.get(request.headers.get("accesstoken", ""))
        if facility is None:
            return JSONResponse({"maKetQua": "401", "thongDiep": "Phiên không hợp lệ"})
        if form.get("maCSKCB") != facility:
            return JSONResponse({"maKetQua": "403", "thongDiep": "Cơ sở không khớp tài khoản"})
        fault = self.plan.draw()
        if fault is Fault.BUSY:
            return JSONResponse({"maKetQua": "500"}, 503)
        if fault in (Fault.REFUSE, Fault.TIMEOUT_BEFORE):
            return await self._silent(Fault.TIMEOUT_BEFORE if fault is Fault.TIMEOUT_BEFORE else fault)
        body = await asyncio.to_thread(
            self._judge, facility, str(form.get("loaiHoSo", "")), str(form.get("fileHSBase64", ""))
        )
        receipt = self._keep(body)
        if fault is Fault.TWICE:
            receipt = self._keep(body)
        if fault is Fault.TIMEOUT_AFTER:
            return await self._silent(fault)
        if fault is Fault.ERROR_BODY:
            return Response("<html>Service unavailable</html>", media_type="text/html")
        if fault is Fault.TRUNCATED:
            return Response(json.dumps(receipt)[: len(json.dumps(receipt)) // 2], media_type="application/json")
        return JSONResponse(receipt)

    async def _silent(self, fault: Fault) -> Response:
        if fault is not Fault.REFUSE:
            await asyncio.sleep(self.plan.silence_seconds)
        return Response(status_code=502, headers={"connection": "close"})

    def _judge(self, facility: str, kind: str, encoded: str) -> dict[str, Any]:
        """Refusal code and message, or the file with its dossier code; CPU work, runs in a thread."""
        try:
            content = base64.b64decode(encoded, validate=True)
            root = safe_parse(content)
        except (binascii.Error, HisError):
            return {"code": STRUCTURE, "message": "Tệp không đúng cấu trúc"}
        reference = _reference(root, content)
        if b"SignatureValue" not in content:
            return {"code": UNSIGNED, "message": "Tệp chưa ký", "reference": reference, "content": content}
        certificate = self.data_dir / "keys" / f"{facility}.cert.pem"
        try:
            verify(content, certificate.read_bytes())
        except (HisError, OSError):
            return {
                "code": CHANGED,
                "message": "Chữ ký sai hoặc tệp đã đổi",
                "reference": reference,
                "content": content,
            }
        if not reference:
            return {"code": STRUCTURE, "message": "Thiếu MA_LK"}
        return {"code": "200", "facility": facility, "kind": kind, "reference": reference, "content": content}

    def _keep(self, judged: dict[str, Any]) -> dict[str, str]:
        if judged["code"] != "200":
            return {"maKetQua": judged["code"], "thongDiep": judged["message"]}
        arrival = self.ledger.accept(
            judged["facility"], judged["kind"], judged["reference"], judged["content"], clock.local(clock.now())
        )
        self.ledger.note(judged["facility"], judged["kind"], judged["reference"], judged["content"], "accepted")
        return {"maKetQua": "200", "maGiaoDich": arrival.receipt, "thoiGianTiepNhan": arrival.received, "thongDiep": ""}


def _reference(root: Any, content: bytes) -> str:
    """MA_LK of a check-in file, or of XML1 inside the base64 of a dossier."""
    direct = root.findtext(".//MA_LK")
    if direct:
        return str(direct)
    for packed in root.iter("NOIDUNGFILE"):
        inner = base64.b64decode(packed.text or "")
        match = re.search(rb"<MA_LK>([^<]{1,100})</MA_LK>", inner)
        if match:
            return match.group(1).decode()
    return ""
