"""Vietnamese text: composed form, search form without marks, safe characters."""

import re
import unicodedata

_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"[0-9a-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def clean(text: str) -> str:
    """NFC, control characters and lone surrogates removed, runs of white space folded, ends stripped."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", _CONTROL.sub("", text))).strip()


def clean_lines(text: str) -> str:
    """As `clean`, but line breaks stay (notes)."""
    return "\n".join(clean(line) for line in text.splitlines()).strip()


def fold(text: str) -> str:
    """Lower case without marks: `Nguyễn Đức` -> `nguyen duc`; the form in which names are searched."""
    decomposed = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return _SPACES.sub(" ", "".join(c for c in decomposed if not unicodedata.combining(c))).strip()


def tokens(text: str) -> list[str]:
    """The words of the folded text, in order and without repeats."""
    return list(dict.fromkeys(_WORD.findall(fold(text))))


def sort_key(name: str) -> str:
    """Vietnamese lists sort by given name, then family name: `Trần Thị An` -> `an tran thi`."""
    words = fold(name).split()
    return " ".join(words[-1:] + words[:-1])


def mask(identifier: str) -> str:
    """`034168••••12`: how a citizen number is shown outside registration."""
    return identifier if len(identifier) < 9 else identifier[:6] + "•" * (len(identifier) - 8) + identifier[-2:]
