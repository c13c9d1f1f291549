"""Splicing: id and meta change, nothing else of the text does."""

import json

import pytest

from his.fhir.jsontext import decode, read_document, splice
from his.fhir.outcome import FhirError

TAG = '{"system":"urn:his/CodeSystem/origin","code":"engine-only"}'


def spliced(text: str, tag: str | None = None) -> str:
    head, tail = splice(read_document(text), "new", "2026-01-01T00:00:00.000+07:00", tag)
    return f"{head}7{tail}"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ('{"resourceType":"Basic"}', ""),
        ('{ "resourceType" : "Basic" , "a" : 1.10 , "b":[1e3] }', ',"a" : 1.10 , "b":[1e3]'),
        ('{"a":1.0,"resourceType":"Basic","b":-0.0}', ',"a":1.0,"b":-0.0'),
        ('{"a":1,"id":"old","b":2,"meta":{"versionId":"3"},"c":3,"resourceType":"Basic"}', ',"a":1,"b":2,"c":3'),
        (
            '{"resourceType":"Basic","text":"\\"id\\":\\"x\\", {\\"meta\\": 1}"}',
            ',"text":"\\"id\\":\\"x\\", {\\"meta\\": 1}"',
        ),
    ],
)
def test_everything_but_id_and_meta_stays_as_it_was_written(text: str, rest: str) -> None:
    expected = (
        '{"resourceType":"Basic","id":"new","meta":{"versionId":"7","lastUpdated":"2026-01-01T00:00:00.000+07:00"}'
    )
    assert spliced(text) == expected + rest + "}"


def test_meta_keeps_profiles_and_tags_and_loses_stale_origin() -> None:
    text = (
        '{"resourceType":"Basic","meta":{"versionId":"1","profile":["http://p"],"lastUpdated":"x",'
        f'"tag":[{TAG}, {{"code":"mine","x":1.50}}],"security":[]}}}}'
    )
    plain = spliced(text)
    assert '"profile":["http://p"]' in plain
    assert '{"code":"mine","x":1.50}' in plain
    assert "engine-only" not in plain
    assert spliced(text, TAG).count("engine-only") == 1
    assert json.loads(spliced('{"resourceType":"Basic"}', TAG))["meta"]["tag"] == [json.loads(TAG)]


def test_splicing_twice_changes_nothing_more() -> None:
    once = spliced('{"resourceType":"Basic","a":[1.10,{"b":"\\u00e9"}]}', TAG)
    assert spliced(once, TAG) == once


@pytest.mark.parametrize(
    "body",
    [b"\xff", b'"\\ud800"', b'"\\udc00"', b'"\\u0000"', b'"\\\\\\u0000"', b'"\\uDBFFx"'],
)
def test_text_that_no_database_holds_is_refused(body: bytes) -> None:
    with pytest.raises(FhirError) as caught:
        decode(b'{"a":' + body + b"}")
    assert caught.value.status == 400


@pytest.mark.parametrize("body", ['"\\\\u0000"', '"\\ud83d\\ude00"', '"\\u00e9"', '"\\\\ud800"'])
def test_harmless_escapes_pass(body: str) -> None:
    assert decode(b'{"a":' + body.encode() + b"}") == '{"a":' + body + "}"


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"a":1,}', '{"a" 1}', '{"a":1}x', '{"a":1,"a":2}', '{"a":01}', "{a:1}"]
)
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(FhirError):
        read_document(text)
