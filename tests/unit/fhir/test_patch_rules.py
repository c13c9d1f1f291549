"""What each operation of a patch does to a resource, without a server."""

from copy import deepcopy
from typing import Any

import pytest

from his.fhir.jsonexact import indented, read, write
from his.fhir.outcome import FhirError
from his.fhir.patchjson import MAX_OPERATIONS, apply_json_patch, apply_merge_patch, equal
from his.fhir.patchpath import apply_path_patch
from his.fhir.patchplaces import places, steps

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"use": "official", "family": "Lý", "given": ["A", "B"], "_given": [None, {"id": "b"}]}, {"text": "khác"}],
    "contact": [{"name": {"text": "Mẹ"}, "gender": "female"}],
    "birthDate": "1990",
    "_birthDate": {"extension": [{"url": "http://e", "valueDateTime": "1990-01-01T01:00:00Z"}]},
    "deceasedBoolean": False,
    "identifier": [{"value": "1"}, {"value": "2"}, {"value": "3"}, {"value": "4"}],
}


def patched(kind: str, **parts: Any) -> dict[str, Any]:
    """The patient after one operation; `value` is the value part without its name."""
    value = parts.pop("value", None)
    listed = [{"name": "type", "valueCode": kind}]
    listed += [{"name": k, "valueInteger" if isinstance(v, int) else "valueString": v} for k, v in parts.items()]
    listed += [{"name": "value", **value}] if value else []
    operations = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": listed}]}
    return apply_path_patch(deepcopy(PATIENT), operations)


def test_no_operation_changes_nothing() -> None:
    assert apply_path_patch(deepcopy(PATIENT), {"resourceType": "Parameters"}) == PATIENT


@pytest.mark.parametrize(
    ("source", "destination", "order"), [(3, 1, "1423"), (3, 0, "4123"), (0, 3, "2341"), (1, 0, "2134")]
)
def test_move(source: int, destination: int, order: str) -> None:
    moved = patched("move", path="Patient.identifier", source=source, destination=destination)
    assert "".join(one["value"] for one in moved["identifier"]) == order


@pytest.mark.parametrize(("index", "order"), [(0, "x1234"), (2, "12x34"), (4, "1234x")])
def test_insert(index: int, order: str) -> None:
    made = patched("insert", path="Patient.identifier", index=index, value={"valueIdentifier": {"value": "x"}})
    assert "".join(one["value"] for one in made["identifier"]) == order


def test_ids_and_extensions_travel_with_their_primitives() -> None:
    name = patched("insert", path="Patient.name[0].given", index=0, value={"valueString": "X"})["name"][0]
    assert (name["given"], name["_given"]) == (["X", "A", "B"], [None, None, {"id": "b"}])
    name = patched("move", path="Patient.name.where(use = 'official').given", source=1, destination=0)["name"][0]
    assert (name["given"], name["_given"]) == (["B", "A"], [{"id": "b"}, None])
    name = patched("delete", path="Patient.name[0].given[1]")["name"][0]
    assert (name["given"], "_given" in name) == (["A"], False)
    assert "_birthDate" not in patched("replace", path="Patient.birthDate", value={"valueDate": "1991"})
    assert "_birthDate" not in patched("delete", path="Patient.birthDate.extension('http://e')")


def test_delete_leaves_no_empty_element() -> None:
    assert patched("delete", path="Patient.contact[0].name.text")["contact"] == [{"gender": "female"}]
    assert "contact" not in patched("delete", path="Patient.contact[0]")
    assert patched("delete", path="Patient.photo") == PATIENT


def test_choices_change_their_type() -> None:
    changed = patched("replace", path="Patient.deceased", value={"valueDateTime": "2026-01-01"})
    assert (changed.get("deceasedDateTime"), "deceasedBoolean" in changed) == ("2026-01-01", False)
    with pytest.raises(FhirError) as refused:
        patched("add", path="Patient", name="deceased", value={"valueBoolean": True})
    assert (refused.value.status, refused.value.field) == (422, "Parameters.parameter[0]")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Patient.name.given", ["A", "B"]),
        ("Patient.name.last().text", ["khác"]),
        ("name.first().family", ["Lý"]),
        ("Patient.identifier.skip(1).take(2).value", ["2", "3"]),
        ("Patient.identifier.where(value = '3' or value = '4').tail().value", ["4"]),
        ("Patient.identifier.where(value.startsWith('2'))[0].value", ["2"]),
        ("Patient.deceased.ofType(boolean)", [False]),
        ("Patient.contact.where(name.exists() and gender = 'female').name.text", ["Mẹ"]),
        ("Patient.birthDate.extension('http://e').value", ["1990-01-01T01:00:00Z"]),
        ("Patient.photo.url", []),
    ],
)
def test_places(path: str, found: list[Any]) -> None:
    assert [place.value for place in places(deepcopy(PATIENT), path)] == found


@pytest.mark.parametrize(
    "path", ["", "Patient..name", "Patient.name.where('a", "a)", "(" * 9, "name.where()", "name.where(%resource.exists())",
             "name.where(descendants().exists())", "name.repeat(x)", "name.single().family + 'x'", "name[x]", "name.given.family"]
)  # fmt: skip
def test_paths_that_cannot_be_followed(path: str) -> None:
    with pytest.raises(FhirError) as refused:
        places(deepcopy(PATIENT), path)
    assert refused.value.status == 400


def test_steps_keep_brackets_and_quotes_together() -> None:
    assert steps("a.where(b = 'x.y(').c[0]") == ("a", "where(b = 'x.y(')", "c[0]")


def test_equality_is_that_of_json() -> None:
    assert equal(read("1.0"), 1)
    assert equal(read('{"a":[1,{"b":null}]}'), {"a": [1, {"b": None}]})
    for left, right in (("true", "1"), ("1", '"1"'), ("null", "false"), ("[1]", "[1,2]"), ("1.10", '"1.10"')):
        assert not equal(read(left), read(right)), (left, right)


def test_json_patch_is_bounded() -> None:
    many = [{"op": "test", "path": "/birthDate", "value": "1990"}] * (MAX_OPERATIONS + 1)
    with pytest.raises(FhirError) as refused:
        apply_json_patch(deepcopy(PATIENT), many)
    assert refused.value.status == 400


def test_merge_patch_of_rfc_7396() -> None:
    assert apply_merge_patch({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": None, "e": {}}, "d": 3}) == {
        "a": {"c": 2, "e": {}},
        "d": 3,
    }
    assert apply_merge_patch(["x"], {"a": {"b": None}}) == {"a": {}}
    assert apply_merge_patch({"a": 1}, "x") == "x"


def test_numbers_are_written_as_they_were_read() -> None:
    text = '{"a":1.10,"b":1e3,"c":-0.000,"d":[true,null,"1.10",12345678901234567890]}'
    assert write(deepcopy(read(text))) == text
    assert '"a": 1.10' in indented(read(text))
    for wrong in ("", "{", "NaN", "[1,]", "[" * 5000):
        with pytest.raises(FhirError):
            read(wrong)
