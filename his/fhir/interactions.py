"""The instance and type interactions of http://hl7.org/fhir/R4/http.html except search, history and bundles."""

from datetime import datetime
from email.utils import parsedate_to_datetime

from his.fhir.access import Caller, check
from his.fhir.engine import Engine
from his.fhir.http import Request, Response, version_headers
from his.fhir.jsontext import decode, read_document
from his.fhir.outcome import FhirError, all_ok, not_found
from his.fhir.reader import Seen, Stored
from his.fhir.search import split_query
from his.fhir.writer import Draft, Exists, check_id, check_type, etag_version, prepare, unless, version_needed
from his.kit.ids import new_id


def several() -> FhirError:
    """A condition that several resources meet (412)."""
    return FhirError(412, "multiple-matches", "Điều kiện khớp nhiều tài nguyên. Thêm điều kiện cho chỉ còn một.")


def gone() -> FhirError:
    """The resource was deleted (410)."""
    return FhirError(410, "deleted", "Tài nguyên đã bị xóa. Lịch sử vẫn đọc được qua _history.")


async def read(engine: Engine, caller: Caller, request: Request, kind: str, identity: str) -> Response:
    """GET Type/id, with If-None-Match and If-Modified-Since."""
    check(caller, engine.registry, "read", kind)
    stored = await engine.reader.read(caller.scope, kind, check_id(identity))
    return answer(request, stored)


async def vread(engine: Engine, caller: Caller, request: Request, kind: str, identity: str, version: str) -> Response:
    """GET Type/id/_history/version."""
    check(caller, engine.registry, "read", kind)
    if not version.isascii() or not version.isdigit() or len(version) > 9:
        raise not_found()
    stored = await engine.reader.version(caller.scope, kind, check_id(identity), int(version))
    await engine.reader.audit(Seen("vread", kind, identity, caller.scope, {"version": int(version)}))
    return answer(request, stored)


def answer(request: Request, stored: Stored | None) -> Response:
    """A stored text as an answer: 404, 410, 304 or 200."""
    if stored is None:
        raise not_found()
    if stored.deleted:
        raise gone()
    headers = version_headers(stored.version, stored.updated_at)
    if unchanged(request, stored.version, stored.updated_at):
        return Response(304, None, headers)
    return Response(200, stored.content.encode(), headers)


def unchanged(request: Request, version: int, updated_at: datetime) -> bool:
    """Whether the caller holds this version already (conditional read)."""
    known = request.headers.get("if-none-match")
    if known is not None:
        tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
        return "*" in tags or f'"{version}"' in tags
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
    """POST Type, with If-None-Exist."""
    check(caller, engine.registry, "create", kind)
    parsed = read_document(decode(await request.json_body()))
    draft = prepare(Draft(kind, str(new_id()), parsed, check_type(parsed, kind), "create", fresh=True))
    condition = request.headers.get("if-none-exist")
    if condition is not None:
        pairs = engine.localize(split_query(condition.rpartition("?")[2]))
        draft.unless = unless(kind, condition, pairs)
    at = engine.now()
    try:
        versions = await engine.writer.write(caller.scope, [draft], [], at)
    except Exists as found:
        if not found.id:
            raise several() from None
        stored = await engine.reader.read(caller.scope, kind, found.id)
        if stored is None or stored.deleted:
            raise FhirError(409, "conflict", "Tài nguyên trùng vừa thay đổi. Gửi lại.") from None
        headers = version_headers(stored.version, stored.updated_at)
        headers.append((b"location", f"{engine.base}/{kind}/{found.id}/_history/{stored.version}".encode()))
        return Response(200, stored.content.encode(), headers)
    return written(engine, request, draft, versions[0], at)


async def update(engine: Engine, caller: Caller, request: Request, kind: str, identity: str) -> Response:
    """PUT Type/id: If-Match names the version replaced; without it only a new id, or a client with the right, may write."""
    check(caller, engine.registry, "update", kind)
    check_update_id(identity)
    parsed = read_document(decode(await request.json_body()))
    resource = check_type(parsed, kind)
    if resource.get("id") != identity:
        raise FhirError(400, "invalid", "id trong nội dung phải bằng id trong địa chỉ.", f"{kind}.id")
    draft = prepare(
        Draft(kind, identity, parsed, resource, "update", must=expected(caller, request.headers.get("if-match")))
    )
    at = engine.now()
    versions = await engine.writer.write(caller.scope, [draft], [], at)
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


async def update_where(engine: Engine, caller: Caller, request: Request, kind: str) -> Response:
    """PUT Type?criteria: creates, or replaces the one resource that matches."""
    check(caller, engine.registry, "update", kind)
    parsed = read_document(decode(await request.json_body()))
    resource = check_type(parsed, kind)
    draft, _ = await conditional_update(engine, caller, Draft(kind, "", parsed, resource, "update"), request.pairs)
    if request.headers.get("if-match") is not None:
        draft.must = etag_version(request.headers["if-match"])
    at = engine.now()
    versions = await engine.writer.write(caller.scope, [prepare(draft)], [], at)
    return written(engine, request, draft, versions[0], at)


async def conditional_update(
    engine: Engine, caller: Caller, draft: Draft, pairs: list[tuple[str, str]]
) -> tuple[Draft, bool]:
    """Give the draft the id its condition names; True when the resource is new."""
    if not pairs:
        raise version_needed()
    found, more = await engine.find_one(caller.scope, draft.type, pairs)
    sent = draft.resource.get("id")
    if more:
        raise several()
    if found:
        if sent not in (None, found):
            raise FhirError(
                400, "invalid", "id trong nội dung khác id của tài nguyên khớp điều kiện.", f"{draft.type}.id"
            )
        draft.id = found
        return draft, False
    if isinstance(sent, str):
        check_update_id(sent)
        draft.id, draft.must = sent, 0
        return draft, True
    draft.id, draft.op, draft.fresh = str(new_id()), "create", True
    draft.unless = unless(draft.type, "", engine.localize(pairs))
    return draft, True


async def delete(engine: Engine, caller: Caller, request: Request, kind: str, identity: str) -> Response:
    """DELETE Type/id; If-Match is honoured when sent."""
    check(caller, engine.registry, "delete", kind)
    if_match = request.headers.get("if-match")
    must = etag_version(if_match) if if_match is not None else None
    at = engine.now()
    versions = await engine.writer.write(caller.scope, [], [(kind, check_id(identity), must)], at)
    return Response(204, None, [(b"etag", b'W/"%d"' % versions[0])])


async def delete_where(engine: Engine, caller: Caller, request: Request, kind: str) -> Response:
    """DELETE Type?criteria: the one resource that matches; nothing matching is a success."""
    check(caller, engine.registry, "delete", kind)
    if not request.pairs:
        raise FhirError(405, "not-supported", "Cần điều kiện để xóa.")
    found, more = await engine.find_one(caller.scope, kind, request.pairs)
    if more:
        raise several()
    if not found:
        return Response(204)
    await engine.writer.write(caller.scope, [], [(kind, found, None)], engine.now())
    return Response(204)
