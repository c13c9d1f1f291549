"""The keyboard map: nothing of the browser's is taken, every key has words, no key has two meanings on one screen."""

import json
from collections import Counter
from pathlib import Path

import pytest

from his.web import i18n, keys

CODE_NAMES = {
    "Delete",
    "Home",
    "End",
    "PageUp",
    "PageDown",
    "Enter",
    "Space",
    "Escape",
    "Slash",
    "ArrowUp",
    "ArrowDown",
}


def test_no_key_of_the_browser_is_taken() -> None:
    assert {k.key for k in keys.KEYS} & keys.FORBIDDEN == set()


def test_alt_letters_stay_with_the_menus() -> None:
    assert [k.key for k in keys.KEYS if k.key.startswith("Alt+") and not k.key[-1].isdigit()] == []


def test_every_key_has_words_and_a_known_context() -> None:
    told_elsewhere = {f"panel-{n}" for n in range(2, 10)}
    assert [k for k in keys.KEYS if not k.label and k.action not in told_elsewhere] == []
    assert {k.context for k in keys.KEYS} <= set(keys.CONTEXTS)


def test_one_meaning_for_one_key_on_one_screen() -> None:
    twice = [pair for pair, count in Counter((k.context, k.key) for k in keys.KEYS).items() if count > 1]
    assert twice == []


def test_bare_letters_only_in_tables() -> None:
    bare = {
        (k.context, k.key)
        for k in keys.KEYS
        if len(k.key.rsplit("+", 1)[-1]) == 1 and k.key.rsplit("+", 1)[-1].isalpha() and not k.key.startswith("Ctrl")
    }
    assert {context for context, _ in bare} <= {"decision", "queue", "review"}


@pytest.mark.parametrize(
    ("key", "code"),
    [("Ctrl+K", "Ctrl+KeyK"), ("Alt+1", "Alt+Digit1"), ("?", "Shift+Slash"), ("/", "Slash"), ("F2", "F2"), ("Shift+T", "Shift+KeyT"), ("Ctrl+Space", "Ctrl+Space")],
)  # fmt: skip
def test_physical_codes(key: str, code: str) -> None:
    assert keys.code_of(key) == code


def test_codes_are_names_that_browsers_send() -> None:
    for row in keys.keys_json():
        name = row["k"].rsplit("+", 1)[-1]
        assert name in CODE_NAMES or name.startswith(("Key", "Digit", "F")), row


def test_json_is_complete_and_translated() -> None:
    i18n.use_language("en")
    try:
        rows = json.loads(json.dumps(keys.keys_json()))
    finally:
        i18n.use_language("vi")
    assert len(rows) == len(keys.KEYS)
    assert any(r["l"] == "Save" for r in rows)


def test_key_bar_in_order_ends_with_the_list_of_keys() -> None:
    assert [k.shown for k in keys.key_bar("exam")] == ["F3", "F4", "F6", "F7", "F8", "Ctrl S", "Ctrl D", "?"]
    assert keys.cap("save-print") == "Ctrl I"
    assert keys.cap("cash", "cashier") == "F6"
    assert keys.cap("nothing-like-this") == ""


def test_script_knows_no_action_by_heart_but_its_own() -> None:
    script = (Path(keys.__file__).parent / "static" / "js" / "app.js").read_text(encoding="utf-8")
    for action in ("save-print", "call-next", "add-drug"):
        assert action not in script
