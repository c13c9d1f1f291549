"""Rendering: shell context, languages, fragments, errors, static files."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
from babel.messages.extract import extract_from_dir
from starlette.requests import Request
from starlette.testclient import TestClient

from his.kit.errors import HisError, Kind
from his.web import i18n, keys, page, pages
from his.web.static_files import asset_url, static_app

WEB = Path(page.__file__).parent


def request(path: str = "/", headers: Mapping[str, str] | None = None, **state: Any) -> Request:
    raw = [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()]
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": raw,
        "query_string": b"",
        "server": ("t", 80),
        "scheme": "http",
        "state": state,
    }
    return Request(scope)


USER = SimpleNamespace(display_name="BS. Thử", role="Bác sĩ", unit_name="BV Thử", place="Phòng 1")


def text(response: Any) -> str:
    return bytes(response.body).decode()


def test_shell_works_without_and_with_a_person() -> None:
    bare = text(page.render(request(), "keys.html", {"groups": {}, "titles": {}}))
    assert 'id="session"' not in bare
    menu = (page.MenuItem("Hàng đợi", "/queue"), page.MenuItem("Gọi", "/queue/calls"))
    full = text(page.render(request("/queue/calls/1", user=USER, menu=menu), "keys.html", {"groups": {}, "titles": {}}))
    assert "BV Thử" in full
    assert re.search(r'<a href="/queue/calls" aria-current="page">', full)
    assert full.count("aria-current") == 1


def test_pages_hold_no_inline_script_style_or_handler() -> None:
    for path, show in (
        ("/parts", pages.show_parts),
        ("/parts/exam", pages.show_exam_parts),
        ("/keys", pages.list_keys),
    ):
        body = text(asyncio.run(show(request(path, user=USER))))
        assert not re.search(r"<script(?![^>]*\bsrc=)", body)
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", body)
        ids = re.findall(r'\sid="([^"]+)"', body)
        assert sorted(ids) == sorted(set(ids))


def test_what_people_typed_is_escaped() -> None:
    module: Any = page.templates.from_string(
        '{% import "ui.html" as ui %}{{ ui.chip(word) }}{{ ui.field("a", word, word, error=word) }}'
    )
    body = module.render(word='<b onclick="x">&')
    assert "<b onclick" not in body
    assert "&lt;b" in body


def test_unknown_names_raise() -> None:
    with pytest.raises(jinja2.UndefinedError):
        page.templates.from_string("{{ nobody.gave_this }}").render()


def test_fragments() -> None:
    assert page.is_fragment(request(headers={"HX-Request": "true"}))
    assert not page.is_fragment(request())
    assert not page.is_fragment(request(headers={"HX-Request": "true", "HX-Boosted": "true"}))
    assert not page.is_fragment(request(headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}))


def test_toast_header_is_ascii() -> None:
    out = page.render(
        request(),
        "error_part.html",
        {"sentence": "a", "next_step": "", "findings": (), "incident": ""},
        toast=page.Toast("Đã lưu", "/undo/1"),
    )
    out.headers["HX-Trigger"].encode("ascii")
    assert '"undo": "/undo/1"' in out.headers["HX-Trigger"]


def test_errors_as_page_and_fragment() -> None:
    error = HisError(Kind.STALE, "Hồ sơ vừa được sửa.")
    full, part = page.render_error(request(), error), page.render_error(request(headers={"HX-Request": "true"}), error)
    assert full.status_code == part.status_code == 412
    assert "<html" in text(full)
    assert "<html" not in text(part)
    assert "<b data-sentence>Hồ sơ vừa được sửa.</b>" in text(part)
    assert "SC-0042" in text(page.render_incident(request(), "SC-0042"))


def test_language_follows_cookie_then_header() -> None:
    assert i18n.choose_language({"lang": "en"}) == "en"
    assert i18n.choose_language({}) == "vi"
    assert i18n.choose_language({"lang": "xx"}) == "vi"
    english = text(
        page.render(
            request(headers={"cookie": "lang=en"}),
            "keys.html",
            {"groups": keys.keys_by_context(), "titles": keys.CONTEXTS},
        )
    )
    assert '<html lang="en">' in english
    assert "All keys" in english
    assert "Tất cả phím" not in english
    assert '<html lang="vi">' in text(page.render(request(), "keys.html", {"groups": {}, "titles": {}}))


def test_english_catalogue_is_complete() -> None:
    found = {
        str(message)
        for *_, message, _, _ in extract_from_dir(
            WEB / "templates", [("**.html", "jinja2")], options_map={"**.html": {"extensions": "jinja2.ext.do"}}
        )
    }
    found |= (
        {k.label for k in (*keys.KEYS, *keys.HINTS) if k.label}
        | set(keys.CONTEXTS.values())
        | set(page.NEXT_STEP.values())
    )
    assert sorted(m for m in found if m not in i18n.ENGLISH) == []
    holes = re.compile(r"%\(\w+\)s")
    assert [m for m in found if sorted(holes.findall(m)) != sorted(holes.findall(i18n.ENGLISH[m]))] == []


def test_static_files_are_cached_packed_and_stay_in_their_folder() -> None:
    client = TestClient(static_app)
    hashed = client.get(asset_url("css/app.css"))
    assert hashed.headers["cache-control"].endswith("immutable")
    assert hashed.headers["content-encoding"] == "gzip"
    assert asset_url("fonts/ui-viet.woff2") in hashed.text
    assert client.get("/static/css/app.css").headers["cache-control"] == "public, max-age=300"
    again = client.get("/static/css/app.css", headers={"If-None-Match": hashed.headers["etag"]})
    assert again.status_code == 304
    assert client.get("/static/../page.py").status_code == 404
    assert client.get("/static/%2e%2e/page.py").status_code == 404
    assert client.get("/static/none.css").status_code == 404
    assert client.post("/static/css/app.css").status_code == 405
    assert client.get("/static/keys.json").json()[0].keys() == {"c", "k", "a", "l", "t", "g"}
