"""A scope as a sentence for the person who allows it."""

from his.identity.scopes import read_scope
from his.smart.terms import ABOUT, LETTER_WORDS, SCOPE_WORDS, TYPE_WORDS
from his.web.i18n import gettext


def sentence(scope: str) -> str:
    """What the app may do, with what, and whose it is; types without a word of ours keep FHIR's name."""
    found = read_scope(scope)
    if found is None:
        return _said(SCOPE_WORDS.get(scope, "")) or scope
    verbs = ", ".join(_said(LETTER_WORDS[letter]) for letter in found.letters)
    kind = _said(TYPE_WORDS.get(found.type, "")) or found.type
    limit = "".join(f", {gettext('chỉ')} {name} = {value}" for name, value in found.query)
    return f"{verbs[0].upper()}{verbs[1:]} {kind} {_said(ABOUT[found.level])}{limit}"


def _said(word: str) -> str:
    return gettext(word) if word else ""
