"""Reading single fields of the plain facts form; every mistake becomes one sentence that names the field."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from his.kit.errors import invalid
from his.kit.money import ZERO

Value = TypeVar("Value")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")


class Fields:
    """One object of the form with its path; readers raise HisError INVALID with `field` = the path of the value."""

    def __init__(self, source: object, path: str) -> None:
        if not isinstance(source, Mapping):
            raise invalid(path, "phải là một đối tượng JSON.")
        self.source: Mapping[str, Any] = source
        self.path = path
        self.asked: set[str] = set()

    def at(self, name: str) -> str:
        """The path of a field, `lines[0].qty`."""
        return f"{self.path}.{name}" if self.path else name

    def get(self, name: str) -> Any:
        """The raw value or None; remembers that the field is known."""
        self.asked.add(name)
        return self.source.get(name)

    def unknown(self) -> list[str]:
        """Paths of fields that nobody asked for."""
        return [self.at(name) for name in self.source if name not in self.asked]

    def fail(self, name: str, message: str) -> Exception:
        """The error to raise for a field."""
        return invalid(self.at(name), message)

    def required(self, name: str, read: Callable[[str], Value | None]) -> Value:
        """A value that must be there, read by one of the readers below."""
        value = read(name)
        if value is None:
            raise self.fail(name, "thiếu.")
        return value

    def amount(self, name: str) -> Decimal | None:
        """A number that is not negative, given as a string or an integer; never a binary fraction."""
        raw = self.get(name)
        if raw is None:
            return None
        if isinstance(raw, bool) or not isinstance(raw, str | int) or not _NUMBER.fullmatch(str(raw)):
            raise self.fail(name, f"phải là số viết bằng chữ số, không phải {raw!r}.")
        value = Decimal(raw)
        if value < ZERO:
            raise self.fail(name, "không được âm.")
        return value

    def whole(self, name: str) -> int | None:
        """A whole number that is not negative."""
        value = self.amount(name)
        if value is None:
            return None
        if value != int(value):
            raise self.fail(name, "phải là số nguyên.")
        return int(value)

    def flag(self, name: str, default: bool = False) -> bool:
        """true or false."""
        raw = self.get(name)
        if raw is None:
            return default
        if not isinstance(raw, bool):
            raise self.fail(name, f"phải là true hoặc false, không phải {raw!r}.")
        return raw

    def word(self, name: str) -> str | None:
        """A text that is not empty."""
        raw = self.get(name)
        if raw is None or raw == "":
            return None
        if not isinstance(raw, str):
            raise self.fail(name, f"phải là chuỗi, không phải {raw!r}.")
        return raw

    def choice(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """One of the words allowed."""
        raw = self.word(name)
        if raw is not None and raw not in allowed:
            raise self.fail(name, f"chỉ nhận {', '.join(allowed)}, không phải {raw!r}.")
        return raw

    def day(self, name: str) -> date | None:
        """A date `yyyymmdd`; a time of twelve digits gives its day."""
        moment = self.moment(name)
        return None if moment is None else moment.date()

    def moment(self, name: str) -> datetime | None:
        """A time `yyyymmddHHMM`; a date of eight digits is its midnight."""
        raw = self.get(name)
        if raw is None or raw == "":
            return None
        text = str(raw)
        if not re.fullmatch(r"[0-9]{8}([0-9]{4})?", text):
            raise self.fail(name, f"phải là yyyymmdd hoặc yyyymmddHHMM, không phải {raw!r}.")
        try:
            # The form is Viet Nam's wall clock without a zone, as in the claim tables.
            return datetime.fromisoformat(f"{text[:8]}T{text[8:] or '0000'}")
        except ValueError as error:
            raise self.fail(name, f"không phải ngày giờ có thật: {raw!r}.") from error

    def child(self, name: str) -> "Fields | None":
        """An object inside this one."""
        raw = self.get(name)
        return None if raw is None else Fields(raw, self.at(name))

    def children(self, name: str) -> Iterator["Fields"]:
        """The objects of a list inside this one."""
        raw = self.get(name)
        if raw is None:
            return
        if not isinstance(raw, list):
            raise self.fail(name, "phải là một danh sách.")
        for index, item in enumerate(raw):
            yield Fields(item, f"{self.at(name)}[{index}]")
