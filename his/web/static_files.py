"""Static files: addresses carry a content hash, so browsers may keep them for a year; text is served precompressed."""

import gzip
import hashlib
import json
import mimetypes
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from his.web import i18n, keys

ROOT = Path(__file__).parent / "static"
PREFIX = "/static/"
YEAR = "public, max-age=31536000, immutable"
SHORT = "public, max-age=300"
TEXT = frozenset({".css", ".js", ".svg", ".json", ".txt"})
KEYS_FILE = "keys.json"
FONT = "fonts/ui-viet.woff2"

mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("text/javascript", ".js")


def _bytes(path: Path) -> bytes:
    """The file as it is sent: a style sheet names the font with the hash that the preload has."""
    body = path.read_bytes()
    return body.replace(b"../" + FONT.encode(), asset_url(FONT).encode()) if path.suffix == ".css" else body


@lru_cache(maxsize=256)
def _digest(name: str) -> str:
    path = ROOT / name
    return hashlib.sha256(_bytes(path)).hexdigest()[:10] if path.is_file() else ""


def asset_url(name: str) -> str:
    """`/static/css/app.css?v=1a2b3c4d5e`: read once per process; a file that is not built yet has no hash."""
    digest = _digest(name)
    return f"{PREFIX}{name}?v={digest}" if digest else PREFIX + name


@lru_cache(maxsize=8)
def _keys_body(language: str) -> bytes:
    i18n.use_language(language)
    return json.dumps(keys.keys_json(), ensure_ascii=False, separators=(",", ":")).encode()


@lru_cache(maxsize=256)
def _load(name: str) -> tuple[bytes, bytes | None, str] | None:
    """Bytes, gzip bytes (text files only) and media type of a file under the static folder; None when there is none."""
    path = (ROOT / name).resolve()
    if not path.is_relative_to(ROOT.resolve()) or not path.is_file():
        return None
    body = _bytes(path)
    packed = gzip.compress(body, 9, mtime=0) if path.suffix in TEXT else None
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return body, packed, kind + ("; charset=utf-8" if path.suffix in TEXT else "")


def _answer(name: str, version: str, headers: Headers) -> Response:
    if name == KEYS_FILE:
        cookie = headers.get("cookie", "")
        language = "en" if "lang=en" in cookie else i18n.DEFAULT
        if "lang=vi" in cookie:
            language = "vi"
        return Response(
            _keys_body(language), media_type="application/json", headers={"Cache-Control": "private, max-age=300"}
        )
    found = _load(name)
    if found is None:
        return PlainTextResponse("Không có tệp này.", 404)
    body, packed, kind = found
    known = version and version == _digest(name)
    out = {"Cache-Control": YEAR if known else SHORT, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    etag = f'"{_digest(name)}"'
    if headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={**out, "ETag": etag})
    if packed is not None and "gzip" in headers.get("accept-encoding", ""):
        body, out["Content-Encoding"] = packed, "gzip"
    return Response(body, headers={**out, "ETag": etag, "Content-Type": kind})


async def static_app(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI application to mount at /static; answers GET and HEAD only, never leaves the static folder."""
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
        await PlainTextResponse("Chỉ đọc.", 405)(scope, receive, send)
        return
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    name = path.removeprefix(root).lstrip("/") if root else path.removeprefix(PREFIX).lstrip("/")
    version = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("v", [""])[0]
    await _answer(name, version, Headers(scope=scope))(scope, receive, send)
