"""Clients as the administrator of the installation keeps them: list, add, lock."""

import asyncio
import re
from datetime import datetime
from urllib.parse import urlsplit

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from his.identity import service as identity
from his.identity.access import forget_tokens
from his.identity.passwords import hash_password, new_token
from his.identity.scopes import is_known, read_scope, split
from his.identity.tables import ApiClient
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind
from his.kit.ids import new_id
from his.kit.text import clean
from his.smart import store
from his.smart.service.remote_keys import is_allowed
from his.smart.terms import ClientForm, Listed

_ADDRESS = re.compile(r"[!-~]{1,500}")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")  # it goes into the security policy of a page
SMALLEST_RSA = 2048


async def list_clients(db: Db) -> list[Listed]:
    """Every client of the installation, by id."""
    return [
        Listed(
            id=row.id,
            name=row.name,
            unit_name=unit_name,
            kind="public" if row.public else "signed" if row.jwks or row.jwks_url else "secret",
            scopes=row.scopes,
            launch_url=row.launch_url,
            active=row.active,
            sensitive=row.sensitive,
            created_at=row.created_at,
        )
        for row, unit_name in await store.list_clients(db)
    ]


async def add_client(db: Db, form: ClientForm, now: datetime) -> tuple[ApiClient, str]:
    """A new client and its secret ("" when it has none), which is shown once. Raises INVALID that names the field."""
    unit = await identity.find_unit(db, form.unit_code.strip())
    if unit is None:
        raise _wrong("unit_code", "Không có đơn vị với mã này.")
    name = clean(form.name)
    if not 2 <= len(name) <= 100:
        raise _wrong("name", "Tên ứng dụng từ 2 đến 100 ký tự.")
    redirects = [line.strip() for line in form.redirect_uris.splitlines() if line.strip()]
    if len(redirects) > 20 or not all(map(_is_redirect, redirects)):
        raise _wrong("redirect_uris", "Địa chỉ nhận mã phải là https, không có phần #, mỗi dòng một địa chỉ.")
    if form.launch_url and not _is_web(form.launch_url):
        raise _wrong("launch_url", "Địa chỉ mở ứng dụng phải bắt đầu bằng https://.")
    scopes = split(form.scopes)
    unknown = [one for one in scopes if not is_known(one)]
    if not scopes or unknown:
        raise _wrong(
            "scopes", f"Phạm vi không hợp lệ: {', '.join(unknown)[:200]}" if unknown else "Cần ít nhất một phạm vi."
        )
    machine = any(found.level == "system" for found in map(read_scope, scopes) if found is not None)
    if form.kind == "public" and (machine or not redirects):
        raise _wrong("scopes", "Ứng dụng công khai cần địa chỉ nhận mã và không có phạm vi system/.")
    jwks, jwks_url = _keys(form)
    secret = new_token() if form.kind == "secret" else ""
    row = ApiClient(
        id=str(new_id()),
        secret_hash=await asyncio.to_thread(hash_password, secret) if secret else "",
        name=name,
        unit_id=unit.id,
        scopes=" ".join(scopes),
        active=True,
        public=form.kind == "public",
        redirect_uris="\n".join(redirects),
        launch_url=form.launch_url.strip(),
        jwks=jwks,
        jwks_url=jwks_url,
        sensitive=form.sensitive,
        created_at=now,
    )
    await db.apply(Changes().insert(row).audit("client-added", "ApiClient", row.id, unit=unit.code), now)
    return row, secret


async def lock_client(db: Db, client_id: str, now: datetime, *, locked: bool) -> ApiClient:
    """Lock a client out, with every token it holds, or let it in again. Raises NOT_FOUND."""
    row = await store.get_client(db, client_id)
    if row is None:
        raise HisError(Kind.NOT_FOUND, "Không có máy khách này.")
    changes = Changes()
    changed = changes.update(row, active=not locked)
    await db.apply(changes.audit("client-locked" if locked else "client-unlocked", "ApiClient", row.id), now)
    forget_tokens()
    return changed


def _keys(form: ClientForm) -> tuple[str, str]:
    """The JWK set or its address, of a client that signs; only public keys of enough strength."""
    if form.kind not in ("public", "secret", "signed"):
        raise _wrong("kind", "Chọn cách máy khách chứng minh danh tính.")
    if form.kind != "signed":
        return "", ""
    address = form.jwks_url.strip()
    if address:
        if not is_allowed(address):
            raise _wrong("jwks_url", "Máy chủ này chưa có trong danh sách HIS_SMART_JWKS_HOSTS, hoặc không phải https.")
        return "", address
    try:
        keys = KeySet.import_key_set(orjson.loads(form.jwks)).keys
        fit = [key for key in keys if _is_fit(key)]
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        fit, keys = [], []
    if not keys or len(fit) != len(keys) or len(keys) > 10:
        raise _wrong("jwks", "Cần JWKS có khóa công khai RSA từ 2048 bit hoặc EC P-384, không có khóa riêng.")
    return orjson.dumps({"keys": [key.as_dict(private=False) for key in keys]}).decode(), ""


def _is_fit(key: object) -> bool:
    if isinstance(key, RSAKey):
        return not key.is_private and key.raw_value.key_size >= SMALLEST_RSA
    return isinstance(key, ECKey) and not key.is_private and key.curve_name == "P-384"


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return False
    local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    return (
        bool(_ADDRESS.fullmatch(address.strip()))
        and bool(_HOST.fullmatch(parts.netloc))
        and (parts.scheme == "https" or local)
    )


def _is_redirect(address: str) -> bool:
    """https, this machine for trials, or the private scheme of an app on a device (RFC 8252: with a dot in it)."""
    if "#" in address or not _ADDRESS.fullmatch(address):
        return False
    try:
        parts = urlsplit(address)
        return _is_web(address) or ("." in parts.scheme and parts.scheme not in ("javascript", "data"))
    except ValueError:
        return False


def _wrong(field: str, sentence: str) -> HisError:
    return HisError(Kind.INVALID, sentence, field=field)
