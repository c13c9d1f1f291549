"""The instance and type interactions of http://hl7.org/fhir/R4/http.html except search, history and bundles."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from his.fhir.access import Caller, check
from his.fhir.conditional import FORM, criteria, header_criteria, several, the_one
from his.fhir.engine import Engine
from his.fhir.http import Request, Response, version_headers
from his.fhir.jsontext import decode, read_document
from his.fhir.outcome import FhirError, all_ok, not_found
from his.fhir.reader import Seen, Stored
from his.fhir.views import shown, view_of
from his.fhir.writer import Draft, Exists, check_id, check_type, etag_version, prepare, stale, unless
from his.kit.ids import new_id

RACES = 3


def gone() -> FhirError:
    """The resource was deleted (410)."""
    return FhirError(410, "deleted", "Tài nguyên đã bị xóa. Lịch sử vẫn đọc được qua _history.")


async def read(engine: Engine, caller: Caller, request: Request, kind: str, identity: str) -> Response:
    """GET Type/id, with If-None-Match and If-Modified-Since."""
    check(caller, engine.registry, "read", kind)
    stored = await engine.reader.read(caller.scope, kind, check_id(identity))
    return answer(request, kind, stored)


async def vread(engine: Engine, caller: Caller, request: Request, kind: str, identity: str, version: str) -> Response:
    """GET Type/id/_history/version."""
    check(caller, engine.registry, "read", kind)
    if not version.isascii() or not version.isdigit() or len(version) > 9:
        raise not_found()
    stored = await engine.reader.version(caller.scope, kind, check_id(identity), int(version))
    await engine.reader.audit(Seen("vread", kind, identity, caller.scope, {"version": int(version)}))
    return answer(request, kind, stored)


def answer(request: Request, kind: str, stored: Stored | None) -> Response:
    """A stored text as an answer: 404, 410, 304 or 200, whole or as `_summary` and `_elements` show it."""
    if stored is None:
        raise not_found()
    if stored.deleted:
        raise gone()
    headers = version_headers(stored.version, stored.updated_at)
    if unchanged(request, stored.version, stored.updated_at):
        return Response(304, None, headers)
    view = view_of(request.pairs, kind) if request.query else None
    content = stored.content if view is None else shown(stored.content, view)
    return Response(200, content.encode(), headers)


def unchanged(request: Request, version: int, updated_at: datetime) -> bool:
    """Whether the caller holds this version already (conditional read)."""
    known = request.headers.get("if-none-match")
    if known is not None:
        tags = {tag.strip().removeprefix("W/").strip('"') for tag in known.split(",")}
        return "*" in tags or str(version) in tags
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return updated_at.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False


def written(engine: Engine, request: Request, draft: Draft, version: int, at: datetime) -> Response:
    """The answer to a create or update, as `Prefer` asks."""
    headers = version_headers(version, at)
    headers.append((b"location", f"{engine.base}/{draft.type}/{draft.id}/_history/{version}".encode()))
    status = 201 if version == 1 else 200
    if request.prefer == "minimal":
        return Response(status, b"" if status == 200 else None, headers)
    if request.prefer == "OperationOutcome":
        return Response(status, all_ok(), headers)
    return Response(status, draft.text(version).encode(), headers)


async def create(engine: Engine, caller: Caller, request: Request, kind: str) -> Response:
    """POST Type, with If-None-Exist; a condition in the address, as some clients send it, means the same."""
    check(caller, engine.registry, "create", kind)
    parsed = read_document(decode(await request.json_body()))
    draft = prepare(Draft(kind, str(new_id()), parsed, check_type(parsed, kind), "create", fresh=True))
    condition = request.headers.get("if-none-exist")
    if condition is None and any(name not in FORM for name, _ in request.pairs):
        condition = request.query
    if condition is not None:
        draft.unless = unless(kind, condition, header_criteria(engine, condition))
    at = engine.now()
    try:
        versions = await engine.writer.write(caller.scope, [draft], [], at)
    except Exists as found:
        if not found.id:
            raise several() from None
        return await _found(engine, caller, request, kind, found.id)
    return written(engine, request, draft, versions[0], at)


async def _found(engine: Engine, caller: Caller, request: Request, kind: str, identity: str) -> Response:
    """The answer to a conditional create whose resource is there; its content only for who may read it."""
    stored = await engine.reader.read(caller.scope, kind, identity)
    if stored is None or stored.deleted:
        raise FhirError(409, "conflict", "Tài nguyên trùng vừa thay đổi. Gửi lại.", "http.If-None-Exist")
    headers = version_headers(stored.version, stored.updated_at)
    headers.append((b"location", f"{engine.base}/{kind}/{identity}/_history/{stored.version}".encode()))
    if request.prefer == "OperationOutcome":
        return Response(200, all_ok(), headers)
    if request.prefer == "minimal" or not caller.may("read", kind):
        return Response(200, b"", headers)
    return Response(200, stored.content.encode(), headers)


async def update(engine: Engine, caller: Caller, request: Request, kind: str, identity: str) -> Response:
    """PUT Type/id: If-Match names the version replaced; without it only a new id, or a client with the right, may write.

    `If-None-Match: *` lets it only create (412 when something stands there), whatever the client's rights.
    """
    check(caller, engine.registry, "update", kind)
    check_update_id(identity)
    parsed = read_document(decode(await request.json_body()))
    resource = check_whole(check_type(parsed, kind))
    if resource.get("id") != identity:
        raise FhirError(400, "invalid", "id trong nội dung phải bằng id trong địa chỉ.", f"{kind}.id")
    draft = prepare(
        Draft(kind, identity, parsed, resource, "update", must=expected(caller, request.headers.get("if-match")))
    )
    fresh_only = request.headers.get("if-none-match") == "*"
    if fresh_only:
        draft.must = 0
    at = engine.now()
    try:
        versions = await engine.writer.write(caller.scope, [draft], [], at)
    except FhirError as error:
        if fresh_only and error.status == 428:
            text = "Đã có tài nguyên mang id này: If-None-Match: * chỉ cho phép tạo mới."
            raise FhirError(412, "conflict", text, "http.If-None-Match") from None
        raise
    return written(engine, request, draft, versions[0], at)


def check_update_id(identity: str) -> None:
    """An id that a caller wants to create or replace; 400 when it is none."""
    try:
        check_id(identity)
    except FhirError:
        raise FhirError(
            400, "invalid", "id chỉ gồm chữ, số, gạch nối và dấu chấm, tối đa 64 ký tự.", "Resource.id"
        ) from None


def expected(caller: Caller, if_match: str | None) -> int | None:
    """The version an update replaces: as named, 0 (nothing may stand there), or None for a blind update."""
    if if_match is not None:
        return etag_version(if_match)
    return None if caller.blind_update else 0


def check_whole(resource: dict[str, Any]) -> dict[str, Any]:
    """Refuse to replace a resource by a part of it that `_summary` or `_elements` gave (422)."""
    meta = resource.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    if isinstance(tags, list) and any(isinstance(tag, dict) and tag.get("code") == "SUBSETTED" for tag in tags):
        place = f"{resource['resourceType']}.meta.tag"
        raise FhirError(422, "processing", "Đây là bản rút gọn (SUBSETTED). Đọc bản đầy đủ rồi sửa.", place)
    return resource


async def update_where(engine: Engine, caller: Caller, request: Request, kind: str) -> Response:
    """PUT Type?criteria: creates, or replaces the one resource that matches."""
    check(caller, engine.registry, "update", kind)
    parsed = read_document(decode(await request.json_body()))
    resource = check_whole(check_type(parsed, kind))
    for _ in range(RACES):
        draft = Draft(kind, "", parsed, resource, "update")
        await conditional_update(engine, caller, draft, request.pairs, request.headers.get("if-match"))
        at = engine.now()
        try:
            versions = await engine.writer.write(caller.scope, [prepare(draft)], [], at)
        except Exists as found:
            if not found.id:
                raise several() from None
            continue  # another one created it in between: now it is there to be replaced
        return written(engine, request, draft, versions[0], at)
    raise FhirError(409, "conflict", "Tài nguyên trùng vừa được tạo. Gửi lại.", "http.query")


async def conditional_update(
    engine: Engine, caller: Caller, draft: Draft, pairs: list[tuple[str, str]], if_match: str | None
) -> None:
    """Give the draft the id that its condition names, or make it a create when nothing meets the condition."""
    match = await the_one(engine, caller.scope, draft.type, pairs)
    sent = draft.resource.get("id")
    if match.id:
        if sent not in (None, match.id):
            text = "id trong nội dung khác id của tài nguyên khớp điều kiện."
            raise FhirError(400, "invalid", text, f"{draft.type}.id")
        draft.id = match.id
        draft.must = etag_version(if_match) if if_match is not None else None
        return
    if if_match is not None:
        raise stale()
    if sent is not None:
        check_update_id(str(sent))
        stands = await engine.reader.read(caller.scope, draft.type, str(sent))
        if stands is not None and not stands.deleted:
            text = "id trong nội dung đã thuộc tài nguyên khác, không khớp điều kiện."
            raise FhirError(409, "conflict", text, f"{draft.type}.id")
        draft.id, draft.must = str(sent), 0
        return
    draft.id, draft.op, draft.fresh = str(new_id()), "create", True
    draft.unless = unless(draft.type, "", criteria(engine, pairs))


async def delete(engine: Engine, caller: Caller, request: Request, kind: str, identity: str) -> Response:
    """DELETE Type/id; If-Match is honoured when sent."""
    check(caller, engine.registry, "delete", kind)
    if_match = request.headers.get("if-match")
    must = etag_version(if_match) if if_match is not None else None
    return await _deleted(engine, caller, request, (kind, check_id(identity), must))


async def delete_where(engine: Engine, caller: Caller, request: Request, kind: str) -> Response:
    """DELETE Type?criteria: the one resource that matches; nothing matching is a success."""
    check(caller, engine.registry, "delete", kind)
    match = await the_one(engine, caller.scope, kind, request.pairs)
    if not match.id:
        return Response(204)
    if_match = request.headers.get("if-match")
    must = etag_version(if_match) if if_match is not None else None
    return await _deleted(engine, caller, request, (kind, match.id, must))


async def _deleted(engine: Engine, caller: Caller, request: Request, key: tuple[str, str, int | None]) -> Response:
    versions = await engine.writer.write(caller.scope, [], [key], engine.now())
    headers = [(b"etag", b'W/"%d"' % versions[0])]
    if request.prefer == "OperationOutcome":
        return Response(200, all_ok("Đã xóa."), headers)
    return Response(204, None, headers)
