"""References inside a bundle: found and replaced in the text of a resource, nothing else of it is touched.

http://hl7.org/fhir/R4/http.html#trules. A reference to another entry (urn:uuid, its full URL, or relative to it)
becomes `Type/id`; a conditional one (`Type?identifier=...`) becomes the one resource that matches.
"""

import re
from collections.abc import Callable, Mapping

from his.fhir.jsontext import read_value

# A member name can never match inside a string: there its quotes are escaped.
_REFERENCE = re.compile(r'("reference"\s*:\s*)("(?:[^"\\]|\\.)*")')
_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?(.+)$")
_ABSOLUTE = re.compile(r"https?://.+/([A-Z][A-Za-z]+/[A-Za-z0-9.\-]{1,64})$")


def references(text: str) -> set[str]:
    """Every reference in the text of a resource."""
    return {_plain(found[2]) for found in _REFERENCE.finditer(text)}


def conditional(reference: str) -> tuple[str, str] | None:
    """Type and query of a conditional reference, None for any other."""
    found = _CONDITIONAL.match(reference)
    return (found[1], found[2]) if found else None


def relative(full_url: str) -> str:
    """`Type/id` at the end of an absolute full URL, "" when it has none."""
    found = _ABSOLUTE.match(full_url)
    return found[1] if found else ""


def rewrite(text: str, known: Mapping[str, str], missing: Callable[[str], None]) -> str:
    """The text with every known reference replaced; `missing` is told of a URN that stands for nothing."""

    def replaced(found: re.Match[str]) -> str:
        reference = _plain(found[2])
        target = known.get(reference)
        if target is None:
            if reference.startswith("urn:"):
                missing(reference)
            return found[0]
        return f'{found[1]}"{target}"'

    return _REFERENCE.sub(replaced, text)


def _plain(quoted: str) -> str:
    return str(read_value(quoted, 0)[0]) if "\\" in quoted else quoted[1:-1]
