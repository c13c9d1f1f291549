"""A log line tells where and what kind, never the sentence of an error."""

import json
import logging

import psycopg

from his.kit.logs import JsonLines

SECRET = "Nguyễn Thị Bí Mật 079168004512"


def line_of(error: BaseException | None, message: str = "it failed", *args: object) -> dict:
    info = (type(error), error, error.__traceback__) if error else None
    text = JsonLines().format(logging.LogRecord("his", logging.ERROR, "x.py", 1, message, args, info))
    assert "\n" not in text
    assert text.isascii()
    return json.loads(text)


def raised(work) -> BaseException:
    try:
        work()
    except (KeyError, psycopg.Error, ExceptionGroup) as error:
        return error
    raise AssertionError("nothing was raised")


def test_the_sentence_of_an_error_and_of_its_cause_stay_out() -> None:
    def fail():
        try:
            raise ValueError(SECRET)
        except ValueError as cause:
            raise KeyError(SECRET) from cause

    line = line_of(raised(fail))
    assert line["error"]["class"] == "builtins.KeyError"
    assert line["error"]["cause"]["class"] == "builtins.ValueError"
    assert any("test_logs.py" in place and place.endswith(" fail") for place in line["error"]["at"])
    assert "Bí" not in json.dumps(line, ensure_ascii=False)
    assert "079168004512" not in json.dumps(line)


def test_an_error_of_the_database_tells_its_code_and_constraint(server) -> None:
    def fail():
        with psycopg.connect(server.conninfo()) as connection:
            connection.execute("CREATE TEMP TABLE person (card text CONSTRAINT person_card UNIQUE)")
            connection.execute("INSERT INTO person VALUES (%s), (%s)", (SECRET, SECRET))

    line = line_of(raised(fail))
    assert line["error"]["sqlstate"] == "23505"
    assert line["error"]["constraint_name"] == "person_card"
    assert "079168004512" not in json.dumps(line)


def test_no_text_begins_a_line_of_its_own() -> None:
    assert line_of(None, "unit %s", 'a\n{"level":"info"}\u2028\x1b[31m')["message"].startswith("unit a\n")


def test_several_errors_at_once_are_all_told() -> None:
    def fail():
        raise ExceptionGroup("many", [ValueError(SECRET), KeyError(SECRET)])

    assert [one["class"] for one in line_of(raised(fail))["error"]["group"]] == [
        "builtins.ValueError",
        "builtins.KeyError",
    ]
