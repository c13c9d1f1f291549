"""Decisions about papers: what was typed becomes a paper, and what stands against issuing it."""

from his.papers.rules.checks import RULES as _RULES
from his.papers.rules.reading import first_draft, read_paper, typed_again

RULES = tuple(_RULES)

__all__ = ["RULES", "first_draft", "read_paper", "typed_again"]
