"""What differs between a draft and the record as it stands now."""

from collections.abc import Mapping

from his.encounters.terms import Difference
from his.kit.text import clean_lines


def differences(mine: Mapping[str, str], theirs: Mapping[str, str], labels: Mapping[str, str]) -> list[Difference]:
    """Fields named in `labels` whose two texts are not the same, in the order of `labels`; white space does not count."""
    found = []
    for field, label in labels.items():
        if field not in mine:
            continue
        left, right = clean_lines(mine[field]), clean_lines(theirs.get(field, ""))
        if left != right:
            found.append(Difference(field, label, left, right))
    return found
