"""Two languages: Vietnamese is the source text, English comes from `<slice>/locale/en/LC_MESSAGES/his.po`, read at import.

The language of a request is the cookie `lang`, else Vietnamese: a clinic's browsers often say `en` and nobody chose it.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("vi", "en")
DEFAULT = "vi"
CATALOGUES = sorted(Path(__file__).parents[1].glob("*/locale/en/LC_MESSAGES/his.po"))
_language: ContextVar[str] = ContextVar("language", default=DEFAULT)


def _load(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        catalogue = read_po(file)
    return {str(m.id): str(m.string) for m in catalogue if m.id and m.string and isinstance(m.id, str)}


ENGLISH: dict[str, str] = {}
for _catalogue in CATALOGUES:
    ENGLISH |= _load(_catalogue)


def use_language(language: str) -> None:
    """Set the language of the current request; anything unknown falls back to Vietnamese."""
    _language.set(language if language in LANGUAGES else DEFAULT)


def current_language() -> str:
    """`vi` or `en`: the language of the current request."""
    return _language.get()


def gettext(message: str) -> str:
    """The sentence in the language of the request; a sentence without translation stays Vietnamese."""
    return ENGLISH.get(message, message) if _language.get() == "en" else message


def ngettext(singular: str, plural: str, count: int) -> str:
    """Vietnamese has no plural; English takes the plural entry for every count but 1."""
    return gettext(singular if count == 1 else plural)


def choose_language(cookies: Mapping[str, str]) -> str:
    """The language chosen by the cookie `lang`, else Vietnamese."""
    chosen = cookies.get("lang", DEFAULT)
    return chosen if chosen in LANGUAGES else DEFAULT


def other_language() -> tuple[str, str]:
    """Code and own name of the language that the person could switch to."""
    return ("vi", "Tiếng Việt") if _language.get() == "en" else ("en", "English")
